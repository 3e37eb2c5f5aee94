using Billing.UseCases.Documents;

namespace Billing.UseCases.Metering;

/// <summary>A log and how far it was folded.</summary>
/// <param name="IsWritten">True for the log that this server takes events into.</param>
/// <param name="Progress">By partition.</param>
/// <param name="Positions">By partition, how far the log itself has come; null for a log that is not this server's.</param>
public sealed record LogState(RegisteredLog Log, bool IsWritten, IReadOnlyList<Progress> Progress, IReadOnlyList<LogPosition?> Positions);

/// <summary>Lists the logs, for who looks after them.</summary>
public sealed class ListLogs(IDocumentStore documents, IEventLog log)
{
    private readonly LogRegistry registry = new(documents);
    private readonly ProgressStore progressStore = new(documents);

    /// <summary>Every log, closed ones too, in order of registration.</summary>
    public async Task<IReadOnlyList<LogState>> RunAsync(CancellationToken stop)
    {
        var states = new List<LogState>();
        foreach (var known in await registry.AllAsync(stop))
        {
            var (progress, positions) = (new List<Progress>(), new List<LogPosition?>());
            foreach (var partition in known.Names)
            {
                progress.Add((await progressStore.ReadAsync(partition, stop)).Progress);
                positions.Add(known.Id == log.LogId && partition.Number < log.Partitions ? await log.PositionAsync(partition.Number, stop) : null);
            }
            states.Add(new LogState(known, known.Id == log.LogId, progress, positions));
        }
        return states;
    }
}
