using Billing.Domain.Values;

namespace Billing.Domain.Metering.Windows;

/// <summary>Adds cells to a window as it is stored: what a batch does not touch is copied as bytes.</summary>
/// <remarks>
/// Invariant: the bytes are those that <see cref="WindowCodec.Encode"/> gives for the window with the same events in it. A window that is
/// folded into is never made of objects, so it takes in memory what it takes on disk. Not safe for two threads.
/// </remarks>
public sealed class WindowMerge(HashKey secret)
{
    private const int MostHeaderBytes = 64;
    private const int MostSeriesBytes = 32;
    private const int MostStepBytes = 2;
    private const int NoCell = int.MaxValue;
    private readonly List<NamedMeter> meters = [];
    private readonly List<int> positions = [];
    private byte[] buffer = new byte[128 * 1024];

    /// <summary>The window's bytes with more cells in it.</summary>
    /// <param name="stored">As it was; empty for a new one.</param>
    /// <param name="header">Its cells, its range and its new watermark.</param>
    /// <param name="added">What is added to it and to others.</param>
    /// <param name="window">Its number there.</param>
    public byte[] Merge(ReadOnlyMemory<byte> stored, WindowHeader header, AddedCells added, int window)
    {
        var cells = added.Ordered(window);
        var series = ListMeters(stored, added, cells);
        if (buffer.Length < Most(series.Length, added, cells)) buffer = new byte[Most(series.Length, added, cells)];
        var into = new ByteWriter(buffer);
        header.Write(ref into);
        into.Number((ulong)meters.Count);
        foreach (var meter in meters)
        {
            into.Field(meter.Id.Span);
            into.Byte((byte)meter.Aggregation);
        }
        while (!series.IsEmpty)
        {
            var whole = series;
            var meter = (int)Varint.Read(ref series);
            var position = positions[meter];
            var grouping = Varint.Read(ref series);
            var group = WindowCodec.Field(ref series);
            var states = WindowCodec.Field(ref series);
            var hash = GroupKey.Hash(secret, meters[position].Hash, (int)grouping, group);
            while (!cells.IsEmpty && cells[0].Series < hash) WriteSeries(ref into, [], added, ref cells);
            if (!cells.IsEmpty && cells[0].Series == hash) WriteSeries(ref into, states, added, ref cells);
            else if (position == meter) into.Bytes(whole[..(whole.Length - series.Length)]);
            else
            {
                into.Number((ulong)position);
                into.Number(grouping);
                into.Field(group);
                into.Field(states);
            }
        }
        while (!cells.IsEmpty) WriteSeries(ref into, [], added, ref cells);
        return into.Written.ToArray();
    }

    // One series: its stored cells and the added ones, by position; moves past the latter.
    private void WriteSeries(ref ByteWriter into, ReadOnlySpan<byte> stored, AddedCells added, scoped ref ReadOnlySpan<CellOrder> cells)
    {
        ref readonly var first = ref added.At(cells[0].Position);
        var (series, aggregation) = (first.Series, first.Meter.Meter.Aggregation);
        into.Number((ulong)PositionOf(first.Meter.Hash));
        into.Number((ulong)first.Grouping);
        into.Field(added.GroupOf(first));
        var start = into.BeginField();
        var last = 0;
        var nextStored = NextStored(0, ref stored);
        while (true)
        {
            var nextAdded = !cells.IsEmpty && cells[0].Series == series ? cells[0].Cell : NoCell;
            var cell = Math.Min(nextStored, nextAdded);
            if (cell == NoCell) break;
            into.Number((ulong)(cell - last));
            last = cell;
            if (nextAdded != cell) into.Bytes(CellCodec.Skip(ref stored, aggregation));
            else if (nextStored != cell) CellCodec.Write(ref into, aggregation, added.At(cells[0].Position).State);
            else CellCodec.WriteSum(ref into, aggregation, ref stored, added.At(cells[0].Position).State);
            if (nextStored == cell) nextStored = NextStored(cell, ref stored);
            if (nextAdded == cell) cells = cells[1..];
        }
        into.EndField(start);
    }

    private static int NextStored(int last, scoped ref ReadOnlySpan<byte> stored) => stored.IsEmpty ? NoCell : last + (int)Varint.Read(ref stored);

    // Both's meters in the order of their ids, and where the stored ones have come; answers the stored series.
    private ReadOnlySpan<byte> ListMeters(ReadOnlyMemory<byte> stored, AddedCells added, ReadOnlySpan<CellOrder> cells)
    {
        meters.Clear();
        positions.Clear();
        var rest = stored.Span;
        if (!rest.IsEmpty)
        {
            WindowHeader.Read(ref rest);
            for (var left = Varint.Read(ref rest); left > 0; left--)
            {
                var id = WindowCodec.Field(ref rest);
                meters.Add(new(stored.Slice(stored.Length - rest.Length - id.Length, id.Length), HashedMeter.HashOf(secret, id), (Aggregation)rest[0], positions.Count));
                positions.Add(positions.Count);
                rest = rest[1..];
            }
        }
        var known = meters.Count;
        HashedMeter? last = null;
        foreach (ref readonly var cell in cells)
        {
            var meter = added.At(cell.Position).Meter;
            if (ReferenceEquals(meter, last)) continue;
            last = meter;
            if (PositionOf(meter.Hash) < 0) meters.Add(new(meter.Id, meter.Hash, meter.Meter.Aggregation, -1));
        }
        if (meters.Count == known) return rest;
        meters.Sort(static (a, b) => a.Id.Span.SequenceCompareTo(b.Id.Span));
        for (var i = 0; i < meters.Count; i++)
            if (meters[i].StoredAs >= 0) positions[meters[i].StoredAs] = i;
        return rest;
    }

    private int PositionOf(UInt128 meter)
    {
        for (var i = 0; i < meters.Count; i++)
            if (meters[i].Hash == meter) return i;
        return -1;
    }

    // A number that moves with its meter may take a byte more, and a series takes at least four.
    private int Most(int storedBytes, AddedCells added, ReadOnlySpan<CellOrder> cells)
    {
        var most = MostHeaderBytes + storedBytes + storedBytes / 4;
        foreach (var meter in meters) most += 16 + meter.Id.Length;
        foreach (ref readonly var cell in cells)
        {
            ref readonly var one = ref added.At(cell.Position);
            most += MostSeriesBytes + one.GroupLength + MostStepBytes + CellCodec.MostBytes(one.State);
        }
        return most;
    }

    private readonly record struct NamedMeter(ReadOnlyMemory<byte> Id, UInt128 Hash, Aggregation Aggregation, int StoredAs);
}
