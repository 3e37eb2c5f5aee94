using System.Buffers;
using System.Text;
using Billing.Domain.Values;

namespace Billing.Domain.Metering.Windows;

/// <summary>Called for each series read; spans are valid during the call only.</summary>
public delegate void SeriesVisitor(string meterId, int grouping, ReadOnlySpan<byte> group, ReadOnlySpan<byte> indexes, ReadOnlySpan<CellState> states);

/// <summary>Windows as bytes: small, quick to read past, and the same bytes for the same state.</summary>
/// <remarks>
/// Layout: version 1, cell minutes, depth, bits, watermark; meter ids, in their order, with their aggregation; then each series, in order
/// of hash, as meter, grouping, group, length of its cells, cells. A cell is the step of its index and its state. Integers are varints.
/// </remarks>
public static class WindowCodec
{
    private const int MostHeaderBytes = 64;

    public static byte[] Encode(Window window)
    {
        var series = window.InOrder();
        // Ids of meters are ASCII: this is the order of their bytes.
        var meters = series.Select(s => (Id: s.MeterId, s.Aggregation)).Distinct().OrderBy(m => m.Id, StringComparer.Ordinal).ToList();
        var positions = meters.Select((m, i) => (m.Id, i)).ToDictionary(m => m.Id, m => (ulong)m.i);
        var rented = ArrayPool<byte>.Shared.Rent(MostHeaderBytes + meters.Sum(m => MostHeaderBytes + Encoding.UTF8.GetMaxByteCount(m.Id.Length)) + series.Sum(MostBytes));
        var into = new ByteWriter(rented);
        new WindowHeader(window.CellMinutes, window.Range, window.Watermark).Write(ref into);
        into.Number((ulong)meters.Count);
        foreach (var (id, aggregation) in meters)
        {
            into.Field(Encoding.UTF8.GetBytes(id));
            into.Byte((byte)aggregation);
        }
        foreach (var one in series)
        {
            into.Number(positions[one.MeterId]);
            into.Number((ulong)one.Grouping);
            into.Field(one.Group);
            var start = into.BeginField();
            for (var i = 0; i < one.Count; i++)
            {
                into.Number((ulong)(one.Indexes[i] - (i == 0 ? 0 : one.Indexes[i - 1])));
                CellCodec.Write(ref into, one.Aggregation, one.States[i]);
            }
            into.EndField(start);
        }
        var bytes = into.Written.ToArray();
        ArrayPool<byte>.Shared.Return(rented);
        return bytes;
    }

    /// <summary>Reads a window to split it, or to add it to others.</summary>
    /// <remarks>Errors: <see cref="InvalidDataException"/> on damaged bytes.</remarks>
    public static Window Decode(ReadOnlySpan<byte> bytes, HashKey secret)
    {
        var (header, meters) = Header(ref bytes);
        var window = new Window(header.CellMinutes, header.Range, header.Watermark);
        var hashes = meters.ToDictionary(m => m.Id, m => HashedMeter.HashOf(secret, Encoding.UTF8.GetBytes(m.Id)));
        var indexes = new byte[64];
        var states = new CellState[64];
        while (!bytes.IsEmpty)
        {
            var meter = meters[(int)Varint.Read(ref bytes)];
            var grouping = (int)Varint.Read(ref bytes);
            var group = Field(ref bytes).ToArray();
            var count = Cells(Field(ref bytes), meter.Aggregation, indexes, states);
            var series = new Series(GroupKey.Hash(secret, hashes[meter.Id], grouping, group), meter.Id, meter.Aggregation, grouping, group);
            for (var i = 0; i < count; i++) series.At(indexes[i]) = states[i];
            window.Put(series);
        }
        return window;
    }

    /// <summary>The header of an encoded window.</summary>
    public static WindowHeader ReadHeader(ReadOnlySpan<byte> bytes) => WindowHeader.Read(ref bytes);

    /// <summary>Reads the series of meters and groupings that are wanted and skips the rest.</summary>
    public static void Scan(ReadOnlySpan<byte> bytes, Func<string, int, bool> wanted, SeriesVisitor visit)
    {
        var (_, meters) = Header(ref bytes);
        var indexes = new byte[64];
        var states = new CellState[64];
        while (!bytes.IsEmpty)
        {
            var meter = meters[(int)Varint.Read(ref bytes)];
            var grouping = (int)Varint.Read(ref bytes);
            var group = Field(ref bytes);
            var cells = Field(ref bytes);
            if (!wanted(meter.Id, grouping)) continue;
            var count = Cells(cells, meter.Aggregation, indexes, states);
            visit(meter.Id, grouping, group, indexes.AsSpan(0, count), states.AsSpan(0, count));
        }
    }

    private static (WindowHeader Header, List<(string Id, Aggregation Aggregation)> Meters) Header(ref ReadOnlySpan<byte> bytes)
    {
        var header = WindowHeader.Read(ref bytes);
        var meters = new List<(string, Aggregation)>();
        for (var left = Varint.Read(ref bytes); left > 0; left--)
        {
            var id = Encoding.UTF8.GetString(Field(ref bytes));
            meters.Add((id, (Aggregation)bytes[0]));
            bytes = bytes[1..];
        }
        return (header, meters);
    }

    private static int MostBytes(Series series)
    {
        var most = 32 + series.Group.Length;
        foreach (ref readonly var state in series.States) most += 2 + CellCodec.MostBytes(state);
        return most;
    }

    private static int Cells(ReadOnlySpan<byte> cells, Aggregation aggregation, byte[] indexes, CellState[] states)
    {
        var count = 0;
        var index = 0;
        while (!cells.IsEmpty)
        {
            index += (int)Varint.Read(ref cells);
            indexes[count] = checked((byte)index);
            states[count++] = CellCodec.Read(ref cells, aggregation);
        }
        return count;
    }

    internal static ReadOnlySpan<byte> Field(scoped ref ReadOnlySpan<byte> from)
    {
        var length = checked((int)Varint.Read(ref from));
        if (length > from.Length) throw new InvalidDataException("The bytes end inside a field.");
        var field = from[..length];
        from = from[length..];
        return field;
    }
}
