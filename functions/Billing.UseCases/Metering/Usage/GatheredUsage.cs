using Billing.Domain.Metering;
using Billing.Domain.Metering.Windows;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>Adds up cells by window and projected group while documents are read.</summary>
internal sealed class GatheredUsage(UsageQuery query)
{
    private readonly long[] bounds = [.. query.Bounds.Select(b => b.ToUnixTimeTicks())];
    private readonly Dictionary<(int Window, string Group), CellState> states = [];
    private readonly Dictionary<string, string?[]> groups = [];
    private long from;
    private long until;

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
        WindowCodec.Scan(body.Span, query.Meter.Id, query.Grouping, (group, indexes, cells) =>
        {
            if (query.Project(GroupKey.Read(group, query.Meter.KeptGroupings[query.Grouping].Count)) is not { } projected) return;
            var name = Groups.Key(projected);
            groups.TryAdd(name, projected);
            for (var i = 0; i < indexes.Length; i++)
            {
                var at = start + indexes[i] * step;
                if (at < from || at >= until || (only is not null && !only[indexes[i]])) continue;
                ref var state = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(states, (WindowOf(at), name), out _);
                state.Merge(query.Meter.Aggregation, cells[i]);
            }
        });
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
        ref var state = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(states, (WindowOf(at), name), out _);
        state.Add(query.Meter.Aggregation, measure);
    }

    public IReadOnlyList<UsageRow> Rows() => [.. states
        .OrderBy(s => s.Key.Window).ThenBy(s => s.Key.Group, StringComparer.Ordinal)
        .Select(s => new UsageRow(s.Key.Window, query.Bounds[s.Key.Window], query.Bounds[s.Key.Window + 1], groups[s.Key.Group], s.Value))];

    private int WindowOf(long at)
    {
        if (bounds.Length == 2) return 0;
        var found = Array.BinarySearch(bounds, at);
        return found >= 0 ? found : ~found - 1;
    }
}
