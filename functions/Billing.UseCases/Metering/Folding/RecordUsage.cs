using System.Collections.Concurrent;
using System.Text;
using Billing.Domain.Metering;
using Billing.Domain.Metering.Events;
using Billing.Domain.Values;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>
/// Turns messages of the log into windows, exactly once: parse, claim, archive with verdicts, fold, write progress.
/// A crash between any two steps, and any redelivery, end in the same state.
/// </summary>
/// <remarks>Store failures throw and the caller delivers the batch again; what can't be used is a dead letter and never blocks it.</remarks>
/// <param name="cacheBytes">Windows that each partition keeps in memory between batches.</param>
public sealed class RecordUsage(IDocumentStore documents, IDedupLedger ledger, IArchive archive, MeterCatalog meters, UsageLimits limits, HashKey secret, long cacheBytes)
{
    private readonly ConcurrentDictionary<LogPartition, PartitionFold> partitions = new();
    private readonly ProgressStore progressStore = new(documents);
    private readonly RejectedUsage rejected = new(archive);
    private readonly KnownKeys knownKeys = new(documents);

    /// <summary>Folds messages of one partition, in order and without a gap after the progress; those at or below it are skipped.</summary>
    /// <returns>The progress afterwards.</returns>
    /// <remarks>Errors: <see cref="LogGapException"/> when messages are missing; <see cref="StaleFoldException"/> when another owner was faster.</remarks>
    public async Task<Progress> FoldAsync(LogPartition partition, IReadOnlyList<LogMessage> messages, CancellationToken stop)
    {
        var state = partitions.GetOrAdd(partition, p => new PartitionFold(new FoldWindows(documents, secret, WindowNames.PartitionId(p), cacheBytes)));
        await state.Turn.WaitAsync(stop);
        try
        {
            return await FoldAsync(partition, state, messages, stop);
        }
        catch
        {
            state.Windows.Drop();
            throw;
        }
        finally
        {
            state.Turn.Release();
        }
    }

    /// <summary>Forgets what is cached, after a reset.</summary>
    public void Clear()
    {
        partitions.Clear();
        knownKeys.Clear();
    }

    private async Task<Progress> FoldAsync(LogPartition partition, PartitionFold state, IReadOnlyList<LogMessage> messages, CancellationToken stop)
    {
        var (progress, etag) = await progressStore.ReadAsync(partition, stop);
        var batch = new List<FoldMessage>(messages.Count);
        var bad = new List<RejectedEvent>();
        var next = progress.Sequence + 1;
        foreach (var message in messages)
        {
            if (message.Sequence < next) continue;
            if (message.Sequence != next++) throw new LogGapException(partition, next - 1, message.Sequence);
            batch.Add(Parse(state, batch.Count, message, partition, bad));
        }
        if (batch.Count == 0) return progress;
        var first = batch[0].Sequence;
        var last = batch[^1];
        await ClaimAsync(partition, state.Claims, batch, bad, stop);
        var markers = await MetersAsync(state, progress, batch, stop);
        await archive.PutIfAbsentAsync(ArchiveSegment.NameOf(partition, first, last.Sequence), ArchiveSegment.Encode(batch.Select(ArchivedOf), state.Archived), stop);
        var counts = new FoldCounts();
        for (var part = 0; part < batch.Count;)
        {
            part = await state.Windows.FoldAsync(batch, part, counts, stop);
            await knownKeys.AddAsync(state.Windows.NewKeys, stop);
            await state.Windows.CommitAsync(batch[part - 1].Sequence, MaxEnqueued(progress, batch), always: false, stop);
        }
        bad.AddRange(counts.Unreadable.Select(u => Describe(partition, batch[(int)(u.Sequence - first)], u)));
        await rejected.WriteAsync(partition.ToString(), first, last.Sequence, bad, stop);
        var after = Count(progress, batch, counts, markers);
        return await progressStore.TryWriteAsync(after, etag, stop) ? after : throw new StaleFoldException($"The progress of {partition} was changed by another owner.");
    }

    private FoldMessage Parse(PartitionFold state, int position, LogMessage message, LogPartition partition, List<RejectedEvent> bad)
    {
        var parsed = state.ParsedAt(position);
        var fold = new FoldMessage(message.Sequence, message.EnqueuedAt, parsed);
        if (state.Parser.Parse(message.Body, EventShape.Any, parsed) is { } malformed)
        {
            // Nothing of a malformed message can be told apart: it is one dead letter.
            parsed.ReadAsOneBadEvent(malformed);
        }
        fold.Verdicts = new Verdict[parsed.Count];
        fold.Keys = new UInt128[parsed.Count];
        foreach (var (index, refusal) in parsed.Refusals) Reject(fold, index, refusal.Detail, partition, bad);
        for (var i = 0; i < parsed.Count; i++)
        {
            if (fold.Verdicts[i] == Verdict.Rejected) continue;
            ref readonly var read = ref parsed.Events[i];
            if (read.Time is { } time && limits.Complaint(time, message.EnqueuedAt) is { } complaint) Reject(fold, i, $"The time {complaint}.", partition, bad);
            else fold.Keys[i] = EventIdentity.Key(secret, read.Source.Span, read.Id.Span);
        }
        return fold;
    }

    private async Task ClaimAsync(LogPartition partition, List<Claim> claims, List<FoldMessage> batch, List<RejectedEvent> bad, CancellationToken stop)
    {
        claims.Clear();
        foreach (var message in batch)
        {
            for (var i = 0; i < message.Parsed.Count; i++)
            {
                if (message.Verdicts[i] == Verdict.Rejected) continue;
                ref readonly var read = ref message.Parsed.Events[i];
                claims.Add(new Claim(message.Keys[i], EventIdentity.Content(secret, read, message.Parsed.Properties(read)), message.Sequence, i));
            }
        }
        if (claims.Count == 0) return;
        var verdicts = await ledger.ClaimAsync(partition, claims, batch[^1].EnqueuedAt, stop);
        var at = 0;
        foreach (var message in batch)
        {
            for (var i = 0; i < message.Parsed.Count; i++)
            {
                if (message.Verdicts[i] == Verdict.Rejected) continue;
                message.Verdicts[i] = verdicts[at++];
                if (message.Verdicts[i] == Verdict.Conflict)
                    bad.Add(Entry("conflict", partition, message, i, "An event with this id was counted with other content; this copy was not.", null));
            }
        }
    }

    // Gives each message the meters whose first marker comes before it; answers the markers after the batch.
    private async Task<IReadOnlyDictionary<string, long>> MetersAsync(PartitionFold state, Progress progress, List<FoldMessage> batch, CancellationToken stop)
    {
        var markers = new Dictionary<string, long>(progress.Markers);
        var set = await state.MetersOfAsync(markers.Keys, meters, secret, stop);
        foreach (var message in batch)
        {
            message.Meters = set;
            if (message.Parsed.Marker is not { } marker || markers.ContainsKey(marker) || await meters.DefinitionAsync(marker, stop) is null) continue;
            markers[marker] = message.Sequence;
            set = await state.MetersOfAsync(markers.Keys, meters, secret, stop);
        }
        return markers;
    }

    private static Progress Count(Progress before, List<FoldMessage> batch, FoldCounts counts, IReadOnlyDictionary<string, long> markers)
    {
        var tally = new long[5];
        foreach (var message in batch)
            foreach (var verdict in message.Verdicts) tally[(int)verdict]++;
        return before with
        {
            Sequence = batch[^1].Sequence,
            MaxEnqueued = MaxEnqueued(before, batch),
            Counted = before.Counted + tally[(int)Verdict.Fresh] + tally[(int)Verdict.Replay],
            NoMeter = before.NoMeter + counts.NoMeter,
            Duplicate = before.Duplicate + tally[(int)Verdict.Duplicate] + tally[(int)Verdict.Conflict],
            Conflict = before.Conflict + tally[(int)Verdict.Conflict],
            Rejected = before.Rejected + tally[(int)Verdict.Rejected],
            Rounded = before.Rounded + counts.Rounded,
            Unreadable = before.Unreadable + counts.Unreadable.Count,
            Markers = markers,
        };
    }

    // The running maximum, as the cut has it: a hub's enqueued times may step back, and a day that the cut has passed must become stale.
    private static Instant MaxEnqueued(Progress before, List<FoldMessage> batch)
    {
        var max = before.MaxEnqueued;
        foreach (var message in batch) max = Instant.Max(max, message.EnqueuedAt);
        return max;
    }

    // A replay is the same copy again, so the archive knows it as fresh.
    private static ArchivedMessage ArchivedOf(FoldMessage message) => new(
        message.Sequence, message.EnqueuedAt, message.Parsed.Body, Array.ConvertAll(message.Verdicts, v => v == Verdict.Replay ? Verdict.Fresh : v));

    private static void Reject(FoldMessage message, int index, string reason, LogPartition partition, List<RejectedEvent> bad)
    {
        message.Verdicts[index] = Verdict.Rejected;
        bad.Add(Entry("rejected", partition, message, index, reason, null));
    }

    private static RejectedEvent Describe(LogPartition partition, FoldMessage message, UnreadableValue value) =>
        Entry("unreadable", partition, message, value.Index, ReasonOf(value.Why), value.MeterId);

    internal static string ReasonOf(Unreadable why) => why switch
    {
        Unreadable.NoValue => "The meter's value property is absent.",
        Unreadable.NotANumber => "The value is not a number that the meter can read: plain decimal, below 10^15, not closer to zero than 10^-12.",
        Unreadable.GroupTooLong => $"A group value is longer than {MeterSet.MaxGroupValueBytes} bytes.",
        _ => throw new ArgumentOutOfRangeException(nameof(why), why, null),
    };

    private static RejectedEvent Entry(string kind, LogPartition partition, FoldMessage message, int index, string reason, string? meterId)
    {
        var read = message.Parsed.Events[index];
        return new(kind, partition.ToString(), message.Sequence, index, message.EnqueuedAt, reason, meterId, Text(read.Id), Text(read.Source), Text(read.Key));
    }

    private static string? Text(ReadOnlyMemory<byte> value) => value.IsEmpty ? null : Encoding.UTF8.GetString(value.Span);
}

/// <summary>Messages of the log are missing between the progress and the batch.</summary>
public sealed class LogGapException(LogPartition partition, long expected, long found)
    : Exception($"Partition {partition}: expected sequence {expected}, the log delivered {found}. Deliver from {expected}, or record the gap.");
