using System.Globalization;
using System.Text;
using Billing.Domain.Metering;
using Billing.Domain.Metering.Events;
using Billing.Domain.Values;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>One copy of an event and what became of it.</summary>
/// <param name="Json">The event as the producer sent it.</param>
/// <param name="Time">When it happened (the log's time when the producer gave none).</param>
/// <param name="EnqueuedAt">When the log took it.</param>
/// <param name="MeterIds">The meters that take it.</param>
public sealed record FoundEvent(
    LogPartition Partition, long Sequence, int Index, Verdict Verdict, ReadOnlyMemory<byte> Json, string Id, string Source, string Key, string Type,
    Instant Time, Instant EnqueuedAt, IReadOnlyList<string> MeterIds);

/// <summary>Where a list of events stands: in each log partition, only what lies below (sequence, index) is still to come.</summary>
public sealed record EventCursor(IReadOnlyDictionary<LogPartition, (long Sequence, int Index)> Positions)
{
    /// <summary>As text, such as <c>log-1/0:120.3,log-1/1:98.0</c>.</summary>
    public override string ToString() => string.Join(',', Positions.Select(p => $"{p.Key}:{p.Value.Sequence}.{p.Value.Index}"));

    /// <summary>Null when the text is no cursor.</summary>
    public static EventCursor? Parse(string text)
    {
        var positions = new Dictionary<LogPartition, (long, int)>();
        foreach (var part in text.Split(','))
        {
            if (part.Split('/', ':', '.') is not [.. var id, var number, var sequence, var index] || !Number(number, out var partition) || !Number(index, out var at)
                || !long.TryParse(sequence, NumberStyles.None, CultureInfo.InvariantCulture, out var position)) return null;
            positions[new LogPartition(string.Join('.', id), partition)] = (position, at);
        }
        return new EventCursor(positions);

        static bool Number(string digits, out int number) => int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}

/// <summary>Finds raw events in the archive, of all logs: by id through the dedup ledger, or the newest first.</summary>
public sealed class FindEvents(IDocumentStore documents, IDedupLedger ledger, IArchive archive, MeterCatalog catalog, HashKey secret)
{
    private readonly ProgressStore progressStore = new(documents);
    private readonly LogRegistry registry = new(documents);
    private readonly ArchivedMessages archived = new(archive);

    /// <summary>Every copy of an event, the counted one first; none when the id was never folded. Copies that were lost are left out.</summary>
    public async Task<IReadOnlyList<FoundEvent>> ByIdAsync(string source, string id, CancellationToken stop)
    {
        var found = new List<FoundEvent>();
        var meters = await MetersAsync(stop);
        var logs = await registry.AllAsync(stop);
        var key = EventIdentity.Key(secret, Encoding.UTF8.GetBytes(source), Encoding.UTF8.GetBytes(id));
        foreach (var copy in await ledger.FindAsync(key, new LostClaims(logs.SelectMany(l => l.Lost)), stop))
        {
            if (logs.FirstOrDefault(l => l.Id == copy.Partition.LogId) is not { } log) continue;
            if (await archived.FindAsync(log, copy.Partition.Number, copy.Sequence, stop) is { } message)
                found.Add(Describe(copy.Partition, Read(message), copy.Index, copy.Verdict, meters));
        }
        return found;
    }

    /// <summary>Events from the newest back by the log's time, every copy, that pass a filter.</summary>
    /// <param name="before">Where the last page ended; null: the newest.</param>
    /// <param name="wanted">Which to take.</param>
    /// <param name="limit">How many at the most.</param>
    /// <param name="maxRead">How many events to look at before giving up for this page.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<(IReadOnlyList<FoundEvent> Events, EventCursor? Next)> NewestAsync(
        EventCursor? before, Func<FoundEvent, bool> wanted, int limit, int maxRead, CancellationToken stop)
    {
        var found = new List<FoundEvent>();
        var meters = await MetersAsync(stop);
        var heads = new List<IAsyncEnumerator<FoundEvent>>();
        var positions = new Dictionary<LogPartition, (long Sequence, int Index)>();
        try
        {
            foreach (var log in await registry.AllAsync(stop))
            {
                foreach (var partition in log.Names)
                {
                    positions[partition] = before?.Positions.TryGetValue(partition, out var position) == true
                        ? position
                        : ((await progressStore.ReadAsync(partition, stop)).Progress.Sequence, int.MaxValue);
                    heads.Add(BackAsync(partition, log[partition.Number], positions[partition], meters, stop).GetAsyncEnumerator(stop));
                }
            }
            var open = new List<IAsyncEnumerator<FoundEvent>>();
            foreach (var head in heads)
                if (await head.MoveNextAsync()) open.Add(head);
            while (open.Count > 0)
            {
                // The order of one partition is the log's; between partitions the log's time decides.
                var newest = open.MaxBy(h => (h.Current.EnqueuedAt, h.Current.Time))!;
                var one = newest.Current;
                positions[one.Partition] = (one.Sequence, one.Index);
                if (wanted(one)) found.Add(one);
                if (found.Count == limit || --maxRead <= 0) return (found, new EventCursor(positions));
                if (!await newest.MoveNextAsync()) open.Remove(newest);
            }
            return (found, null);
        }
        finally
        {
            foreach (var head in heads) await head.DisposeAsync();
        }
    }

    // The events of a partition below a position, newest first.
    private async IAsyncEnumerable<FoundEvent> BackAsync(
        LogPartition partition, RegisteredPartition registered, (long Sequence, int Index) below, MeterSet meters,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
    {
        for (var upper = below.Sequence; upper > 0;)
        {
            if (await BlobAtOrBelowAsync(partition, upper, stop) is not { } name) yield break;
            foreach (var message in ArchiveSegment.Decode((await archive.GetAsync(name, stop))!.Value).Reverse())
            {
                if (message.Sequence > upper || registered.Loses(message.Sequence)) continue;
                var read = Read(message);
                var end = message.Sequence == below.Sequence ? Math.Min(below.Index, read.Parsed.Count) : read.Parsed.Count;
                for (var i = end - 1; i >= 0; i--) yield return Describe(partition, read, i, read.Verdicts[i], meters);
            }
            upper = Math.Min(upper, ArchiveSegment.RangeOf(name).First) - (ArchiveSegment.RangeOf(name).First <= upper ? 1 : 0);
        }
    }

    // The blob that holds a sequence, or the nearest one before it (recorded gaps have none).
    private async Task<string?> BlobAtOrBelowAsync(LogPartition partition, long sequence, CancellationToken stop)
    {
        var at = await archive.ListAsync($"{partition}/", ArchivedMessages.Before(partition, sequence), 1, stop);
        if (at.Count > 0 && ArchiveSegment.RangeOf(at[0]).First <= sequence) return at[0];
        for (var span = 256L; ; span *= 4)
        {
            var from = Math.Max(0, sequence - span);
            string? last = null;
            for (IReadOnlyList<string> names = []; ;)
            {
                names = await archive.ListAsync($"{partition}/", last ?? (from == 0 ? null : $"{partition}/{from:x16}~"), 1_000, stop);
                var nearest = names.LastOrDefault(n => ArchiveSegment.RangeOf(n).Last <= sequence);
                last = nearest ?? last;
                if (nearest is null || names.Count < 1_000) break;
            }
            if (last is not null || from == 0) return last;
        }
    }

    private async Task<MeterSet> MetersAsync(CancellationToken stop) =>
        new((await catalog.AllAsync(stop)).Select(m => m.Meter), secret);

    private FoldMessage Read(ArchivedMessage message) => FoldMessage.Of(message, new EventParser(), secret);

    private static FoundEvent Describe(LogPartition partition, FoldMessage message, int index, Verdict verdict, MeterSet meters)
    {
        var parsed = message.Parsed;
        var read = parsed.Events[index];
        var json = read.RawLength > 0 ? parsed.Body.Slice(read.RawStart, read.RawLength) : parsed.Body;
        var matched = new List<string>();
        if (verdict != Verdict.Rejected)
            foreach (var meter in meters.ForType(read.Type.Span))
                if (meters.Passes(meter, parsed.Properties(read))) matched.Add(meters.Meters[meter].Id);
        var time = Instant.FromUnixTimeTicks(message.TimeOf(read));
        return new(partition, message.Sequence, index, verdict, json, Text(read.Id), Text(read.Source), Text(read.Key), Text(read.Type), time, message.EnqueuedAt, matched);
    }

    private static string Text(ReadOnlyMemory<byte> value) => Encoding.UTF8.GetString(value.Span);
}
