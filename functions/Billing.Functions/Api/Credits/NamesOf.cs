using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Functions.Api.Contracts;
using Billing.UseCases.Pricing;
using NodaTime;

namespace Billing.Functions.Api.Credits;

/// <summary>Reads the names that commits are shown with.</summary>
public sealed class NamesOf(Products products, PricingUnits units, IClock clock)
{
    internal async Task<ShownNames> ReadAsync(IEnumerable<Commit> commits, CancellationToken stop)
    {
        var all = commits.ToList();
        var sold = new Dictionary<string, Product>(StringComparer.Ordinal);
        foreach (var id in all.Select(c => c.ProductId).Distinct(StringComparer.Ordinal))
            if ((await products.GetAsync(id, stop)).Is(out var product, out _)) sold[id] = product;
        return new ShownNames(sold, await units.NamesAsync(all.Select(c => c.CreditTypeId), stop), clock.GetCurrentInstant());
    }
}
