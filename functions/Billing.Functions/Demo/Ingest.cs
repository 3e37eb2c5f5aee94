using System.Buffers;
using System.Text.Json;
using Billing.Domain.Metering.Events;
using Billing.Functions.Demo.Traffic;
using Billing.UseCases.Metering;
using NodaTime.Text;

namespace Billing.Functions.Demo;

/// <summary>Sends deliveries the way a producer does, in bodies of up to 500 events, and moves the clock with them.</summary>
internal static class Ingest
{
    private const int BatchSize = 500;

    /// <summary>Sends everything; each body is durable before the next is sent.</summary>
    public static async Task SendAsync(DemoHost host, TrafficPlan traffic, DeliveryPlan plan, Action<int> sent, CancellationToken stop)
    {
        var accept = host.Get<AcceptUsage>();
        var keys = traffic.Customers.Select(Company.KeyOf).ToArray();
        var body = new ArrayBufferWriter<byte>();
        var done = 0;
        foreach (var batch in plan.Batches(BatchSize))
        {
            host.Clock.MoveTo(batch[^1].ArrivesAt);
            body.ResetWrittenCount();
            Write(body, batch.Select(d => traffic.Requests[d.Request]), keys);
            done += (await accept.AcceptAsync(body.WrittenMemory, EventShape.Metronome, stop)).Value;
            sent(done);
        }
    }

    /// <summary>Waits until every accepted event is counted.</summary>
    public static async Task CountAsync(DemoHost host, Task sending, Action<long> counted, CancellationToken stop)
    {
        var stats = host.Get<IngestStats>();
        var draining = DrainAsync();
        while (!draining.IsCompleted)
        {
            await Task.WhenAny(draining, Task.Delay(100, stop));
            var totals = await stats.ReadAsync(stop);
            counted(totals.Accepted - totals.Pending);
        }
        await draining;

        async Task DrainAsync()
        {
            await sending;
            await host.Work.Drain(stop);
        }
    }

    private static void Write(ArrayBufferWriter<byte> body, IEnumerable<UsageRequest> requests, string[] keys)
    {
        using var json = new Utf8JsonWriter(body);
        json.WriteStartArray();
        foreach (var request in requests)
        {
            json.WriteStartObject();
            json.WriteString("transaction_id", request.Id);
            json.WriteString("customer_id", keys[request.Customer]);
            json.WriteString("event_type", Company.EventType);
            json.WriteString("timestamp", InstantPattern.ExtendedIso.Format(request.At));
            json.WriteStartObject("properties");
            json.WriteString(Company.Model, request.Model);
            json.WriteString(Company.Region, request.Region);
            json.WriteNumber(Company.PropertyOf(TokenKind.Input), request.Input);
            if (request.CachedInput > 0) json.WriteNumber(Company.PropertyOf(TokenKind.CachedInput), request.CachedInput);
            json.WriteNumber(Company.PropertyOf(TokenKind.Output), request.Output);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
