using Billing.Domain.Values;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>Closes a log that nothing is sent to any more: it ends where it was folded to, and no longer holds the cut back.</summary>
/// <remarks>
/// What its archive has is folded first. The ends are proposed and confirmed like a gap (see <see cref="RecordGap"/>), so that a server that
/// still folds the log is either met, or meets the end. Claims of what lies beyond the end are taken over by copies in other logs.
/// </remarks>
public sealed class CloseLog(IDocumentStore documents, IEventLog log, IArchive archive, RecordUsage record, IClock clock)
{
    private const int MaxAttempts = 5;

    private readonly LogRegistry registry = new(documents);
    private readonly ProgressStore progressStore = new(documents);
    private readonly ArchivedMessages archived = new(archive);

    /// <summary>Closes the log. A log that is closed stays as it is.</summary>
    public async Task<Outcome<RegisteredLog>> RunAsync(string logId, string reason, string by, CancellationToken stop)
    {
        if (LogRefusals.CheckReason(reason) is { } invalid) return invalid;
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (await registry.ReadAsync(logId, stop) is not { } read) return LogRefusals.NotFound(logId);
            if (read.Log.Closed is not null) return read.Log;
            if (logId == log.LogId)
                return InUse("This server takes events into the log: they would not be counted. Start it with another log, then close this one.");
            if (!await CatchUpAsync(read.Log, stop)) continue;
            var ends = await EndsAsync(read.Log, stop);
            if (await HoleAsync(read.Log, ends, stop) is { } hole) return hole;
            var proposed = read.Log with { Proposed = [.. ends.Select((end, number) => new SequenceRange(number, end + 1, long.MaxValue))] };
            if (await registry.TryWriteAsync(proposed, read.ETag, stop) is not { } etag) continue;
            if (!ends.SequenceEqual(await EndsAsync(read.Log, stop)) || await HoleAsync(read.Log, ends, stop) is not null) continue;
            var closed = read.Log with
            {
                Closed = new LogClosing(clock.GetCurrentInstant(), reason, by),
                Proposed = [],
                Partitions = [.. read.Log.Partitions.Select((p, number) => p with { End = ends[number] })],
            };
            if (await registry.TryWriteAsync(closed, etag, stop) is not null) return closed;
        }
        return InUse("Another server is folding the log just now. Stop it, or wait until it has folded all, then close the log.");
    }

    private async Task<bool> CatchUpAsync(RegisteredLog known, CancellationToken stop)
    {
        try
        {
            foreach (var partition in known.Names) await record.FoldAsync(partition, [], stop);
            return true;
        }
        catch (StaleFoldException)
        {
            return false;
        }
    }

    private async Task<List<long>> EndsAsync(RegisteredLog known, CancellationToken stop)
    {
        var ends = new List<long>();
        foreach (var partition in known.Names) ends.Add((await progressStore.ReadAsync(partition, stop)).Progress.Sequence);
        return ends;
    }

    // Something archived beyond what could be folded: something before it is missing.
    private async Task<Refusal?> HoleAsync(RegisteredLog known, List<long> ends, CancellationToken stop)
    {
        foreach (var partition in known.Names)
        {
            var end = ends[partition.Number];
            if (await archived.FirstAsync(known, partition.Number, end + 1, long.MaxValue, stop) is { } there)
            {
                return new Refusal(
                    "log_has_gap", $"Partition {partition} is folded up to {end}, and its archive goes on at {there}: record the gap between them first, or what is archived would be lost.",
                    null, RefusalKind.Conflict);
            }
        }
        return null;
    }

    private static Refusal InUse(string detail) => new("log_in_use", detail, "/log_id", RefusalKind.Conflict);
}

/// <summary>What both say of a log.</summary>
internal static class LogRefusals
{
    private const int MaxReasonLength = 500;

    public static Refusal NotFound(string logId) => new("log_not_found", $"No log is registered as '{logId}'.", "/log_id", RefusalKind.NotFound);

    public static Refusal? CheckReason(string reason) => reason.Trim().Length is > 0 && reason.Length <= MaxReasonLength
        ? null
        : new("reason_invalid", $"Say what happened, in 1 to {MaxReasonLength} characters.", "/reason");
}
