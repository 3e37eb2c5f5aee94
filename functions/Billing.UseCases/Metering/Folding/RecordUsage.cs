using System.Collections.Concurrent;
using Billing.Domain.Metering.Events;
using Billing.Domain.Values;
using Billing.UseCases.Documents;
using Billing.UseCases.Telemetry;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>
/// Turns messages of the log into windows, exactly once: parse, claim, archive with verdicts, fold, write progress.
/// A crash between any two steps, and any redelivery, end in the same state.
/// </summary>
/// <remarks>
/// Store failures throw and the caller delivers the batch again; what can't be used is a dead letter and never blocks it. Messages that are
/// missing come from the archive; those that an operator declared lost are passed.
/// </remarks>
/// <param name="cacheBytes">Windows that each partition keeps in memory between batches.</param>
/// <param name="watch">Told of each batch.</param>
public sealed class RecordUsage(IDocumentStore documents, IDedupLedger ledger, IArchive archive, MeterCatalog meters, UnclaimedUsage unclaimed, UsageLimits limits, HashKey secret, long cacheBytes = 8L << 20, FoldWatch? watch = null)
{
    private readonly ConcurrentDictionary<LogPartition, PartitionFold> partitions = new();
    private readonly ProgressStore progressStore = new(documents);
    private readonly LogRegistry registry = new(documents);
    private readonly NextMessages nextMessages = new(archive);
    private readonly RejectedUsage rejected = new(archive);
    private readonly KnownKeys knownKeys = new(documents);
    private readonly FoldWatch watch = watch ?? new FoldWatch();

    /// <summary>Folds messages of one partition, in order; those at or below the progress are skipped, and missing ones are taken from the archive.</summary>
    /// <param name="partition">A partition of a registered log.</param>
    /// <param name="messages">As delivered. None: what the archive holds after the progress is folded, and recorded gaps are passed.</param>
    /// <param name="stop">Gives up.</param>
    /// <returns>The progress afterwards.</returns>
    /// <remarks>
    /// Errors: <see cref="LogGapException"/> when messages are neither there nor declared lost; <see cref="LogClosedException"/> when they come
    /// after the log's end; <see cref="StaleFoldException"/> when another owner was faster.
    /// </remarks>
    public async Task<Progress> FoldAsync(LogPartition partition, IReadOnlyList<LogMessage> messages, CancellationToken stop)
    {
        var state = partitions.GetOrAdd(partition, p => new PartitionFold(new FoldWindows(documents, secret, WindowNames.PartitionId(p), cacheBytes)));
        await state.Turn.WaitAsync(stop);
        try
        {
            while (true)
            {
                var (progress, etag) = await progressStore.ReadAsync(partition, stop);
                if (IsFolded(messages, progress)) return progress;
                var logs = await registry.AllAsync(stop);
                var log = logs.FirstOrDefault(l => l.Id == partition.LogId) ?? throw new InvalidOperationException($"The log {partition.LogId} is not registered.");
                var next = log[partition.Number].NextAfter(progress.Sequence);
                if (next is { } first && await nextMessages.FindAsync(log, partition.Number, first, messages, stop) is { } stretch)
                {
                    var lost = new LostClaims(logs.SelectMany(l => l.Lost));
                    progress = await watch.FoldAsync(progress, stretch, messages, () => FoldAsync(partition, state, stretch, progress, etag, lost, stop));
                    if (IsFolded(messages, progress)) return progress;
                    continue;
                }
                if (next > progress.Sequence + 1) progress = await WriteAsync(progress with { Sequence = next.Value - 1 }, etag, stop);
                if (messages.FirstOrDefault(m => m.Sequence > progress.Sequence) is { } beyond)
                    throw next is { } missing ? new LogGapException(partition, missing, beyond.Sequence) : new LogClosedException(partition, log.Closed!, progress.Sequence);
                return progress;
            }
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

    private static bool IsFolded(IReadOnlyList<LogMessage> messages, Progress progress) => messages.Count > 0 && messages[^1].Sequence <= progress.Sequence;

    private async Task<Progress> FoldAsync(
        LogPartition partition, PartitionFold state, MessageStretch stretch, Progress progress, string? etag, LostClaims lost, CancellationToken stop)
    {
        var batch = new List<FoldMessage>(stretch.Messages.Count);
        var bad = new List<RejectedEvent>();
        foreach (var message in stretch.Messages) batch.Add(Parse(state, batch.Count, message, stretch.Archived, partition, bad));
        var (first, last) = (batch[0].Sequence, batch[^1].Sequence);
        if (!stretch.Archived) await ClaimAsync(partition, state.Claims, batch, lost, stop);
        ListConflicts(partition, batch, bad);
        var markers = await MetersAsync(state, progress, batch, stop);
        if (!stretch.Archived) await archive.PutIfAbsentAsync(ArchiveSegment.NameOf(partition, first, last), ArchiveSegment.Encode(batch.Select(ArchivedOf), state.Archived), stop);
        await HoldAsync(partition, first, last, stop);
        var counts = new FoldCounts();
        for (var part = 0; part < batch.Count;)
        {
            part = await state.Windows.FoldAsync(batch, part, counts, stop);
            await knownKeys.AddAsync(state.Windows.NewKeys, stop);
            await state.Windows.CommitAsync(batch[part - 1].Sequence, MaxEnqueued(progress, batch), always: false, stop);
        }
        bad.AddRange(counts.Unreadable.Select(u => RejectedUsage.Describe(partition.ToString(), u)));
        await rejected.WriteAsync(partition.ToString(), first, last, bad, stop);
        await unclaimed.CountAsync(partition, batch, stop);
        return await WriteAsync(Count(progress, batch, counts, markers), etag, stop);
    }

    private async Task<Progress> WriteAsync(Progress after, string? etag, CancellationToken stop) => await progressStore.TryWriteAsync(after, etag, stop)
        ? after
        : throw new StaleFoldException($"The progress of {after.LogPartition} was changed by another owner.");

    // The archive has the messages: from here on nobody can declare them lost. Who did before us, or is about to, is met here.
    private async Task HoldAsync(LogPartition partition, long first, long last, CancellationToken stop)
    {
        while (await registry.ReadAsync(partition.LogId, stop) is { } read)
        {
            if (read.Log[partition.Number].Loses(first, last)) throw new StaleFoldException($"Messages {first} to {last} of {partition} were declared lost.");
            if (!read.Log.Proposes(partition.Number, first, last) || await registry.TryWriteAsync(read.Log with { Proposed = [] }, read.ETag, stop) is not null) return;
        }
        throw new InvalidOperationException($"The log {partition.LogId} is not registered.");
    }

    // What came from the archive was judged before, and stays as it was judged.
    private FoldMessage Parse(PartitionFold state, int position, ArchivedMessage message, bool isArchived, LogPartition partition, List<RejectedEvent> bad)
    {
        var parsed = state.ParsedAt(position);
        var fold = new FoldMessage(message.Sequence, message.EnqueuedAt, parsed);
        state.Parser.ReadLogged(message.Body, parsed);
        fold.Verdicts = isArchived ? message.Verdicts.ToArray() : new Verdict[parsed.Count];
        fold.Keys = new UInt128[parsed.Count];
        var refusals = 0;
        for (var i = 0; i < parsed.Count; i++)
        {
            ref readonly var read = ref parsed.Events[i];
            var reason = refusals < parsed.Refusals.Count && parsed.Refusals[refusals].Index == i ? parsed.Refusals[refusals++].Refusal.Detail
                : read.Time is { } time && limits.Complaint(time, message.EnqueuedAt) is { } complaint ? $"The time {complaint}." : null;
            if (isArchived ? fold.Verdicts[i] == Verdict.Rejected : reason is not null)
            {
                fold.Verdicts[i] = Verdict.Rejected;
                bad.Add(RejectedUsage.Describe("rejected", partition.ToString(), fold, i, reason ?? "The time lay outside the limits of then."));
            }
            else fold.Keys[i] = EventIdentity.Key(secret, read.Source.Span, read.Id.Span);
        }
        return fold;
    }

    private async Task ClaimAsync(LogPartition partition, List<Claim> claims, List<FoldMessage> batch, LostClaims lost, CancellationToken stop)
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
        var verdicts = await ledger.ClaimAsync(partition, claims, batch[^1].EnqueuedAt, lost, stop);
        var at = 0;
        foreach (var message in batch)
            for (var i = 0; i < message.Parsed.Count; i++)
                if (message.Verdicts[i] != Verdict.Rejected) message.Verdicts[i] = verdicts[at++];
    }

    private static void ListConflicts(LogPartition partition, List<FoldMessage> batch, List<RejectedEvent> bad)
    {
        foreach (var message in batch)
            for (var i = 0; i < message.Verdicts.Length; i++)
                if (message.Verdicts[i] == Verdict.Conflict)
                    bad.Add(RejectedUsage.Describe("conflict", partition.ToString(), message, i, "An event with this id was counted with other content; this copy was not."));
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
}
