using System.Text.Json;
using Billing.Domain.Pricing;
using Billing.Domain.Values;

namespace Billing.Functions.Api.Invoicing;

/// <summary>How a quantity is priced.</summary>
public enum RateType
{
    Flat,
    Percentage,
    Subscription,
    Tiered,
    TieredPercentage,
    Custom,
    Volume,
    Package,
}

/// <summary>A tier: its size is its width, and the last has none.</summary>
/// <param name="FlatPrice">Owed once when the tier is entered.</param>
internal sealed record TierBody(decimal Price, decimal? Size = null, decimal? FlatPrice = null);

/// <summary>A price in a request.</summary>
internal sealed record PriceBody(
    RateType RateType,
    decimal? Price = null,
    IReadOnlyList<TierBody>? Tiers = null,
    decimal? PackageSize = null,
    PackageRounding? Rounding = null,
    decimal? Quantity = null,
    bool? IsProrated = null,
    JsonElement? CustomRate = null)
{
    /// <summary>The price, or why it is none.</summary>
    public Outcome<Price> Read() => RateType switch
    {
        RateType.Flat => Price is { } price ? new Price.Flat(price) : Missing("price"),
        RateType.Percentage => Price is { } fraction ? new Price.Percentage(fraction) : Missing("price"),
        RateType.Tiered => new Price.Tiered(Steps()),
        RateType.Volume => new Price.Volume(Steps()),
        RateType.TieredPercentage => new Price.TieredPercentage(Steps()),
        RateType.Package when PackageSize is null => Missing("package_size"),
        RateType.Package => Price is { } each ? new Price.Package(each, PackageSize.Value, Rounding ?? PackageRounding.Up) : Missing("price"),
        RateType.Subscription => Price is { } unit ? new Price.Subscription(unit, Quantity ?? 1, IsProrated ?? false) : Missing("price"),
        RateType.Custom => new Price.Custom(CustomRate?.GetRawText() ?? "{}"),
        _ => new Refusal("rate_type_unknown", "This rate type is not known.", "/rate_type"),
    };

    private List<Tier> Steps() => [.. (Tiers ?? []).Select(t => new Tier(t.Size, t.Price, t.FlatPrice ?? 0))];

    private static Refusal Missing(string field) => new(field + "_missing", $"This rate type needs a {field}.", "/" + field);
}

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
    public static ShownRate Of(Price price, string creditTypeId)
    {
        var unit = ShownCreditType.Of(creditTypeId);
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
