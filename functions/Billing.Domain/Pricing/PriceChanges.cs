using Billing.Domain.Values;

namespace Billing.Domain.Pricing;

/// <summary>Prices made from other prices.</summary>
public static class PriceChanges
{
    /// <summary>Every unit price, fraction and flat price times a factor; sizes stay. Errors: <see cref="InexactAmountException"/>.</summary>
    public static Price Times(this Price price, decimal factor) => price switch
    {
        Price.Flat flat => new Price.Flat(Exact.Multiply(flat.UnitPrice, factor)),
        Price.Tiered tiered => new Price.Tiered(Times(tiered.Tiers, factor)),
        Price.Volume volume => new Price.Volume(Times(volume.Tiers, factor)),
        Price.Package package => package with { UnitPrice = Exact.Multiply(package.UnitPrice, factor) },
        Price.Percentage percentage => new Price.Percentage(Exact.Multiply(percentage.Fraction, factor)),
        Price.TieredPercentage tiered => new Price.TieredPercentage(Times(tiered.Tiers, factor)),
        Price.Subscription subscription => subscription with { UnitPrice = Exact.Multiply(subscription.UnitPrice, factor) },
        Price.Custom => price,
        _ => throw new ArgumentOutOfRangeException(nameof(price), price.GetType().Name, "Unknown rate type."),
    };

    /// <summary>A FLAT or TIERED price times a factor that depends on the step of the quantity: the steps of both are cut into one table.</summary>
    /// <param name="price">FLAT or TIERED.</param>
    /// <param name="steps">Widths and factors; the last has no width.</param>
    /// <remarks>Errors: an argument error for other rate types, whose steps can't be cut.</remarks>
    public static Price Times(this Price price, IReadOnlyList<(decimal? Size, decimal Factor)> steps)
    {
        IReadOnlyList<Tier> tiers = price switch
        {
            Price.Flat flat => [new Tier(null, flat.UnitPrice)],
            Price.Tiered tiered => tiered.Tiers,
            _ => throw new ArgumentException($"A tiered override needs a FLAT or TIERED price, not {price.GetType().Name}.", nameof(price)),
        };
        var bounds = Bounds(tiers.Select(t => t.Size)).Concat(Bounds(steps.Select(s => s.Size))).Distinct().Order().ToList();
        var cut = new List<Tier>();
        var start = 0m;
        for (var i = 0; i <= bounds.Count; i++)
        {
            var level = IndexAbove(tiers.Select(t => t.Size), start);
            var tier = tiers[level];
            var factor = steps[IndexAbove(steps.Select(s => s.Size), start)].Factor;
            var size = i < bounds.Count ? Exact.Add(bounds[i], -start) : (decimal?)null;
            // A step's flat price is owed where the step begins, not again where a factor cuts it.
            var begins = start == Bounds(tiers.Select(t => t.Size)).Take(level).DefaultIfEmpty(0).Last();
            cut.Add(new Tier(size, Exact.Multiply(tier.Price, factor), begins ? Exact.Multiply(tier.FlatPrice, factor) : 0));
            if (i < bounds.Count) start = bounds[i];
        }
        return new Price.Tiered(cut);
    }

    private static List<Tier> Times(IReadOnlyList<Tier> tiers, decimal factor) =>
        [.. tiers.Select(t => new Tier(t.Size, Exact.Multiply(t.Price, factor), Exact.Multiply(t.FlatPrice, factor)))];

    private static IEnumerable<decimal> Bounds(IEnumerable<decimal?> sizes)
    {
        var at = 0m;
        foreach (var size in sizes.OfType<decimal>()) yield return at = Exact.Add(at, size);
    }

    private static int IndexAbove(IEnumerable<decimal?> sizes, decimal start) => Bounds(sizes).TakeWhile(b => b <= start).Count();
}
