using Billing.Domain.Metering;
using Billing.Domain.Metering.Windows;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>A key, and the part of time in which its usage is asked for.</summary>
public readonly record struct KeySpan(string Key, Instant From, Instant Until);

/// <summary>Whose usage is asked for, and when.</summary>
/// <param name="Keys">Whose; the results of all are added up.</param>
/// <param name="Bounds">Rising instants; each neighbouring pair is a window [a, b). On whole minutes, or quarter hours for the total.</param>
public sealed record UsageScope(IReadOnlyList<KeySpan> Keys, IReadOnlyList<Instant> Bounds)
{
    /// <summary>Events that are counted as if they had come; null: none.</summary>
    public AssumedUsage? Assumed { get; init; }
}

/// <summary>A question to the windows.</summary>
/// <param name="Meter">Which meter.</param>
/// <param name="Grouping">Position in its kept groupings; it must have every dimension that <paramref name="Project"/> looks at.</param>
/// <param name="Project">From a group's values (in the grouping's order) to the values asked for; null leaves the group out.</param>
public sealed record UsageQuery(Meter Meter, int Grouping, Func<string?[], string?[]?> Project);

/// <summary>One answer: a window, a group and its aggregate. Windows without events, and in which no level stands, have no row.</summary>
/// <param name="State">All events of the window; none of a TIME_WEIGHTED_SUM, whose levels come from before it.</param>
/// <param name="Value">The aggregate as a number.</param>
public sealed record UsageRow(int Window, Instant Start, Instant End, IReadOnlyList<string?> Group, CellState State, decimal Value);

/// <summary>Reads aggregates from windows and day documents, never from events.</summary>
/// <remarks>
/// A day's document lists that the day has usage at all, so a month costs two range reads, however many queries are asked of it. A fresh day
/// answers with its hour cells; hours that a bound cuts through, and stale days, are read from the hours. Events behind a cell cost nothing.
/// </remarks>
public sealed class UsageReader(IDocumentStore documents, IClock clock)
{
    private const int MaxTilingTries = 10;

    /// <summary>Days are read together up to so many parts: bounds the memory of a customer with millions of groups.</summary>
    private const int MaxPartsTogether = 64;

    /// <summary>The rows, in order of window, then group.</summary>
    public async Task<IReadOnlyList<UsageRow>> ReadAsync(UsageScope scope, UsageQuery query, CancellationToken stop) => (await ReadAsync(scope, [query], stop))[0];

    /// <summary>The rows of each query, from one reading.</summary>
    public async Task<IReadOnlyList<IReadOnlyList<UsageRow>>> ReadAsync(UsageScope scope, IReadOnlyList<UsageQuery> queries, CancellationToken stop)
    {
        var gathered = new GatheredUsage(scope, queries, clock.GetCurrentInstant());
        // A level that stands may have come to be at any time before.
        var since = gathered.HasLevels ? Instant.Min(scope.Bounds[0], await Installation.EarliestUsageAsync(documents, stop)) : scope.Bounds[0];
        foreach (var rows in gathered.Rows) scope.Assumed?.AddTo(rows);
        foreach (var key in scope.Assumed is { Instead: true } ? [] : scope.Keys)
        {
            var from = Instant.Max(key.From, scope.Bounds[0]);
            var until = Instant.Min(key.Until, scope.Bounds[^1]);
            if (from >= until) continue;
            gathered.Open(from.ToUnixTimeTicks(), until.ToUnixTimeTicks());
            await ReadAsync(key.Key, (gathered.HasLevels ? since : from).ToUnixTimeTicks(), until.ToUnixTimeTicks(), gathered, stop);
            gathered.Close();
        }
        return [.. gathered.Rows.Select(r => r.InOrder())];
    }

    private async Task ReadAsync(string key, long from, long until, GatheredUsage into, CancellationToken stop)
    {
        var firstDay = WindowNames.DayOf(WindowNames.HourOf(from));
        var lastDay = WindowNames.DayOf(WindowNames.HourOf(until - 1));
        for (var day = firstDay; day <= lastDay;)
        {
            var place = WindowNames.PlaceOf(key, day * 24);
            var end = day;
            while (end <= lastDay && WindowNames.PlaceOf(key, end * 24) == place) end++;
            await ReadDaysAsync(place, day, end - 1, into, stop);
            day = end;
        }
    }

    private async Task ReadDaysAsync(Place place, int first, int last, GatheredUsage into, CancellationToken stop)
    {
        var (together, parts) = (new List<FreshDay>(), 0);
        foreach (var stored in await documents.AllAsync(place, WindowNames.DayId(first), WindowNames.DayId(last) + "\u0001", stop))
        {
            var day = WindowNames.DayOfId(stored.Document.Id);
            var (firstHour, lastHour) = into.HoursOf(day);
            var header = StoredJson.Read<DayHeader>(stored);
            if (header.Stale)
            {
                await ReadHoursAsync(place, firstHour, lastHour, into, stop);
                continue;
            }
            var whole = new bool[24];
            for (var hour = firstHour; hour <= lastHour; hour++)
            {
                whole[hour - day * 24] = !into.IsCut(hour);
                if (!whole[hour - day * 24]) await ReadHoursAsync(place, hour, hour, into, stop);
            }
            if (!whole.Contains(true)) continue;
            if (parts > 0 && parts + header.Parts!.Count > MaxPartsTogether)
            {
                await ReadFreshAsync(place, together, into, stop);
                (together, parts) = ([], 0);
            }
            together.Add(new FreshDay(day, header.Run!, whole));
            parts += header.Parts!.Count;
        }
        if (together.Count > 0) await ReadFreshAsync(place, together, into, stop);
    }

    private async Task ReadFreshAsync(Place place, List<FreshDay> days, GatheredUsage into, CancellationToken stop)
    {
        var read = await documents.AllAsync(place, WindowNames.DayPartPrefix(days[0].Day), WindowNames.DayPartPrefix(days[^1].Day) + "\uFFFF", stop);
        var byRun = read.ToLookup(p => p.Document.Id[..(p.Document.Id.LastIndexOf(':') + 1)], StringComparer.Ordinal);
        foreach (var (day, run, whole) in days)
        {
            var parts = byRun[WindowNames.DayRunPrefix(day, run)].ToList();
            if (HashRange.Tile([.. parts.Select(p => WindowNames.RangeOfId(p.Document.Id))]))
            {
                foreach (var part in parts) into.Add(part.Document.Body, day * 24, 60, whole);
                continue;
            }
            // The day was built anew in between: its hours are still there, and say the same.
            var (firstHour, lastHour) = into.HoursOf(day);
            await ReadHoursAsync(place, firstHour, lastHour, into, stop, whole, day * 24);
        }
    }

    private async Task ReadHoursAsync(Place place, int first, int last, GatheredUsage into, CancellationToken stop, bool[]? only = null, int onlyFrom = 0)
    {
        for (var tries = 1; ; tries++)
        {
            var hours = (await documents.AllAsync(place, WindowNames.HourPrefix(first), WindowNames.HourPrefix(last) + "\uFFFF", stop)).Where(h => h.Document.Kind == WindowNames.WindowKind).ToList();
            // Two pages are two moments: a split in between can show a document and its halves.
            var torn = hours.GroupBy(h => h.Document.Id[..h.Document.Id.LastIndexOf(':')]).Any(g => !HashRange.Tile([.. g.Select(h => WindowNames.RangeOfId(h.Document.Id))]));
            if (torn && tries < MaxTilingTries) continue;
            if (torn) throw new InvalidOperationException($"The hours of {place.First} from {WindowNames.Start(first)} were split whenever they were read: read again.");
            foreach (var hour in hours)
            {
                var start = WindowNames.HourOfId(hour.Document.Id);
                if (only is null || only[start - onlyFrom]) into.Add(hour.Document.Body, start, WindowCodec.ReadHeader(hour.Document.Body.Span).CellMinutes, null);
            }
            return;
        }
    }

    /// <summary>A day whose parts hold its hours.</summary>
    /// <param name="Whole">By hour of the day: whether its cell is asked for as a whole.</param>
    private sealed record FreshDay(int Day, string Run, bool[] Whole);
}
