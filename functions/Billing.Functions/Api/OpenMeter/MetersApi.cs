using System.Text.Json.Serialization;
using Billing.Domain.Metering;
using Billing.Domain.Values;
using Billing.Functions.Hosting.Access;
using Billing.Functions.Hosting.Pipeline;
using Billing.UseCases.Access;
using Billing.UseCases.Metering;
using Microsoft.AspNetCore.Mvc;
using NodaTime;

namespace Billing.Functions.Api.OpenMeter;

/// <summary>Meters, as OpenMeter's API has them; each is a billable metric of the other API too.</summary>
public static class MetersApi
{
    private const int MaxSlug = 64;

    public static void Map(IEndpointRouteBuilder app)
    {
        var meters = app.MapGroup("/api/v1/meters").WithTags("OpenMeter");
        meters.MapPost("", CreateAsync).Needs(Scope.Write).WithName("createMeter").Produces<ShownMeter>(StatusCodes.Status201Created);
        meters.MapGet("", ListAsync).Needs(Scope.Read).WithName("listMeters");
        meters.MapGet("/{meterIdOrSlug}", GetAsync).Needs(Scope.Read).WithName("getMeter");
        meters.MapPut("/{meterIdOrSlug}", UpdateAsync).Needs(Scope.Write).WithName("updateMeter");
        meters.MapDelete("/{meterIdOrSlug}", DeleteAsync).Needs(Scope.Write).WithName("deleteMeter").Produces(StatusCodes.Status204NoContent);
    }

    /// <summary>Defines a meter. It also counts the events that came before it, from the archive.</summary>
    internal static async Task<IResult> CreateAsync(CreateMeter body, Meters meters, Caller caller, FillSoon fill, CancellationToken stop)
    {
        if (!Wanted(body).Is(out var wanted, out var refusal)) return Answers.Bare<ShownMeter>(refusal);
        if (!(await meters.CreateAsync(wanted, caller.Ids, stop)).Is(out var made, out refusal))
            return Answers.Bare<ShownMeter>(refusal with { Field = FieldOf(refusal.Field) });
        await fill.TryAsync(stop);
        return Results.Json(Show(made), Hosting.JsonRules.Options, statusCode: StatusCodes.Status201Created);
    }

    // The rules of a meter name the members of Metronome's API.
    private static string? FieldOf(string? field) => field switch
    {
        "/aggregation_key" => "/valueProperty",
        "/group_keys" or "/group_keys/0" => "/groupBy",
        _ => field,
    };

    /// <summary>Lists meters, oldest first unless orderBy and order say otherwise. A bare array.</summary>
    internal static async Task<Answer<IReadOnlyList<ShownMeter>>> ListAsync(
        int? page, int? pageSize, [FromQuery] QueryWord<MeterOrderBy>? orderBy, [FromQuery] QueryWord<SortOrder>? order, bool? includeDeleted, Meters meters, CancellationToken stop)
    {
        if (page is < 1) return Answers.Bare<IReadOnlyList<ShownMeter>>(new Refusal("page_invalid", $"page: A number from 1 on is needed here, not {page}.", "page"));
        if (pageSize is < 1 or > 1_000) return Answers.Bare<IReadOnlyList<ShownMeter>>(new Refusal("page_invalid", $"pageSize: A number of 1 to 1000 is needed here, not {pageSize}.", "pageSize"));
        var size = pageSize ?? 100;
        var all = (await meters.ListAsync(stop)).Where(m => includeDeleted == true || m.ArchivedAt is null);
        IEnumerable<MeterDocument> ordered = orderBy?.Value switch
        {
            MeterOrderBy.Key => all.OrderBy(m => m.Slug, StringComparer.Ordinal),
            MeterOrderBy.Name => all.OrderBy(m => m.Name, StringComparer.Ordinal),
            MeterOrderBy.Aggregation => all.OrderBy(m => Of(m.Meter.Aggregation).ToString(), StringComparer.Ordinal),
            MeterOrderBy.UpdatedAt => all.OrderBy(m => m.UpdatedAt),
            _ => all,
        };
        if (order?.Value == SortOrder.Desc) ordered = ordered.Reverse();
        return Answers.Bare(new Outcome<IReadOnlyList<ShownMeter>>([.. ordered.Skip((int)Math.Min(int.MaxValue, ((page ?? 1) - 1L) * size)).Take(size).Select(Show)]));
    }

    /// <summary>Reads a meter by id or slug.</summary>
    internal static async Task<Answer<ShownMeter>> GetAsync(string meterIdOrSlug, Meters meters, CancellationToken stop) =>
        Answers.Bare((await meters.FindAsync(meterIdOrSlug, stop)).Is(out var found, out var refusal) ? new Outcome<ShownMeter>(Show(found)) : refusal);

    /// <summary>Changes name, description and metadata. What is counted never changes: groupBy must be left out or as it is.</summary>
    internal static async Task<Answer<ShownMeter>> UpdateAsync(string meterIdOrSlug, UpdateMeter body, Meters meters, CancellationToken stop)
    {
        if (!(await meters.FindAsync(meterIdOrSlug, stop)).Is(out var found, out var refusal)) return Answers.Bare<ShownMeter>(refusal);
        if (body.GroupBy is { } groupBy && !Same(groupBy, Show(found).GroupBy))
        {
            return Answers.Bare<ShownMeter>(new Refusal(
                "meter_definition_fixed",
                $"A meter's groupBy can't be changed ({Differences(Show(found).GroupBy, groupBy)}): create another meter; it counts the same events from the beginning on.",
                "/groupBy", RefusalKind.Conflict));
        }
        var renamed = await meters.RenameAsync(found.Meter.Id, body.Name ?? found.Name, body.Description ?? found.Description, body.Metadata ?? found.CustomFields, stop);
        return Answers.Bare(renamed.Is(out var meter, out refusal) ? new Outcome<ShownMeter>(Show(meter)) : refusal);
    }

    /// <summary>Takes a meter off the list and frees its slug. Safe to repeat.</summary>
    internal static async Task<IResult> DeleteAsync(string meterIdOrSlug, Meters meters, CancellationToken stop)
    {
        if (!(await meters.FindAsync(meterIdOrSlug, stop)).Is(out var found, out var refusal)) return Answers.Bare<ShownMeter>(refusal);
        var archived = await meters.ArchiveAsync(found.Meter.Id, stop);
        return archived.Refusal is null ? Results.NoContent() : Answers.Empty(archived);
    }

    private static string Differences(IReadOnlyDictionary<string, string> old, IReadOnlyDictionary<string, string> asked) => string.Join(", ", old.Keys.Union(asked.Keys)
        .Where(k => !old.TryGetValue(k, out var before) || !asked.TryGetValue(k, out var after) || before != after)
        .Select(k => !old.ContainsKey(k) ? $"'{k}' is new" : !asked.ContainsKey(k) ? $"'{k}' is missing" : $"'{k}' is {old[k]}"));

    private static bool Same(IReadOnlyDictionary<string, string> a, IReadOnlyDictionary<string, string> b) =>
        a.Count == b.Count && a.All(p => b.TryGetValue(p.Key, out var path) && path == p.Value);

    private static Outcome<NewMeter> Wanted(CreateMeter body)
    {
        if (body.Slug.Length is 0 or > MaxSlug || !body.Slug.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_'))
            return new Refusal("invalid_meter", $"A slug has 1 to {MaxSlug} lower-case letters, digits and underscores.", "/slug");
        if (body.EventType.Length == 0) return new Refusal("invalid_meter", "eventType is empty.", "/eventType");
        if (body.EventFrom is not null) return new Refusal("event_from_not_offered", "eventFrom is not offered: a meter counts all events.", "/eventFrom", RefusalKind.NotOffered);
        PropertyPath? value = null;
        Refusal? refusal;
        if (body.ValueProperty is { } property && body.Aggregation != MeterAggregation.Count && !PropertyPath.Read(property).Is(out value, out refusal))
            return refusal with { Field = "/valueProperty" };
        var dimensions = new List<Dimension>();
        foreach (var (name, path) in body.GroupBy ?? new Dictionary<string, string>())
        {
            if (name == "subject") return new Refusal("invalid_meter", "'subject' is always a dimension; leave it out of groupBy.", "/groupBy/subject");
            if (!PropertyPath.Read(path).Is(out var read, out refusal)) return refusal with { Field = $"/groupBy/{name}" };
            dimensions.Add(new Dimension(name, read));
        }
        return new NewMeter(
            body.Name ?? body.Slug, body.Slug, body.Description, Of(body.Aggregation), [body.EventType], null, [], value,
            dimensions.Count == 0 ? [] : [dimensions], body.Metadata ?? new Dictionary<string, string>());
    }

    internal static ShownMeter Show(MeterDocument of) => new(
        of.Meter.Id, of.Slug, of.Name, of.Description, of.CustomFields, Of(of.Meter.Aggregation), of.Meter.EventTypes is [var one, ..] ? one : "",
        of.Meter.Value?.Text, of.Meter.KeptGroupings[0].ToDictionary(d => d.Name, d => d.Path.Text), of.CreatedAt, of.UpdatedAt, of.ArchivedAt);

    private static Aggregation Of(MeterAggregation of) => of == MeterAggregation.UniqueCount ? Aggregation.Unique : Enum.Parse<Aggregation>(of.ToString());

    private static MeterAggregation Of(Aggregation of) => of == Aggregation.Unique ? MeterAggregation.UniqueCount : Enum.Parse<MeterAggregation>(of.ToString());

    /// <summary>OpenMeter's names of the aggregations.</summary>
    internal enum MeterAggregation
    {
        Sum,
        Count,
        UniqueCount,
        Avg,
        Min,
        Max,
        Latest,
        TimeWeightedSum,
    }

    /// <summary>What meters are listed by.</summary>
    internal enum MeterOrderBy
    {
        [JsonStringEnumMemberName("key")]
        Key,
        [JsonStringEnumMemberName("name")]
        Name,
        [JsonStringEnumMemberName("aggregation")]
        Aggregation,
        [JsonStringEnumMemberName("createdAt")]
        CreatedAt,
        [JsonStringEnumMemberName("updatedAt")]
        UpdatedAt,
    }

    /// <summary>Rising or falling.</summary>
    internal enum SortOrder
    {
        Asc,
        Desc,
    }

    /// <summary>A new meter.</summary>
    /// <param name="ValueProperty">JSONPath into data; none for COUNT.</param>
    /// <param name="GroupBy">Name of a dimension → JSONPath into data.</param>
    internal sealed record CreateMeter(
        [property: JsonPropertyName("slug")] string Slug,
        [property: JsonPropertyName("aggregation")] MeterAggregation Aggregation,
        [property: JsonPropertyName("eventType")] string EventType,
        [property: JsonPropertyName("name")] string? Name = null,
        [property: JsonPropertyName("description")] string? Description = null,
        [property: JsonPropertyName("metadata")] IReadOnlyDictionary<string, string>? Metadata = null,
        [property: JsonPropertyName("eventFrom")] Instant? EventFrom = null,
        [property: JsonPropertyName("valueProperty")] string? ValueProperty = null,
        [property: JsonPropertyName("groupBy")] IReadOnlyDictionary<string, string>? GroupBy = null);

    /// <summary>What can be changed.</summary>
    internal sealed record UpdateMeter(
        [property: JsonPropertyName("name")] string? Name = null,
        [property: JsonPropertyName("description")] string? Description = null,
        [property: JsonPropertyName("metadata")] IReadOnlyDictionary<string, string>? Metadata = null,
        [property: JsonPropertyName("groupBy")] IReadOnlyDictionary<string, string>? GroupBy = null);

    /// <summary>A meter.</summary>
    internal sealed record ShownMeter(
        [property: JsonPropertyName("id")] string Id,
        [property: JsonPropertyName("slug")] string Slug,
        [property: JsonPropertyName("name")] string Name,
        [property: JsonPropertyName("description")] string? Description,
        [property: JsonPropertyName("metadata")] IReadOnlyDictionary<string, string> Metadata,
        [property: JsonPropertyName("aggregation")] MeterAggregation Aggregation,
        [property: JsonPropertyName("eventType")] string EventType,
        [property: JsonPropertyName("valueProperty")] string? ValueProperty,
        [property: JsonPropertyName("groupBy")] IReadOnlyDictionary<string, string> GroupBy,
        [property: JsonPropertyName("createdAt")] Instant CreatedAt,
        [property: JsonPropertyName("updatedAt")] Instant UpdatedAt,
        [property: JsonPropertyName("deletedAt")] Instant? DeletedAt);
}
