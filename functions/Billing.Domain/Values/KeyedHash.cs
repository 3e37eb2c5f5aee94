using System.Buffers.Binary;
using System.Numerics;

namespace Billing.Domain.Values;

/// <summary>The secret of an installation under which ids and groups are hashed; it moves with an export.</summary>
public readonly record struct HashKey(ulong First, ulong Second)
{
    /// <summary>Reads a key of 16 bytes, little-endian.</summary>
    public static HashKey From(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));

    public byte[] ToBytes()
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, First);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), Second);
        return bytes;
    }
}

/// <summary>SipHash-2-4 with 128 bits of result, fed with words and length-prefixed fields.</summary>
/// <remarks>
/// Keyed, so that no producer can make two ids collide; each field goes in as its length and then its bytes, padded to
/// words, so that two lists of fields never give one input ("a","bc" is not "ab","c").
/// Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF", with the 128-bit variant of the reference code.
/// </remarks>
public struct KeyedHash
{
    private ulong v0;
    private ulong v1;
    private ulong v2;
    private ulong v3;
    private ulong words;

    public KeyedHash(HashKey key)
    {
        v0 = key.First ^ 0x736f6d6570736575UL;
        v1 = key.Second ^ 0x646f72616e646f6dUL ^ 0xEE;
        v2 = key.First ^ 0x6c7967656e657261UL;
        v3 = key.Second ^ 0x7465646279746573UL;
    }

    /// <summary>Adds one word of eight bytes.</summary>
    public void Add(ulong word)
    {
        v3 ^= word;
        Round();
        Round();
        v0 ^= word;
        unchecked { words++; }
    }

    /// <summary>Adds a field: its length, then its bytes.</summary>
    public void Add(ReadOnlySpan<byte> field)
    {
        Add((ulong)field.Length);
        while (field.Length >= 8)
        {
            Add(BinaryPrimitives.ReadUInt64LittleEndian(field));
            field = field[8..];
        }
        if (field.Length == 0) return;
        Span<byte> tail = stackalloc byte[8];
        tail.Clear();
        field.CopyTo(tail);
        Add(BinaryPrimitives.ReadUInt64LittleEndian(tail));
    }

    /// <summary>The hash of all that was added; the struct must not be used again.</summary>
    public UInt128 Finish()
    {
        // The reference puts the input's length in bytes, modulo 256, into the top byte of the last word.
        var last = unchecked(words * 8) << 56;
        v3 ^= last;
        Round();
        Round();
        v0 ^= last;
        v2 ^= 0xEE;
        Round();
        Round();
        Round();
        Round();
        var first = v0 ^ v1 ^ v2 ^ v3;
        v1 ^= 0xDD;
        Round();
        Round();
        Round();
        Round();
        return new UInt128(first, v0 ^ v1 ^ v2 ^ v3);
    }

    private void Round()
    {
        unchecked
        {
            v0 += v1;
            v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
            v0 = BitOperations.RotateLeft(v0, 32);
            v2 += v3;
            v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
            v0 += v3;
            v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
            v2 += v1;
            v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
            v2 = BitOperations.RotateLeft(v2, 32);
        }
    }
}
