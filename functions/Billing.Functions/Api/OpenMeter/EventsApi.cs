using System.Text.Json;
using System.Text.Json.Serialization;
using Billing.Domain.Values;
using Billing.Functions.Hosting.Access;
using Billing.UseCases.Access;
using Billing.UseCases.Metering;
using Microsoft.AspNetCore.Mvc;
using NodaTime;

namespace Billing.Functions.Api.OpenMeter;

/// <summary>Raw events, as OpenMeter's API lists them.</summary>
public static class EventsApi
{
    private const int MaxRead = 200_000;
    private const string CursorName = "events";

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/api/v1/events", ListAsync).Needs(Scope.Read).WithName("listEvents").WithTags("OpenMeter");
        app.MapGet("/api/v2/events", ListV2Async).Needs(Scope.Read).WithName("listEventsV2").WithTags("OpenMeter");
    }

    /// <summary>The newest events, every copy received. id and subject match in part. A bare array.</summary>
    internal static async Task<Answer<IReadOnlyList<ShownEvent>>> ListAsync(
        string? id, string? subject, [FromQuery] string[]? customerId, [FromQuery] QueryTime? from, [FromQuery] QueryTime? to,
        [FromQuery] QueryTime? ingestedAtFrom, [FromQuery] QueryTime? ingestedAtTo, int? limit, string? clientId, FindEvents find, FindUsageOwner ownerOf, CancellationToken stop)
    {
        if (!PageLimit.Of(limit).Is(out var most, out var refusal)) return Answers.Bare<IReadOnlyList<ShownEvent>>(refusal);
        var wanted = new EventFilter(id, subject, from?.Value, to?.Value, ingestedAtFrom?.Value, ingestedAtTo?.Value);
        var shown = new List<ShownEvent>();
        EventCursor? next = null;
        do
        {
            var page = await find.NewestAsync(next, wanted.Takes, most, MaxRead, stop);
            foreach (var found in page.Events)
            {
                var one = await ShowAsync(found, ownerOf, stop);
                if (customerId is not { Length: > 0 } || (one.CustomerId is { } owner && customerId.Contains(owner))) shown.Add(one);
            }
            next = page.Next;
        }
        while (shown.Count < most && next is not null && customerId is { Length: > 0 });
        return Answers.Bare(new Outcome<IReadOnlyList<ShownEvent>>([.. shown.Take(most)]));
    }

    /// <summary>The newest events by cursor; filter is a JSON object such as {"subject":{"$eq":"acme"},"type":{"$in":["llm"]}}.</summary>
    internal static async Task<Answer<EventPage>> ListV2Async(
        string? cursor, int? limit, string? filter, string? clientId, FindEvents find, FindUsageOwner ownerOf, CancellationToken stop)
    {
        if (!PageLimit.Of(limit).Is(out var most, out var refusal)) return Answers.Bare<EventPage>(refusal);
        if (!EventFilterJson.Read(filter).Is(out var takes, out refusal)) return Answers.Bare<EventPage>(refusal);
        EventCursor? before = null;
        if (cursor is { Length: > 0 })
        {
            before = PageCursor.Decode(cursor, CursorName).Is(out var text, out _) ? EventCursor.Parse(text) : null;
            if (before is null) return Answers.Bare<EventPage>(new Refusal("cursor_invalid", "This cursor is not one that a list answered; leave it out to start at the newest.", "cursor"));
        }
        var page = await find.NewestAsync(before, takes, most, MaxRead, stop);
        var items = new List<ShownEvent>();
        foreach (var found in page.Events) items.Add(await ShowAsync(found, ownerOf, stop));
        return Answers.Bare<EventPage>(new EventPage(items, PageCursor.Encode(page.Next?.ToString(), CursorName)));
    }

    private static async Task<ShownEvent> ShowAsync(FoundEvent found, FindUsageOwner ownerOf, CancellationToken stop)
    {
        var owner = found.Key.Length == 0 ? null : await ownerOf(found.Key, found.Time, stop);
        var error = found.Verdict switch
        {
            Verdict.Duplicate => "A copy of an event that was counted.",
            Verdict.Conflict => "An event with this source and id was counted with other content.",
            Verdict.Rejected => "The event can't be used; see /v1/ingest/rejected.",
            _ => null,
        };
        return new ShownEvent(Event(found), owner?.Id, error, found.EnqueuedAt, found.EnqueuedAt);
    }

    // Metronome's events are shown as the CloudEvents they amount to.
    private static ShownCloudEvent Event(FoundEvent found)
    {
        JsonElement? data = null;
        if (found.Verdict != Verdict.Rejected)
        {
            using var json = JsonDocument.Parse(found.Json);
            var name = found.Source.Length > 0 ? "data" : "properties";
            if (json.RootElement.TryGetProperty(name, out var member)) data = member.Clone();
        }
        return new ShownCloudEvent(found.Id, found.Source, "1.0", found.Type, found.Key, found.Time, data);
    }

    /// <summary>A CloudEvent.</summary>
    internal sealed record ShownCloudEvent(string Id, string Source, string Specversion, string Type, string Subject, Instant Time, JsonElement? Data);

    /// <summary>An event and what became of it.</summary>
    internal sealed record ShownEvent(
        ShownCloudEvent Event,
        [property: JsonPropertyName("customerId")] string? CustomerId,
        [property: JsonPropertyName("validationError")] string? ValidationError,
        [property: JsonPropertyName("ingestedAt")] Instant IngestedAt,
        [property: JsonPropertyName("storedAt")] Instant StoredAt);

    /// <summary>A page of events.</summary>
    internal sealed record EventPage(IReadOnlyList<ShownEvent> Items, [property: JsonPropertyName("nextCursor")] string? NextCursor);

    private sealed record EventFilter(string? Id, string? Subject, Instant? From, Instant? To, Instant? IngestedFrom, Instant? IngestedTo)
    {
        public bool Takes(FoundEvent of) =>
            (Id is null || of.Id.Contains(Id, StringComparison.Ordinal)) && (Subject is null || of.Key.Contains(Subject, StringComparison.Ordinal))
            && !(of.Time < From) && !(of.Time > To) && !(of.EnqueuedAt < IngestedFrom) && !(of.EnqueuedAt > IngestedTo);
    }
}
