using System.Diagnostics;
using Billing.UseCases.Metering;

namespace Billing.Storage.Sqlite.Metering;

/// <summary>Which span appended which message: of the newest messages, and only while the process runs. Who appends and who folds are one process.</summary>
internal sealed class MessageOrigins(int partitions)
{
    private const int Kept = 4_096;

    private readonly Entry?[] ring = new Entry?[Kept];

    /// <summary>Remembers messages that are about to be committed.</summary>
    /// <param name="messages">As they were appended.</param>
    /// <param name="reached">The newest sequence of each of their partitions.</param>
    /// <param name="origin">The span.</param>
    public void Remember(IReadOnlyList<NewMessage> messages, IReadOnlyDictionary<int, long> reached, ActivityContext origin)
    {
        foreach (var (partition, newest) in reached)
            for (var sequence = newest - messages.Count(m => m.Partition == partition) + 1; sequence <= newest; sequence++)
                Volatile.Write(ref ring[PlaceOf(partition, sequence)], new Entry(partition, sequence, origin));
    }

    /// <summary>The message with the span that appended it, if that is known.</summary>
    public LogMessage Marked(int partition, LogMessage message) =>
        Volatile.Read(ref ring[PlaceOf(partition, message.Sequence)]) is { } entry && entry.Partition == partition && entry.Sequence == message.Sequence
            ? message with { Origin = entry.Origin }
            : message;

    private int PlaceOf(int partition, long sequence) => (int)((sequence * partitions + partition) % Kept);

    private sealed record Entry(int Partition, long Sequence, ActivityContext Origin);
}
