using System.Runtime.InteropServices;
using Billing.Domain.Metering;
using Billing.Domain.Metering.Windows;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>Adds up cells for queries of one scope while documents are read.</summary>
internal sealed class GatheredUsage
{
    private const long CoarsestCell = 15 * NodaConstants.TicksPerMinute;

    private readonly long[] bounds;
    private readonly Dictionary<(string Meter, int Grouping), List<GatheredRows>> bySeries = [];
    private readonly long now;
    private long from;
    private long until;

    public GatheredUsage(UsageScope scope, IReadOnlyList<UsageQuery> queries, Instant now)
    {
        bounds = [.. scope.Bounds.Select(b => b.ToUnixTimeTicks())];
        // The coarsest cells that are read are the total's: what accrues is told up to the end of the last of them.
        this.now = now.ToUnixTimeTicks() / CoarsestCell * CoarsestCell;
        Rows = [.. queries.Select(q => new GatheredRows(q, bounds, this.now))];
        HasLevels = Rows.Any(r => r.Levels is not null);
        foreach (var rows in Rows)
        {
            ref var of = ref CollectionsMarshal.GetValueRefOrAddDefault(bySeries, (rows.Query.Meter.Id, rows.Query.Grouping), out _);
            (of ??= []).Add(rows);
        }
    }

    /// <summary>In the order of the queries.</summary>
    public IReadOnlyList<GatheredRows> Rows { get; }

    /// <summary>True when a query is of levels, which count from before the bounds.</summary>
    public bool HasLevels { get; }

    /// <summary>A key's cells follow, of which those within [from, until) count; ticks since 1970.</summary>
    public void Open(long from, long until)
    {
        (this.from, this.until) = (from, until);
        foreach (var rows in Rows) rows.Levels?.Open(from, until);
    }

    /// <summary>All cells of the key were added.</summary>
    public void Close()
    {
        foreach (var rows in Rows) rows.Levels?.Close();
    }

    /// <summary>First and last hour of a day that the clip touches.</summary>
    public (int First, int Last) HoursOf(int day) =>
        (HasLevels ? day * 24 : Math.Max(day * 24, WindowNames.HourOf(from)), Math.Min(day * 24 + 23, WindowNames.HourOf(until - 1)));

    /// <summary>True when a bound or the clip cuts through the hour, so that its single cell is too coarse.</summary>
    public bool IsCut(int hour)
    {
        var start = hour * NodaConstants.TicksPerHour;
        var end = start + NodaConstants.TicksPerHour;
        if (Within(from) || Within(until) || (HasLevels && Within(now))) return true;
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
            foreach (var rows in bySeries[(meter, grouping)])
            {
                var begin = rows.Levels is null ? first : 0;
                rows.Add(group, indexes[begin..end], cells[begin..end], start, step, only);
            }
        });
    }
}

/// <summary>Adds up what one query asks for, by window and projected group.</summary>
/// <param name="query">The query.</param>
/// <param name="bounds">Of the windows; ticks since 1970.</param>
/// <param name="now">Up to which levels accrue.</param>
internal sealed class GatheredRows(UsageQuery query, long[] bounds, long now)
{
    // By bucket too; without buckets a window is one.
    private readonly Dictionary<(int Window, string Group, long Bucket), CellState> states = [];
    private readonly Dictionary<string, string?[]> groups = [];

    public UsageQuery Query => query;

    /// <summary>Of a TIME_WEIGHTED_SUM; else null.</summary>
    public Levels? Levels { get; } = query.Meter.Aggregation == Aggregation.TimeWeightedSum ? new Levels(bounds, now) : null;

    /// <summary>Adds a series' cells; <paramref name="only"/> tells which indexes to take.</summary>
    public void Add(ReadOnlySpan<byte> group, ReadOnlySpan<byte> indexes, ReadOnlySpan<CellState> cells, long start, long step, bool[]? only)
    {
        if (query.Project(GroupKey.Read(group, query.Meter.KeptGroupings[query.Grouping].Count)) is not { } projected) return;
        var name = Groups.Key(projected);
        groups.TryAdd(name, projected);
        if (Levels is not null)
        {
            for (var i = 0; i < indexes.Length; i++)
                if (only is null || only[indexes[i]]) Levels.Add(name, start + indexes[i] * step, cells[i]);
            return;
        }
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
        if ((at < bounds[0] && Levels is null) || at >= bounds[^1] || query.Project(group) is not { } projected) return;
        var name = Groups.Key(projected);
        groups.TryAdd(name, projected);
        if (Levels is not null)
        {
            var cell = default(CellState);
            cell.Add(query.Meter.Aggregation, measure);
            Levels.Add(name, at, cell);
            return;
        }
        var (window, bucket, _) = PlaceOf(at);
        StateOf(window, name, bucket).Add(query.Meter.Aggregation, measure);
    }

    /// <summary>The rows, in order of window, then group.</summary>
    /// <remarks>Errors: <see cref="OverflowException"/> when a decimal can't hold a value exactly.</remarks>
    public IReadOnlyList<UsageRow> InOrder() => [.. (Levels is null ? Aggregates() : Levels.Accrued().Select(a => (a.Window, a.Group, State: default(CellState), Value: a.UnitHours)))
        .OrderBy(s => s.Window).ThenBy(s => s.Group, StringComparer.Ordinal)
        .Select(s => new UsageRow(s.Window, Instant.FromUnixTimeTicks(bounds[s.Window]), Instant.FromUnixTimeTicks(bounds[s.Window + 1]), groups[s.Group], s.State, s.Value))];

    private IEnumerable<(int Window, string Group, CellState State, decimal Value)> Aggregates() => states
        .Where(s => s.Value.Count > 0)
        .GroupBy(s => (s.Key.Window, s.Key.Group), s => s.Value)
        .Select(s => (s.Key, State: query.Meter.BucketSize is null ? s.Single() : CellState.OfPeaks(s)))
        .Select(s => (s.Key.Window, s.Key.Group, s.State, s.State.Result(query.Meter.Aggregation)));

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
