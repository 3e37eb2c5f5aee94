using Billing.Domain.Values;

namespace Billing.Domain.Pricing;

/// <summary>The step of a tiered price that a line was charged at.</summary>
/// <param name="Level">Counted from 1.</param>
/// <param name="StartingAt">Units of the period below it: the exclusive lower bound.</param>
/// <param name="Size">Its width; null for the last.</param>
public sealed record LineTier(int Level, decimal StartingAt, decimal? Size);

/// <summary>A part of a quantity at one unit price.</summary>
public readonly record struct RatedPart(decimal Quantity, decimal UnitPrice, LineTier? Tier);

/// <summary>Prices a quantity.</summary>
public static class RateCalculation
{
    /// <summary>The parts of a quantity, one for each unit price it meets; one part of 0 for no quantity.</summary>
    /// <param name="price">In force.</param>
    /// <param name="before">Billed units of the same group earlier in the period; tiers go on from there.</param>
    /// <param name="quantity">Billed units; below 0 it gives back units from the step that was reached, downwards.</param>
    /// <remarks>
    /// Bounds: a step's lower bound is exclusive, its upper inclusive: with a first tier of 1,000 the 1,000th unit is in tier 1.
    /// What lies below 0 is priced as tier 1. Invariant: the parts sum to the quantity.
    /// </remarks>
    public static IReadOnlyList<RatedPart> Rate(Price price, decimal before, decimal quantity) => price switch
    {
        Price.Flat flat => [new RatedPart(quantity, flat.UnitPrice, null)],
        Price.Tiered tiered => Graduated(tiered.Tiers, before, quantity),
        _ => throw new ArgumentOutOfRangeException(nameof(price), price.GetType().Name, "Unknown rate type."),
    };

    private static List<RatedPart> Graduated(IReadOnlyList<Tier> tiers, decimal before, decimal quantity)
    {
        var after = Exact.Add(before, quantity);
        var (low, high) = quantity < 0 ? (after, before) : (before, after);
        var parts = new List<RatedPart>();
        var start = 0m;
        for (var i = 0; i < tiers.Count; i++)
        {
            var end = tiers[i].Size is { } size ? Exact.Add(start, size) : (decimal?)null;
            var tier = new LineTier(i + 1, start, tiers[i].Size);
            var from = i == 0 || low > start ? low : start;
            var until = end is { } bound && bound < high ? bound : high;
            var inside = quantity == 0
                ? low <= (end ?? decimal.MaxValue) && parts.Count == 0
                : until > from;
            if (inside)
            {
                var width = Exact.Add(until, -from);
                parts.Add(new RatedPart(quantity < 0 ? -width : width, tiers[i].Price, tier));
            }
            if (end is null) break;
            start = end.Value;
        }
        if (quantity < 0) parts.Reverse();
        return parts;
    }
}
