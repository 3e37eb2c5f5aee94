using Billing.Domain.Contracts;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Invoicing;

/// <summary>What a contract pays for a product, and how long it stays so.</summary>
/// <param name="RateCardId">Of the contract; null when it has none.</param>
/// <param name="Rate">Of the rate card; of a product that only the contract prices, its overwrite as a rate.</param>
/// <param name="By">The override that changes it; null: the list price counts.</param>
/// <param name="Price">What counts where <paramref name="By"/> is given.</param>
/// <param name="CreditTypeId">Of the price that counts.</param>
/// <param name="StartingAt">From here on neither rate nor override changes.</param>
/// <param name="EndingBefore">Null when nothing is known to change it.</param>
public sealed record ContractRate(string? RateCardId, Product Product, Rate Rate, Override? By, Price Price, string CreditTypeId, bool IsEntitled, Instant StartingAt, Instant? EndingBefore);

/// <summary>The prices of a contract: the same choice of rate and override that its lines are rated with.</summary>
public static class ContractRates
{
    /// <summary>The prices in force at an instant, product by product; those for what is drawn from some commits only are left out.</summary>
    /// <param name="contract">The contract.</param>
    /// <param name="rates">Of its card.</param>
    /// <param name="products">By id; those of the rates and of overwrites.</param>
    /// <param name="order">Of the card.</param>
    /// <param name="currency">Of the card.</param>
    /// <param name="at">When.</param>
    public static IReadOnlyList<ContractRate> At(Contract contract, RateSchedule rates, IReadOnlyDictionary<string, Product> products, IReadOnlyList<string> order, string currency, Instant at)
    {
        var book = new PriceBook(contract, rates, currency);
        var all = new List<ContractRate>();
        foreach (var id in order.Where(rates.Products.Contains).Union(rates.Products).Union(contract.OverwrittenProducts()))
        {
            var known = new HashSet<string>(StringComparer.Ordinal);
            foreach (var rate in rates.InForce(id, at).Concat(Overwrites(contract, id, at)))
            {
                if (known.Add(rate.Terms.BillingFrequency + Groups.Key(rate.PricingGroupValues)) && Of(contract, book, rates, products[id], rate, at) is { } row) all.Add(row);
            }
        }
        return all;
    }

    /// <summary>The price of a subscription's period that starts at an instant; null when nothing prices it.</summary>
    public static decimal? OfSubscription(Contract contract, RateSchedule rates, string currency, Product product, BillingFrequency frequency, Instant start) =>
        new PriceBook(contract, rates, currency).Of(new LineSubject(product.Id, product.At(start).Tags, BillingFrequency: frequency), Groups.None, start) is { IsEntitled: true, Price: Price.Flat price } ? price.UnitPrice : null;

    private static ContractRate? Of(Contract contract, PriceBook book, RateSchedule rates, Product product, Rate rate, Instant at)
    {
        LinePricing Pricing(Instant when) => book.Of(Subject(product, rate, when), rate.PricingGroupValues, when);
        var now = Pricing(at);
        if (now.Price is not { } price) return null;
        var cuts = rates.Of(product.Id).SelectMany(r => Edges(r.StartingAt, r.EndingBefore))
            .Concat(contract.Overrides.SelectMany(o => Edges(o.StartingAt, o.EndingBefore))).Distinct().Order().ToList();
        var start = rate.StartingAt;
        foreach (var cut in cuts.Where(c => c <= at).Reverse())
        {
            if (!Pricing(cut).IsSameAs(now)) break;
            start = cut;
        }
        var end = cuts.Where(c => c > at).Cast<Instant?>().FirstOrDefault(c => !Pricing(c!.Value).IsSameAs(now));
        return new ContractRate(contract.RateCardId, product, rate, now.By, price, now.CreditTypeId ?? rate.CreditTypeId, now.IsEntitled, start, end);
    }

    // Usage has group values, what is no usage has none.
    private static LineSubject Subject(Product product, Rate rate, Instant at) => product.Type == ProductType.Usage
        ? new LineSubject(product.Id, product.At(at).Tags, rate.PricingGroupValues, Groups.None)
        : new LineSubject(product.Id, product.At(at).Tags, BillingFrequency: rate.Terms.BillingFrequency);

    /// <summary>Overwrites of a product as rates, for what the card does not price.</summary>
    private static IEnumerable<Rate> Overwrites(Contract contract, string productId, Instant at)
    {
        foreach (var of in contract.Overrides.Where(o => o.Covers(at) && o.Commits is null))
        {
            if (of.Change is not OverrideChange.Overwrite { Price: { } price } overwrite) continue;
            var lines = of.Scope.ProductIds.Contains(productId) ? [new LineSpecifier(productId)] : of.Scope.Specifiers.Where(s => s.ProductId == productId).ToArray();
            foreach (var line in lines)
            {
                var values = (line.PricingGroupValues ?? new Dictionary<string, string>()).ToDictionary(v => v.Key, v => (string?)v.Value);
                yield return new Rate(of.Id, productId, price, of.StartingAt, of.EndingBefore, of.Entitled ?? true, values, overwrite.CreditTypeId ?? Currencies.Usd.Id)
                {
                    Terms = new RateTerms { BillingFrequency = line.BillingFrequency },
                };
            }
        }
    }

    private static IEnumerable<Instant> Edges(Instant start, Instant? end) => end is { } last ? [start, last] : [start];
}
