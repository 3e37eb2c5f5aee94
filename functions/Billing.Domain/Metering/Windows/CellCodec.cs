using System.Buffers.Binary;
using System.Numerics;
using Billing.Domain.Values;

namespace Billing.Domain.Metering.Windows;

/// <summary>One cell's state as bytes: its count, then what its aggregation keeps.</summary>
/// <remarks>Integers are varints; a value is written in whole units when it has no decimals, which is most of the time and saves half of the bytes.</remarks>
internal static class CellCodec
{
    private const int HashBytes = 16;

    // A count, a value, and a time and a hash, or a moment.
    private const int MostBytesOfNumbers = 64;

    /// <summary>No fewer bytes than the state takes.</summary>
    public static int MostBytes(in CellState state) => MostBytesOfNumbers + (state.Elements is { } elements ? HashBytes * elements.Count : 0);

    public static void Write(ref ByteWriter into, Aggregation aggregation, in CellState state)
    {
        into.Number((ulong)state.Count);
        if (aggregation == Aggregation.Count) return;
        if (aggregation == Aggregation.Unique)
        {
            into.Number((ulong)state.Elements!.Count);
            foreach (var element in state.Elements.Order()) into.Hash(element);
            return;
        }
        Value(ref into, state.Value);
        if (aggregation == Aggregation.TimeWeightedSum) Moment(ref into, state.Moment);
        if (aggregation != Aggregation.Latest) return;
        into.Signed(state.Latest!.Time);
        into.Hash(state.Latest.EventHash);
    }

    public static CellState Read(scoped ref ReadOnlySpan<byte> from, Aggregation aggregation)
    {
        var count = (long)Varint.Read(ref from);
        if (aggregation == Aggregation.Count) return CellState.Of(count, 0, null);
        if (aggregation == Aggregation.Unique) return CellState.Of(count, 0, Elements(ref from));
        var value = Value(ref from);
        return CellState.Of(count, value, aggregation switch
        {
            Aggregation.Latest => new LatestMark((long)Varint.ReadSigned(ref from), Hash(ref from)),
            Aggregation.TimeWeightedSum => new BigInteger(MomentBytes(ref from)),
            _ => null,
        });
    }

    /// <summary>Moves past a state; answers its bytes.</summary>
    public static ReadOnlySpan<byte> Skip(scoped ref ReadOnlySpan<byte> from, Aggregation aggregation)
    {
        var whole = from;
        Varint.Skip(ref from);
        if (aggregation == Aggregation.Unique) ElementBytes(ref from);
        else if (aggregation != Aggregation.Count) Varint.Skip(ref from);
        if (aggregation == Aggregation.TimeWeightedSum) MomentBytes(ref from);
        if (aggregation == Aggregation.Latest)
        {
            Varint.Skip(ref from);
            from = from[HashBytes..];
        }
        return whole[..(whole.Length - from.Length)];
    }

    /// <summary>Writes a stored state with more added to it; what is stored is not read into objects.</summary>
    public static void WriteSum(ref ByteWriter into, Aggregation aggregation, scoped ref ReadOnlySpan<byte> stored, in CellState added)
    {
        if (aggregation != Aggregation.Unique)
        {
            var sum = Read(ref stored, aggregation);
            sum.Merge(aggregation, added);
            Write(ref into, aggregation, sum);
            return;
        }
        Varint.Skip(ref stored);
        var there = ElementBytes(ref stored);
        var fresh = new List<UInt128>();
        foreach (var element in added.Elements!)
            if (!PositionOf(element, there, out _)) fresh.Add(element);
        fresh.Sort();
        // The count of a set is that of its values.
        into.Number((ulong)(there.Length / HashBytes + fresh.Count));
        into.Number((ulong)(there.Length / HashBytes + fresh.Count));
        var from = 0;
        foreach (var element in fresh)
        {
            PositionOf(element, there, out var at);
            into.Bytes(there[from..at]);
            into.Hash(element);
            from = at;
        }
        into.Bytes(there[from..]);
    }

    // Elements lie in rising order, 16 bytes each, highest byte first.
    private static bool PositionOf(UInt128 element, ReadOnlySpan<byte> elements, out int at)
    {
        var (low, high) = (0, elements.Length / HashBytes);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (BinaryPrimitives.ReadUInt128BigEndian(elements[(middle * HashBytes)..]) < element) low = middle + 1;
            else high = middle;
        }
        at = low * HashBytes;
        return at < elements.Length && BinaryPrimitives.ReadUInt128BigEndian(elements[at..]) == element;
    }

    private static void Value(ref ByteWriter into, Int128 value)
    {
        var whole = value >= long.MinValue && value <= long.MaxValue
            ? (Exact: (long)value % (long)Quantity.One == 0, Units: (Int128)((long)value / (long)Quantity.One))
            : (Exact: value % Quantity.One == 0, Units: value / Quantity.One);
        // The lowest bit says whether the rest is in whole units.
        into.Signed(whole.Exact ? checked(whole.Units * 2 + 1) : checked(value * 2));
    }

    private static Int128 Value(scoped ref ReadOnlySpan<byte> from)
    {
        var read = Varint.ReadSigned(ref from);
        // Halving is exact: the lowest bit was taken off.
        if (read >= long.MinValue && read <= long.MaxValue) return ((long)read & 1) == 0 ? (long)read >> 1 : (Int128)((long)read >> 1) * Quantity.One;
        return (read & 1) == 0 ? read / 2 : checked((read - 1) / 2 * Quantity.One);
    }

    // Two's complement, lowest byte first.
    private static void Moment(ref ByteWriter into, BigInteger moment)
    {
        var bytes = moment.ToByteArray();
        into.Number((ulong)bytes.Length);
        into.Bytes(bytes);
    }

    private static ReadOnlySpan<byte> MomentBytes(scoped ref ReadOnlySpan<byte> from)
    {
        var length = checked((int)Varint.Read(ref from));
        if (length > from.Length) throw new InvalidDataException("The bytes end inside a moment.");
        var bytes = from[..length];
        from = from[length..];
        return bytes;
    }

    private static HashSet<UInt128> Elements(scoped ref ReadOnlySpan<byte> from)
    {
        var bytes = ElementBytes(ref from);
        var elements = new HashSet<UInt128>(bytes.Length / HashBytes);
        for (; bytes.Length > 0; bytes = bytes[HashBytes..]) elements.Add(BinaryPrimitives.ReadUInt128BigEndian(bytes));
        return elements;
    }

    private static ReadOnlySpan<byte> ElementBytes(scoped ref ReadOnlySpan<byte> from)
    {
        var length = checked((int)Varint.Read(ref from) * HashBytes);
        if (length > from.Length) throw new InvalidDataException("The bytes end inside a set.");
        var elements = from[..length];
        from = from[length..];
        return elements;
    }

    private static UInt128 Hash(scoped ref ReadOnlySpan<byte> from)
    {
        var hash = BinaryPrimitives.ReadUInt128BigEndian(from);
        from = from[HashBytes..];
        return hash;
    }
}
