using System.Runtime.InteropServices;
using Billing.Domain.Metering;
using Billing.Domain.Metering.Windows;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>Adds up cells for queries of one scope while documents are read.</summary>
internal sealed class GatheredUsage
{
    private readonly long[] bounds;
    private readonly Dictionary<(string Meter, int Grouping), List<GatheredRows>> bySeries = [];
    private long from;
    private long until;

    public GatheredUsage(UsageScope scope, IReadOnlyList<UsageQuery> queries)
    {
        bounds = [.. scope.Bounds.Select(b => b.ToUnixTimeTicks())];
        Rows = [.. queries.Select(q => new GatheredRows(q, bounds))];
        foreach (var rows in Rows)
        {
            ref var of = ref CollectionsMarshal.GetValueRefOrAddDefault(bySeries, (rows.Query.Meter.Id, rows.Query.Grouping), out _);
            (of ??= []).Add(rows);
        }
    }

    /// <summary>In the order of the queries.</summary>
    public IReadOnlyList<GatheredRows> Rows { get; }

    /// <summary>Only cells within [from, until) count from now on; ticks since 1970.</summary>
    public void Clip(long from, long until) => (this.from, this.until) = (from, until);

    /// <summary>First and last hour of a day that the clip touches.</summary>
    public (int First, int Last) HoursOf(int day) =>
        (Math.Max(day * 24, WindowNames.HourOf(from)), Math.Min(day * 24 + 23, WindowNames.HourOf(until - 1)));

    /// <summary>True when a bound or the clip cuts through the hour, so that its single cell is too coarse.</summary>
    public bool IsCut(int hour)
    {
        var start = hour * NodaConstants.TicksPerHour;
        var end = start + NodaConstants.TicksPerHour;
        if (Within(from) || Within(until)) return true;
        var at = Array.BinarySearch(bounds, start + 1);
        if (at < 0) at = ~at;
        return at < bounds.Length && bounds[at] < end;

        bool Within(long bound) => bound > start && bound < end;
    }

    /// <summary>Adds a document's cells; <paramref name="only"/> tells which cells of a day to take.</summary>
    public void Add(ReadOnlyMemory<byte> body, int startHour, int cellMinutes, bool[]? only)
    {
        var start = startHour * NodaConstants.TicksPerHour;
        var step = cellMinutes * NodaConstants.TicksPerMinute;
        WindowCodec.Scan(body.Span, (meter, grouping) => bySeries.ContainsKey((meter, grouping)), (meter, grouping, group, indexes, cells) =>
        {
            var first = 0;
            while (first < indexes.Length && start + indexes[first] * step < from) first++;
            var end = indexes.Length;
            while (end > first && start + indexes[end - 1] * step >= until) end--;
            foreach (var rows in bySeries[(meter, grouping)]) rows.Add(group, indexes[first..end], cells[first..end], start, step, only);
        });
    }
}

/// <summary>Adds up what one query asks for, by window and projected group.</summary>
/// <param name="query">The query.</param>
/// <param name="bounds">Of the windows; ticks since 1970.</param>
internal sealed class GatheredRows(UsageQuery query, long[] bounds)
{
    // By bucket too; without buckets a window is one.
    private readonly Dictionary<(int Window, string Group, long Bucket), CellState> states = [];
    private readonly Dictionary<string, string?[]> groups = [];

    public UsageQuery Query => query;

    /// <summary>Adds a series' cells; <paramref name="only"/> tells which indexes to take.</summary>
    public void Add(ReadOnlySpan<byte> group, ReadOnlySpan<byte> indexes, ReadOnlySpan<CellState> cells, long start, long step, bool[]? only)
    {
        if (query.Project(GroupKey.Read(group, query.Meter.KeptGroupings[query.Grouping].Count)) is not { } projected) return;
        var name = Groups.Key(projected);
        groups.TryAdd(name, projected);
        for (var i = 0; i < indexes.Length;)
        {
            // Cells of one window, or bucket, follow one another, so its state is looked up once for all of them.
            var (window, bucket, end) = PlaceOf(start + indexes[i] * step);
            ref var state = ref StateOf(window, name, bucket);
            for (; i < indexes.Length && start + indexes[i] * step < end; i++)
                if (only is null || only[indexes[i]]) state.Merge(query.Meter.Aggregation, cells[i]);
        }
    }

    /// <summary>Adds one event, when it lies within the bounds.</summary>
    /// <param name="at">When it happened; ticks since 1970.</param>
    /// <param name="group">Its values, in the grouping's order.</param>
    /// <param name="measure">What it adds.</param>
    public void Add(long at, string?[] group, in Measure measure)
    {
        if (at < bounds[0] || at >= bounds[^1] || query.Project(group) is not { } projected) return;
        var name = Groups.Key(projected);
        groups.TryAdd(name, projected);
        var (window, bucket, _) = PlaceOf(at);
        StateOf(window, name, bucket).Add(query.Meter.Aggregation, measure);
    }

    /// <summary>The rows, in order of window, then group.</summary>
    public IReadOnlyList<UsageRow> InOrder() => [.. states
        .Where(s => s.Value.Count > 0)
        .GroupBy(s => (s.Key.Window, s.Key.Group), s => s.Value)
        .OrderBy(s => s.Key.Window).ThenBy(s => s.Key.Group, StringComparer.Ordinal)
        .Select(s => new UsageRow(
            s.Key.Window, Instant.FromUnixTimeTicks(bounds[s.Key.Window]), Instant.FromUnixTimeTicks(bounds[s.Key.Window + 1]), groups[s.Key.Group],
            query.Meter.BucketSize is null ? s.Single() : CellState.OfPeaks(s)))];

    private ref CellState StateOf(int window, string group, long bucket) => ref CollectionsMarshal.GetValueRefOrAddDefault(states, (window, group, bucket), out _);

    // The window and bucket of an instant, and where that ends. A bucket lies in the window in which it begins, or in the first one.
    private (int Window, long Bucket, long End) PlaceOf(long at)
    {
        if (query.Meter.BucketSize is { } size)
        {
            var bucket = size.StartOf(at);
            return (WindowOf(Math.Max(bucket, bounds[0])), bucket, bucket + size.Ticks());
        }
        var window = WindowOf(at);
        return (window, 0, bounds[window + 1]);
    }

    private int WindowOf(long at)
    {
        if (bounds.Length == 2) return 0;
        var found = Array.BinarySearch(bounds, at);
        return found >= 0 ? found : ~found - 1;
    }
}
