using Billing.Domain.Values;

namespace Billing.Domain.Pricing;

/// <summary>The step of a tiered price that a line was charged at.</summary>
/// <param name="Level">Counted from 1.</param>
/// <param name="StartingAt">Units of the counter's period below it: the exclusive lower bound.</param>
/// <param name="Size">Its width; null for the last.</param>
public sealed record LineTier(int Level, decimal StartingAt, decimal? Size);

/// <summary>What the quantity of a part counts.</summary>
public enum PartKind
{
    /// <summary>Billed units, or packages of them.</summary>
    Units,

    /// <summary>Billed units that cost nothing.</summary>
    Free,

    /// <summary>The flat price of a step, once.</summary>
    FlatPrice,
}

/// <summary>A part of a quantity at one unit price.</summary>
/// <param name="Quantity">Of what <paramref name="Kind"/> says.</param>
/// <param name="UnitPrice">Of one of them.</param>
/// <param name="Tier">Of a tiered price.</param>
/// <param name="From">Where the part begins on the counter, in billed units; below 0 it is given back from here downwards.</param>
public readonly record struct RatedPart(decimal Quantity, decimal UnitPrice, LineTier? Tier, decimal From = 0, PartKind Kind = PartKind.Units);

/// <summary>A quantity and where it lies on its counter.</summary>
/// <param name="Before">Billed units of the same group earlier in the counter's period; tiers, packages and free units go on from there.</param>
/// <param name="Quantity">Billed units; below 0 it gives back units from the step that was reached, downwards.</param>
/// <param name="Total">Billed units of the whole counter's period, as far as they are known: the step of a VOLUME price.</param>
/// <param name="Opens">True for the first stretch of the counter's period: the first step is entered with it.</param>
public readonly record struct CountedQuantity(decimal Before, decimal Quantity, decimal Total, bool Opens)
{
    /// <summary>A quantity that is all there is.</summary>
    public static CountedQuantity Whole(decimal quantity) => new(0, quantity, quantity, Opens: true);
}

/// <summary>Prices a quantity.</summary>
public static class RateCalculation
{
    /// <summary>The parts of a quantity, one for each unit price it meets; one part of 0 for no quantity.</summary>
    /// <param name="price">In force.</param>
    /// <param name="freeUnits">Of the counter's period; they come off first.</param>
    /// <param name="counted">The quantity.</param>
    /// <remarks>
    /// Bounds: a step's lower bound is exclusive, its upper inclusive: with a first tier of 1,000 the 1,000th unit is in tier 1.
    /// What lies below 0 is priced as tier 1. Invariant: parts that count billed units sum to the quantity (packages aside).
    /// </remarks>
    public static IReadOnlyList<RatedPart> Rate(Price price, decimal freeUnits, CountedQuantity counted)
    {
        if (freeUnits == 0) return Rate(price, counted);
        var before = Above(counted.Before);
        var paid = Exact.Add(Above(Exact.Add(counted.Before, counted.Quantity)), -before);
        var free = Exact.Add(counted.Quantity, -paid);
        var parts = Rate(price, new CountedQuantity(before, paid, Above(counted.Total), counted.Opens));
        if (free == 0) return parts;
        var part = new RatedPart(free, 0, null, counted.Before, PartKind.Free);
        return paid == 0 && parts.All(p => p.Quantity == 0) ? [part] : [part, .. parts];

        decimal Above(decimal units) => units > freeUnits ? Exact.Add(units, -freeUnits) : 0;
    }

    private static List<RatedPart> Rate(Price price, CountedQuantity counted) => price switch
    {
        Price.Flat flat => [new RatedPart(counted.Quantity, flat.UnitPrice, null, counted.Before)],
        Price.Percentage percentage => [new RatedPart(counted.Quantity, percentage.Fraction, null, counted.Before)],
        Price.Tiered tiered => Graduated(tiered.Tiers, counted),
        Price.TieredPercentage tiered => Graduated(tiered.Tiers, counted),
        Price.Volume volume => Volume(volume.Tiers, counted),
        Price.Package package => [new RatedPart(Packages(package, counted), package.UnitPrice, null, counted.Before)],
        _ => throw new ArgumentOutOfRangeException(nameof(price), price.GetType().Name, "Not a price of a quantity."),
    };

    private static List<RatedPart> Graduated(IReadOnlyList<Tier> tiers, CountedQuantity counted)
    {
        var before = counted.Before;
        var after = Exact.Add(before, counted.Quantity);
        var back = counted.Quantity < 0;
        var (low, high) = back ? (after, before) : (before, after);
        var parts = new List<RatedPart>();
        var start = 0m;
        for (var i = 0; i < tiers.Count; i++)
        {
            var end = tiers[i].Size is { } size ? Exact.Add(start, size) : (decimal?)null;
            var tier = new LineTier(i + 1, start, tiers[i].Size);
            var from = i == 0 || low > start ? low : start;
            var until = end is { } bound && bound < high ? bound : high;
            var inside = counted.Quantity == 0
                ? low <= (end ?? decimal.MaxValue) && !parts.Exists(p => p.Kind == PartKind.Units)
                : until > from;
            // The first step is entered with the counter, a later one by the first unit above its lower bound.
            var entered = i == 0 ? counted.Opens : low <= start && high > start;
            if (entered && tiers[i].FlatPrice != 0) parts.Add(new RatedPart(back && i > 0 ? -1 : 1, tiers[i].FlatPrice, tier, start, PartKind.FlatPrice));
            if (inside)
            {
                var width = Exact.Add(until, -from);
                parts.Add(new RatedPart(back ? -width : width, tiers[i].Price, tier, back ? until : from));
            }
            if (end is null) break;
            start = end.Value;
        }
        if (back) parts.Reverse();
        return parts;
    }

    private static List<RatedPart> Volume(IReadOnlyList<Tier> tiers, CountedQuantity counted)
    {
        var (i, start) = (0, 0m);
        while (tiers[i].Size is { } size && Exact.Add(start, size) < counted.Total) (i, start) = (i + 1, Exact.Add(start, size));
        var tier = new LineTier(i + 1, start, tiers[i].Size);
        var parts = new List<RatedPart>();
        if (counted.Opens && tiers[i].FlatPrice != 0) parts.Add(new RatedPart(1, tiers[i].FlatPrice, tier, 0, PartKind.FlatPrice));
        parts.Add(new RatedPart(counted.Quantity, tiers[i].Price, tier, counted.Before));
        return parts;
    }

    private static decimal Packages(Price.Package package, CountedQuantity counted) =>
        Exact.Add(Opened(package, Exact.Add(counted.Before, counted.Quantity)), -Opened(package, counted.Before));

    private static decimal Opened(Price.Package package, decimal units)
    {
        var whole = decimal.Floor(units / package.PackageSize);
        // A quotient of 28 digits may have been rounded up to a whole number that the units do not fill.
        if (Exact.Multiply(whole, package.PackageSize) > units) whole--;
        return package.Rounding == PackageRounding.Up && units > Exact.Multiply(whole, package.PackageSize) ? whole + 1 : whole;
    }
}
