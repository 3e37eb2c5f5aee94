using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.Testing;

/// <summary>The event log in memory; a simulation delivers from it as it likes.</summary>
public sealed class InMemoryEventLog(IClock clock, string logId = "log-00000000", int partitions = 2) : IEventLog
{
    private readonly Lock gate = new();
    private readonly List<LogMessage>[] messages = [.. Enumerable.Range(0, partitions).Select(_ => new List<LogMessage>())];
    private readonly long[] accepted = new long[partitions];
    private readonly HashSet<(int Partition, long Sequence)> vanished = [];

    public string LogId { get; } = logId;

    public int Partitions { get; } = partitions;

    public Task AppendAsync(IReadOnlyList<NewMessage> messages, CancellationToken stop)
    {
        MessageLimits.Check(messages, Partitions);
        stop.ThrowIfCancellationRequested();
        lock (gate)
        {
            var now = Instant.FromUnixTimeTicks(clock.GetCurrentInstant().ToUnixTimeTicks());
            foreach (var message in messages)
            {
                var log = this.messages[message.Partition];
                var enqueued = log.Count > 0 ? Instant.Max(now, log[^1].EnqueuedAt) : now;
                log.Add(new LogMessage(log.Count + 1, enqueued, message.Body.ToArray()));
                accepted[message.Partition] += message.Events;
            }
        }
        return Task.CompletedTask;
    }

    public Task<long?> NextHeldAsync(int partition, long from, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        return Task.FromResult(Read(partition, Math.Max(0, from - 1), 1) is [var next] ? next.Sequence : (long?)null);
    }

    public Task<LogPosition> PositionAsync(int partition, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        lock (gate) return Task.FromResult(new LogPosition(messages[partition].Count, accepted[partition]));
    }

    /// <summary>Messages after a sequence that have not vanished, in order; at most <paramref name="limit"/>, and as often as asked.</summary>
    public IReadOnlyList<LogMessage> Read(int partition, long afterSequence, int limit = int.MaxValue)
    {
        lock (gate) return [.. messages[partition].Skip((int)Math.Min(afterSequence, int.MaxValue)).Where(m => !vanished.Contains((partition, m.Sequence))).Take(limit)];
    }

    /// <summary>All messages ever appended, vanished ones too: what was sent, whatever the log still has.</summary>
    public IReadOnlyList<LogMessage> Everything(int partition)
    {
        lock (gate) return [.. messages[partition]];
    }

    /// <summary>Messages vanish, as by a fault of the disk or by the end of their keeping.</summary>
    public void Lose(int partition, long first, long last)
    {
        lock (gate)
            for (var sequence = first; sequence <= last; sequence++) vanished.Add((partition, sequence));
    }
}
