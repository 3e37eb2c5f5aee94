using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Billing.Domain.Metering;
using Billing.Domain.Values;
using Billing.Functions.Hosting.Access;
using Billing.UseCases.Access;
using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.Functions.Api.Metering;

/// <summary>Usage out, as Metronome's API has it: aggregates, groups, and the fate of single events.</summary>
public static class UsageApi
{
    private const string CursorName = "usage";
    private const int MaxIds = 100;
    private const int PairsPerPage = 100;

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/usage", ListAsync).Needs(Scope.Read).WithName("listUsage").WithTags("Usage");
        app.MapPost("/v1/usage/groups", GroupsAsync).Needs(Scope.Read).WithName("listUsageWithGroups").WithTags("Usage");
        app.MapPost("/v1/events/search", SearchAsync).Needs(Scope.Read).WithName("searchEvents").WithTags("Usage");
    }

    /// <summary>Aggregates by customer, metric and window; a window without usage has the value null.</summary>
    internal static async Task<Answer<Listing<UsageLine>>> ListAsync(
        UsageQuestion body, string? next_page, AskUsage ask, Meters meters, ListUsageOwners owners, CancellationToken stop)
    {
        if (Bounds(body.StartingOn, body.EndingBefore, body.WindowSize) is not { } bounds) return Answers.List<UsageLine>(BadRange);
        if (!PageWanted.Of(next_page, null, list: CursorName).Is(out var page, out var refusal)) return Answers.List<UsageLine>(refusal);
        var start = PlaceOf(page);
        var wanted = new List<(MeterDocument Meter, MetricWanted Wanted)>();
        foreach (var metric in body.BillableMetrics ?? [.. (await meters.ListAsync(stop)).Where(m => m.ArchivedAt is null).Select(m => new MetricWanted(m.Meter.Id))])
        {
            if (!(await meters.FindAsync(metric.Id, stop)).Is(out var meter, out refusal)) return Answers.List<UsageLine>(refusal);
            wanted.Add((meter, metric));
        }
        var customers = body.CustomerIds ?? await AllAsync(owners, stop);
        var lines = new List<UsageLine>();
        var pairs = customers.SelectMany(c => wanted.Select(w => (Customer: c, w.Meter, w.Wanted))).Skip(start).Take(PairsPerPage).ToList();
        foreach (var (customer, meter, metric) in pairs)
        {
            if (!(await LinesAsync(ask, customer, meter, metric, bounds, stop)).Is(out var found, out refusal)) return Answers.List<UsageLine>(refusal);
            lines.AddRange(found);
        }
        var next = start + pairs.Count;
        return Answers.List<UsageLine>(new Listing<UsageLine>(lines, PageCursor.Encode(next < (long)customers.Count * wanted.Count ? $"{next}" : null, CursorName)));
    }

    /// <summary>One customer's aggregates of one metric by a simple or compound group key; windows and groups without usage are left out.</summary>
    internal static async Task<Answer<Listing<GroupLine>>> GroupsAsync(
        GroupsQuestion body, [AsParameters] PageQuery page, AskUsage ask, Meters meters, ReadCurrentPeriod currentPeriod, CancellationToken stop)
    {
        if (!page.Check(list: CursorName).Is(out var wanted, out var refusal)) return Answers.List<GroupLine>(refusal);
        if (!(await meters.FindAsync(body.BillableMetricId, stop)).Is(out var meter, out refusal)) return Answers.List<GroupLine>(refusal);
        if (body.GroupBy is not null && body.GroupKey is not null) return Answers.List<GroupLine>(new Refusal("invalid_group", "Give group_by or group_key, not both.", "/group_by"));
        var (starting, ending) = (body.StartingOn, body.EndingBefore);
        if (body.CurrentPeriod == true)
        {
            if (starting is not null || ending is not null)
                return Answers.List<GroupLine>(new Refusal("invalid_range", "Give current_period or starting_on and ending_before, not both.", "/current_period"));
            if (await currentPeriod(body.CustomerId, stop) is not { } period)
                return Answers.List<GroupLine>(new Refusal("no_current_period", "The customer has no contract in force now: give starting_on and ending_before.", "/current_period"));
            (starting, ending) = (period.Start, period.End);
        }
        if (starting is not { } from || ending is not { } until || Bounds(from, until, body.WindowSize) is not { } bounds) return Answers.List<GroupLine>(BadRange);
        var by = body.GroupKey ?? (body.GroupBy is { } one ? [one.Key] : []);
        var only = (body.GroupFilters ?? new Dictionary<string, IReadOnlyList<string>>()).ToDictionary(f => f.Key, f => UsageGrouping.AnyOf(f.Value));
        if (body.GroupBy?.Values is { } values) only[body.GroupBy.Key] = UsageGrouping.AnyOf(values);
        var answer = await ask.OfCustomerAsync(meter.Meter, body.CustomerId, bounds, new UsageGrouping(by, only), stop);
        if (!answer.Is(out var rows, out refusal)) return Answers.List<GroupLine>(refusal);
        var start = PlaceOf(wanted);
        var shown = rows.Skip(start).Take(wanted.Limit).Select(r => new GroupLine(
            r.Start, r.End, by.Count == 1 ? by[0] : null, by.Count == 1 ? r.Group[0] : null,
            by.Count == 0 ? null : by.Select((k, i) => (k, v: r.Group[i])).ToDictionary(p => p.k, p => p.v),
            r.Value)).ToList();
        return Answers.List<GroupLine>(new Listing<GroupLine>(shown, PageCursor.Encode(start + shown.Count < rows.Count ? $"{start + shown.Count}" : null, CursorName)));
    }

    /// <summary>Every copy received of events with these ids: whose it is, which metrics took it, and whether it was a duplicate. A bare array.</summary>
    internal static async Task<Answer<IReadOnlyList<FoundCopy>>> SearchAsync(
        SearchQuestion body, FindEvents find, MeterCatalog catalog, FindUsageOwner ownerOf, CancellationToken stop)
    {
        if (body.TransactionIds.Count is 0 or > MaxIds)
            return Answers.Bare<IReadOnlyList<FoundCopy>>(new Refusal("invalid_search", $"/transactionIds: 1 to {MaxIds} ids are needed here, not {body.TransactionIds.Count}.", "/transactionIds"));
        var copies = new List<FoundCopy>();
        foreach (var id in body.TransactionIds.Distinct())
            foreach (var found in await find.ByIdAsync(body.Source ?? "", id, stop)) copies.Add(await ShowAsync(found, catalog, ownerOf, stop));
        return Answers.Bare(new Outcome<IReadOnlyList<FoundCopy>>(copies));
    }

    private static async Task<FoundCopy> ShowAsync(FoundEvent found, MeterCatalog catalog, FindUsageOwner ownerOf, CancellationToken stop)
    {
        var owner = await ownerOf(found.Key, found.Time, stop);
        var metrics = new List<BillableMetricsApi.ShownMetric>();
        foreach (var id in found.MeterIds)
            if (await catalog.ReadAsync(id, stop) is { } read) metrics.Add(BillableMetricsApi.Show(read.Meter));
        var json = JsonNode.Parse(found.Json.Span);
        return new FoundCopy(
            $"{found.Partition}/{found.Sequence}/{found.Index}", found.Id, found.Key, found.Type, found.Time, found.EnqueuedAt,
            (json as JsonObject)?[found.Source.Length > 0 ? "data" : "properties"]?.Deserialize<JsonElement>(), found.Verdict is Verdict.Duplicate or Verdict.Conflict,
            found.Verdict == Verdict.Conflict ? true : null, owner is null ? null : new MatchedCustomer(owner.Id, owner.Name), metrics);
    }

    private static async Task<Outcome<IReadOnlyList<UsageLine>>> LinesAsync(
        AskUsage ask, string customer, MeterDocument meter, MetricWanted metric, IReadOnlyList<Instant> bounds, CancellationToken stop)
    {
        var grouping = metric.GroupBy is { } by
            ? new UsageGrouping([by.Key], by.Values is null ? UsageGrouping.None.Only : new Dictionary<string, Func<string?, bool>> { [by.Key] = UsageGrouping.AnyOf(by.Values) })
            : UsageGrouping.None;
        if (!(await ask.OfCustomerAsync(meter.Meter, customer, bounds, grouping, stop)).Is(out var rows, out var refusal)) return refusal;
        // One line a window; its value counts all groups, also those that are not shown.
        var whole = metric.GroupBy is null ? rows : (await ask.OfCustomerAsync(meter.Meter, customer, bounds, UsageGrouping.None, stop)).Value;
        var totals = whole.ToDictionary(r => r.Window, r => r.Value);
        var groups = rows.ToLookup(r => r.Window);
        return new Outcome<IReadOnlyList<UsageLine>>([.. Enumerable.Range(0, bounds.Count - 1).Select(w => new UsageLine(
            customer, meter.Meter.Id, meter.Name, bounds[w], bounds[w + 1], totals.TryGetValue(w, out var value) ? value : null,
            metric.GroupBy is null ? null : groups[w].Where(r => r.Group[0] is not null).ToDictionary(r => r.Group[0]!, r => r.Value)))]);
    }

    private static async Task<IReadOnlyList<string>> AllAsync(ListUsageOwners owners, CancellationToken stop)
    {
        var all = new List<string>();
        for (string? next = null; ;)
        {
            var page = await owners(next, 1_000, stop);
            all.AddRange(page.Ids);
            if ((next = page.Next) is null) return all;
        }
    }

    private static IReadOnlyList<Instant>? Bounds(Instant from, Instant until, UsageWindowSize size) =>
        from < until && IsMinute(from) && IsMinute(until)
            ? UsageWindows.Bounds(from, until, Enum.Parse<WindowSize>(size.ToString()), DateTimeZone.Utc, widen: false) : null;

    private static bool IsMinute(Instant at) => at.ToUnixTimeTicks() % NodaConstants.TicksPerMinute == 0;

    private static readonly Refusal BadRange = new("invalid_range",
        $"Give starting_on before ending_before, on whole minutes, with at most {UsageWindows.MaxWindows} windows between them.", "/starting_on");

    private static int PlaceOf(PageWanted page) => page.From is { } at ? int.Parse(at, CultureInfo.InvariantCulture) : 0;

    /// <summary>How usage is cut; NONE: one window for the whole.</summary>
    internal enum UsageWindowSize
    {
        None,
        Hour,
        Day,
    }

    internal sealed record GroupWanted(string Key, IReadOnlyList<string>? Values = null);

    internal sealed record MetricWanted(string Id, GroupWanted? GroupBy = null);

    /// <summary>Which usage.</summary>
    internal sealed record UsageQuestion(
        Instant StartingOn, Instant EndingBefore, UsageWindowSize WindowSize, IReadOnlyList<MetricWanted>? BillableMetrics = null, IReadOnlyList<string>? CustomerIds = null);

    /// <summary>Which usage, by which group key.</summary>
    /// <param name="CurrentPeriod">True: the billing period of the customer's contract, instead of starting_on and ending_before.</param>
    internal sealed record GroupsQuestion(
        string BillableMetricId, string CustomerId, UsageWindowSize WindowSize, Instant? StartingOn = null, Instant? EndingBefore = null,
        GroupWanted? GroupBy = null, IReadOnlyList<string>? GroupKey = null, IReadOnlyDictionary<string, IReadOnlyList<string>>? GroupFilters = null, bool? CurrentPeriod = null);

    /// <summary>Which events.</summary>
    /// <param name="TransactionIds">transaction_id, or the id of CloudEvents.</param>
    /// <param name="Source">The CloudEvents source; none for events of Metronome's shape.</param>
    internal sealed record SearchQuestion([property: System.Text.Json.Serialization.JsonPropertyName("transactionIds")] IReadOnlyList<string> TransactionIds, string? Source = null);

    /// <summary>One aggregate.</summary>
    internal sealed record UsageLine(
        string CustomerId, string BillableMetricId, string BillableMetricName, Instant StartTimestamp, Instant EndTimestamp,
        [property: System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.Never)] decimal? Value,
        IReadOnlyDictionary<string, decimal>? Groups);

    /// <summary>One aggregate of one group.</summary>
    internal sealed record GroupLine(Instant StartingOn, Instant EndingBefore, string? GroupKey, string? GroupValue, IReadOnlyDictionary<string, string?>? Group, decimal Value);

    internal sealed record MatchedCustomer(string Id, string Name);

    /// <summary>One copy of an event.</summary>
    /// <param name="Conflict">True for a copy whose content differs from the counted one.</param>
    internal sealed record FoundCopy(
        string Id, string TransactionId, string CustomerId, string EventType, Instant Timestamp, Instant ProcessedAt, JsonElement? Properties, bool IsDuplicate,
        bool? Conflict, MatchedCustomer? MatchedCustomer, IReadOnlyList<BillableMetricsApi.ShownMetric> MatchedBillableMetrics);
}
