using System.Buffers;
using System.Collections.Concurrent;
using Billing.Domain.Metering.Events;
using Billing.Domain.Values;
using Billing.UseCases.Telemetry;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>Takes usage events from a request: checks all, then makes them durable in the log. Nothing more is done before the answer.</summary>
public sealed class AcceptUsage(IEventLog log, IClock clock, UsageLimits limits, HashKey secret)
{
    private readonly ConcurrentBag<(EventParser Parser, ParsedMessage Message)> spare = [];

    /// <summary>Accepts all events of a body, or none.</summary>
    /// <param name="body">A JSON event or array; it must stay as it is until the task completes.</param>
    /// <param name="shape">The endpoint's shape of event.</param>
    /// <param name="stop">Gives up; whether the events were accepted is then unknown, and sending them again is safe.</param>
    /// <returns>How many events were accepted; or what is wrong with the first bad one, by index.</returns>
    public async Task<Outcome<int>> AcceptAsync(ReadOnlyMemory<byte> body, EventShape shape, CancellationToken stop)
    {
        if (body.Length > UsageLimits.MaxBodyBytes) return TooLarge($"The body has {body.Length} bytes; at most {UsageLimits.MaxBodyBytes} are taken. Send fewer events a request.");
        var rented = new List<byte[]>();
        if (!spare.TryTake(out var reading)) reading = (new EventParser(), new ParsedMessage());
        try
        {
            if (reading.Parser.Parse(body, shape, reading.Message) is { } malformed) return malformed;
            if (Check(reading.Message) is { } refusal) return refusal;
            var messages = Pack(reading.Message, rented);
            if (messages.Count > 0) await AppendAsync(messages, reading.Message.Count, stop);
            return reading.Message.Count;
        }
        finally
        {
            foreach (var buffer in rented) ArrayPool<byte>.Shared.Return(buffer);
            spare.Add(reading);
        }
    }

    private async Task AppendAsync(List<NewMessage> messages, int events, CancellationToken stop)
    {
        using var span = Spans.Append(messages, events);
        try
        {
            await log.AppendAsync(messages, stop);
            Measures.Accepted(events);
        }
        catch (Exception fault)
        {
            span?.Failed(fault);
            throw;
        }
    }

    private Refusal? Check(ParsedMessage message)
    {
        if (message.Count > UsageLimits.MaxEvents) return TooLarge($"The request has {message.Count} events; at most {UsageLimits.MaxEvents} are taken.");
        var refusal = message.Refusals.Count > 0 ? message.Refusals[0].Refusal : null;
        var until = message.Refusals.Count > 0 ? message.Refusals[0].Index : message.Count;
        var now = clock.GetCurrentInstant();
        for (var i = 0; i < until; i++)
        {
            ref readonly var read = ref message.Events[i];
            if (read.RawLength > IEventLog.MaxMessageBytes - 2) return TooLarge($"The event has {read.RawLength} bytes; at most {IEventLog.MaxMessageBytes - 2} are taken.", $"/{i}");
            if (read.Time is not { } time || limits.Complaint(time, now) is not { } complaint) continue;
            var field = read.IsCloudEvent ? "time" : "timestamp";
            return new Refusal("event_time_out_of_range", $"{field} {complaint}.", $"/{i}/{field}");
        }
        return refusal;
    }

    // One message a partition, more where it would be too large; the events go as they came, byte for byte.
    private List<NewMessage> Pack(ParsedMessage message, List<byte[]> rented)
    {
        if (message.Count == 0) return [];
        if (log.Partitions == 1 && message.Body.Length <= IEventLog.MaxMessageBytes) return [new(0, message.Body, message.Count)];
        Span<int> partitions = stackalloc int[message.Count];
        Span<int> sizes = stackalloc int[log.Partitions];
        sizes.Clear();
        for (var i = 0; i < partitions.Length; i++)
        {
            partitions[i] = PartitionOf(message.Events[i].Key.Span);
            sizes[partitions[i]] += message.Events[i].RawLength + 1;
        }
        var packed = new List<NewMessage>();
        for (var partition = 0; partition < log.Partitions; partition++)
            if (sizes[partition] > 0) Pack(message, partitions, partition, sizes[partition] + 1, rented, packed);
        return packed;
    }

    private static void Pack(ParsedMessage message, ReadOnlySpan<int> partitions, int partition, int size, List<byte[]> rented, List<NewMessage> packed)
    {
        // Each event ends with a comma or the closing bracket; each body begins with a bracket, and there are no more bodies than events.
        var buffer = ArrayPool<byte>.Shared.Rent(size + partitions.Length);
        rented.Add(buffer);
        var (start, at, events) = (0, 0, 0);
        for (var i = 0; i < partitions.Length; i++)
        {
            if (partitions[i] != partition) continue;
            ref readonly var read = ref message.Events[i];
            if (events > 0 && at - start + read.RawLength + 1 > IEventLog.MaxMessageBytes) Close();
            if (events == 0) buffer[at++] = (byte)'[';
            message.Body.Span.Slice(read.RawStart, read.RawLength).CopyTo(buffer.AsSpan(at));
            at += read.RawLength;
            buffer[at++] = (byte)',';
            events++;
        }
        Close();

        void Close()
        {
            buffer[at - 1] = (byte)']';
            packed.Add(new NewMessage(partition, buffer.AsMemory(start, at - start), events));
            (start, events) = (at, 0);
        }
    }

    // A key keeps to one partition, so that its windows are written by one.
    private int PartitionOf(ReadOnlySpan<byte> key) =>
        (int)((ulong)(EventIdentity.Key(secret, "partition"u8, key) & ulong.MaxValue) % (ulong)log.Partitions);

    private static Refusal TooLarge(string detail, string? field = null) => new("too_large", detail, field, RefusalKind.TooLarge);
}
