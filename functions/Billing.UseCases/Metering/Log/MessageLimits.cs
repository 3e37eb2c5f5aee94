namespace Billing.UseCases.Metering;

/// <summary>The bounds of appended messages, the same for every adapter.</summary>
public static class MessageLimits
{
    /// <summary>Checks messages before any of them is appended.</summary>
    /// <exception cref="ArgumentException">An unknown partition, a body over the limit, or a negative count of events.</exception>
    public static void Check(IReadOnlyList<NewMessage> messages, int partitions)
    {
        foreach (var message in messages)
        {
            if (message.Partition < 0 || message.Partition >= partitions)
                throw new ArgumentException($"Partition {message.Partition} is not one of 0 to {partitions - 1}.", nameof(messages));
            if (message.Body.Length > IEventLog.MaxMessageBytes)
                throw new ArgumentException(
                    $"A message has at most {IEventLog.MaxMessageBytes} bytes, not {message.Body.Length}.", nameof(messages));
            if (message.Events < 0) throw new ArgumentException("A message carries no negative number of events.", nameof(messages));
        }
    }
}
