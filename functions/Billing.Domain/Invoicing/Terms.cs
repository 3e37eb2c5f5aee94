using Billing.Domain.Contracts;
using Billing.Domain.Pricing;
using Billing.Domain.Values;

namespace Billing.Domain.Invoicing;

/// <summary>Everything that rating a contract needs beside its usage.</summary>
/// <param name="Contract">The deal.</param>
/// <param name="CreditType">Unit of the invoice: the rate card's fiat currency.</param>
/// <param name="RateCardVersion">Of the rates; 0 without a rate card.</param>
/// <param name="Rates">Of the rate card.</param>
/// <param name="Products">By id, every one that has a rate.</param>
/// <param name="Metrics">By id, every one that such a product counts or counted.</param>
public sealed record Terms(
    Contract Contract,
    CreditType CreditType,
    int RateCardVersion,
    RateSchedule Rates,
    IReadOnlyDictionary<string, Product> Products,
    IReadOnlyDictionary<string, PricedMetric> Metrics)
{
    /// <summary>The usage products in the order of the rate card, which is the order of the lines.</summary>
    public IEnumerable<Product> UsageProducts() =>
        Rates.Products.Select(id => Products[id]).Where(p => p.Type == ProductType.Usage);

    /// <summary>The versions that an invoice rated with these terms names.</summary>
    public InvoiceVersions Versions() => new(
        Contract.Version, Contract.RateCardId, RateCardVersion, Products.ToDictionary(p => p.Key, p => p.Value.Updates.Count));
}
