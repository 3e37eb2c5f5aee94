using Billing.Domain.Metering.Events;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>The cut: everything the log took before it has been folded. Nothing closes at an instant before the cut is past it.</summary>
public sealed class Cut(IDocumentStore documents, IEventLog log)
{
    private readonly ProgressStore progressStore = new(documents);
    private readonly LogRegistry registry = new(documents);

    /// <summary>The minimum, over the partitions of all open logs, of the running maximum of enqueued time; 1970 when no log is open.</summary>
    public async Task<Instant> ReadAsync(CancellationToken stop)
    {
        Instant? cut = null;
        foreach (var partition in (await registry.AllAsync(stop)).Where(l => l.Closed is null).SelectMany(l => l.Names))
        {
            var reached = (await progressStore.ReadAsync(partition, stop)).Progress.MaxEnqueued;
            cut = cut is { } least && least < reached ? least : reached;
        }
        return cut ?? NodaConstants.UnixEpoch;
    }

    /// <summary>Appends a tick to partitions of this server's log that have not come to an instant, so that idle ones move.</summary>
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
