using Billing.Domain.Metering;
using Billing.Domain.Metering.Windows;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>A key, and the part of time in which its usage is asked for.</summary>
public readonly record struct KeySpan(string Key, Instant From, Instant Until);

/// <summary>A question to the windows.</summary>
/// <param name="Meter">Which meter.</param>
/// <param name="Grouping">Position in its kept groupings; it must have every dimension that <paramref name="Project"/> looks at.</param>
/// <param name="Keys">Whose usage; the results of all are added up.</param>
/// <param name="Bounds">Rising instants; each neighbouring pair is a window [a, b). On whole minutes, or quarter hours for the total.</param>
/// <param name="Project">From a group's values (in the grouping's order) to the values asked for; null leaves the group out.</param>
public sealed record UsageQuery(Meter Meter, int Grouping, IReadOnlyList<KeySpan> Keys, IReadOnlyList<Instant> Bounds, Func<string?[], string?[]?> Project)
{
    /// <summary>Events that are counted as if they had come; null: none.</summary>
    public AssumedUsage? Assumed { get; init; }
}

/// <summary>One answer: a window, a group and its aggregate. Windows without events have no row.</summary>
public sealed record UsageRow(int Window, Instant Start, Instant End, IReadOnlyList<string?> Group, CellState State);

/// <summary>Reads aggregates from windows and day documents, never from events.</summary>
/// <remarks>
/// A day's document lists that the day has usage at all, so a month costs one range read and what its days hold. A fresh day answers with
/// its hour cells; hours that a bound cuts through, and stale days, are read from the hours. Events behind a cell cost nothing.
/// </remarks>
public sealed class UsageReader(IDocumentStore documents)
{
    private const int MaxTilingTries = 10;

    /// <summary>The rows, in order of window, then group.</summary>
    public async Task<IReadOnlyList<UsageRow>> ReadAsync(UsageQuery query, CancellationToken stop)
    {
        var gathered = new GatheredUsage(query);
        query.Assumed?.AddTo(gathered, query.Meter, query.Grouping);
        foreach (var key in query.Assumed is { Instead: true } ? [] : query.Keys)
        {
            var from = Instant.Max(key.From, query.Bounds[0]);
            var until = Instant.Min(key.Until, query.Bounds[^1]);
            if (from < until) await ReadAsync(key.Key, from.ToUnixTimeTicks(), until.ToUnixTimeTicks(), gathered, stop);
        }
        return gathered.Rows();
    }

    private async Task ReadAsync(string key, long from, long until, GatheredUsage into, CancellationToken stop)
    {
        into.Clip(from, until);
        var firstDay = WindowNames.DayOf(WindowNames.HourOf(from));
        var lastDay = WindowNames.DayOf(WindowNames.HourOf(until - 1));
        for (var day = firstDay; day <= lastDay;)
        {
            var place = WindowNames.PlaceOf(key, day * 24);
            var end = day;
            while (end <= lastDay && WindowNames.PlaceOf(key, end * 24) == place) end++;
            foreach (var header in await documents.AllAsync(place, WindowNames.DayId(day), WindowNames.DayId(end - 1) + "\u0001", stop))
                await ReadDayAsync(place, header, into, stop);
            day = end;
        }
    }

    private async Task ReadDayAsync(Place place, Stored stored, GatheredUsage into, CancellationToken stop)
    {
        var day = WindowNames.DayOfId(stored.Document.Id);
        var (firstHour, lastHour) = into.HoursOf(day);
        var header = StoredJson.Read<DayHeader>(stored);
        if (header.Stale)
        {
            await ReadHoursAsync(place, firstHour, lastHour, into, stop);
            return;
        }
        var whole = new bool[24];
        for (var hour = firstHour; hour <= lastHour; hour++)
        {
            whole[hour - day * 24] = !into.IsCut(hour);
            if (!whole[hour - day * 24]) await ReadHoursAsync(place, hour, hour, into, stop);
        }
        if (!whole.Contains(true)) return;
        var parts = await documents.AllAsync(place, WindowNames.DayPartId(day, header.Run!, HashRange.Whole), WindowNames.DayPartId(day, header.Run!, HashRange.Whole) + "\uFFFF", stop);
        if (!HashRange.Tile([.. parts.Select(p => WindowNames.RangeOfId(p.Document.Id))]))
        {
            // The day was built anew in between: its hours are still there, and say the same.
            await ReadHoursAsync(place, firstHour, lastHour, into, stop, whole, day * 24);
            return;
        }
        foreach (var part in parts) into.Add(part.Document.Body, day * 24, 60, whole);
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
}
