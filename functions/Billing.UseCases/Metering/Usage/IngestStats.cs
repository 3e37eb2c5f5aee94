using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>What became of all events ever accepted. Invariant: accepted = counted + duplicate + rejected + pending + lost.</summary>
/// <param name="NoCustomer">Of the counted: under keys that no customer has, and had none when they were counted.</param>
/// <param name="NoMeter">Of the counted: no meter took them.</param>
/// <param name="Conflict">Of the duplicates: with other content.</param>
/// <param name="Pending">Accepted and not folded yet; on Event Hubs, messages that wait.</param>
/// <param name="Lost">In gaps of the log that an operator recorded: as many as were said to be, and where a partition is folded to its end, as many as are missing.</param>
/// <param name="Rounded">Values whose digits past the 12th were rounded.</param>
/// <param name="Unreadable">(event, meter) pairs that the meter could not read.</param>
/// <param name="Cut">Everything the log took before it has been folded.</param>
public sealed record IngestTotals(
    long Accepted, long Counted, long NoCustomer, long NoMeter, long Duplicate, long Conflict, long Rejected, long Pending, long Lost, long Rounded, long Unreadable, Instant Cut);

/// <summary>Adds up the progress of all partitions of all logs.</summary>
public sealed class IngestStats(IDocumentStore documents, IEventLog log, Cut cut, UnclaimedUsage unclaimed)
{
    private readonly ProgressStore progressStore = new(documents);
    private readonly LogRegistry registry = new(documents);

    public async Task<IngestTotals> ReadAsync(CancellationToken stop)
    {
        var totals = new IngestTotals(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, await cut.ReadAsync(stop));
        foreach (var known in await registry.AllAsync(stop))
        {
            foreach (var partition in known.Names)
            {
                // The progress first: what it has folded was accepted before, so pending is never negative.
                var (progress, _) = await progressStore.ReadAsync(partition, stop);
                var (accepted, lost) = await AcceptedAsync(progress, known, stop);
                totals = totals with
                {
                    Accepted = totals.Accepted + accepted,
                    Counted = totals.Counted + progress.Counted,
                    NoMeter = totals.NoMeter + progress.NoMeter,
                    Duplicate = totals.Duplicate + progress.Duplicate,
                    Conflict = totals.Conflict + progress.Conflict,
                    Rejected = totals.Rejected + progress.Rejected,
                    Pending = totals.Pending + accepted - progress.Folded - lost,
                    Lost = totals.Lost + lost,
                    Rounded = totals.Rounded + progress.Rounded,
                    Unreadable = totals.Unreadable + progress.Unreadable,
                };
            }
        }
        // After the progress: a fold counts what is nobody's before it writes how far it is, so what is counted here has been looked at.
        return totals with { NoCustomer = await unclaimed.EventsAsync(stop) };
    }

    // Of a closed log, and of another than this server's, nothing is known but what was folded of it and what was said to be lost.
    private async Task<(long Accepted, long Lost)> AcceptedAsync(Progress progress, RegisteredLog known, CancellationToken stop)
    {
        var said = known[progress.Partition].Gaps.Sum(g => g.Events ?? 0);
        if (known.Closed is not null || known.Id != log.LogId || progress.Partition >= log.Partitions) return (progress.Folded + said, said);
        var position = await log.PositionAsync(progress.Partition, stop);
        // A log that can't tell: what waits is counted as one event a message, until it is folded.
        if (position.AcceptedEvents is not { } accepted) return (progress.Folded + said + Math.Max(0, position.LastSequence - progress.Sequence), said);
        var unfolded = accepted - progress.Folded;
        return (accepted, progress.Sequence == position.LastSequence ? unfolded : Math.Min(said, unfolded));
    }
}
