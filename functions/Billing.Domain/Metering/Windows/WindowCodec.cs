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

    [ThreadStatic]
    private static byte[]? scratch;

    public static byte[] Encode(Window window)
    {
        var series = window.InOrder();
        var meters = new List<(string Id, Aggregation Aggregation)>();
        var most = 64;
        foreach (var one in series)
        {
            if (!meters.Exists(m => m.Id == one.MeterId)) meters.Add((one.MeterId, one.Aggregation));
            most += 30 + one.Group.Length + MostCellBytes(one);
        }
        most += meters.Sum(m => 11 + Encoding.UTF8.GetByteCount(m.Id));
        if (scratch is null || scratch.Length < most) scratch = new byte[most];
        var into = new ByteWriter(scratch);
        into.Byte(Version);
        into.Byte((byte)window.CellMinutes);
        into.Number((ulong)window.Range.Depth);
        into.Number(window.Range.Bits);
        into.Number((ulong)window.Watermark);
        into.Number((ulong)meters.Count);
        foreach (var (id, aggregation) in meters)
        {
            into.Field(Encoding.UTF8.GetBytes(id));
            into.Byte((byte)aggregation);
        }
        var meter = 0;
        foreach (var one in series)
        {
            if (!ReferenceEquals(meters[meter].Id, one.MeterId)) meter = meters.FindIndex(m => m.Id == one.MeterId);
            into.Number((ulong)meter);
            into.Number((ulong)one.Grouping);
            into.Field(one.Group);
            var start = into.BeginField();
            Cells(ref into, one);
            into.EndField(start);
        }
        return into.Written.ToArray();
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

    private static int MostCellBytes(Series series)
    {
        if (series.Aggregation != Aggregation.Unique) return series.Count * 80;
        var most = 0;
        foreach (ref readonly var state in series.States) most += 40 + 16 * state.Elements!.Count;
        return most;
    }

    private static void Cells(ref ByteWriter into, Series series)
    {
        var last = 0;
        for (var i = 0; i < series.Count; i++)
        {
            ref readonly var state = ref series.States[i];
            into.Number((ulong)(series.Indexes[i] - last));
            last = series.Indexes[i];
            into.Number((ulong)state.Count);
            if (series.Aggregation == Aggregation.Count) continue;
            if (series.Aggregation == Aggregation.Unique) Elements(ref into, state.Elements!);
            else Value(ref into, state.Value);
            if (series.Aggregation != Aggregation.Latest) continue;
            into.Signed(state.Latest!.Time);
            into.Hash(state.Latest.EventHash);
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

    private static void Value(ref ByteWriter into, Int128 value)
    {
        var whole = value >= long.MinValue && value <= long.MaxValue
            ? (Exact: (long)value % (long)Quantity.One == 0, Units: (Int128)((long)value / (long)Quantity.One))
            : (Exact: value % Quantity.One == 0, Units: value / Quantity.One);
        // The lowest bit says whether the rest is in whole units.
        into.Signed(whole.Exact ? checked(whole.Units * 2 + 1) : checked(value * 2));
    }

    private static Int128 Value(ref ReadOnlySpan<byte> from)
    {
        var read = Varint.ReadSigned(ref from);
        return (read & 1) == 0 ? read / 2 : checked((read - 1) / 2 * Quantity.One);
    }

    private static void Elements(ref ByteWriter into, HashSet<UInt128> elements)
    {
        into.Number((ulong)elements.Count);
        foreach (var element in elements.Order()) into.Hash(element);
    }

    private static HashSet<UInt128> Elements(ref ReadOnlySpan<byte> from)
    {
        var count = (int)Varint.Read(ref from);
        var elements = new HashSet<UInt128>(count);
        for (; count > 0; count--) elements.Add(Hash(ref from));
        return elements;
    }

    private static UInt128 Hash(ref ReadOnlySpan<byte> from)
    {
        var hash = BinaryPrimitives.ReadUInt128BigEndian(from);
        from = from[16..];
        return hash;
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
