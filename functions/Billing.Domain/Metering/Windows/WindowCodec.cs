using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Billing.Domain.Values;

namespace Billing.Domain.Metering.Windows;

/// <summary>Called for each series read; spans are valid during the call only.</summary>
public delegate void SeriesVisitor(ReadOnlySpan<byte> group, ReadOnlySpan<byte> indexes, ReadOnlySpan<CellState> states);

/// <summary>Windows as bytes: small, quick to read past, and the same bytes for the same state.</summary>
/// <remarks>
/// Layout: version 1, cell minutes, depth, bits, watermark; meter ids with their aggregation; then each series, in order of hash, as
/// meter, grouping, group, length of its cells, cells. A cell is the step of its index, its count and its value. Integers are varints;
/// a value is written in whole units when it has no decimals, which is most of the time and saves half of the bytes.
/// </remarks>
public static class WindowCodec
{
    private const byte Version = 1;

    public static byte[] Encode(Window window)
    {
        var into = new ArrayBufferWriter<byte>(1024);
        into.Write([Version, (byte)window.CellMinutes]);
        Number(into, (ulong)window.Range.Depth);
        Number(into, window.Range.Bits);
        Number(into, (ulong)window.Watermark);
        var series = window.Series.ToArray();
        Array.Sort(series, static (a, b) => a.Hash.CompareTo(b.Hash));
        var meters = new List<string>();
        var positions = new int[series.Length];
        var aggregations = new List<Aggregation>();
        for (var i = 0; i < series.Length; i++)
        {
            positions[i] = meters.IndexOf(series[i].MeterId);
            if (positions[i] >= 0) continue;
            positions[i] = meters.Count;
            meters.Add(series[i].MeterId);
            aggregations.Add(series[i].Aggregation);
        }
        Number(into, (ulong)meters.Count);
        for (var i = 0; i < meters.Count; i++)
        {
            Bytes(into, Encoding.UTF8.GetBytes(meters[i]));
            into.Write([(byte)aggregations[i]]);
        }
        var cells = new ArrayBufferWriter<byte>(512);
        for (var i = 0; i < series.Length; i++)
        {
            Number(into, (ulong)positions[i]);
            Number(into, (ulong)series[i].Grouping);
            Bytes(into, series[i].Group);
            cells.ResetWrittenCount();
            Cells(cells, series[i]);
            Bytes(into, cells.WrittenSpan);
        }
        return into.WrittenSpan.ToArray();
    }

    /// <summary>Reads a window to go on folding into it.</summary>
    /// <remarks>Errors: <see cref="InvalidDataException"/> on damaged bytes.</remarks>
    public static Window Decode(ReadOnlySpan<byte> bytes, HashKey secret)
    {
        var (window, meters) = Header(ref bytes);
        var hashes = meters.ToDictionary(m => m.Id, m => Events.EventIdentity.Key(secret, "meter"u8, Encoding.UTF8.GetBytes(m.Id)));
        var indexes = new byte[64];
        var states = new CellState[64];
        while (!bytes.IsEmpty)
        {
            var meter = meters[(int)Varint.Read(ref bytes)];
            var grouping = (int)Varint.Read(ref bytes);
            var group = Field(ref bytes).ToArray();
            var count = Cells(Field(ref bytes), meter.Aggregation, ref indexes, ref states);
            var series = new Series(GroupKey.Hash(secret, hashes[meter.Id], grouping, group), meter.Id, meter.Aggregation, grouping, group);
            for (var i = 0; i < count; i++) series.At(indexes[i]) = states[i];
            window.Put(series);
        }
        return window;
    }

    /// <summary>The range and watermark of an encoded window.</summary>
    public static (int CellMinutes, HashRange Range, long Watermark) ReadHeader(ReadOnlySpan<byte> bytes)
    {
        var (window, _) = Header(ref bytes);
        return (window.CellMinutes, window.Range, window.Watermark);
    }

    /// <summary>Reads one meter's series of one grouping and skips the rest.</summary>
    public static void Scan(ReadOnlySpan<byte> bytes, string meterId, int grouping, SeriesVisitor visit)
    {
        var (_, meters) = Header(ref bytes);
        var indexes = new byte[64];
        var states = new CellState[64];
        while (!bytes.IsEmpty)
        {
            var meter = meters[(int)Varint.Read(ref bytes)];
            var of = (int)Varint.Read(ref bytes);
            var group = Field(ref bytes);
            var cells = Field(ref bytes);
            if (of != grouping || meter.Id != meterId) continue;
            var count = Cells(cells, meter.Aggregation, ref indexes, ref states);
            visit(group, indexes.AsSpan(0, count), states.AsSpan(0, count));
        }
    }

    private static (Window Window, List<(string Id, Aggregation Aggregation)> Meters) Header(ref ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 2 || bytes[0] != Version) throw new InvalidDataException("Not a window of this version.");
        var cellMinutes = bytes[1];
        bytes = bytes[2..];
        var depth = (int)Varint.Read(ref bytes);
        var window = new Window(cellMinutes, new HashRange((uint)Varint.Read(ref bytes), depth), (long)Varint.Read(ref bytes));
        var meters = new List<(string, Aggregation)>();
        for (var left = Varint.Read(ref bytes); left > 0; left--)
        {
            var id = Encoding.UTF8.GetString(Field(ref bytes));
            meters.Add((id, (Aggregation)bytes[0]));
            bytes = bytes[1..];
        }
        return (window, meters);
    }

    private static void Cells(ArrayBufferWriter<byte> into, Series series)
    {
        var last = 0;
        for (var i = 0; i < series.Count; i++)
        {
            ref readonly var state = ref series.States[i];
            Number(into, (ulong)(series.Indexes[i] - last));
            last = series.Indexes[i];
            Number(into, (ulong)state.Count);
            if (series.Aggregation == Aggregation.Count) continue;
            if (series.Aggregation == Aggregation.Unique) Elements(into, state.Elements!);
            else Value(into, state.Value);
            if (series.Aggregation != Aggregation.Latest) continue;
            Signed(into, state.Latest!.Time);
            Hash(into, state.Latest.EventHash);
        }
    }

    private static int Cells(ReadOnlySpan<byte> cells, Aggregation aggregation, ref byte[] indexes, ref CellState[] states)
    {
        var count = 0;
        var index = 0;
        while (!cells.IsEmpty)
        {
            index += (int)Varint.Read(ref cells);
            var events = (long)Varint.Read(ref cells);
            Int128 value = 0;
            object? more = null;
            if (aggregation == Aggregation.Unique) more = Elements(ref cells);
            else if (aggregation != Aggregation.Count) value = Value(ref cells);
            if (aggregation == Aggregation.Latest) more = new LatestMark((long)Varint.ReadSigned(ref cells), Hash(ref cells));
            indexes[count] = checked((byte)index);
            states[count++] = CellState.Of(events, value, more);
        }
        return count;
    }

    private static void Value(ArrayBufferWriter<byte> into, Int128 value)
    {
        var whole = value >= long.MinValue && value <= long.MaxValue
            ? (Exact: (long)value % (long)Quantity.One == 0, Units: (Int128)((long)value / (long)Quantity.One))
            : (Exact: value % Quantity.One == 0, Units: value / Quantity.One);
        // The lowest bit says whether the rest is in whole units.
        Signed(into, whole.Exact ? checked(whole.Units * 2 + 1) : checked(value * 2));
    }

    private static Int128 Value(ref ReadOnlySpan<byte> from)
    {
        var read = Varint.ReadSigned(ref from);
        return (read & 1) == 0 ? read / 2 : checked((read - 1) / 2 * Quantity.One);
    }

    private static void Elements(ArrayBufferWriter<byte> into, HashSet<UInt128> elements)
    {
        Number(into, (ulong)elements.Count);
        foreach (var element in elements.Order()) Hash(into, element);
    }

    private static HashSet<UInt128> Elements(ref ReadOnlySpan<byte> from)
    {
        var count = (int)Varint.Read(ref from);
        var elements = new HashSet<UInt128>(count);
        for (; count > 0; count--) elements.Add(Hash(ref from));
        return elements;
    }

    private static void Hash(ArrayBufferWriter<byte> into, UInt128 hash)
    {
        BinaryPrimitives.WriteUInt128BigEndian(into.GetSpan(16), hash);
        into.Advance(16);
    }

    private static UInt128 Hash(ref ReadOnlySpan<byte> from)
    {
        var hash = BinaryPrimitives.ReadUInt128BigEndian(from);
        from = from[16..];
        return hash;
    }

    private static void Number(ArrayBufferWriter<byte> into, ulong value) => into.Advance(Varint.Write(into.GetSpan(10), value));

    private static void Signed(ArrayBufferWriter<byte> into, Int128 value) => into.Advance(Varint.WriteSigned(into.GetSpan(20), value));

    private static void Bytes(ArrayBufferWriter<byte> into, ReadOnlySpan<byte> bytes)
    {
        Number(into, (ulong)bytes.Length);
        into.Write(bytes);
    }

    private static ReadOnlySpan<byte> Field(ref ReadOnlySpan<byte> from)
    {
        var length = checked((int)Varint.Read(ref from));
        if (length > from.Length) throw new InvalidDataException("The bytes end inside a field.");
        var field = from[..length];
        from = from[length..];
        return field;
    }
}
