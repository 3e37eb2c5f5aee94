using System.Text.Json.Serialization;
using Billing.Domain.Values;

namespace Billing.Domain.Pricing;

/// <summary>A step of a tiered price.</summary>
/// <param name="Size">Width of the step in billed units, not its upper bound; null for the last, which has no end.</param>
/// <param name="Price">Of one unit in this step, ≥ 0; of TIERED_PERCENTAGE a fraction.</param>
/// <param name="FlatPrice">Owed once when the step is entered: of the first step at the start of the counter, of a later one with the first unit in it.</param>
public sealed record Tier(decimal? Size, decimal Price, decimal FlatPrice = 0);

/// <summary>Which way a started package counts.</summary>
public enum PackageRounding
{
    /// <summary>A started package is owed whole.</summary>
    Up,

    /// <summary>Only full packages are owed.</summary>
    Down,
}

/// <summary>How a quantity is priced.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "rateType")]
[JsonDerivedType(typeof(Flat), "FLAT")]
[JsonDerivedType(typeof(Tiered), "TIERED")]
[JsonDerivedType(typeof(Volume), "VOLUME")]
[JsonDerivedType(typeof(Package), "PACKAGE")]
[JsonDerivedType(typeof(Percentage), "PERCENTAGE")]
[JsonDerivedType(typeof(TieredPercentage), "TIERED_PERCENTAGE")]
[JsonDerivedType(typeof(Subscription), "SUBSCRIPTION")]
[JsonDerivedType(typeof(Custom), "CUSTOM")]
public abstract record Price
{
    private Price()
    {
    }

    /// <summary>The refusal for a price that cannot be charged, or null.</summary>
    public abstract Refusal? Check();

    /// <summary>One price for every unit.</summary>
    /// <param name="UnitPrice">≥ 0, in the kept unit of the currency (cents for dollars), fractions allowed.</param>
    public sealed record Flat(decimal UnitPrice) : Price
    {
        public override Refusal? Check() => NotNegative(UnitPrice);
    }

    /// <summary>Graduated: each unit costs the price of the step it falls in, counted over the counter's period.</summary>
    public sealed record Tiered(IReadOnlyList<Tier> Tiers) : Price
    {
        public override Refusal? Check() => CheckTiers(Tiers);
    }

    /// <summary>Every unit costs the price of the step that the whole quantity of the counter's period reaches.</summary>
    public sealed record Volume(IReadOnlyList<Tier> Tiers) : Price
    {
        public override Refusal? Check() => CheckTiers(Tiers);
    }

    /// <summary>A price for each package of units, counted over the counter's period: a part of it pays for the packages newly opened.</summary>
    /// <param name="UnitPrice">Of one package, ≥ 0.</param>
    /// <param name="PackageSize">Units in a package, above 0.</param>
    /// <param name="Rounding">Whether a started package is owed.</param>
    public sealed record Package(decimal UnitPrice, decimal PackageSize, PackageRounding Rounding) : Price
    {
        public override Refusal? Check() =>
            PackageSize <= 0 ? new Refusal("bad_package_size", "A package has more than 0 units.", "/package_size") : NotNegative(UnitPrice);
    }

    /// <summary>A share of an amount: of what a COMPOSITE product's parts cost, or of the money that a metric sums.</summary>
    /// <param name="Fraction">0 to 1: 0.05 is 5 %.</param>
    public sealed record Percentage(decimal Fraction) : Price
    {
        public override Refusal? Check() => CheckFraction(Fraction, "/price");
    }

    /// <summary>A share of an amount that changes as the amount grows; graduated.</summary>
    /// <param name="Tiers">Sizes are amounts, prices are fractions.</param>
    public sealed record TieredPercentage(IReadOnlyList<Tier> Tiers) : Price
    {
        public override Refusal? Check() => CheckTiers(Tiers) ?? Tiers.Select(t => CheckFraction(t.Price, "/tiers")).FirstOrDefault(r => r is not null);
    }

    /// <summary>A fixed quantity that every statement charges, used or not (the older form of a subscription).</summary>
    /// <param name="UnitPrice">Of one unit for a whole statement period, ≥ 0.</param>
    /// <param name="Quantity">How many, ≥ 0.</param>
    /// <param name="IsProrated">True: a statement that is cut short charges its part of the period.</param>
    public sealed record Subscription(decimal UnitPrice, decimal Quantity, bool IsProrated) : Price
    {
        public override Refusal? Check() =>
            Quantity < 0 ? new Refusal("negative_quantity", "A quantity is 0 or more.", "/quantity") : NotNegative(UnitPrice);
    }

    /// <summary>Priced elsewhere: the usage is listed, never charged here.</summary>
    /// <param name="Terms">What the price says, as JSON.</param>
    public sealed record Custom(string Terms) : Price
    {
        public override Refusal? Check() => null;
    }

    private static Refusal? NotNegative(decimal price) =>
        price < 0 ? new Refusal("negative_price", "A price is 0 or more.", "/price") : null;

    private static Refusal? CheckFraction(decimal fraction, string field) =>
        fraction is < 0 or > 1 ? new Refusal("bad_fraction", "A percentage is a fraction from 0 to 1: 5 % is 0.05.", field) : null;

    private static Refusal? CheckTiers(IReadOnlyList<Tier> tiers)
    {
        if (tiers.Count == 0) return new Refusal("no_tiers", "A tiered rate needs at least one tier.", "/tiers");
        if (tiers.Any(t => t.Price < 0 || t.FlatPrice < 0)) return new Refusal("negative_price", "A price is 0 or more.", "/tiers");
        return tiers.SkipLast(1).Any(t => t.Size is not > 0) || tiers[^1].Size is not null
            ? new Refusal("bad_tier_size", "Each tier but the last needs a size above 0, and the last has none: a size is the width of its tier.", "/tiers")
            : null;
    }
}
