using System.Buffers;
using System.Text.Json;
using Billing.Domain.Values;
using Billing.Functions.Hosting;
using Billing.Functions.Hosting.Access;
using Billing.UseCases.Access;
using Billing.UseCases.Documents;
using Billing.UseCases.Invoicing;
using Billing.UseCases.Pricing;
using Microsoft.AspNetCore.Mvc;

namespace Billing.Functions.Api.Invoicing;

/// <summary>What invoices would be if certain events came.</summary>
public static class PreviewApi
{
    public static void Map(IEndpointRouteBuilder app) =>
        app.MapPost("/v1/customers/{customer_id}/previewEvents", RunAsync).Needs(Scope.Read).WithName("previewEvents").WithTags("Invoices");

    /// <summary>Rates the open usage periods of a customer with up to 1,000 events more, or with these alone. Nothing is stored.</summary>
    internal static async Task<Answer<Data<IReadOnlyList<ShownInvoice>>>> RunAsync(
        [FromRoute(Name = "customer_id")] string customerId, PreviewEvents body, PreviewInvoices preview, PricingUnits units, Caller caller, CancellationToken stop)
    {
        if (body is { Mode: PreviewMode.Merge, Events.Count: 0 })
            return Answers.Of<IReadOnlyList<ShownInvoice>>(new Refusal("no_events", "In merge mode there is at least one event.", "/events"));
        var found = await preview.RunAsync(customerId, Written(customerId, body.Events, caller.Ids), body.Mode == PreviewMode.Replace, stop);
        if (found.Is(out var invoices, out var refusal))
        {
            var unitNames = await units.NamesAsync(ShownInvoice.Units(invoices), stop);
            return Answers.Of(new Outcome<IReadOnlyList<ShownInvoice>>([.. invoices.Select(i => ShownInvoice.Of(i, body.SkipZeroQtyLineItems, unitNames))]));
        }
        return Answers.Of<IReadOnlyList<ShownInvoice>>(refusal.Code is "draft_not_rated" or "customer_not_found" or "usage_not_ready" ? refusal : refusal with { Field = "/events" + refusal.Field });
    }

    // As ingest takes them: of this customer, each with an id.
    private static ReadOnlyMemory<byte> Written(string customerId, IReadOnlyList<PreviewEvent> events, IdSource ids)
    {
        var written = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(written);
        writer.WriteStartArray();
        for (var i = 0; i < events.Count; i++)
        {
            writer.WriteStartObject();
            writer.WriteString("transaction_id", events[i].TransactionId ?? ids.New());
            writer.WriteString("customer_id", customerId);
            writer.WriteString("event_type", events[i].EventType);
            if (events[i].Timestamp is { } time) writer.WriteString("timestamp", time);
            writer.WritePropertyName("properties");
            JsonSerializer.Serialize(writer, events[i].Properties, JsonRules.Options);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.Flush();
        return written.WrittenMemory;
    }

    /// <summary>How the events meet the usage there is.</summary>
    [LowerCase]
    internal enum PreviewMode
    {
        /// <summary>As if they were all events there are.</summary>
        Replace,

        /// <summary>On top of what is counted; an id that was counted before changes nothing.</summary>
        Merge,
    }

    /// <summary>What to preview.</summary>
    /// <param name="Events">Up to 1,000, in Metronome's shape without customer.</param>
    /// <param name="Mode">Default: replace.</param>
    /// <param name="SkipZeroQtyLineItems">True: lines without quantity are left out.</param>
    internal sealed record PreviewEvents(IReadOnlyList<PreviewEvent> Events, PreviewMode Mode = PreviewMode.Replace, bool SkipZeroQtyLineItems = false);

    /// <summary>An event that is not stored.</summary>
    /// <param name="Timestamp">As ingest takes it; none: now.</param>
    /// <param name="TransactionId">An id that has been counted is not counted again in merge mode; none: a new fact.</param>
    internal sealed record PreviewEvent(string EventType, string? Timestamp = null, IReadOnlyDictionary<string, JsonElement>? Properties = null, string? TransactionId = null);
}
