using Billing.Domain.Pricing;
using NodaTime;

namespace Billing.Domain.Invoicing;

public enum LineType
{
    /// <summary>Metered usage at a rate.</summary>
    Usage,
}

/// <summary>A line of an invoice.</summary>
/// <remarks>Units: amounts in <see cref="CreditTypeId"/>. Invariant: total = quantity × unit price, rounded as the contract says.</remarks>
public sealed record InvoiceLine
{
    public required LineType Type { get; init; }

    /// <summary>Of the product, as it was called when the line starts.</summary>
    public required string Name { get; init; }

    public required string ProductId { get; init; }

    public required ProductType ProductType { get; init; }

    public required IReadOnlyList<string> ProductTags { get; init; }

    public required string CreditTypeId { get; init; }

    /// <summary>In billed units: after conversion and rounding.</summary>
    public required decimal Quantity { get; init; }

    public required decimal UnitPrice { get; init; }

    public required decimal Total { get; init; }

    public required Instant StartingAt { get; init; }

    public required Instant EndingBefore { get; init; }

    /// <summary>Values that the rate depends on.</summary>
    public required IReadOnlyDictionary<string, string?> PricingGroupValues { get; init; }

    /// <summary>Values that only split lines; null where the events had none.</summary>
    public required IReadOnlyDictionary<string, string?> PresentationGroupValues { get; init; }

    /// <summary>Of a tiered rate only.</summary>
    public LineTier? Tier { get; init; }

    /// <summary>The rate card's price.</summary>
    public required Price ListPrice { get; init; }

    /// <summary>The rate that priced it.</summary>
    public required string RateId { get; init; }
}

public enum UnratedReason
{
    /// <summary>The rate card has no rate for these group values at this time.</summary>
    NoRate,

    /// <summary>The rate in force says that the customer has no right to it.</summary>
    NotEntitled,
}

/// <summary>Usage that is not charged, so that it can be reported instead of vanishing.</summary>
/// <param name="Quantity">Metered units: neither converted nor rounded.</param>
public sealed record UnratedUsage(
    string ProductId, Instant StartingAt, Instant EndingBefore, IReadOnlyDictionary<string, string?> Group, decimal Quantity, UnratedReason Reason);
