using System.Collections.Concurrent;
using Billing.Domain.Metering.Events;
using Billing.Domain.Values;
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
        if (!spare.TryTake(out var reading)) reading = (new EventParser(), new ParsedMessage());
        try
        {
            if (reading.Parser.Parse(body, shape, reading.Message) is { } malformed) return malformed;
            if (Check(reading.Message) is { } refusal) return refusal;
            var messages = Pack(reading.Message);
            if (messages.Count > 0) await log.AppendAsync(messages, stop);
            return reading.Message.Count;
        }
        finally
        {
            spare.Add(reading);
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
    private List<NewMessage> Pack(ParsedMessage message)
    {
        if (message.Count == 0) return [];
        if (log.Partitions == 1 && message.Body.Length <= IEventLog.MaxMessageBytes) return [new(0, message.Body, message.Count)];
        var open = new (MemoryStream? Body, int Events)[log.Partitions];
        var packed = new List<NewMessage>();
        foreach (ref readonly var read in message.Events)
        {
            var partition = PartitionOf(read.Key.Span);
            ref var to = ref open[partition];
            if (to.Body is not null && to.Body.Length + read.RawLength + 2 > IEventLog.MaxMessageBytes) Close(ref to, partition, packed);
            to.Body ??= new MemoryStream();
            to.Body.WriteByte(to.Events == 0 ? (byte)'[' : (byte)',');
            to.Body.Write(message.Body.Span.Slice(read.RawStart, read.RawLength));
            to.Events++;
        }
        for (var i = 0; i < open.Length; i++)
            if (open[i].Body is not null) Close(ref open[i], i, packed);
        return packed;
    }

    private static void Close(ref (MemoryStream? Body, int Events) open, int partition, List<NewMessage> packed)
    {
        open.Body!.WriteByte((byte)']');
        packed.Add(new NewMessage(partition, open.Body.GetBuffer().AsMemory(0, (int)open.Body.Length), open.Events));
        open = default;
    }

    // A key keeps to one partition, so that its windows are written by one.
    private int PartitionOf(ReadOnlySpan<byte> key) =>
        (int)(EventIdentity.Key(secret, "partition"u8, key) % (UInt128)log.Partitions);

    private static Refusal TooLarge(string detail, string? field = null) => new("too_large", detail, field, RefusalKind.TooLarge);
}
