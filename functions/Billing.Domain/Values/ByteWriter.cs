using System.Buffers.Binary;

namespace Billing.Domain.Values;

/// <summary>Writes numbers and fields into a span that is large enough; past its end it throws.</summary>
public ref struct ByteWriter(Span<byte> into)
{
    private const int MostLengthBytes = 5;
    private readonly Span<byte> into = into;
    private int at;

    public readonly ReadOnlySpan<byte> Written => into[..at];

    public void Byte(byte value) => into[at++] = value;

    public void Number(ulong value) => at += Varint.Write(into[at..], value);

    public void Signed(Int128 value) => at += Varint.WriteSigned(into[at..], value);

    /// <summary>16 bytes, highest first, so that their order is the order of the numbers.</summary>
    public void Hash(UInt128 hash)
    {
        BinaryPrimitives.WriteUInt128BigEndian(into[at..], hash);
        at += 16;
    }

    /// <summary>The bytes alone.</summary>
    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(into[at..]);
        at += bytes.Length;
    }

    /// <summary>A length and the bytes.</summary>
    public void Field(ReadOnlySpan<byte> bytes)
    {
        Number((ulong)bytes.Length);
        Bytes(bytes);
    }

    /// <summary>Leaves room for a length that is not known yet; what is written until <see cref="EndField"/> is the field.</summary>
    public int BeginField()
    {
        at += MostLengthBytes;
        return at;
    }

    public void EndField(int start)
    {
        var field = into[start..at];
        at = start - MostLengthBytes;
        Number((ulong)field.Length);
        field.CopyTo(into[at..]);
        at += field.Length;
    }
}
