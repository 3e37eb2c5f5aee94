using Billing.Domain.Values;

namespace Billing.Domain.Pricing;

/// <summary>Chooses rates; every member that is given must fit. Of several selectors one is enough.</summary>
/// <param name="ProductTags">Any of them.</param>
/// <param name="PricingGroupValues">All values, and no other.</param>
/// <param name="PartialPricingGroupValues">These values, and perhaps others.</param>
public sealed record RateSelector(
    string? ProductId = null,
    IReadOnlyList<string>? ProductTags = null,
    IReadOnlyDictionary<string, string>? PricingGroupValues = null,
    IReadOnlyDictionary<string, string>? PartialPricingGroupValues = null,
    BillingFrequency? BillingFrequency = null)
{
    public bool Matches(Rate rate, Product product) =>
        (ProductId is null || ProductId == product.Id)
        && (BillingFrequency is null || BillingFrequency == rate.Terms.BillingFrequency)
        && (ProductTags is null || product.At(rate.StartingAt).Tags.Intersect(ProductTags, StringComparer.Ordinal).Any())
        && (PricingGroupValues is null || (PricingGroupValues.Count == rate.PricingGroupValues.Count && Has(rate, PricingGroupValues)))
        && (PartialPricingGroupValues is null || Has(rate, PartialPricingGroupValues));

    private static bool Has(Rate rate, IReadOnlyDictionary<string, string> values) =>
        values.All(v => rate.PricingGroupValues.TryGetValue(v.Key, out var value) && value == v.Value);
}
