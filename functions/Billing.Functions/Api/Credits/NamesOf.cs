using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.Functions.Api.Contracts;
using Billing.UseCases.Pricing;
using NodaTime;

namespace Billing.Functions.Api.Credits;

/// <summary>Reads the names that commits are shown with.</summary>
public sealed class NamesOf(Products products, PricingUnits units, IClock clock)
{
    internal async Task<ShownNames> ReadAsync(IEnumerable<Commit> commits, CancellationToken stop)
    {
        var (named, sold) = (new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase), new Dictionary<string, Product>(StringComparer.Ordinal));
        foreach (var commit in commits)
        {
            if (!sold.ContainsKey(commit.ProductId) && (await products.GetAsync(commit.ProductId, stop)).Is(out var product, out _)) sold[product.Id] = product;
            if (Currencies.Find(commit.CreditTypeId) is null && await units.FindAsync(commit.CreditTypeId, stop) is { } unit) named[commit.CreditTypeId] = unit.Name;
        }
        return new ShownNames(sold, named, clock.GetCurrentInstant());
    }
}
