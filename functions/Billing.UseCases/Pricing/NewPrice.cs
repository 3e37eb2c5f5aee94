using System.Text.Json;
using Billing.Domain.Pricing;
using Billing.Domain.Values;

namespace Billing.UseCases.Pricing;

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

/// <summary>A tier that is asked for: its size is its width, and the last has none.</summary>
/// <param name="FlatPrice">Owed once when the tier is entered.</param>
public sealed record NewTier(decimal Price, decimal? Size = null, decimal? FlatPrice = null);

/// <summary>A price that is asked for.</summary>
/// <param name="CreditTypeId">Of an overwrite: its unit; null for the rate card's currency.</param>
public sealed record NewPrice(
    RateType RateType,
    decimal? Price = null,
    IReadOnlyList<NewTier>? Tiers = null,
    decimal? PackageSize = null,
    PackageRounding? Rounding = null,
    decimal? Quantity = null,
    bool? IsProrated = null,
    JsonElement? CustomRate = null,
    string? CreditTypeId = null)
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
