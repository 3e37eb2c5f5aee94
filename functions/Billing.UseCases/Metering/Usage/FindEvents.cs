using System.Text;
using Billing.Domain.Metering;
using Billing.Domain.Metering.Events;
using Billing.Domain.Values;
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

/// <summary>Finds raw events in the archive: by id through the dedup ledger, or the newest first.</summary>
public sealed class FindEvents(IEventLog log, IDedupLedger ledger, IArchive archive, MeterCatalog catalog, HashKey secret)
{
    /// <summary>Every copy of an event, the counted one first; none when the id was never folded.</summary>
    public async Task<IReadOnlyList<FoundEvent>> ByIdAsync(string source, string id, CancellationToken stop)
    {
        var found = new List<FoundEvent>();
        var meters = await MetersAsync(stop);
        foreach (var copy in await ledger.FindAsync(EventIdentity.Key(secret, Encoding.UTF8.GetBytes(source), Encoding.UTF8.GetBytes(id)), stop))
        {
            var blobs = await archive.ListAsync($"{copy.Partition}/", $"{copy.Partition}/{copy.Sequence - 1:x16}~", 1, stop);
            if (blobs.Count == 0) continue;
            var message = ArchiveSegment.Decode((await archive.GetAsync(blobs[0], stop))!.Value).FirstOrDefault(m => m.Sequence == copy.Sequence);
            if (message is not null) found.Add(Describe(copy.Partition, message, copy.Index, copy.Verdict, Parsed(message), meters));
        }
        return found;
    }

    /// <summary>Events from the newest back, every copy, that pass a filter.</summary>
    /// <param name="before">Only events of lower (partition, sequence, index) than where the last page ended; null: the newest.</param>
    /// <param name="wanted">Which to take.</param>
    /// <param name="limit">How many at the most.</param>
    /// <param name="maxRead">How many events to look at before giving up for this page.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<(IReadOnlyList<FoundEvent> Events, (int Partition, long Sequence, int Index)? Next)> NewestAsync(
        (int Partition, long Sequence, int Index)? before, Func<FoundEvent, bool> wanted, int limit, int maxRead, CancellationToken stop)
    {
        var found = new List<FoundEvent>();
        var meters = await MetersAsync(stop);
        for (var number = before?.Partition ?? 0; number < log.Partitions; number++)
        {
            var partition = new LogPartition(log.LogId, number);
            var position = before is { } b && b.Partition == number ? b : (number, long.MaxValue, 0);
            var names = await NamesAsync(partition, stop);
            for (var n = names.Count - 1; n >= 0; n--)
            {
                if (ArchiveSegment.RangeOf(names[n]).First > position.Item2) continue;
                foreach (var message in ArchiveSegment.Decode((await archive.GetAsync(names[n], stop))!.Value).Reverse())
                {
                    if (message.Sequence > position.Item2) continue;
                    var parsed = Parsed(message);
                    var last = message.Sequence == position.Item2 ? Math.Min(position.Item3, parsed.Count) : parsed.Count;
                    for (var i = last - 1; i >= 0; i--)
                    {
                        var one = Describe(partition, message, i, message.Verdicts.Span[i], parsed, meters);
                        if (wanted(one)) found.Add(one);
                        if (found.Count == limit || --maxRead <= 0) return (found, (number, message.Sequence, i));
                    }
                    position = (number, message.Sequence - 1, int.MaxValue);
                }
            }
        }
        return (found, null);
    }

    private async Task<List<string>> NamesAsync(LogPartition partition, CancellationToken stop)
    {
        var all = new List<string>();
        while (true)
        {
            var page = await archive.ListAsync($"{partition}/", all.Count == 0 ? null : all[^1], 1_000, stop);
            all.AddRange(page);
            if (page.Count < 1_000) return all;
        }
    }

    private async Task<MeterSet> MetersAsync(CancellationToken stop) =>
        new((await catalog.AllAsync(stop)).Select(m => m.Meter), secret);

    private static ParsedMessage Parsed(ArchivedMessage message)
    {
        var parsed = new ParsedMessage();
        if (new EventParser().Parse(message.Body, EventShape.Any, parsed) is { } malformed) parsed.ReadAsOneBadEvent(malformed);
        return parsed;
    }

    private static FoundEvent Describe(LogPartition partition, ArchivedMessage message, int index, Verdict verdict, ParsedMessage parsed, MeterSet meters)
    {
        var read = parsed.Events[index];
        var json = read.RawLength > 0 ? message.Body.Slice(read.RawStart, read.RawLength) : message.Body;
        var matched = new List<string>();
        if (verdict != Verdict.Rejected)
            foreach (var meter in meters.ForType(read.Type.Span))
                if (meters.Passes(meter, parsed.Properties(read))) matched.Add(meters.Meters[meter].Id);
        var time = read.Time is { } ticks ? Instant.FromUnixTimeTicks(ticks) : message.EnqueuedAt;
        return new(partition, message.Sequence, index, verdict, json, Text(read.Id), Text(read.Source), Text(read.Key), Text(read.Type), time, message.EnqueuedAt, matched);
    }

    private static string Text(ReadOnlyMemory<byte> value) => Encoding.UTF8.GetString(value.Span);
}
