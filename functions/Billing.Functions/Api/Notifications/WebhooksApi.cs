using System.Text.Json.Serialization;
using Billing.Domain.Values;
using Billing.Functions.Api.Invoicing;
using Billing.Functions.Hosting.Access;
using Billing.UseCases.Access;
using Billing.UseCases.Notifications;
using Microsoft.AspNetCore.Mvc;
using NodaTime;

namespace Billing.Functions.Api.Notifications;

/// <summary>Webhooks: where messages are sent, what was sent, and sending again.</summary>
public static class WebhooksApi
{
    private const string MessagesCursor = "messages";

    public static void Map(IEndpointRouteBuilder app)
    {
        var webhooks = app.MapGroup("/v1/webhooks").WithTags("Webhooks");
        webhooks.MapPost("/create", CreateAsync).Needs(Scope.Admin).WithName("createWebhook");
        webhooks.MapPost("/update", UpdateAsync).Needs(Scope.Admin).WithName("updateWebhook");
        webhooks.MapPost("/rotateSecret", RotateAsync).Needs(Scope.Admin).WithName("rotateWebhookSecret");
        webhooks.MapPost("/archive", ArchiveAsync).Needs(Scope.Admin).WithName("archiveWebhook");
        webhooks.MapPost("/test", TestAsync).Needs(Scope.Admin).WithName("testWebhook");
        webhooks.MapPost("/replay", ReplayAsync).Needs(Scope.Admin).WithName("replayWebhook");
        webhooks.MapGet("", ListAsync).Needs(Scope.Read).WithName("listWebhooks");
        webhooks.MapGet("/messages", MessagesAsync).Needs(Scope.Read).WithName("listWebhookMessages");
        webhooks.MapGet("/deliveries", DeliveriesAsync).Needs(Scope.Read).WithName("listWebhookDeliveries");
    }

    /// <summary>Makes an endpoint. Its secret signs every message and is shown this once.</summary>
    internal static async Task<Answer<Data<NewWebhookShown>>> CreateAsync(NewWebhook body, WebhookEndpoints endpoints, Caller caller, CancellationToken stop) =>
        Answers.Of(await endpoints.CreateAsync(body.Url, body.Types ?? [], caller.Ids, stop), e => new NewWebhookShown(e.Id, e.Secret));

    /// <summary>Changes where an endpoint is, what it takes, or whether it is enabled; what waits for a disabled one is kept for three days.</summary>
    internal static async Task<Answer<Data<ShownWebhook>>> UpdateAsync(WebhookChange body, WebhookEndpoints endpoints, CancellationToken stop) =>
        Answers.Of(await endpoints.UpdateAsync(body.Id, new EndpointChange(body.Url, body.Types, body.IsEnabled), stop), Show);

    /// <summary>Gives an endpoint another secret, shown this once: everything is signed with it from here on.</summary>
    internal static async Task<Answer<Data<NewWebhookShown>>> RotateAsync(OneWebhook body, WebhookEndpoints endpoints, CancellationToken stop) =>
        Answers.Of(await endpoints.RotateAsync(body.Id, stop), e => new NewWebhookShown(e.Id, e.Secret));

    /// <summary>Archives an endpoint: nothing more is sent to it.</summary>
    internal static async Task<Answer<Data<ShownId>>> ArchiveAsync(OneWebhook body, WebhookEndpoints endpoints, CancellationToken stop) =>
        Answers.Of(await endpoints.ArchiveAsync(body.Id, stop), e => new ShownId(e.Id));

    /// <summary>Sends a signed message of type webhook.test at once and tells what the endpoint answered.</summary>
    internal static async Task<Answer<Data<ShownTest>>> TestAsync(OneWebhook body, WebhookEndpoints endpoints, DeliverMessages deliver, TimeProvider realTime, Caller caller, CancellationToken stop)
    {
        if (!(await endpoints.GetAsync(body.Id, stop)).Is(out var endpoint, out var refusal)) return Answers.Of<ShownTest>(refusal);
        var now = Instant.FromDateTimeOffset(realTime.GetUtcNow());
        var result = await deliver.SendAsync(endpoint, Message.Of("", 0, "webhook.test", caller.Ids.New(), now, ("timestamp", now)).Body, now, stop);
        return Answers.Of<ShownTest>(new ShownTest(result.IsTaken, result.StatusCode, result.Error, result.Milliseconds));
    }

    /// <summary>Sends messages once more: one by its id, or all of a time. Each keeps its id.</summary>
    internal static async Task<Answer<Data<Replayed>>> ReplayAsync(WhatToReplay body, WebhookEndpoints endpoints, DeliverMessages deliver, TimeProvider realTime, CancellationToken stop)
    {
        if (!(await endpoints.GetAsync(body.WebhookId, stop)).Is(out var endpoint, out var refusal)) return Answers.Of<Replayed>(refusal with { Field = "/webhook_id" });
        if (endpoint.ArchivedAt is not null) return Answers.Of<Replayed>(new Refusal("endpoint_archived", "The endpoint is archived.", "/webhook_id", RefusalKind.Conflict));
        if (body.MessageId is null && (body.StartingOn is null || body.EndingBefore is null))
            return Answers.Of<Replayed>(new Refusal("nothing_to_replay", "Name a message_id, or starting_on and ending_before.", ""));
        var count = await deliver.ReplayAsync(
            endpoint, m => body.MessageId is { } id ? m.Id == id : endpoint.Takes(m.Type) && body.StartingOn <= m.At && m.At < body.EndingBefore, Instant.FromDateTimeOffset(realTime.GetUtcNow()), stop);
        return Answers.Of<Replayed>(new Replayed(count));
    }

    /// <summary>Lists the endpoints that are not archived.</summary>
    internal static async Task<Answer<Listing<ShownWebhook>>> ListAsync(WebhookEndpoints endpoints, CancellationToken stop) =>
        Answers.List<ShownWebhook>(new Listing<ShownWebhook>([.. (await endpoints.AllAsync(stop)).Where(e => e.ArchivedAt is null).Select(Show)], null));

    /// <summary>Lists messages, those of a customer or all, and how their deliveries stand. A page may hold more than its limit: what was changed at once stays together.</summary>
    internal static async Task<Answer<Listing<ShownMessage>>> MessagesAsync(
        [AsParameters] PageQuery page, [FromQuery(Name = "customer_id")] string? customerId, [FromQuery(Name = "type")] string? type, DeliverMessages deliver, CancellationToken stop)
    {
        if (!page.Check(list: MessagesCursor).Is(out var wanted, out var refusal)) return Answers.List<ShownMessage>(refusal);
        var found = await deliver.EntriesAsync(e => (customerId is null || e.CustomerId == customerId) && (type is null || e.Messages.Any(m => m.Type == type)), wanted.From, wanted.Limit, stop);
        var shown = found.Items.SelectMany(e => e.Messages.Where(m => type is null || m.Type == type).Select(m => new ShownMessage(
            m.Id, m.CustomerId, m.Type, m.At, System.Text.Json.JsonDocument.Parse(m.Body).RootElement,
            [.. (e.Deliveries ?? []).Where(d => d.MessageId == m.Id).Select(d => new ShownDelivery(d.EndpointId, d.Attempts, d.NextAt, d.DeliveredAt))])));
        return Answers.List<ShownMessage>(new Listing<ShownMessage>([.. shown], PageCursor.Encode(found.Next, MessagesCursor)));
    }

    /// <summary>Lists attempts to deliver, of an endpoint, a customer or a message.</summary>
    internal static async Task<Answer<Listing<ShownAttempt>>> DeliveriesAsync(
        [AsParameters] PageQuery page, [FromQuery(Name = "webhook_id")] string? webhookId, [FromQuery(Name = "customer_id")] string? customerId,
        [FromQuery(Name = "message_id")] string? messageId, [FromQuery(Name = "failed")] bool? failed, DeliverMessages deliver, CancellationToken stop)
    {
        if (!page.Check().Is(out var wanted, out var refusal)) return Answers.List<ShownAttempt>(refusal);
        var found = await deliver.AttemptsAsync(
            a => (webhookId is null || a.EndpointId == webhookId) && (customerId is null || a.CustomerId == customerId) && (messageId is null || a.MessageId == messageId)
                && (failed is null || failed == (a.Error is not null)),
            wanted.From, wanted.Limit, stop);
        return Answers.List<ShownAttempt>(new Listing<ShownAttempt>(
            [.. found.Items.Select(a => new ShownAttempt(a.MessageId, a.CustomerId, a.Type, a.EndpointId, a.Attempt, a.At, a.StatusCode, a.Error, a.Milliseconds, a.IsLast))], PageCursor.Encode(found.Next)));
    }

    private static ShownWebhook Show(WebhookEndpoint e) => new(e.Id, e.Url, e.Types, e.IsEnabled, e.CreatedAt);

    /// <summary>An endpoint to make.</summary>
    /// <param name="Url">https or http; private addresses only where BILLING_WEBHOOKS_PRIVATE allows them.</param>
    /// <param name="Types">Such as invoice.finalized or alerts.*; none: all.</param>
    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    internal sealed record NewWebhook(string Url, IReadOnlyList<string>? Types = null);

    /// <summary>What to change of an endpoint; what is left out stays.</summary>
    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    internal sealed record WebhookChange(string Id, string? Url = null, IReadOnlyList<string>? Types = null, bool? IsEnabled = null);

    /// <summary>Which endpoint.</summary>
    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    internal sealed record OneWebhook(string Id);

    /// <summary>What to send once more.</summary>
    /// <param name="WebhookId">Where to.</param>
    /// <param name="MessageId">One message; or else all from StartingOn to before EndingBefore that the endpoint takes.</param>
    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    internal sealed record WhatToReplay(string WebhookId, string? MessageId = null, Instant? StartingOn = null, Instant? EndingBefore = null);

    /// <summary>A new secret, shown this once.</summary>
    internal sealed record NewWebhookShown(string Id, string Secret);

    /// <summary>An endpoint.</summary>
    internal sealed record ShownWebhook(string Id, string Url, IReadOnlyList<string> Types, bool IsEnabled, Instant CreatedAt);

    /// <summary>What became of a test.</summary>
    internal sealed record ShownTest(bool IsTaken, int? StatusCode, string? Error, int Milliseconds);

    /// <summary>How many messages are sent once more.</summary>
    internal sealed record Replayed(int Messages);

    /// <summary>A message and how its deliveries stand.</summary>
    internal sealed record ShownMessage(string Id, string CustomerId, string Type, Instant At, System.Text.Json.JsonElement Body, IReadOnlyList<ShownDelivery> Deliveries);

    /// <summary>How a delivery stands.</summary>
    /// <param name="NextAt">When it is tried again; none: never.</param>
    internal sealed record ShownDelivery(string WebhookId, int Attempts, Instant? NextAt, Instant? DeliveredAt);

    /// <summary>One attempt to deliver.</summary>
    /// <param name="IsLast">True when it is not tried again by itself.</param>
    internal sealed record ShownAttempt(
        string MessageId, string CustomerId, string Type, string WebhookId, int Attempt, Instant At, int? StatusCode, string? Error, int Milliseconds, bool IsLast);
}
