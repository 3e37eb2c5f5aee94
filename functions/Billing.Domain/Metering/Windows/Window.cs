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
        var of = Part(other);
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

    private static void SplitElements(Series of, Window low, Window high)
    {
        for (var i = 0; i < of.Count; i++)
        {
            foreach (var half in new[] { low, high })
            {
                var elements = of.States[i].Elements!.Where(e => half.Range.Contains(PlaceOf(of.Hash, e))).ToHashSet();
                if (elements.Count > 0) half.Part(of).At(of.Indexes[i]) = CellState.Of(elements.Count, 0, elements);
            }
        }
    }

    private Series Part(Series of)
    {
        if (!series.TryGetValue(of.Hash, out var part))
        {
            part = new Series(of.Hash, of.MeterId, of.Aggregation, of.Grouping, of.Group);
            series.Add(of.Hash, part);
        }
        return part;
    }
}
