using System.Text.Json.Serialization;
using Billing.Domain.Values;

namespace Billing.Domain.Pricing;

/// <summary>A step of a tiered price.</summary>
/// <param name="Size">Width of the step in billed units, not its upper bound; null for the last, which has no end.</param>
/// <param name="Price">Of one unit in this step, ≥ 0.</param>
public sealed record Tier(decimal? Size, decimal Price);

/// <summary>How a quantity is priced.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "rateType")]
[JsonDerivedType(typeof(Flat), "FLAT")]
[JsonDerivedType(typeof(Tiered), "TIERED")]
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
        public override Refusal? Check() =>
            UnitPrice < 0 ? new Refusal("negative_price", "A price is 0 or more.", "/price") : null;
    }

    /// <summary>Graduated: each unit costs the price of the step it falls in, counted over the period.</summary>
    public sealed record Tiered(IReadOnlyList<Tier> Tiers) : Price
    {
        public override Refusal? Check()
        {
            if (Tiers.Count == 0) return new Refusal("no_tiers", "A tiered rate needs at least one tier.", "/tiers");
            if (Tiers.Any(t => t.Price < 0)) return new Refusal("negative_price", "A price is 0 or more.", "/tiers");
            return Tiers.SkipLast(1).Any(t => t.Size is not > 0) || Tiers[^1].Size is not null
                ? new Refusal("bad_tier_size", "Each tier but the last needs a size above 0, and the last has none: a size is the width of its tier.", "/tiers")
                : null;
        }
    }
}
