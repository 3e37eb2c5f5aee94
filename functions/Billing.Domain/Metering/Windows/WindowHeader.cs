using Billing.Domain.Values;

namespace Billing.Domain.Metering.Windows;

/// <summary>What a window's bytes begin with.</summary>
/// <param name="CellMinutes">Length of a cell.</param>
/// <param name="Range">Which hashes are placed there.</param>
/// <param name="Watermark">The highest sequence folded.</param>
public readonly record struct WindowHeader(int CellMinutes, HashRange Range, long Watermark)
{
    private const byte Version = 1;

    internal void Write(ref ByteWriter into)
    {
        into.Byte(Version);
        into.Byte((byte)CellMinutes);
        into.Number((ulong)Range.Depth);
        into.Number(Range.Bits);
        into.Number((ulong)Watermark);
    }

    /// <summary>Reads and moves on. Errors: <see cref="InvalidDataException"/> on bytes of another version.</summary>
    internal static WindowHeader Read(scoped ref ReadOnlySpan<byte> from)
    {
        if (from.Length < 2 || from[0] != Version) throw new InvalidDataException("Not a window of this version.");
        var cellMinutes = from[1];
        from = from[2..];
        var depth = (int)Varint.Read(ref from);
        return new(cellMinutes, new HashRange((uint)Varint.Read(ref from), depth), (long)Varint.Read(ref from));
    }
}
