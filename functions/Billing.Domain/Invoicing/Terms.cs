using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Domain.Values;

namespace Billing.Domain.Invoicing;

/// <summary>Everything that rating a contract needs beside its usage.</summary>
/// <param name="Contract">The deal.</param>
/// <param name="CreditType">Unit of the invoice: the rate card's fiat currency.</param>
/// <param name="RateCardVersion">Of the rates; 0 without a rate card.</param>
/// <param name="Rates">Of the rate card.</param>
/// <param name="Products">By id, every one that has a rate or is named by the contract or its commits.</param>
/// <param name="Metrics">By id, every one that such a product counts or counted.</param>
public sealed record Terms(
    Contract Contract,
    CreditType CreditType,
    int RateCardVersion,
    RateSchedule Rates,
    IReadOnlyDictionary<string, Product> Products,
    IReadOnlyDictionary<string, PricedMetric> Metrics)
{
    /// <summary>What the contract's lines may draw from, the customer's and the grants of recurring commits included.</summary>
    public IReadOnlyList<Commit> Commits { get; init; } = [];

    /// <summary>Of a renewal whose rollovers are not settled yet: the commits they come from; none once they are.</summary>
    public IReadOnlyList<Commit> RolledOverFrom { get; init; } = [];

    /// <summary>Prices of custom pricing units.</summary>
    public IReadOnlyList<CreditTypeConversion> Conversions { get; init; } = [];

    /// <summary>Names of custom pricing units, by id.</summary>
    public IReadOnlyDictionary<string, string> UnitNames { get; init; } = new Dictionary<string, string>();

    /// <summary>Of the rate card.</summary>
    public IReadOnlyList<string> ProductOrder { get; init; } = [];

    /// <summary>True when something that it prices grows with time alone.</summary>
    public bool Accrues => Metrics.Values.Any(m => m.Accrues);

    /// <summary>Products of a type that have prices: rates in the order of the rate card, which is the order of the lines, then overwrites of the contract alone.</summary>
    public IEnumerable<Product> Rated(ProductType type)
    {
        var order = ProductOrder.Count == 0 ? Rates.Products : [.. ProductOrder.Where(Rates.Products.Contains), .. Rates.Products.Except(ProductOrder)];
        return order.Concat(Contract.OverwrittenProducts().Except(order)).Select(id => Products[id]).Where(p => p.Type == type);
    }

    /// <summary>An amount as it leaves the rating: rounded as the contract says where it is in the invoice's currency; custom units are never rounded.</summary>
    public decimal Round(decimal exactAmount, string creditTypeId) => IsFiat(creditTypeId) ? Contract.Rounding.Of(exactAmount, CreditType) : exactAmount;

    /// <summary>What can be drawn of a balance in a unit: see <see cref="AmountRoundings.Drawable"/>; custom units are never rounded.</summary>
    public decimal Drawable(decimal left, string creditTypeId) => IsFiat(creditTypeId) ? Contract.Rounding.Drawable(left, CreditType) : left;

    /// <summary>True for the invoice's currency.</summary>
    public bool IsFiat(string creditTypeId) => string.Equals(creditTypeId, CreditType.Id, StringComparison.OrdinalIgnoreCase);

    /// <summary>What lines come to in the invoice's currency.</summary>
    public decimal Total(IEnumerable<InvoiceLine> lines) => Exact.Sum(lines.Where(l => l.Counts && IsFiat(l.CreditTypeId)).Select(l => l.Total));

    /// <summary>What a commit is called on invoices.</summary>
    public string NameOf(Commit commit) => commit.Name ?? NameOf(commit.ProductId, commit.Access[0].StartingAt);

    /// <summary>What a product is called at an instant.</summary>
    public string NameOf(string productId, NodaTime.Instant at) => Products.TryGetValue(productId, out var product) ? product.At(at).Name : productId;

    /// <summary>The versions that an invoice rated with these terms names.</summary>
    public InvoiceVersions Versions() => new(
        Contract.Version, Contract.RateCardId, RateCardVersion,
        Products.ToDictionary(p => p.Key, p => p.Value.Updates.Count),
        Commits.Where(c => c.RecurringCommitId is null || c.Version > Grants.Derived).ToDictionary(c => c.Id, c => c.Version));
}
