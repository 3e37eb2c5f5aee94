using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Invoicing;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;
using NodaTime.Text;

namespace Billing.Domain.Tests.Invoicing;

/// <summary>Builds what rating needs, January 2026 unless told otherwise; usage is given at instants and cut as the engine asks.</summary>
internal sealed class RatingCase
{
    public static readonly Interval January = new(At("2026-01-01T00"), At("2026-02-01T00"));

    private readonly List<Product> products = [];
    private readonly List<Rate> rates = [];
    private readonly List<PricedMetric> metrics = [];
    private readonly List<(string Product, Instant At, IReadOnlyDictionary<string, string?> Group, decimal Quantity)> events = [];

    public AmountRounding Rounding { get; init; } = AmountRounding.Exact;

    public static Instant At(string hour) => InstantPattern.ExtendedIso.Parse(hour + ":00:00Z").Value;

    public static IReadOnlyDictionary<string, string?> Group(params string[] pairs) =>
        Enumerable.Range(0, pairs.Length / 2).ToDictionary(i => pairs[2 * i], i => (string?)pairs[2 * i + 1]);

    public static Price Tiers(params (int? Size, decimal Price)[] tiers) =>
        new Price.Tiered([.. tiers.Select(t => new Tier(t.Size, t.Price))]);

    public RatingCase Product(
        string id, string[]? pricing = null, string[]? presentation = null, QuantityConversion? conversion = null,
        QuantityRounding? rounding = null, bool wholePeriod = false, ProductType type = ProductType.Usage, params ProductUpdate[] updates)
    {
        var metric = type == ProductType.Usage ? "metric of " + id : null;
        var terms = new ProductTerms(id, metric, pricing ?? [], presentation ?? [], conversion, rounding, []);
        products.Add(new Product(id, type, terms, updates, At("2025-01-01T00"), null, new Dictionary<string, string>()));
        if (metric is not null) metrics.Add(new PricedMetric(metric, wholePeriod, []));
        return this;
    }

    public RatingCase Metric(string id, bool wholePeriod)
    {
        metrics.Add(new PricedMetric(id, wholePeriod, []));
        return this;
    }

    public RatingCase Rate(
        string product, Price price, string from = "2025-01-01T00", string? until = null, bool entitled = true, IReadOnlyDictionary<string, string?>? group = null)
    {
        rates.Add(new Rate(
            $"rate {rates.Count}", product, price, At(from), until is null ? null : At(until), entitled, group ?? Groups.None, Currencies.Usd.Id));
        return this;
    }

    public RatingCase Rate(string product, decimal price, string from = "2025-01-01T00", string? until = null, bool entitled = true, IReadOnlyDictionary<string, string?>? group = null) =>
        Rate(product, new Price.Flat(price), from, until, entitled, group);

    public RatingCase Use(string product, string hour, decimal quantity, IReadOnlyDictionary<string, string?>? group = null)
    {
        events.Add((product, At(hour), group ?? Groups.None, quantity));
        return this;
    }

    public Terms Terms() => new(
        new Contract("contract", "customer", 1, At("2025-01-01T00"), null, "card", new UsageStatementSchedule(BillingFrequency.Monthly),
            null, null, null, Rounding, new Dictionary<string, string>(), At("2025-01-01T00"), null),
        Currencies.Usd, 1, new RateSchedule(rates), products.ToDictionary(p => p.Id), metrics.ToDictionary(m => m.Id));

    /// <summary>What a reader of usage answers: sums, or for a metric that counts over the whole the largest value.</summary>
    public IReadOnlyList<UsageQuantity> Usage(Instant until, Interval? period = null) =>
    [
        .. from asked in Segmenting.Segments(Terms(), period ?? January, until)
           from segment in asked.Segments
           from used in events.Where(e => e.Product == asked.Product.ProductId && segment.Contains(e.At))
               .GroupBy(e => Groups.Key(Groups.Only(e.Group, asked.Product.GroupKeys)))
           select new UsageQuantity(
               asked.Product.ProductId, segment, Groups.Only(used.First().Group, asked.Product.GroupKeys),
               asked.Product.WholePeriod ? used.Max(e => e.Quantity) : used.Sum(e => e.Quantity)),
    ];

    public RatedStatement Rated(string? until = null)
    {
        var end = until is null ? January.End : At(until);
        return Rate(Usage(end), end);
    }

    /// <summary>January with usage that was read elsewhere.</summary>
    public RatedStatement Rate(IReadOnlyList<UsageQuantity> usage, Instant until) =>
        AccountRating.Rate([new Statement(Terms(), InvoiceType.Usage, January)], _ => usage, LedgerTotals.Empty, until, until).Statements[0].Rated;

    /// <summary>Each line as "product [values] from..until tier: quantity x price = total".</summary>
    public string Lines(string? until = null) => string.Join('\n', Rated(until).Lines.Select(Text));

    private static string Text(InvoiceLine l)
    {
        var values = string.Join(",", l.PricingGroupValues.Concat(l.PresentationGroupValues).Select(v => v.Value ?? "none"));
        var tier = l.Tier is null ? "" : $" tier {l.Tier.Level} ({l.Tier.StartingAt}/{l.Tier.Size?.ToString() ?? "-"})";
        return FormattableString.Invariant($"{l.Name}{(values.Length > 0 ? $" [{values}]" : "")} {Day(l.StartingAt)}..{Day(l.EndingBefore)}{tier}: {l.Quantity} x {l.UnitPrice} = {l.Total}");
    }

    private static string Day(Instant at) => InstantPattern.CreateWithInvariantCulture(at.InUtc().Hour == 0 ? "MM-dd" : "MM-dd'T'HH").Format(at);
}
