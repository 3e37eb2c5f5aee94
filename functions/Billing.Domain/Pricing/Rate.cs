using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Pricing;

/// <summary>The price of a product on a rate card for a time.</summary>
/// <remarks>Rates are only ever added; where two cover the same time, the one added last counts.</remarks>
/// <param name="Id">Unique.</param>
/// <param name="ProductId">What is priced.</param>
/// <param name="Price">How.</param>
/// <param name="StartingAt">On the hour.</param>
/// <param name="EndingBefore">On the hour; null for no end.</param>
/// <param name="Entitled">False: known by this price, but not sold; its usage is not charged.</param>
/// <param name="PricingGroupValues">A value for each of the product's pricing group keys.</param>
/// <param name="CreditTypeId">Unit of the price.</param>
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
        if (product.Type != ProductType.Usage)
        {
            return new Refusal("not_a_usage_product", "Only a USAGE product has a FLAT or TIERED rate; FIXED products are priced where they are scheduled.", "/product_id");
        }
        var keys = product.At(StartingAt).PricingGroupKey.ToHashSet(StringComparer.Ordinal);
        if (!keys.SetEquals(PricingGroupValues.Keys) || PricingGroupValues.Values.Any(v => v is null))
        {
            return new Refusal(
                "group_values_differ", $"The rate needs a value for each pricing group key of its product, and no other: [{string.Join(", ", keys)}].", "/pricing_group_values");
        }
        if (!string.Equals(CreditTypeId, card.FiatCreditTypeId, StringComparison.OrdinalIgnoreCase))
        {
            return new Refusal("not_the_cards_currency", "Rates in custom pricing units are not offered; leave credit_type_id out.", "/credit_type_id", RefusalKind.NotOffered);
        }
        return Hours.Check(StartingAt, "/starting_at") ?? Hours.Check(EndingBefore, "/ending_before")
            ?? Hours.CheckOrder(StartingAt, EndingBefore, "/ending_before") ?? Price.Check();
    }
}
