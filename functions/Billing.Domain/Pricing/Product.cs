using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Pricing;

public enum ProductType
{
    /// <summary>Priced on the usage of a billable metric.</summary>
    Usage,

    /// <summary>Priced by a schedule: commits, credits, charges.</summary>
    Fixed,

    /// <summary>A quantity (seats) for a period.</summary>
    Subscription,

    /// <summary>A share of what other products cost.</summary>
    Composite,

    /// <summary>Work by people, billed when it is done.</summary>
    [Alias("pro_service")]
    ProfessionalService,
}

/// <summary>What a product says at one time.</summary>
/// <param name="Name">On the invoice line.</param>
/// <param name="BillableMetricId">USAGE only: what is counted.</param>
/// <param name="PricingGroupKey">USAGE only: properties that a rate depends on.</param>
/// <param name="PresentationGroupKey">USAGE only: further properties that split lines, at one rate.</param>
/// <param name="QuantityConversion">USAGE only.</param>
/// <param name="QuantityRounding">USAGE only.</param>
/// <param name="Tags">For overrides and commits that name tags.</param>
public sealed record ProductTerms(
    string Name,
    string? BillableMetricId,
    IReadOnlyList<string> PricingGroupKey,
    IReadOnlyList<string> PresentationGroupKey,
    QuantityConversion? QuantityConversion,
    QuantityRounding? QuantityRounding,
    IReadOnlyList<string> Tags)
{
    /// <summary>COMPOSITE only: products whose charges it is a share of.</summary>
    public IReadOnlyList<string> CompositeProductIds { get; init; } = [];

    /// <summary>COMPOSITE only: the same by tag, any of them.</summary>
    public IReadOnlyList<string> CompositeTags { get; init; } = [];

    /// <summary>COMPOSITE only: true leaves out usage that a free credit or commit paid.</summary>
    public bool ExcludeFreeUsage { get; init; }

    /// <summary>For display: whether money for it may be given back.</summary>
    public bool IsRefundable { get; init; } = true;

    /// <summary>True when the product is one of the parts of this composite.</summary>
    public bool HasPart(string productId, IReadOnlyList<string> tags) =>
        CompositeProductIds.Contains(productId) || CompositeTags.Any(t => tags.Contains(t));

    /// <summary>Pricing and presentation keys, in this order, each once: one compound group key of the metric.</summary>
    public IReadOnlyList<string> GroupKeys() => [.. PricingGroupKey.Union(PresentationGroupKey, StringComparer.Ordinal)];
}

/// <summary>A new value of a member; a null value takes away what was there.</summary>
public sealed record Changed<T>(T? Value);

/// <summary>A change of a product from an hour on; a member that is null stays as it was.</summary>
public sealed record ProductUpdate(Instant StartingAt, Instant CreatedAt)
{
    /// <summary>Name of the API key that made it; null: the system.</summary>
    public string? CreatedBy { get; init; }

    public string? Name { get; init; }

    public string? BillableMetricId { get; init; }

    public IReadOnlyList<string>? PricingGroupKey { get; init; }

    public IReadOnlyList<string>? PresentationGroupKey { get; init; }

    public Changed<QuantityConversion>? QuantityConversion { get; init; }

    public Changed<QuantityRounding>? QuantityRounding { get; init; }

    public IReadOnlyList<string>? Tags { get; init; }

    public IReadOnlyList<string>? CompositeProductIds { get; init; }

    public IReadOnlyList<string>? CompositeTags { get; init; }

    public bool? ExcludeFreeUsage { get; init; }

    public bool? IsRefundable { get; init; }

    internal ProductTerms Apply(ProductTerms before) => before with
    {
        Name = Name ?? before.Name,
        BillableMetricId = BillableMetricId ?? before.BillableMetricId,
        PricingGroupKey = PricingGroupKey ?? before.PricingGroupKey,
        PresentationGroupKey = PresentationGroupKey ?? before.PresentationGroupKey,
        QuantityConversion = QuantityConversion is null ? before.QuantityConversion : QuantityConversion.Value,
        QuantityRounding = QuantityRounding is null ? before.QuantityRounding : QuantityRounding.Value,
        Tags = Tags ?? before.Tags,
        CompositeProductIds = CompositeProductIds ?? before.CompositeProductIds,
        CompositeTags = CompositeTags ?? before.CompositeTags,
        ExcludeFreeUsage = ExcludeFreeUsage ?? before.ExcludeFreeUsage,
        IsRefundable = IsRefundable ?? before.IsRefundable,
    };
}

/// <summary>What is sold. Its terms have a history: <see cref="Initial"/> from the beginning, then one update after another.</summary>
/// <param name="Updates">As they were added; the n-th version of the product has n of them.</param>
public sealed record Product(
    string Id,
    ProductType Type,
    ProductTerms Initial,
    IReadOnlyList<ProductUpdate> Updates,
    Instant CreatedAt,
    Instant? ArchivedAt,
    IReadOnlyDictionary<string, string> CustomFields)
{
    /// <summary>Name of the API key that made it; null: the system.</summary>
    public string? CreatedBy { get; init; }

    /// <summary>What holds at an instant. Order: by start; of two that start together the one added last counts.</summary>
    public ProductTerms At(Instant at) =>
        Updates.Where(u => u.StartingAt <= at).OrderBy(u => u.StartingAt).Aggregate(Initial, (terms, update) => update.Apply(terms));

    /// <summary>The refusal for a product that cannot be sold so, or null.</summary>
    public static Refusal? Check(ProductType type, ProductTerms terms)
    {
        if (string.IsNullOrWhiteSpace(terms.Name)) return new Refusal("name_missing", "A product needs a name.", "/name");
        if (type == ProductType.Usage && string.IsNullOrEmpty(terms.BillableMetricId))
        {
            return new Refusal("metric_missing", "A USAGE product needs a billable metric.", "/billable_metric_id");
        }
        var metered = terms.BillableMetricId is not null || terms.GroupKeys().Count > 0
            || terms.QuantityConversion is not null || terms.QuantityRounding is not null;
        if (type != ProductType.Usage && metered)
        {
            return new Refusal("not_a_usage_product", "Only a USAGE product has a metric, group keys, a conversion or a rounding.", "/type");
        }
        var parts = terms.CompositeProductIds.Count + terms.CompositeTags.Count;
        if (type == ProductType.Composite != parts > 0)
        {
            return type == ProductType.Composite
                ? new Refusal("composite_parts_missing", "A COMPOSITE product names composite_product_ids or composite_tags.", "/composite_product_ids")
                : new Refusal("not_a_composite_product", "Only a COMPOSITE product has composite_product_ids or composite_tags.", "/type");
        }
        if (terms.GroupKeys().Any(string.IsNullOrEmpty))
        {
            return new Refusal("empty_group_key", "A group key names a property; it cannot be empty.", "/pricing_group_key");
        }
        return BilledQuantity.Check(terms.QuantityConversion, terms.QuantityRounding);
    }

    /// <summary>The refusal for an update, or null.</summary>
    public Refusal? Check(ProductUpdate update) =>
        ArchivedAt is not null
            ? new Refusal("product_archived", "An archived product cannot be changed.", "/product_id", RefusalKind.Conflict)
            : Hours.Check(update.StartingAt, "/starting_at") ?? CheckVersions(this with { Updates = [.. Updates, update] });

    /// <summary>Every version from some update's start on must hold: an update in the past meets later ones.</summary>
    private static Refusal? CheckVersions(Product product) =>
        product.Updates.Select(u => Check(product.Type, product.At(u.StartingAt))).FirstOrDefault(r => r is not null);
}
