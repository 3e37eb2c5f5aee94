using Billing.Domain.Metering.Events;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>The cut: everything the log took before it has been folded. Nothing closes at an instant before the cut is past it.</summary>
public sealed class Cut(IDocumentStore documents, IEventLog log)
{
    private readonly ProgressStore progressStore = new(documents);

    /// <summary>The minimum, over the log's partitions, of the running maximum of enqueued time.</summary>
    public async Task<Instant> ReadAsync(CancellationToken stop)
    {
        var cut = Instant.MaxValue;
        for (var partition = 0; partition < log.Partitions; partition++)
            cut = Instant.Min(cut, (await progressStore.ReadAsync(new(log.LogId, partition), stop)).Progress.MaxEnqueued);
        return cut;
    }

    /// <summary>Appends a tick to partitions that have not come to an instant, so that idle ones move.</summary>
    public async Task TickAsync(Instant to, CancellationToken stop)
    {
        var idle = new List<NewMessage>();
        for (var partition = 0; partition < log.Partitions; partition++)
        {
            if ((await progressStore.ReadAsync(new(log.LogId, partition), stop)).Progress.MaxEnqueued < to)
                idle.Add(new NewMessage(partition, EventParser.MarkerBody(EventParser.Tick), 0));
        }
        if (idle.Count > 0) await log.AppendAsync(idle, stop);
    }
}
