using Billing.Domain.Metering;
using Billing.Domain.Values;
using Billing.Functions.Hosting.Access;
using Billing.Functions.Hosting.Pipeline;
using Billing.UseCases.Access;
using Billing.UseCases.Contracts;
using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.Functions.Api.Metering;

/// <summary>Billable metrics, as Metronome's API has them; each is a meter of the other API too.</summary>
public static class BillableMetricsApi
{
    private const string CursorName = "metrics";

    public static void Map(IEndpointRouteBuilder app)
    {
        var metrics = app.MapGroup("/v1/billable-metrics").WithTags("Billable metrics");
        metrics.MapPost("/create", CreateAsync).Needs(Scope.Write).WithName("createBillableMetric");
        metrics.MapGet("/{billable_metric_id}", RetrieveAsync).Needs(Scope.Read).WithName("getBillableMetric");
        metrics.MapPut("/{billable_metric_id}", RenameAsync).Needs(Scope.Write).WithName("renameBillableMetric");
        metrics.MapGet("", ListAsync).Needs(Scope.Read).WithName("listBillableMetrics");
        app.MapGet("/v1/customers/{customer_id}/billable-metrics", ListOfCustomerAsync).Needs(Scope.Read).WithName("listCustomerBillableMetrics").WithTags("Billable metrics");
        metrics.MapPost("/archive", ArchiveAsync).Needs(Scope.Write).WithName("archiveBillableMetric");
    }

    /// <summary>Defines what is counted. It also counts the events that came before it, from the archive.</summary>
    internal static async Task<Answer<Data<CreatedId>>> CreateAsync(CreateMetric body, Meters meters, Caller caller, FillSoon fill, CancellationToken stop)
    {
        if (!Wanted(body).Is(out var wanted, out var refusal)) return Answers.Of<CreatedId>(refusal);
        var created = await meters.CreateAsync(wanted, caller.Ids, stop);
        if (created.Refusal is null) await fill.TryAsync(stop);
        return Answers.Of(created, m => new CreatedId(m.Meter.Id));
    }

    /// <summary>Reads one metric.</summary>
    internal static async Task<Answer<Data<ShownMetric>>> RetrieveAsync(string billable_metric_id, Meters meters, CancellationToken stop) =>
        Answers.Of(await meters.FindAsync(billable_metric_id, stop), Show);

    /// <summary>Renames a metric; all else of it stays as it was made.</summary>
    internal static async Task<Answer<Data<ShownMetric>>> RenameAsync(string billable_metric_id, RenameMetric body, Meters meters, CancellationToken stop) =>
        (await meters.FindAsync(billable_metric_id, stop)).Is(out var found, out var refusal)
            ? Answers.Of(await meters.RenameAsync(found.Meter.Id, body.Name, found.Description, found.CustomFields, stop), Show)
            : Answers.Of<ShownMetric>(refusal);

    /// <summary>Lists metrics, oldest first; archived ones only on request.</summary>
    internal static async Task<Answer<Listing<ShownMetric>>> ListAsync([AsParameters] PageQuery page, bool? include_archived, Meters meters, CancellationToken stop)
    {
        if (!page.Check(list: CursorName).Is(out var wanted, out var refusal)) return Answers.List<ShownMetric>(refusal);
        var all = (await meters.ListAsync(stop)).Where(m => include_archived == true || m.ArchivedAt is null).ToList();
        var first = wanted.From is null ? 0 : all.FindIndex(m => m.Meter.Id == wanted.From) + 1;
        var shown = all.Skip(first).Take(wanted.Limit).ToList();
        var next = first + shown.Count < all.Count ? shown[^1].Meter.Id : null;
        return Answers.List<ShownMetric>(new Listing<ShownMetric>([.. shown.Select(Show)], PageCursor.Encode(next, CursorName)));
    }

    /// <summary>Lists the metrics that a customer's usage is counted by: every one, for any contract may price them.</summary>
    internal static async Task<Answer<Listing<ShownMetric>>> ListOfCustomerAsync(
        string customer_id, [AsParameters] PageQuery page, bool? include_archived, Customers customers, Meters meters, CancellationToken stop) =>
        (await customers.GetAsync(customer_id, stop)).Is(out _, out var refusal) ? await ListAsync(page, include_archived, meters, stop) : Answers.List<ShownMetric>(refusal);

    /// <summary>Takes a metric off the list. Products that use it go on being counted.</summary>
    internal static async Task<Answer<Data<CreatedId>>> ArchiveAsync(CreatedId body, Meters meters, CancellationToken stop) =>
        Answers.Of(await meters.ArchiveAsync(body.Id, stop), m => new CreatedId(m.Meter.Id));

    internal static ShownMetric Show(MeterDocument of) => new(
        of.Meter.Id, of.Name, of.Meter.Aggregation, of.Meter.Value?.Text,
        of.Meter.EventTypes is null && of.Meter.NotEventTypes is null ? null : new TypeFilter(of.Meter.EventTypes, of.Meter.NotEventTypes),
        [.. of.Meter.Filters.Select(f => new Filter(f.Path.Text, f.Exists, f.In, f.NotIn))],
        [.. of.Meter.Groupings.Select(g => g.Select(d => d.Name).ToList())],
        of.CustomFields, of.ArchivedAt, of.Fill is null ? null : new Filling("filling", of.Fill.Events), of.Meter.BucketSize,
        of.Meter.EventBounds?.Minimum, of.Meter.EventBounds?.Maximum);

    private static Outcome<NewMeter> Wanted(CreateMetric body)
    {
        if (body.Sql is not null)
            return new Refusal("sql_not_offered", "SQL metrics are not offered: use an aggregation with filters and JSONPath values.", "/sql", RefusalKind.NotOffered);
        if (body.AggregationType is not { } aggregation) return new Refusal("invalid_meter", "aggregation_type is missing.", "/aggregation_type");
        PropertyPath? value = null;
        if (body.AggregationKey is { } key && !PropertyPath.Read(key).Is(out value, out var refusal)) return refusal with { Field = "/aggregation_key" };
        var filters = new List<PropertyFilter>();
        foreach (var (filter, i) in (body.PropertyFilters ?? []).Select((f, i) => (f, i)))
        {
            if (!PropertyPath.Read(filter.Name).Is(out var path, out refusal)) return refusal with { Field = $"/property_filters/{i}/name" };
            filters.Add(new PropertyFilter(path, filter.Exists, filter.InValues, filter.NotInValues));
        }
        var groupings = new List<IReadOnlyList<Dimension>>();
        foreach (var (names, i) in (body.GroupKeys ?? []).Select((g, i) => (g, i)))
        {
            var dimensions = new List<Dimension>();
            foreach (var name in names)
            {
                if (!PropertyPath.Read(name).Is(out var path, out refusal)) return refusal with { Field = $"/group_keys/{i}" };
                dimensions.Add(new Dimension(name, path));
            }
            groupings.Add(dimensions);
        }
        return new NewMeter(
            body.Name, null, null, aggregation, body.EventTypeFilter?.InValues, body.EventTypeFilter?.NotInValues, filters, value, groupings,
            body.CustomFields ?? new Dictionary<string, string>()) 
        {
            BucketSize = body.BucketSize,
            EventBounds = body.EventMinimum is null && body.EventMaximum is null ? null : new EventBounds(body.EventMinimum, body.EventMaximum),
        };
    }

    /// <summary>A new name.</summary>
    internal sealed record RenameMetric(string Name);

    /// <summary>An id.</summary>
    internal sealed record CreatedId(string Id);

    /// <summary>Which event types count.</summary>
    internal sealed record TypeFilter(IReadOnlyList<string>? InValues = null, IReadOnlyList<string>? NotInValues = null);

    /// <summary>A rule on one property; all rules must pass.</summary>
    internal sealed record Filter(string Name, bool? Exists = null, IReadOnlyList<string>? InValues = null, IReadOnlyList<string>? NotInValues = null);

    /// <summary>A new metric.</summary>
    /// <param name="AggregationKey">A property's name, or a JSONPath; none for COUNT.</param>
    /// <param name="GroupKeys">Each inner list is one simple or compound group key.</param>
    /// <param name="Sql">Not offered.</param>
    /// <param name="BucketSize">MAX: the sum of the peak of each hour or day (UTC) instead of one peak.</param>
    /// <param name="EventMinimum">SUM: a value below it counts as it.</param>
    /// <param name="EventMaximum">SUM: a value above it counts as it.</param>
    internal sealed record CreateMetric(
        string Name, Aggregation? AggregationType = null, string? AggregationKey = null, TypeFilter? EventTypeFilter = null,
        IReadOnlyList<Filter>? PropertyFilters = null, IReadOnlyList<IReadOnlyList<string>>? GroupKeys = null, string? Sql = null,
        IReadOnlyDictionary<string, string>? CustomFields = null, BucketSize? BucketSize = null, decimal? EventMinimum = null, decimal? EventMaximum = null);

    /// <summary>How far the events before the metric are counted.</summary>
    internal sealed record Filling(string Status, long Events);

    /// <summary>A metric.</summary>
    /// <param name="Backfill">Only while events from before the metric are still being counted.</param>
    internal sealed record ShownMetric(
        string Id, string Name, Aggregation AggregationType, string? AggregationKey, TypeFilter? EventTypeFilter, IReadOnlyList<Filter> PropertyFilters,
        IReadOnlyList<IReadOnlyList<string>> GroupKeys, IReadOnlyDictionary<string, string> CustomFields, Instant? ArchivedAt, Filling? Backfill,
        BucketSize? BucketSize = null, decimal? EventMinimum = null, decimal? EventMaximum = null);
}
