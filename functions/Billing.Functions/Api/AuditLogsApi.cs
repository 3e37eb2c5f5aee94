using System.Text.Json;
using System.Text.Json.Nodes;
using Billing.Domain.Values;
using Billing.Functions.Hosting.Access;
using Billing.UseCases.Access;
using Microsoft.AspNetCore.Mvc;
using NodaTime;

namespace Billing.Functions.Api;

/// <summary>Who did what.</summary>
public static class AuditLogsApi
{
    private const string CursorName = "audit";

    public static void Map(IEndpointRouteBuilder app) =>
        app.MapGet("/v1/auditLogs", ListAsync).Needs(Scope.Admin).WithName("listAuditLogs").WithTags("Operations");

    /// <summary>Lists requests that may have changed something: by whom, when, what, and how they ended. Usage events are not among them.</summary>
    internal static async Task<Answer<Listing<ShownAudit>>> ListAsync([AsParameters] PageQuery page, [AsParameters] AuditQuery query, AuditLog audit, CancellationToken stop)
    {
        if (!page.Check(list: CursorName).Is(out var wanted, out var refusal)) return Answers.List<ShownAudit>(refusal);
        if (query.ResourceId is not null && query.ResourceType is null)
            return Answers.List<ShownAudit>(new Refusal("resource_type_missing", "A resource_id needs its resource_type.", "resource_type"));
        var found = await audit.ListAsync(
            new AuditFilter(query.StartingOn?.Value, query.EndingBefore?.Value, query.ResourceType, query.ResourceId, query.Sort?.Value == AuditOrder.DateDesc), wanted.From, wanted.Limit, stop);
        var shown = new List<ShownAudit>();
        foreach (var entry in found.Items) shown.Add(Show(entry, await audit.ChangesAsync(entry, stop)));
        return Answers.List<ShownAudit>(new Listing<ShownAudit>(shown, PageCursor.Encode(found.Next, CursorName)));
    }

    private static ShownAudit Show(AuditEntry e, IReadOnlyList<RecordedChange> changes) => new(
        e.Id, new ShownRequest(e.RequestId, e.Ip, e.UserAgent), e.At, e.Action, new ShownActor(e.ActorId, e.ActorName), e.ResourceType, e.ResourceId, e.Status,
        [.. changes.Select(c => new ShownChange(c.Kind.Replace('-', '_'), c.Id, Show(c.Before), Show(c.After), c.IsCut ? true : null))]);

    private static JsonElement? Show(JsonNode? node) => node is null ? null : JsonSerializer.SerializeToElement(node);

    /// <summary>Which entries.</summary>
    internal sealed record AuditQuery(
        [FromQuery(Name = "starting_on")] QueryTime? StartingOn,
        [FromQuery(Name = "ending_before")] QueryTime? EndingBefore,
        [FromQuery(Name = "resource_type")] string? ResourceType,
        [FromQuery(Name = "resource_id")] string? ResourceId,
        [FromQuery(Name = "sort")] QueryWord<AuditOrder>? Sort);

    /// <summary>By time.</summary>
    [LowerCase]
    internal enum AuditOrder
    {
        DateAsc,
        DateDesc,
    }

    /// <summary>A request that may have changed something.</summary>
    /// <param name="Action">Name of the operation in this description.</param>
    internal sealed record ShownAudit(
        string Id, ShownRequest Request, Instant Timestamp, string Action, ShownActor Actor, string ResourceType, string? ResourceId, AuditStatus Status,
        IReadOnlyList<ShownChange> Changes);

    /// <summary>What it did to one thing: the members that differ, in the form in which they are stored.</summary>
    /// <param name="Before">Null when it was made.</param>
    /// <param name="After">Null when it was deleted.</param>
    /// <param name="IsCut">True when both are left out, since all of the request's changes would be too long.</param>
    internal sealed record ShownChange(string ResourceType, string ResourceId, JsonElement? Before, JsonElement? After, bool? IsCut);

    /// <summary>Where it came from.</summary>
    internal sealed record ShownRequest(string Id, string? Ip, string? UserAgent);

    /// <summary>The API key that it was made with.</summary>
    internal sealed record ShownActor(string Id, string Name);
}
