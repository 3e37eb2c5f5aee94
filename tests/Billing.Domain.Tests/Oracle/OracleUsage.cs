using Billing.Domain.Contracts;
using Billing.Domain.Pricing;
using NodaTime;

namespace Billing.Domain.Tests.Oracle;

/// <summary>A line before anything has paid for it.</summary>
/// <param name="Kind">"" for usage.</param>
/// <param name="Time">What pays for it must be open throughout; of a charge, its instant twice.</param>
internal sealed record Gross(string Kind, string Name, Topic Topic, Span Time, Part Part, Ratio Amount, string Unit, Effective? Pricing)
{
    public Span? Shown { get; init; }

    /// <summary>What of it was paid from what cost nothing.</summary>
    public Ratio PaidFree { get; set; }
}

/// <summary>Prices the usage of one statement, tick by tick: a tick is a stretch of time in which nothing can change.</summary>
/// <param name="ticks">All starts of ticks, of the whole world.</param>
/// <param name="mayPay">Names of the segments that may pay for a line of a unit at an instant.</param>
internal sealed class OracleUsage(World world, Contract contract, Card card, Span period, IReadOnlyList<Instant> ticks, Func<Topic, string?, Instant, string> mayPay)
{
    private readonly List<Span> spans = [.. Spans(period, ticks)];

    public List<string> Unrated { get; } = [];

    public List<Gross> Lines()
    {
        var lines = new List<Gross>();
        foreach (var product in Rated(ProductType.Usage))
        {
            var own = new List<Gross>();
            foreach (var group in GroupsOf(product)) RateGroup(product, group, own);
            lines.AddRange(OracleBounds.OfRates(own, product, contract, card, period, spans, world.Until));
        }
        return OracleBounds.OfContract(lines, contract, card, period, world.Until);
    }

    /// <summary>What the card prices, and what the contract alone does.</summary>
    public IEnumerable<Product> Rated(ProductType type) =>
        card.Rates.Select(r => r.ProductId).Concat(
            from made in contract.Overrides
            where made.Change is OverrideChange.Overwrite { Price: not null }
            from id in made.Scope.ProductIds.Concat(made.Scope.Specifiers.Where(s => s.ProductId is not null).Select(s => s.ProductId!))
            select id).Distinct().Select(id => world.Products.First(p => p.Id == id)).Where(p => p.Type == type);

    public static IEnumerable<Span> Spans(Span period, IEnumerable<Instant> ticks)
    {
        var starts = ticks.Where(t => t > period.Start && t < period.End).Append(period.Start).Distinct().Order().ToList();
        for (var i = 0; i < starts.Count; i++) yield return new Span(starts[i], i + 1 < starts.Count ? starts[i + 1] : period.End);
    }

    private static IReadOnlyList<string> Keys(ProductTerms terms) => [.. terms.PricingGroupKey.Concat(terms.PresentationGroupKey).Distinct()];

    private bool Counts(Use use, string? metric)
    {
        if (use.Metric != metric || use.At >= world.Until) return false;
        var filter = contract.UsageFilters.LastOrDefault(f => f.StartingAt <= use.At);
        return filter is null || (use.Group.TryGetValue(filter.GroupKey, out var value) && value is not null && filter.GroupValues.Contains(value));
    }

    private List<Dictionary<string, string?>> GroupsOf(Product product)
    {
        var groups = new List<Dictionary<string, string?>>();
        foreach (var tick in spans.Where(t => t.Start < world.Until))
        {
            var terms = OracleTerms.At(product, tick.Start).Terms;
            if (Keys(terms).Count == 0) Add([]);
            foreach (var use in world.Uses.Where(u => tick.Holds(u.At) && Counts(u, terms.BillableMetricId))) Add(Project(use, terms));
        }
        return [.. groups.OrderBy(g => Words.Values(g), StringComparer.Ordinal)];

        void Add(Dictionary<string, string?> group)
        {
            if (!groups.Exists(g => OracleTerms.Same(g, group))) groups.Add(group);
        }
    }

    private static Dictionary<string, string?> Project(Use use, ProductTerms terms) => Keys(terms).ToDictionary(k => k, k => use.Group.TryGetValue(k, out var value) ? value : null);

    /// <summary>Ticks of one group that follow one another at one price.</summary>
    private sealed record Stretch(Span Time, ProductTerms Terms, Topic Topic, Effective Pricing, Instant Counter, Ratio? Metered);

    private void RateGroup(Product product, Dictionary<string, string?> group, List<Gross> lines)
    {
        var stretches = Stretches(product, group);
        Ratio BilledOf(Stretch s) => OracleTerms.Billed(s.Metered!.Value, s.Terms);
        bool Charged(Stretch s) => s.Metered is not null && s.Pricing.IsCharged;
        foreach (var stretch in stretches)
        {
            if (stretch.Metered is not { } metered) continue;
            if (!stretch.Pricing.IsCharged)
            {
                var reason = stretch.Pricing.Price is null ? "NoRate" : stretch.Pricing.IsEntitled ? "PricedElsewhere" : "NotEntitled";
                if (!metered.IsZero) Unrated.Add($"unrated {product.Id}{BillLine.Values(group, [])} {Words.Time(stretch.Time.Start)} / {Words.Time(stretch.Time.End)}: {metered} {reason}");
                continue;
            }
            // The counter: what was counted before the statement, then every charged stretch since it began.
            var onCounter = stretches.Where(s => Charged(s) && s.Time.Start >= stretch.Counter).ToList();
            var (earlier, any) = BeforePeriod(product, group, stretch);
            var before = earlier + Ratio.Sum(onCounter.TakeWhile(s => s != stretch).Select(BilledOf));
            var total = earlier + Ratio.Sum(onCounter.Select(BilledOf));
            var opens = onCounter[0] == stretch && !any;
            foreach (var part in stretch.Pricing.Price!.Parts(stretch.Pricing.Terms.FreeUnits, before, BilledOf(stretch), total, opens).Where(p => !p.Quantity.IsZero))
            {
                var amount = OracleBounds.Round(part.Quantity * part.Price, stretch.Pricing.Unit!, contract, card);
                lines.Add(new Gross("", stretch.Terms.Name, stretch.Topic, stretch.Time, part, amount, stretch.Pricing.Unit!, stretch.Pricing));
            }
        }
    }

    // A counter that began before the statement: what was metered since, converted and rounded as one quantity.
    private (Ratio Billed, bool Any) BeforePeriod(Product product, Dictionary<string, string?> group, Stretch stretch)
    {
        if (stretch.Counter >= period.Start) return (0, false);
        var terms = OracleTerms.At(product, period.Start).Terms;
        var uses = world.Uses.Where(u => u.At >= stretch.Counter && u.At < period.Start && Counts(u, terms.BillableMetricId) && OracleTerms.Same(Project(u, terms), group)).ToList();
        return (OracleTerms.Billed(Ratio.Sum(uses.Select(u => (Ratio)u.Quantity)), stretch.Terms), uses.Count > 0 || Keys(terms).Count == 0);
    }

    private List<Stretch> Stretches(Product product, Dictionary<string, string?> group)
    {
        var points = new List<(Span Time, ProductTerms Terms, Topic Topic, Effective Pricing, Instant Counter, string Key)>();
        foreach (var tick in spans)
        {
            var (terms, version) = OracleTerms.At(product, tick.Start);
            if (!Keys(terms).ToHashSet().SetEquals(group.Keys)) continue;
            var topic = new Topic(product.Id, terms.Tags, terms.PricingGroupKey.ToDictionary(k => k, k => group[k]), terms.PresentationGroupKey.ToDictionary(k => k, k => group[k]));
            var pricing = OracleTerms.PriceOf(contract, card, topic, tick.Start);
            var counter = pricing.Terms.CounterFrequency is { } frequency && !IsWhole(terms) ? OracleCalendar.PeriodAt(contract.StartingAt, frequency, tick.Start).Start : period.Start;
            var composites = Rated(ProductType.Composite).Where(c => IsPart(c, product, tick.Start)).Select(c => CompositeKey(c, tick.Start));
            var key = string.Join('/', [$"{version}", pricing.Key, mayPay(topic, pricing.Unit, tick.Start), $"{counter}", .. composites]);
            points.Add((tick, terms, topic, pricing, counter, key));
        }
        var metered = points.Select(p => p.Time.Start < world.Until && !IsWhole(p.Terms) ? Sum(p.Time, p.Terms, group) : p.Time.Start < world.Until && group.Count == 0 ? 0 : (Ratio?)null).ToList();
        foreach (var (at, value) in Peaks([.. points.Select(p => (p.Time, p.Terms, p.Pricing.IsCharged))], group)) metered[at] = (metered[at] ?? 0) + value;
        var stretches = new List<Stretch>();
        for (var i = 0; i < points.Count; i++)
        {
            var (time, terms, topic, pricing, counter, key) = points[i];
            if (i > 0 && points[i - 1].Key == key && points[i - 1].Time.End == time.Start)
            {
                var last = stretches[^1];
                var both = last.Metered is null && metered[i] is null ? null : (Ratio?)((last.Metered ?? 0) + (metered[i] ?? 0));
                stretches[^1] = last with { Time = new Span(last.Time.Start, time.End), Metered = both };
            }
            else
            {
                stretches.Add(new Stretch(time, terms, topic, pricing, counter, metered[i]));
            }
        }
        return stretches;
    }

    private bool IsWhole(ProductTerms terms) => world.Metrics.First(m => m.Id == terms.BillableMetricId).WholePeriod;

    // Null where a group was not used; without group keys there always is a sum.
    private Ratio? Sum(Span time, ProductTerms terms, Dictionary<string, string?> group)
    {
        var uses = world.Uses.Where(u => time.Holds(u.At) && Counts(u, terms.BillableMetricId) && OracleTerms.Same(Project(u, terms), group)).ToList();
        return uses.Count == 0 && group.Count > 0 ? null : Ratio.Sum(uses.Select(u => (Ratio)u.Quantity));
    }

    // The largest value of a whole span of one filter counts in its last tick that is known and charged.
    private IEnumerable<(int At, Ratio Value)> Peaks(List<(Span Time, ProductTerms Terms, bool IsCharged)> points, Dictionary<string, string?> group)
    {
        for (var i = 0; i < points.Count;)
        {
            string Filter(int at) => contract.UsageFilters.LastOrDefault(f => f.StartingAt <= points[at].Time.Start) is { } f ? $"{f.GroupKey}={string.Join('|', f.GroupValues)}" : "";
            var end = i + 1;
            while (end < points.Count && Filter(end) == Filter(i)) end++;
            var known = Enumerable.Range(i, end - i).Where(at => points[at].Time.Start < world.Until).ToList();
            var uses = known.Count == 0 || !IsWhole(points[i].Terms) ? [] : world.Uses.Where(u => u.At >= points[i].Time.Start && u.At < points[end - 1].Time.End
                && Counts(u, points[i].Terms.BillableMetricId) && OracleTerms.Same(Project(u, points[i].Terms), group)).ToList();
            if (uses.Count > 0)
            {
                var value = (Ratio)uses.Max(u => u.Quantity);
                var charged = known.Where(at => points[at].IsCharged).ToList();
                yield return (value.IsZero || charged.Count == 0 ? known[^1] : charged[^1], value);
            }
            i = end;
        }
    }

    private bool IsPart(Product composite, Product product, Instant at)
    {
        var (own, tags) = (OracleTerms.At(composite, at).Terms, OracleTerms.At(product, at).Terms.Tags);
        return own.CompositeProductIds.Contains(product.Id) || own.CompositeTags.Any(t => tags.Contains(t));
    }

    private string CompositeKey(Product composite, Instant at)
    {
        var (terms, version) = OracleTerms.At(composite, at);
        var topic = new Topic(composite.Id, terms.Tags);
        var pricing = OracleTerms.PriceOf(contract, card, topic, at);
        return $"{composite.Id}:{version}:{pricing.Key}:{mayPay(topic, pricing.Unit, at)}";
    }

    /// <summary>The shares of composite products in the charges of a statement, before commits and credits paid for those.</summary>
    public List<Gross> Composites(IReadOnlyList<Gross> charges)
    {
        var lines = new List<Gross>();
        foreach (var composite in Rated(ProductType.Composite))
        {
            var (own, before, opens) = (new List<Gross>(), (Ratio)0, true);
            foreach (var time in Merge(spans.Select(t => (t, CompositeKey(composite, t.Start)))).Where(t => t.Start < world.Until))
            {
                var terms = OracleTerms.At(composite, time.Start).Terms;
                var topic = new Topic(composite.Id, terms.Tags);
                var pricing = OracleTerms.PriceOf(contract, card, topic, time.Start);
                if (!pricing.IsCharged) continue;
                var parts = charges.Where(c => c.Unit == pricing.Unit && (terms.CompositeProductIds.Contains(c.Topic.ProductId) || terms.CompositeTags.Any(t => c.Topic.Tags.Contains(t))))
                    .Where(c => time.Holds(c.Time.Start) || (c.Time.Start >= period.End && time.End == period.End) || (c.Time.Start < period.Start && time.Start == period.Start));
                var amount = Ratio.Sum(parts.Select(c => terms.ExcludeFreeUsage ? c.Amount - c.PaidFree : c.Amount));
                foreach (var part in pricing.Price!.Parts(pricing.Terms.FreeUnits, before, amount, before + amount, opens).Where(p => !p.Quantity.IsZero))
                    own.Add(new Gross("", terms.Name, topic, time, part, OracleBounds.Round(part.Quantity * part.Price, pricing.Unit!, contract, card), pricing.Unit!, pricing));
                (before, opens) = (before + amount, false);
            }
            lines.AddRange(OracleBounds.OfRates(own, composite, contract, card, period, spans, world.Until));
        }
        return lines;
    }

    private static List<Span> Merge(IEnumerable<(Span Time, string Key)> points)
    {
        var (merged, last) = (new List<Span>(), (string?)null);
        foreach (var (time, key) in points)
        {
            if (key == last) merged[^1] = new Span(merged[^1].Start, time.End);
            else merged.Add(time);
            last = key;
        }
        return merged;
    }
}
