using System.Buffers.Binary;
using Billing.Domain.Values;

namespace Billing.Domain.Metering.Events;

/// <summary>A keyed mix of 64 bits, one wide multiplication a word: for telling contents apart, not for naming facts.</summary>
/// <remarks>Fields go in with their length, so that two lists of fields never give one input. Source: the folded multiplication of wyhash.</remarks>
internal struct ContentMix(HashKey secret)
{
    private const ulong Odd = 0x9E37_79B9_7F4A_7C15UL;
    private ulong state = secret.First ^ Odd;

    public readonly ulong Value => Fold(state ^ secret.Second, Odd);

    public void Add(ulong word) => state = Fold(state ^ word, secret.Second | 1) ^ word;

    public void Add(ReadOnlySpan<byte> field)
    {
        Add((ulong)field.Length);
        for (; field.Length >= 8; field = field[8..]) Add(BinaryPrimitives.ReadUInt64LittleEndian(field));
        if (field.Length == 0) return;
        var tail = 0UL;
        for (var i = field.Length - 1; i >= 0; i--) tail = (tail << 8) | field[i];
        Add(tail);
    }

    private static ulong Fold(ulong a, ulong b)
    {
        var high = Math.BigMul(a, b, out var low);
        return high ^ low;
    }
}
