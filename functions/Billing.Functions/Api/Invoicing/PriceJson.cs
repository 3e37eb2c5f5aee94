using System.Text.Json;
using Billing.Domain.Pricing;
using Billing.UseCases.Pricing;

namespace Billing.Functions.Api.Invoicing;

/// <summary>A price as it is shown.</summary>
internal sealed record ShownRate(
    RateType RateType,
    decimal? Price,
    IReadOnlyList<ShownRateTier>? Tiers,
    ShownCreditType CreditType,
    decimal? PackageSize = null,
    PackageRounding? Rounding = null,
    decimal? Quantity = null,
    bool? IsProrated = null,
    JsonElement? CustomRate = null)
{
    /// <summary>Shows a price.</summary>
    public static ShownRate Of(Price price, string creditTypeId, IReadOnlyDictionary<string, string> unitNames)
    {
        var unit = ShownCreditType.Of(creditTypeId, unitNames);
        return price switch
        {
            Price.Flat flat => new ShownRate(RateType.Flat, flat.UnitPrice, null, unit),
            Price.Percentage percentage => new ShownRate(RateType.Percentage, percentage.Fraction, null, unit),
            Price.Tiered tiered => new ShownRate(RateType.Tiered, null, Show(tiered.Tiers), unit),
            Price.Volume volume => new ShownRate(RateType.Volume, null, Show(volume.Tiers), unit),
            Price.TieredPercentage tiered => new ShownRate(RateType.TieredPercentage, null, Show(tiered.Tiers), unit),
            Price.Package package => new ShownRate(RateType.Package, package.UnitPrice, null, unit, package.PackageSize, package.Rounding),
            Price.Subscription s => new ShownRate(RateType.Subscription, s.UnitPrice, null, unit, Quantity: s.Quantity, IsProrated: s.IsProrated),
            Price.Custom custom => new ShownRate(RateType.Custom, null, null, unit, CustomRate: JsonSerializer.Deserialize<JsonElement>(custom.Terms)),
            _ => throw new ArgumentOutOfRangeException(nameof(price), price.GetType().Name, "Unknown rate type."),
        };
    }

    private static List<ShownRateTier> Show(IReadOnlyList<Tier> tiers) => [.. tiers.Select(t => new ShownRateTier(t.Size, t.Price, t.FlatPrice == 0 ? null : t.FlatPrice))];
}

/// <summary>A tier as it is shown.</summary>
internal sealed record ShownRateTier(decimal? Size, decimal Price, decimal? FlatPrice);
