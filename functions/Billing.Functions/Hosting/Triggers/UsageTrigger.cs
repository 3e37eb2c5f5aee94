using Billing.UseCases.Cost;
using Billing.UseCases.Metering;

namespace Billing.Functions.Hosting.Triggers;

/// <summary>Looks again whether the hub is the one it was; true when it is another.</summary>
/// <param name="always">False: not when it was looked at a moment ago.</param>
/// <param name="stop">Gives up.</param>
public delegate Task<bool> RefreshLog(bool always, CancellationToken stop);

/// <summary>Folds the batches that the host brings from the hub.</summary>
/// <remarks>
/// The host goes on after an answer, and brings the batch again after a failure, for ever. So what can't be used of a batch is a dead letter, and only a
/// store that fails, or a gap that nobody has declared, is a failure.
/// </remarks>
public sealed class UsageTrigger(RecordUsage record, IEventLog eventLog, RefreshLog refresh, RegisterLog register, TriggeredDelivery delivery, ProgressStore progress, BilledUnits units, Settings settings, ILogger<UsageTrigger> log)
{
    // Bodies that are folded at once; their decoded form takes about three times as much.
    private const int MaxBytes = 8 << 20;
    private const int MaxTries = 5;

    // The hub bills a message by these.
    private const int IngressBytes = 64 << 10;

    public async Task RunAsync(Stream body, CancellationToken stop)
    {
        var batch = await HubBatch.ReadAsync(body, settings.TestClock, stop);
        if (batch.Messages.Count == 0) return;
        if (batch.Retry > 0) log.LogWarning("Partition {Partition} is tried again, for the {Retry}th time.", batch.Partition, batch.Retry);
        else units.Add(BilledUnit.HubIngress, batch.Messages.Sum(m => Math.Max(1, (m.Body.Length + IngressBytes - 1) / IngressBytes)));
        var before = await SameLogAsync(batch, stop);
        try
        {
            Progress? after = null;
            foreach (var slice in Slices(batch.Messages)) after = await FoldAsync(batch.Partition, slice, stop);
            units.AddEvents(after!.Folded - before);
            delivery.Folded(batch.Partition, null);
        }
        catch (Exception fault) when (fault is LogGapException or LogClosedException)
        {
            delivery.Folded(batch.Partition, fault.Message);
            throw;
        }
    }

    // Sequences that don't follow on those folded may be of a hub that was made anew: those are other messages under old numbers. Answers how many events
    // of the partition are folded.
    private async Task<long> SameLogAsync(HubBatch batch, CancellationToken stop)
    {
        var (known, etag) = await progress.ReadAsync(new LogPartition(eventLog.LogId, batch.Partition), stop);
        // An import has replaced what was there when this process started.
        if (etag is null) await register.RunAsync(stop);
        if (!await refresh(always: batch.Messages[0].Sequence != known.Sequence + 1, stop)) return known.Folded;
        log.LogWarning("The event hub is another than before; its log is now {LogId}.", eventLog.LogId);
        await register.RunAsync(stop);
        return (await progress.ReadAsync(new LogPartition(eventLog.LogId, batch.Partition), stop)).Progress.Folded;
    }

    private async Task<Progress> FoldAsync(int partition, IReadOnlyList<LogMessage> messages, CancellationToken stop)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await record.FoldAsync(new LogPartition(eventLog.LogId, partition), messages, stop);
            }
            catch (StaleFoldException stale) when (tries < MaxTries)
            {
                log.LogWarning("Partition {Partition} is folded again: {Reason}", partition, stale.Message);
            }
        }
    }

    private static IEnumerable<IReadOnlyList<LogMessage>> Slices(IReadOnlyList<LogMessage> messages)
    {
        var slice = new List<LogMessage>();
        var bytes = 0;
        foreach (var message in messages)
        {
            if (slice.Count > 0 && bytes + message.Body.Length > MaxBytes)
            {
                yield return slice;
                (slice, bytes) = ([], 0);
            }
            slice.Add(message);
            bytes += message.Body.Length;
        }
        yield return slice;
    }
}
