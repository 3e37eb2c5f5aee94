namespace Billing.Domain.Metering.Windows;

/// <summary>The aggregates of one key over one hour (or day), from one log partition, within one range of hashes.</summary>
/// <remarks>Invariant: each message of the partition with sequence ≤ <see cref="Watermark"/> that belongs here is in here, once.</remarks>
public sealed class Window(int cellMinutes, HashRange range, long watermark)
{
    private readonly Dictionary<UInt128, Series> series = [];

    /// <summary>Length of a cell: 1 for a customer's hour, 15 for the total's, 60 for a day.</summary>
    public int CellMinutes { get; } = cellMinutes;

    /// <summary>Which hashes are placed here.</summary>
    public HashRange Range { get; } = range;

    /// <summary>The highest sequence folded.</summary>
    public long Watermark { get; } = watermark;

    public IReadOnlyCollection<Series> Series => series.Values;

    /// <summary>The series by rising hash.</summary>
    internal IReadOnlyList<Series> InOrder() => [.. series.Values.OrderBy(s => s.Hash)];

    /// <summary>Adds all cells of a series, moved to another cell (for days: the hour).</summary>
    public void Merge(Series other, int? cell = null)
    {
        if (!series.TryGetValue(other.Hash, out var of))
        {
            of = new Series(other.Hash, other.MeterId, other.Aggregation, other.Grouping, other.Group);
            series.Add(other.Hash, of);
        }
        for (var i = 0; i < other.Count; i++) of.At(cell ?? other.Indexes[i]).Merge(other.Aggregation, other.States[i]);
    }

    internal void Put(Series read) => series.Add(read.Hash, read);

    /// <summary>Where a UNIQUE element of a series is placed: by both hashes, so that neither many values of one group nor one value of many groups keep together.</summary>
    public static UInt128 PlaceOf(UInt128 series, UInt128 element) => series ^ element;

    /// <summary>The two halves; both inherit the watermark. UNIQUE elements go by <see cref="PlaceOf"/>, all else by the series' hash.</summary>
    public (Window Low, Window High) Split()
    {
        var low = new Window(CellMinutes, Range.Half(0), Watermark);
        var high = new Window(CellMinutes, Range.Half(1), Watermark);
        foreach (var of in series.Values)
        {
            if (of.Aggregation == Aggregation.Unique) SplitElements(of, low, high);
            else (low.Range.Contains(of.Hash) ? low : high).Put(of);
        }
        return (low, high);
    }

    // The event count of a UNIQUE cell stays with one half, or halves would count events twice.
    private static void SplitElements(Series of, Window low, Window high)
    {
        for (var i = 0; i < of.Count; i++)
        {
            var elements = of.States[i].Elements!;
            var lower = elements.Where(e => low.Range.Contains(PlaceOf(of.Hash, e))).ToHashSet();
            var higher = elements.Where(e => high.Range.Contains(PlaceOf(of.Hash, e))).ToHashSet();
            var count = of.States[i].Count;
            if (lower.Count > 0) Into(low, of, i, lower, higher.Count > 0 ? lower.Count : count);
            if (higher.Count > 0) Into(high, of, i, higher, lower.Count > 0 ? count - lower.Count : count);
        }
    }

    private static void Into(Window half, Series of, int i, HashSet<UInt128> elements, long count)
    {
        if (!half.series.TryGetValue(of.Hash, out var part))
        {
            part = new Series(of.Hash, of.MeterId, of.Aggregation, of.Grouping, of.Group);
            half.series.Add(of.Hash, part);
        }
        part.At(of.Indexes[i]) = CellState.Of(count, 0, elements);
    }
}
