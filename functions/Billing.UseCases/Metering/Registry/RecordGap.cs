using Billing.Domain.Values;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>What an operator says is lost.</summary>
/// <param name="FirstSequence">First message that is lost.</param>
/// <param name="LastSequence">Last message that is lost, inclusive.</param>
/// <param name="Events">How many events they carried; null when nobody knows.</param>
public sealed record LostMessages(string LogId, int Partition, long FirstSequence, long LastSequence, string Reason, long? Events);

/// <summary>Records messages that are lost for good, so that their partition goes on after them.</summary>
/// <remarks>
/// What may still be counted can't be declared lost. A slow fold may hold messages that the log has no more: so the gap is proposed first,
/// then looked for in the progress and the archive, and recorded only if nobody touched the proposal meanwhile. A fold archives first
/// and looks at the registry then; of the two at least one sees the other.
/// </remarks>
public sealed class RecordGap(IDocumentStore documents, IEventLog log, IArchive archive, RecordUsage record, IClock clock)
{
    /// <summary>Gaps one partition may have.</summary>
    public const int MaxGaps = 1_000;

    private readonly LogRegistry registry = new(documents);
    private readonly ProgressStore progressStore = new(documents);
    private readonly ArchivedMessages archived = new(archive);

    /// <summary>Records the gap and lets the partition pass it. The same gap again changes nothing.</summary>
    public async Task<Outcome<RecordedGap>> RunAsync(LostMessages lost, string by, CancellationToken stop)
    {
        if (Check(lost) is { } invalid) return invalid;
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            if (await registry.ReadAsync(lost.LogId, stop) is not { } read) return LogRefusals.NotFound(lost.LogId);
            if (lost.Partition >= read.Log.Partitions.Count)
                return new Refusal("partition_unknown", $"The log has the partitions 0 to {read.Log.Partitions.Count - 1}.", "/partition");
            if (read.Log[lost.Partition].Gaps.FirstOrDefault(g => (g.First, g.Last) == (lost.FirstSequence, lost.LastSequence)) is { } known) return await PassedAsync(lost, known, stop);
            if (Overlap(read.Log, lost) is { } overlap) return overlap;
            var proposed = read.Log with { Proposed = [new SequenceRange(lost.Partition, lost.FirstSequence, lost.LastSequence)] };
            if (await registry.TryWriteAsync(proposed, read.ETag, stop) is not { } etag) continue;
            if (await WhyNotAsync(read.Log, lost, stop) is { } refusal)
            {
                await registry.TryWriteAsync(read.Log with { Proposed = [] }, etag, stop);
                return refusal;
            }
            var gap = new RecordedGap(lost.FirstSequence, lost.LastSequence, lost.Reason, lost.Events, clock.GetCurrentInstant(), by);
            if (await registry.TryWriteAsync(With(read.Log, lost.Partition, gap), etag, stop) is not null) return await PassedAsync(lost, gap, stop);
        }
    }

    private static RegisteredLog With(RegisteredLog log, int number, RecordedGap gap) => log with
    {
        Proposed = [],
        Partitions = [.. log.Partitions.Select((p, i) => i == number ? p with { Gaps = [.. p.Gaps.Append(gap).OrderBy(g => g.First)] } : p)],
    };

    // What is still there would be counted, or has been: it is not lost.
    private async Task<Refusal?> WhyNotAsync(RegisteredLog known, LostMessages lost, CancellationToken stop)
    {
        var partition = new LogPartition(lost.LogId, lost.Partition);
        var (progress, _) = await progressStore.ReadAsync(partition, stop);
        if (progress.Sequence >= lost.FirstSequence)
            return Conflict("messages_folded", $"Partition {partition} is folded up to sequence {progress.Sequence}: what was counted is not lost. Give the part that is missing.");
        if (await archived.FirstAsync(known, lost.Partition, lost.FirstSequence, lost.LastSequence, stop) is { } there)
            return Conflict("messages_archived", $"The archive of {partition} has sequence {there}: it is folded from there, and is not lost.");
        if (lost.LogId != log.LogId || lost.Partition >= log.Partitions) return null;
        // The position first: what was appended before it, and is not held after it, is gone.
        var last = (await log.PositionAsync(lost.Partition, stop)).LastSequence;
        if (last < lost.LastSequence) return Conflict("messages_to_come", $"The log has come to sequence {last} in {partition}: later messages are still to come, and are not lost.");
        return await log.NextHeldAsync(lost.Partition, lost.FirstSequence, stop) is { } held && held <= lost.LastSequence
            ? Conflict("messages_in_log", $"The log still has sequence {held} of {partition}: it will be delivered, and is not lost.")
            : null;
    }

    // The partition goes on at once; when another owner folds it just now, that one passes the gap.
    private async Task<RecordedGap> PassedAsync(LostMessages lost, RecordedGap gap, CancellationToken stop)
    {
        try
        {
            await record.FoldAsync(new LogPartition(lost.LogId, lost.Partition), [], stop);
        }
        catch (StaleFoldException)
        {
            // It was faster.
        }
        return gap;
    }

    private static Refusal? Overlap(RegisteredLog log, LostMessages lost)
    {
        var partition = log[lost.Partition];
        if (partition.Gaps.FirstOrDefault(g => g.First <= lost.LastSequence && lost.FirstSequence <= g.Last) is { } gap)
            return Conflict("gap_overlaps", $"The gap from {gap.First} to {gap.Last} is recorded already: {gap.Reason} Give the rest alone.");
        if (partition.End is { } end && lost.LastSequence > end) return Conflict("log_closed", $"The log was closed; its partition {lost.Partition} ends at {end} and nothing after it counts.");
        return partition.Gaps.Count < MaxGaps ? null : Conflict("too_many_gaps", $"A partition has at most {MaxGaps} gaps: close the log and go on with a new one.");
    }

    private static Refusal? Check(LostMessages lost)
    {
        if (lost.Partition < 0) return new("gap_invalid", "A partition's number is 0 or more.", "/partition");
        if (lost.FirstSequence < 1) return new("gap_invalid", "The first sequence of a log is 1.", "/first_sequence");
        if (lost.LastSequence < lost.FirstSequence) return new("gap_invalid", "The last sequence is not before the first.", "/last_sequence");
        if (lost.Events < 0) return new("gap_invalid", "No fewer than 0 events were lost.", "/events");
        return LogRefusals.CheckReason(lost.Reason);
    }

    private static Refusal Conflict(string code, string detail) => new(code, detail, null, RefusalKind.Conflict);
}
