using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>What became of all events ever accepted. Invariant: accepted = counted + duplicate + rejected + pending.</summary>
/// <param name="NoMeter">Of the counted: no meter took them.</param>
/// <param name="Conflict">Of the duplicates: with other content.</param>
/// <param name="Pending">Accepted and not folded yet.</param>
/// <param name="Rounded">Values whose digits past the 12th were rounded.</param>
/// <param name="Unreadable">(event, meter) pairs that the meter could not read.</param>
/// <param name="Cut">Everything the log took before it has been folded.</param>
public sealed record IngestTotals(
    long Accepted, long Counted, long NoMeter, long Duplicate, long Conflict, long Rejected, long Pending, long Rounded, long Unreadable, Instant Cut);

/// <summary>Adds up the progress of all partitions.</summary>
public sealed class IngestStats(IDocumentStore documents, IEventLog log)
{
    private readonly ProgressStore progressStore = new(documents);

    public async Task<IngestTotals> ReadAsync(CancellationToken stop)
    {
        var totals = new IngestTotals(0, 0, 0, 0, 0, 0, 0, 0, 0, Instant.MaxValue);
        for (var partition = 0; partition < log.Partitions; partition++)
        {
            // The progress first: what it has folded was accepted before, so pending is never negative.
            var (progress, _) = await progressStore.ReadAsync(new(log.LogId, partition), stop);
            var accepted = (await log.PositionAsync(partition, stop)).AcceptedEvents;
            totals = totals with
            {
                Accepted = totals.Accepted + accepted,
                Counted = totals.Counted + progress.Counted,
                NoMeter = totals.NoMeter + progress.NoMeter,
                Duplicate = totals.Duplicate + progress.Duplicate,
                Conflict = totals.Conflict + progress.Conflict,
                Rejected = totals.Rejected + progress.Rejected,
                Pending = totals.Pending + accepted - progress.Folded,
                Rounded = totals.Rounded + progress.Rounded,
                Unreadable = totals.Unreadable + progress.Unreadable,
                Cut = Instant.Min(totals.Cut, progress.MaxEnqueued),
            };
        }
        return totals;
    }
}
