using System.Diagnostics;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>One partition of one log, named <c>{log id}/{n}</c>; a re-created hub or an import is a new log id.</summary>
public readonly record struct LogPartition(string LogId, int Number)
{
    public override string ToString() => $"{LogId}/{Number}";
}

/// <summary>A message as the log delivers it.</summary>
/// <param name="Sequence">Grows by one with each message of the partition; the first is 1.</param>
/// <param name="EnqueuedAt">When the log took it; validity of the events is judged by this time.</param>
/// <param name="Body">The bytes of the producer: a JSON event, an array of events, or a marker.</param>
public sealed record LogMessage(long Sequence, Instant EnqueuedAt, ReadOnlyMemory<byte> Body)
{
    /// <summary>The span that appended it, as far as the log knows it; nothing depends on it.</summary>
    public ActivityContext Origin { get; init; }
}

/// <summary>A message to append.</summary>
/// <param name="Partition">Number of the partition.</param>
/// <param name="Body">At most <see cref="IEventLog.MaxMessageBytes"/>.</param>
/// <param name="Events">How many events it carries (0 for a marker); counted as accepted.</param>
public readonly record struct NewMessage(int Partition, ReadOnlyMemory<byte> Body, int Events);

/// <summary>How far a partition of the log has come.</summary>
/// <param name="LastSequence">Of the newest message; 0 when empty.</param>
/// <param name="AcceptedEvents">Events in all messages ever appended; null for a log that does not look into its messages.</param>
public readonly record struct LogPosition(long LastSequence, long? AcceptedEvents);

/// <summary>
/// The event log port: appends durably before it answers, and delivers in order per partition, at least once
/// (delivery is the host's: a trigger on Azure, a pump when embedded).
/// </summary>
public interface IEventLog
{
    /// <summary>Largest body of one message (Event Hubs: 1 MB on the wire with its envelope).</summary>
    const int MaxMessageBytes = 900_000;

    /// <summary>The id of the log that is written to.</summary>
    string LogId { get; }

    /// <summary>How many partitions it has, numbered from 0.</summary>
    int Partitions { get; }

    /// <summary>Appends all messages, each partition's in the order given; durable when it completes.</summary>
    Task AppendAsync(IReadOnlyList<NewMessage> messages, CancellationToken stop);

    /// <summary>The first message at or after a sequence that the log can still deliver; null when it has none there.</summary>
    Task<long?> NextHeldAsync(int partition, long from, CancellationToken stop);

    /// <summary>How far the partition has come.</summary>
    Task<LogPosition> PositionAsync(int partition, CancellationToken stop);
}
