using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Pricing;

/// <summary>What a rate says beyond its price; all of it optional.</summary>
public sealed record RateTerms
{
    public static readonly RateTerms None = new();

    /// <summary>The price of what is drawn from a commit whose rate type is COMMIT_RATE; null: the list price.</summary>
    public Price? CommitRate { get; init; }

    /// <summary>Of a SUBSCRIPTION product: the length of one charged period.</summary>
    public BillingFrequency? BillingFrequency { get; init; }

    /// <summary>Units of the counter's period that cost nothing; they come off before tiers and packages. ≥ 0.</summary>
    public decimal FreeUnits { get; init; }

    /// <summary>What all usage at this rate costs at the least in a complete statement period; null: no minimum.</summary>
    public decimal? Minimum { get; init; }

    /// <summary>What all usage at this rate costs at the most in a statement period; null: no maximum.</summary>
    public decimal? Maximum { get; init; }

    /// <summary>How long free units, tiers and packages are counted on: null for the statement period. The counter starts at the contract's start and every period after.</summary>
    public BillingFrequency? CounterFrequency { get; init; }
}

/// <summary>The price of a product on a rate card for a time.</summary>
/// <remarks>Rates are only ever added; where two cover the same time, the one added last counts.</remarks>
/// <param name="Id">Unique.</param>
/// <param name="ProductId">What is priced.</param>
/// <param name="Price">How.</param>
/// <param name="StartingAt">On the hour.</param>
/// <param name="EndingBefore">On the hour; null for no end.</param>
/// <param name="Entitled">False: known by this price, but not sold; its usage is not charged.</param>
/// <param name="PricingGroupValues">A value for each of the product's pricing group keys.</param>
/// <param name="CreditTypeId">Unit of the price: the card's currency, or a custom pricing unit that the card converts.</param>
public sealed record Rate(
    string Id,
    string ProductId,
    Price Price,
    Instant StartingAt,
    Instant? EndingBefore,
    bool Entitled,
    IReadOnlyDictionary<string, string?> PricingGroupValues,
    string CreditTypeId)
{
    public RateTerms Terms { get; init; } = RateTerms.None;

    /// <summary>True from its start to before its end.</summary>
    public bool Covers(Instant at) => StartingAt <= at && !(EndingBefore <= at);

    /// <summary>The refusal for a rate that cannot be added to a card, or null.</summary>
    public Refusal? Check(RateCard card, Product product)
    {
        if (card.ArchivedAt is not null)
        {
            return new Refusal("rate_card_archived", "An archived rate card takes no new rates.", "/rate_card_id", RefusalKind.Conflict);
        }
        if (product.ArchivedAt is not null)
        {
            return new Refusal("product_archived", "An archived product takes no new rates.", "/product_id", RefusalKind.Conflict);
        }
        var keys = product.At(StartingAt).PricingGroupKey.ToHashSet(StringComparer.Ordinal);
        if (!keys.SetEquals(PricingGroupValues.Keys) || PricingGroupValues.Values.Any(v => v is null))
        {
            return new Refusal(
                "group_values_differ", $"The rate needs a value for each pricing group key of its product, and no other: [{string.Join(", ", keys)}].", "/pricing_group_values");
        }
        if (!card.Takes(CreditTypeId))
        {
            return new Refusal(
                "credit_type_not_on_card", "The unit of a rate is the card's currency or a custom pricing unit that the card has a conversion for.", "/credit_type_id");
        }
        return Hours.Check(StartingAt, "/starting_at") ?? Hours.Check(EndingBefore, "/ending_before")
            ?? Hours.CheckOrder(StartingAt, EndingBefore, "/ending_before") ?? Price.Check() ?? CheckType(product.Type) ?? CheckTerms();
    }

    private Refusal? CheckType(ProductType type) => (type, Price) switch
    {
        (ProductType.Usage, Price.Subscription) => WrongType("A SUBSCRIPTION rate belongs to a SUBSCRIPTION product."),
        (ProductType.Usage, _) => null,
        (ProductType.Subscription, Price.Flat) when Terms.BillingFrequency is null or BillingFrequency.Daily =>
            new Refusal("billing_frequency_missing", "The rate of a SUBSCRIPTION product needs a billing_frequency, WEEKLY at the most.", "/billing_frequency"),
        (ProductType.Subscription, Price.Flat or Price.Subscription) => null,
        (ProductType.Subscription, _) => WrongType("A SUBSCRIPTION product has FLAT rates."),
        (ProductType.Composite, Price.Percentage or Price.TieredPercentage) => null,
        (ProductType.Composite, _) => WrongType("A COMPOSITE product has PERCENTAGE or TIERED_PERCENTAGE rates."),
        _ => new Refusal("not_a_rated_product", "FIXED and PROFESSIONAL_SERVICE products are priced where they are scheduled; they have no rates.", "/product_id"),
    };

    private Refusal? CheckTerms()
    {
        if (Terms.CommitRate is not null and not (Price.Flat or Price.Tiered))
            return new Refusal("bad_commit_rate", "A commit rate is FLAT or TIERED.", "/commit_rate/rate_type");
        if (Terms.CommitRate is not null && (Price is not (Price.Flat or Price.Tiered) || Terms.FreeUnits != 0))
            return new Refusal("bad_commit_rate", "Only a FLAT or TIERED rate without free units has a commit rate.", "/commit_rate");
        if (Terms.CounterFrequency is not null && Price is Price.Volume)
            return new Refusal("volume_counter", "A VOLUME rate is counted over the statement period.", "/counter_frequency");
        if (Terms.FreeUnits < 0) return new Refusal("negative_free_units", "Free units are 0 or more.", "/free_units");
        if (Terms.Minimum < 0 || Terms.Maximum < 0) return new Refusal("negative_bound", "A minimum or maximum is 0 or more.", Terms.Minimum < 0 ? "/minimum" : "/maximum");
        return Terms.Maximum < Terms.Minimum
            ? new Refusal("maximum_below_minimum", "The maximum must not be below the minimum.", "/maximum")
            : Terms.CommitRate?.Check();
    }

    private static Refusal WrongType(string detail) => new("wrong_rate_type", detail, "/rate_type");
}
