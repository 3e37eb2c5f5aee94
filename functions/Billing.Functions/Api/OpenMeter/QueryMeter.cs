using Billing.Domain.Metering;
using Billing.Domain.Values;
using Billing.UseCases.Documents;
using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.Functions.Api.OpenMeter;

/// <summary>Answers a meter question of OpenMeter's API.</summary>
public sealed class QueryMeter(Meters meters, AskUsage ask, QueryParts parts, IDocumentStore documents, IClock clock)
{
    private static readonly Duration Ahead = Duration.FromHours(25);

    internal async Task<Outcome<MeterQueryApi.QueryAnswer>> AskAsync(string idOrSlug, MeterQueryApi.Question question, CancellationToken stop)
    {
        if (!(await meters.FindAsync(idOrSlug, stop)).Is(out var meter, out var refusal)) return refusal;
        if (!BoundsOf(question, question.From ?? await Installation.EarliestUsageAsync(documents, stop)).Is(out var bounds, out refusal)) return refusal;
        if (!OnlyOf(question).Is(out var only, out refusal)) return refusal;
        if (await parts.UnknownCustomerAsync(question, stop) is { } unknown)
            return new Refusal("customer_not_found", $"There is no customer '{unknown}'.", "filterCustomerId", RefusalKind.NotFound);
        var by = (question.GroupBy ?? []).Where(g => g is not (QueryParts.Subject or QueryParts.CustomerId)).Distinct().ToList();
        var grouping = new UsageGrouping(by, only);
        var rows = new List<MeterQueryApi.QueryRow>();
        await foreach (var part in parts.OfAsync(question, stop))
        {
            var answer = part.Keys is { } keys
                ? await ask.OfKeysAsync(meter.Meter, keys, bounds, grouping, stop)
                : await ask.OfAllAsync(meter.Meter, bounds, grouping, stop);
            if (!answer.Is(out var found, out refusal)) return refusal;
            rows.AddRange(found.Select(r => new MeterQueryApi.QueryRow(
                r.Value, r.Start, r.End, part.Subject, part.CustomerId, by.Select((k, i) => (k, v: r.Group[i])).ToDictionary(p => p.k, p => p.v))));
        }
        return new MeterQueryApi.QueryAnswer(question.From, question.To, question.WindowSize, [.. rows.OrderBy(r => r.WindowStart)]);
    }

    private static Outcome<IReadOnlyDictionary<string, Func<string?, bool>>> OnlyOf(MeterQueryApi.Question question)
    {
        var only = (question.FilterGroupBy ?? new Dictionary<string, IReadOnlyList<string>>()).ToDictionary(f => f.Key, f => UsageGrouping.AnyOf(f.Value));
        if (question.AdvancedMeterGroupByFilters is not { Count: > 0 } advanced) return new Outcome<IReadOnlyDictionary<string, Func<string?, bool>>>(only);
        if (only.Count > 0) return new Refusal("filters_combined", "Give filterGroupBy or advancedMeterGroupByFilters, not both.", "advancedMeterGroupByFilters");
        foreach (var (dimension, filter) in advanced)
        {
            if (!FilterJson.Text(filter, $"advancedMeterGroupByFilters/{dimension}").Is(out var test, out var refusal)) return refusal;
            only[dimension] = test;
        }
        return new Outcome<IReadOnlyDictionary<string, Func<string?, bool>>>(only);
    }

    private Outcome<IReadOnlyList<Instant>> BoundsOf(MeterQueryApi.Question question, Instant start)
    {
        var size = question.WindowSize is { } wanted ? Enum.Parse<WindowSize>(wanted.ToString()) : WindowSize.None;
        var zone = DateTimeZoneProviders.Tzdb.GetZoneOrNull(question.WindowTimeZone ?? "UTC");
        if (zone is null) return new Refusal("invalid_time_zone", $"There is no time zone '{question.WindowTimeZone}': use an IANA name such as Europe/Berlin.", "windowTimeZone");
        var from = Down(start);
        var until = Up(question.To ?? clock.GetCurrentInstant() + Ahead);
        if (from >= until) return new Refusal("invalid_range", "from must be before to.", "from");
        // Without a start, windows begin at the first month that can have usage.
        if (question.From is null && size == WindowSize.Minute) return new Refusal("invalid_range", "Windows of a minute need a from.", "from");
        return UsageWindows.Bounds(from, until, size, zone, widen: true) is { } bounds
            ? new Outcome<IReadOnlyList<Instant>>(bounds)
            : new Refusal("too_many_windows", $"The range has more than {UsageWindows.MaxWindows} windows: ask for less time or larger windows.", "windowSize");
    }

    private static Instant Down(Instant at) => at - Duration.FromTicks(((at.ToUnixTimeTicks() % NodaConstants.TicksPerMinute) + NodaConstants.TicksPerMinute) % NodaConstants.TicksPerMinute);

    private static Instant Up(Instant at) => Down(at) == at ? at : Down(at) + Duration.FromMinutes(1);
}
