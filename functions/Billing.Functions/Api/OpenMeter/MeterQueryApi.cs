using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Billing.Domain.Values;
using Billing.Functions.Hosting.Access;
using Billing.Functions.Hosting.Json;
using Billing.Functions.Hosting.OpenApi;
using Billing.UseCases.Access;
using Microsoft.AspNetCore.Mvc;
using NodaTime;

namespace Billing.Functions.Api.OpenMeter;

/// <summary>Usage of a meter, as OpenMeter's API answers it: by subject, group, window and time zone, as JSON or CSV.</summary>
public static class MeterQueryApi
{
    public static void Map(IEndpointRouteBuilder app)
    {
        var meters = app.MapGroup("/api/v1/meters/{meterIdOrSlug}").WithTags("OpenMeter").Needs(Scope.Read);
        meters.MapGet("/query", QueryAsync).WithName("queryMeter").Produces<QueryAnswer>(200, "application/json", "text/csv").AddOpenApiOperationTransformer(OddShapes.FilterGroupByAsync);
        meters.MapPost("/query", QueryPostAsync).WithName("queryMeterPost").Produces<QueryAnswer>(200, "application/json", "text/csv");
        meters.MapGet("/group-by/{groupByKey}/values", ValuesAsync).WithName("listMeterGroupByValues");
        meters.MapGet("/subjects", SubjectsAsync).WithName("listMeterSubjects");
    }

    /// <summary>
    /// Answers a question in the query string. filterGroupBy[key]=value narrows to values of a dimension; advancedMeterGroupByFilters is a JSON object of
    /// dimension → filter, such as {"model":{"$in":["a","b"]}}. Subjects and customers that are asked for are told apart.
    /// </summary>
    internal static Task<IResult> QueryAsync(
        string meterIdOrSlug, HttpContext context, [FromQuery] QueryTime? from, [FromQuery] QueryTime? to, [FromQuery] QueryWord<MeterWindowSize>? windowSize,
        [FromQuery] string? windowTimeZone, [FromQuery] string[]? subject, [FromQuery] string[]? filterCustomerId, [FromQuery] string[]? groupBy,
        [FromQuery] string? advancedMeterGroupByFilters, [FromQuery] string? clientId, QueryMeter query, CancellationToken stop)
    {
        var filters = new Dictionary<string, IReadOnlyList<string>>();
        foreach (var (name, values) in context.Request.Query)
            if (name.StartsWith("filterGroupBy[", StringComparison.Ordinal) && name.EndsWith(']')) filters[name[14..^1]] = [.. values.OfType<string>()];
        IReadOnlyDictionary<string, JsonElement>? advanced = null;
        if (!string.IsNullOrEmpty(advancedMeterGroupByFilters))
        {
            if (!FilterJson.Parse(advancedMeterGroupByFilters, nameof(advancedMeterGroupByFilters)).Is(out var json, out var refusal)) return Task.FromResult<IResult>(Answers.Bare<QueryAnswer>(refusal));
            advanced = json.EnumerateObject().ToDictionary(m => m.Name, m => m.Value);
        }
        var question = new Question(from?.Value, to?.Value, windowSize?.Value, windowTimeZone, subject, filterCustomerId, filters, groupBy, advanced, clientId);
        return AnswerAsync(meterIdOrSlug, question, context, query, stop);
    }

    /// <summary>Answers a question in the body.</summary>
    internal static Task<IResult> QueryPostAsync(string meterIdOrSlug, Question body, HttpContext context, QueryMeter query, CancellationToken stop) =>
        AnswerAsync(meterIdOrSlug, body, context, query, stop);

    /// <summary>The values a dimension had, in the last 24 hours unless from and to say otherwise. A bare array.</summary>
    internal static async Task<Answer<IReadOnlyList<string>>> ValuesAsync(
        string meterIdOrSlug, string groupByKey, [FromQuery] QueryTime? from, [FromQuery] QueryTime? to, QueryMeter query, IClock clock, CancellationToken stop)
    {
        var until = to?.Value ?? clock.GetCurrentInstant() + Duration.FromMinutes(1);
        var question = new Question(from?.Value ?? until - Duration.FromDays(1), until, null, null, null, null, null, [groupByKey]);
        if (!(await query.AskAsync(meterIdOrSlug, question, stop)).Is(out var answer, out var refusal)) return Answers.Bare<IReadOnlyList<string>>(refusal);
        return Answers.Bare(new Outcome<IReadOnlyList<string>>([.. answer.Data.Select(r => r.GroupBy[groupByKey]).OfType<string>().Distinct().Order(StringComparer.Ordinal)]));
    }

    /// <summary>The subjects that have usage of a meter. A bare array.</summary>
    internal static async Task<Answer<IReadOnlyList<string>>> SubjectsAsync(
        string meterIdOrSlug, [FromQuery] QueryTime? from, [FromQuery] QueryTime? to, QueryMeter query, CancellationToken stop)
    {
        if (!(await query.AskAsync(meterIdOrSlug, new Question(from?.Value, to?.Value, GroupBy: [QueryParts.Subject]), stop)).Is(out var answer, out var refusal)) return Answers.Bare<IReadOnlyList<string>>(refusal);
        return Answers.Bare(new Outcome<IReadOnlyList<string>>([.. answer.Data.Select(r => r.Subject).OfType<string>().Distinct().Order(StringComparer.Ordinal)]));
    }

    private static async Task<IResult> AnswerAsync(string meter, Question question, HttpContext context, QueryMeter query, CancellationToken stop)
    {
        var outcome = await query.AskAsync(meter, question, stop);
        if (!outcome.Is(out var answer, out _) || !context.Request.Headers.Accept.ToString().Contains("text/csv", StringComparison.OrdinalIgnoreCase)) return Answers.Bare(outcome);
        return Results.Text(Csv(answer, question), "text/csv; charset=utf-8");
    }

    // RFC 4180; a cell that a spreadsheet would take for a formula is quoted with an apostrophe.
    private static string Csv(QueryAnswer answer, Question question)
    {
        var groups = (question.GroupBy ?? []).Where(g => g is not (QueryParts.Subject or QueryParts.CustomerId)).Distinct().ToList();
        var customers = question.FilterCustomerId is { Count: > 0 } || question.GroupBy?.Contains(QueryParts.CustomerId) == true;
        var text = new StringBuilder("window_start,window_end,subject");
        if (customers) text.Append(",customer_id");
        foreach (var group in groups) text.Append(',').Append(Cell(group));
        text.Append(",value\r\n");
        foreach (var row in answer.Data)
        {
            text.Append(row.WindowStart.ToString("uuuu-MM-ddTHH:mm:ss'Z'", CultureInfo.InvariantCulture)).Append(',')
                .Append(row.WindowEnd.ToString("uuuu-MM-ddTHH:mm:ss'Z'", CultureInfo.InvariantCulture)).Append(',').Append(Cell(row.Subject ?? ""));
            if (customers) text.Append(',').Append(Cell(row.CustomerId ?? ""));
            foreach (var group in groups) text.Append(',').Append(Cell(row.GroupBy[group] ?? ""));
            text.Append(',').Append(ExactDecimal.ToText(row.Value)).Append("\r\n");
        }
        return text.ToString();
    }

    private static string Cell(string value)
    {
        if (value.Length > 0 && "=+-@\t\r".Contains(value[0], StringComparison.Ordinal)) value = "'" + value;
        return value.AsSpan().ContainsAny("\",\r\n") ? $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : value;
    }

    /// <summary>How long a window is.</summary>
    internal enum MeterWindowSize
    {
        Minute,
        Hour,
        Day,
        Month,
    }

    /// <summary>A question to a meter.</summary>
    /// <param name="From">Inclusive; none: from the first usage.</param>
    /// <param name="To">Exclusive; none: to now and what lies ahead.</param>
    /// <param name="WindowSize">None: one row for the whole time.</param>
    /// <param name="WindowTimeZone">An IANA zone; none: UTC.</param>
    /// <param name="FilterCustomerId">Ids of customers; together with subjects, what is both.</param>
    /// <param name="FilterGroupBy">Dimension → values, of which one must hold.</param>
    /// <param name="GroupBy">Dimensions, and the reserved names "subject" and "customer_id".</param>
    /// <param name="AdvancedMeterGroupByFilters">Dimension → filter; not together with filterGroupBy.</param>
    /// <param name="ClientId">Taken, and of no consequence: answers come at once, so there is no progress to follow.</param>
    internal sealed record Question(
        [property: JsonPropertyName("from")] Instant? From = null,
        [property: JsonPropertyName("to")] Instant? To = null,
        [property: JsonPropertyName("windowSize")] MeterWindowSize? WindowSize = null,
        [property: JsonPropertyName("windowTimeZone")] string? WindowTimeZone = null,
        [property: JsonPropertyName("subject")] IReadOnlyList<string>? Subject = null,
        [property: JsonPropertyName("filterCustomerId")] IReadOnlyList<string>? FilterCustomerId = null,
        [property: JsonPropertyName("filterGroupBy")] IReadOnlyDictionary<string, IReadOnlyList<string>>? FilterGroupBy = null,
        [property: JsonPropertyName("groupBy")] IReadOnlyList<string>? GroupBy = null,
        [property: JsonPropertyName("advancedMeterGroupByFilters")] IReadOnlyDictionary<string, JsonElement>? AdvancedMeterGroupByFilters = null,
        [property: JsonPropertyName("clientId")] string? ClientId = null);

    /// <summary>The answer.</summary>
    internal sealed record QueryAnswer(
        [property: JsonPropertyName("from")] Instant? From,
        [property: JsonPropertyName("to")] Instant? To,
        [property: JsonPropertyName("windowSize")] MeterWindowSize? WindowSize,
        [property: JsonPropertyName("data")] IReadOnlyList<QueryRow> Data);

    /// <summary>One aggregate.</summary>
    /// <param name="CustomerId">Only where customers are told apart; usage that is nobody's yet has none.</param>
    internal sealed record QueryRow(
        [property: JsonPropertyName("value")] decimal Value,
        [property: JsonPropertyName("windowStart")] Instant WindowStart,
        [property: JsonPropertyName("windowEnd")] Instant WindowEnd,
        [property: JsonPropertyName("subject"), JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Subject,
        [property: JsonPropertyName("customerId")] string? CustomerId,
        [property: JsonPropertyName("groupBy")] IReadOnlyDictionary<string, string?> GroupBy);
}
