using Billing.Domain.Metering.Windows;
using Billing.Domain.Values;
using Billing.UseCases.Documents;
using Billing.UseCases.Telemetry;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>Writes changed windows: one atomic commit a (key, month) where they fit, documents past 64 KB split by hash range.</summary>
internal sealed class WindowCommits(IDocumentStore documents, HashKey secret, string partition)
{
    private const int MaxDocumentBytes = 64 * 1024;

    // 2^6 parts at a time keep a split within one commit of 100 writes; what is still too large is halved the next time.
    private const int MaxHalvings = 6;

    private static readonly Duration LateDayDelay = Duration.FromMinutes(5);

    private readonly WindowMerge merge = new(secret);

    /// <summary>Commits what is added; afterwards the windows are as they are stored.</summary>
    public async Task CommitAsync(IReadOnlyList<WindowShards> dirty, AddedCells added, long lastSequence, Instant enqueued, bool always, CancellationToken stop)
    {
        foreach (var window in dirty)
            foreach (var shard in window.Shards)
                if (shard.Added is { } number) shard.Next = merge.Merge(shard.Stored, HeaderOf(window, shard.Range, lastSequence), added, number);
        var pending = new List<Task>();
        foreach (var place in dirty.GroupBy(w => WindowNames.PlaceOf(w.Key, w.Hour)))
            pending.Add(CommitPlaceAsync(place.Key, [.. place], lastSequence, enqueued, always, stop));
        await Task.WhenAll(pending);
    }

    private async Task CommitPlaceAsync(Place place, List<WindowShards> windows, long lastSequence, Instant enqueued, bool always, CancellationToken stop)
    {
        using var span = Spans.Commit(windows);
        var commit = new OpenCommit(documents, place, lastSequence);
        foreach (var window in windows)
        {
            var day = WindowNames.DayOf(window.Hour);
            // A new hour, or an event after the day's end, makes the day's document stale in the same commit.
            var dayEnd = WindowNames.Start((day + 1) * 24);
            var late = always || enqueued >= dayEnd;
            var stale = late || window.IsNew ? WindowNames.StaleDay(window.Key, day, late ? Instant.Max(dayEnd, NextTick(enqueued)) : dayEnd) : null;
            for (var i = 0; i < window.Shards.Count; i++)
            {
                var shard = window.Shards[i];
                if (shard.Next is not { } next) continue;
                if (next.Length <= MaxDocumentBytes || shard.Range.Depth >= HashRange.MaxDepth - MaxHalvings)
                {
                    await commit.AddAsync(shard, Document(place, window, shard.Range, next), stale, stop);
                    continue;
                }
                await commit.FlushAsync(stop);
                var parts = await SplitAsync(place, window, shard, stale, stop);
                window.Shards.RemoveAt(i);
                window.Shards.InsertRange(i--, parts);
            }
            window.Dirty = false;
        }
        await commit.FlushAsync(stop);
    }

    private static WindowHeader HeaderOf(WindowShards window, HashRange range, long watermark) => new(WindowNames.CellMinutes(window.Key), range, watermark);

    // Due on the next five-minute mark: a day that late events come for again and again is read from its hours until they pause.
    private static Instant NextTick(Instant at)
    {
        var step = (long)LateDayDelay.TotalTicks;
        return Instant.FromUnixTimeTicks((at.ToUnixTimeTicks() / step + 1) * step);
    }

    private Document Document(Place place, WindowShards window, HashRange range, ReadOnlyMemory<byte> body) =>
        new(place, WindowNames.HourId(window.Hour, partition, range), WindowNames.WindowKind, body);

    // The document is split as it is stored (a new one: as nothing), atomically, so that documents always tile; then each part is written on
    // its own. The first document's id stays taken for ever: an owner who fell behind must not make it again beside its parts.
    private async Task<List<Shard>> SplitAsync(Place place, WindowShards window, Shard shard, Document? staleDay, CancellationToken stop)
    {
        var id = WindowNames.HourId(window.Hour, partition, shard.Range);
        var before = shard.ETag is null
            ? new Window(WindowNames.CellMinutes(window.Key), shard.Range, 0)
            : WindowCodec.Decode(shard.Stored.Span, secret);
        var parts = Halve(WindowCodec.Decode(shard.Next!.Value.Span, secret), MaxHalvings)
            .ConvertAll(after => (After: after, Before: WindowCodec.Encode(Part(before, after.Range))));
        var split = new Document(place, id, WindowNames.SplitKind, "{}"u8.ToArray());
        var writes = new List<Write> { shard.ETag is null ? new Write.Create(split) : shard.Range.Depth > 0 ? new Write.Delete(id, shard.ETag) : new Write.Replace(split, shard.ETag) };
        foreach (var part in parts) writes.Add(new Write.Create(Document(place, window, part.After.Range, part.Before)));
        // In the same commit: a day that is being built from these documents must not be taken for whole.
        if (staleDay is not null) writes.Add(new Write.Upsert(staleDay));
        var result = await documents.CommitAsync(place, writes, stop);
        if (!result.Done) throw new StaleFoldException($"{id} was changed by another owner.");
        return [.. parts.Select((part, i) => new Shard(part.After.Range, before.Watermark, part.Before, result.ETags[i + 1]) { Next = WindowCodec.Encode(part.After) })];
    }

    private static List<Window> Halve(Window window, int times)
    {
        if (times == 0 || WindowCodec.Encode(window).Length <= MaxDocumentBytes) return [window];
        var (low, high) = window.Split();
        return [.. Halve(low, times - 1), .. Halve(high, times - 1)];
    }

    private static Window Part(Window of, HashRange range)
    {
        while (of.Range.Depth < range.Depth)
        {
            var (low, high) = of.Split();
            of = (range.Bits >> (range.Depth - low.Range.Depth) & 1) == 0 ? low : high;
        }
        return of;
    }
}

/// <summary>Writes gathered for one place, committed when a limit is near.</summary>
internal sealed class OpenCommit(IDocumentStore documents, Place place, long watermark)
{
    private readonly List<Write> writes = [];
    private readonly List<Shard> shards = [];
    private readonly HashSet<string> days = [];
    private int bytes;

    public async Task AddAsync(Shard shard, Document document, Document? staleDay, CancellationToken stop)
    {
        if (writes.Count + 2 > IDocumentStore.MaxWrites || bytes + document.Body.Length + 200 > IDocumentStore.MaxCommitBytes) await FlushAsync(stop);
        if (staleDay is not null && days.Add(staleDay.Id))
        {
            writes.Add(new Write.Upsert(staleDay));
            bytes += staleDay.Body.Length;
        }
        writes.Add(shard.ETag is null ? new Write.Create(document) : new Write.Replace(document, shard.ETag));
        shards.Add(shard);
        bytes += document.Body.Length;
    }

    /// <summary>Commits what was gathered. Errors: <see cref="StaleFoldException"/> on a conflict.</summary>
    public async Task FlushAsync(CancellationToken stop)
    {
        if (writes.Count == 0) return;
        var result = await documents.CommitAsync(place, writes, stop);
        if (!result.Done) throw new StaleFoldException($"{writes[result.ConflictIndex!.Value].Id} was changed by another owner.");
        var shard = 0;
        for (var i = 0; i < writes.Count; i++)
        {
            if (writes[i] is Write.Upsert) continue;
            shards[shard++].Committed(result.ETags[i], watermark);
        }
        writes.Clear();
        shards.Clear();
        days.Clear();
        bytes = 0;
    }
}
