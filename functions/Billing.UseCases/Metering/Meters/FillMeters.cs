using Billing.Domain.Metering;
using Billing.Domain.Metering.Events;
using Billing.Domain.Values;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>Counts the events that came before a meter, from the archive, ending in the state as if it had always been there.</summary>
/// <remarks>
/// A partition folds a new meter after its first marker; this job takes the archived sequences up to that marker into windows of its own
/// partition name, so the two never meet. Watermarks make every step safe to repeat; the position is saved after each blob.
/// </remarks>
public sealed class FillMeters(IDocumentStore documents, IEventLog log, IArchive archive, MeterCatalog catalog, IClock clock, HashKey secret)
{
    private const long CacheBytes = 32L << 20;
    private readonly ProgressStore progressStore = new(documents);
    private readonly RejectedUsage rejected = new(archive);
    private readonly KnownKeys knownKeys = new(documents);

    /// <summary>Tells every partition of the log that the meter exists.</summary>
    public Task MarkAsync(string meterId, CancellationToken stop) => log.AppendAsync(
        [.. Enumerable.Range(0, log.Partitions).Select(p => new NewMessage(p, EventParser.MarkerBody(meterId), 0))], stop);

    /// <summary>Works on every meter that is not filled yet; answers true when some still wait for their markers to be folded.</summary>
    public async Task<bool> RunAsync(CancellationToken stop)
    {
        var waiting = false;
        foreach (var due in await documents.DueAsync(Container.Catalog, MeterCatalog.Kind, Instant.MaxValue, 100, stop))
            waiting |= !await FillAsync(due.Document.Place.Second, stop);
        return waiting;
    }

    /// <summary>Forgets what is cached, after a reset.</summary>
    public void Clear() => knownKeys.Clear();

    private async Task<bool> FillAsync(string id, CancellationToken stop)
    {
        for (var partition = 0; partition < log.Partitions; partition++)
        {
            var of = new LogPartition(log.LogId, partition);
            var (progress, _) = await progressStore.ReadAsync(of, stop);
            if (!progress.Markers.TryGetValue(id, out var marker))
            {
                // The marker is on its way, or a crash came between the catalog and the log: a second one changes nothing.
                await log.AppendAsync([new NewMessage(partition, EventParser.MarkerBody(id), 0)], stop);
                return false;
            }
            await FillAsync(id, of, marker, stop);
        }
        return await UpdateAsync(id, m => m with { Fill = null, UpdatedAt = clock.GetCurrentInstant() }, stop);
    }

    private async Task FillAsync(string id, LogPartition partition, long marker, CancellationToken stop)
    {
        if (await catalog.ReadAsync(id, stop) is not { } read || read.Meter.Fill is not { } fill) return;
        var done = fill.Done.GetValueOrDefault(partition.ToString());
        var name = $"backfill~{id}~{WindowNames.PartitionId(partition)}";
        var windows = new FoldWindows(documents, secret, name, CacheBytes);
        var set = new MeterSet([read.Meter.Meter], secret);
        while (done < marker)
        {
            var blobs = await archive.ListAsync($"{partition}/", done == 0 ? null : $"{partition}/{done:x16}~", 16, stop);
            foreach (var blob in blobs)
            {
                var messages = ArchiveSegment.Decode((await archive.GetAsync(blob, stop))!.Value).Where(m => m.Sequence > done && m.Sequence < marker).ToList();
                if (messages.Count > 0) await FoldAsync(windows, name, set, messages, stop);
                done = Math.Min(marker, ArchiveSegment.RangeOf(blob).Last);
                var events = messages.Sum(m => (long)m.Verdicts.Length);
                await UpdateAsync(id, m => m.Fill is { } f ? m with { Fill = new(new Dictionary<string, long>(f.Done) { [partition.ToString()] = done }, f.Events + events) } : m, stop);
                if (done >= marker) break;
            }
            if (blobs.Count == 0 && done < marker) throw new InvalidOperationException($"The archive of {partition} ends at {done}, before the marker at {marker}.");
        }
    }

    private async Task FoldAsync(FoldWindows windows, string name, MeterSet set, List<ArchivedMessage> messages, CancellationToken stop)
    {
        var parser = new EventParser();
        var batch = new List<FoldMessage>(messages.Count);
        foreach (var message in messages)
        {
            var parsed = new ParsedMessage();
            if (parser.Parse(message.Body, EventShape.Any, parsed) is { } malformed) parsed.ReadAsOneBadEvent(malformed);
            var fold = new FoldMessage(message.Sequence, message.EnqueuedAt, parsed) { Meters = set, Verdicts = message.Verdicts.ToArray(), Keys = new UInt128[parsed.Count] };
            for (var i = 0; i < parsed.Count; i++) fold.Keys[i] = EventIdentity.Key(secret, parsed.Events[i].Source.Span, parsed.Events[i].Id.Span);
            batch.Add(fold);
        }
        var counts = new FoldCounts();
        for (var part = 0; part < batch.Count;)
        {
            part = await windows.FoldAsync(batch, part, counts, stop);
            await knownKeys.AddAsync(windows.NewKeys, stop);
            await windows.CommitAsync(batch[part - 1].Sequence, clock.GetCurrentInstant(), always: true, stop);
        }
        await rejected.WriteAsync(name, messages[0].Sequence, messages[^1].Sequence, [.. counts.Unreadable.Select(u => new RejectedEvent(
            "unreadable", name, u.Sequence, u.Index, messages.Find(m => m.Sequence == u.Sequence)!.EnqueuedAt, RecordUsage.ReasonOf(u.Why), u.MeterId, null, null, null))], stop);
    }

    private async Task<bool> UpdateAsync(string id, Func<MeterDocument, MeterDocument> change, CancellationToken stop)
    {
        while (await catalog.ReadAsync(id, stop) is { } read)
            if (await catalog.TryWriteAsync(change(read.Meter), read.ETag, stop)) return true;
        return true;
    }
}
