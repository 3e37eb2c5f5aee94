using Billing.Domain.Metering;
using Billing.Domain.Metering.Events;
using Billing.Domain.Values;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>Counts the events that came before a meter, from the archive, ending in the state as if it had always been there.</summary>
/// <remarks>
/// A partition folds a new meter after its first marker; this job takes the archived sequences up to that marker, and logs that were closed
/// before they had one whole, into windows of its own partition name, so the two never meet. Watermarks make every step safe to repeat; the
/// position is saved after each blob.
/// </remarks>
public sealed class FillMeters(IDocumentStore documents, IEventLog log, IArchive archive, MeterCatalog catalog, IClock clock, HashKey secret)
{
    private const long CacheBytes = 32L << 20;
    private readonly ProgressStore progressStore = new(documents);
    private readonly LogRegistry registry = new(documents);
    private readonly ArchivedMessages archived = new(archive);
    private readonly KnownKeys knownKeys = new(documents);

    /// <summary>Tells every partition of this server's log that the meter exists.</summary>
    public Task MarkAsync(string meterId, CancellationToken stop) => log.AppendAsync(
        [.. Enumerable.Range(0, log.Partitions).Select(p => new NewMessage(p, EventParser.MarkerBody(meterId), 0))], stop);

    /// <summary>Works on every meter that is not filled yet; answers true when some still wait for their markers to be folded.</summary>
    /// <remarks>A meter that another open log does not know yet waits for that log's server, or for the log to be closed.</remarks>
    public async Task<bool> RunAsync(CancellationToken stop)
    {
        var waiting = false;
        foreach (var due in await documents.DueAsync(Container.Catalog, MeterCatalog.Kind, Instant.MaxValue, 100, stop))
            waiting |= await FillAsync(due.Document.Place.Second, stop);
        return waiting;
    }

    /// <summary>Forgets what is cached, after a reset.</summary>
    public void Clear() => knownKeys.Clear();

    private async Task<bool> FillAsync(string id, CancellationToken stop)
    {
        var logs = await registry.AllAsync(stop);
        // Before this server has registered its log, the meter might be taken for filled without it.
        if (!logs.Any(l => l.Id == log.LogId)) return false;
        var parts = new List<(RegisteredLog Log, int Number, long Through)>();
        foreach (var known in logs)
        {
            foreach (var partition in known.Names)
            {
                var (progress, _) = await progressStore.ReadAsync(partition, stop);
                if (progress.Markers.TryGetValue(id, out var marker)) parts.Add((known, partition.Number, marker - 1));
                // A closed log is taken whole: it ends where it was folded to.
                else if (known[partition.Number].End is { } end) parts.Add((known, partition.Number, end));
                else
                {
                    if (known.Id != log.LogId || partition.Number >= log.Partitions) return false;
                    // The marker is on its way, or a crash came between the catalog and the log: a second one changes nothing.
                    await log.AppendAsync([new NewMessage(partition.Number, EventParser.MarkerBody(id), 0)], stop);
                    return true;
                }
            }
        }
        foreach (var (known, number, through) in parts) await FillAsync(id, known, number, through, stop);
        await UpdateAsync(id, m => m with { Fill = null, UpdatedAt = clock.GetCurrentInstant() }, stop);
        return false;
    }

    private async Task FillAsync(string id, RegisteredLog known, int number, long through, CancellationToken stop)
    {
        if (await catalog.ReadAsync(id, stop) is not { } read || read.Meter.Fill is not { } fill) return;
        var partition = new LogPartition(known.Id, number);
        var done = fill.Done.GetValueOrDefault(partition.ToString());
        var name = WindowNames.BackfillId(id, partition);
        var windows = new ArchiveFold(documents, archive, knownKeys, clock, secret, name, CacheBytes);
        var set = new MeterSet([read.Meter.Meter], secret);
        await foreach (var messages in archived.ReadAsync(known, number, done, through, stop))
        {
            await windows.FoldAsync(messages, _ => set, _ => true, stop);
            done = messages[^1].Sequence;
            var (reached, events) = (done, messages.Sum(m => (long)m.Verdicts.Length));
            await UpdateAsync(id, m => m.Fill is { } f ? m with { Fill = new(new Dictionary<string, long>(f.Done) { [partition.ToString()] = reached }, f.Events + events) } : m, stop);
        }
        if (known[number].NextAfter(done) is { } missing && missing <= through)
            throw new InvalidOperationException($"The archive of {partition} lacks sequence {missing}; the meter is to be filled up to {through}.");
    }

    private async Task UpdateAsync(string id, Func<MeterDocument, MeterDocument> change, CancellationToken stop)
    {
        while (await catalog.ReadAsync(id, stop) is { } read)
            if (await catalog.TryWriteAsync(change(read.Meter), read.ETag, stop)) return;
    }
}
