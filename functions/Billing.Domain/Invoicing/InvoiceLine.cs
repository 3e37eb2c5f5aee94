using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using NodaTime;

namespace Billing.Domain.Invoicing;

public enum LineType
{
    /// <summary>Metered usage at a rate, or a share of what other products cost.</summary>
    Usage,

    /// <summary>A quantity (seats) for a period.</summary>
    Subscription,

    /// <summary>Money that falls due by date.</summary>
    Scheduled,

    /// <summary>A payment for a commit, or the true-up of one.</summary>
    CommitPurchase,

    /// <summary>What a commit or credit paid of the line before it.</summary>
    AppliedCommitOrCredit,

    /// <summary>What is left in a custom pricing unit, in the invoice's currency.</summary>
    CpuConversion,
}

/// <summary>The commit or credit that a line was drawn from, or that it buys.</summary>
public sealed record LineCommit(string CommitId, string? SegmentId, CommitType Type);

/// <summary>The price of usage that no commit pays for.</summary>
public sealed record GrossPrice(decimal UnitPrice, LineTier? Tier);

/// <summary>A line of an invoice.</summary>
/// <remarks>
/// Units: amounts in <see cref="CreditTypeId"/>. Invariant: total = quantity × unit price, rounded as the contract says; of a line that a
/// commit covers in part, total is the amount drawn and quantity total ÷ price at 20 decimals.
/// </remarks>
public sealed record InvoiceLine
{
    public required LineType Type { get; init; }

    /// <summary>Of the product, as it was called when the line starts.</summary>
    public required string Name { get; init; }

    /// <summary>Null on conversions.</summary>
    public string? ProductId { get; init; }

    public ProductType? ProductType { get; init; }

    public IReadOnlyList<string> ProductTags { get; init; } = [];

    public required string CreditTypeId { get; init; }

    /// <summary>In billed units: after conversion and rounding.</summary>
    public required decimal Quantity { get; init; }

    public required decimal UnitPrice { get; init; }

    public required decimal Total { get; init; }

    public required Instant StartingAt { get; init; }

    /// <summary>Of a charge that falls due at an instant: that instant.</summary>
    public required Instant EndingBefore { get; init; }

    /// <summary>Values that the rate depends on.</summary>
    public IReadOnlyDictionary<string, string?> PricingGroupValues { get; init; } = Values.Groups.None;

    /// <summary>Values that only split lines; null where the events had none.</summary>
    public IReadOnlyDictionary<string, string?> PresentationGroupValues { get; init; } = Values.Groups.None;

    /// <summary>Of a tiered rate only.</summary>
    public LineTier? Tier { get; init; }

    /// <summary>The rate card's price.</summary>
    public Price? ListPrice { get; init; }

    /// <summary>The rate that priced it.</summary>
    public string? RateId { get; init; }

    /// <summary>The override that changed the price.</summary>
    public string? OverrideId { get; init; }

    /// <summary>Of a line that a commit covers at a price of its own: what the same usage costs otherwise.</summary>
    public GrossPrice? Gross { get; init; }

    /// <summary>The commit that covers, was applied, or is bought.</summary>
    public LineCommit? Commit { get; init; }

    public string? ScheduledChargeId { get; init; }

    public string? SubscriptionId { get; init; }

    public bool? IsProrated { get; init; }

    /// <summary>Of a line that corrects a period whose invoice is final: that period's start.</summary>
    public Instant? AdjustsPeriod { get; init; }

    /// <summary>Of a consolidated invoice: the line that it says again.</summary>
    public LineOrigin? Origin { get; init; }

    /// <summary>False for what a POSTPAID commit was applied to: it is counted against the promise, and billed all the same.</summary>
    public bool Counts => !(Type == LineType.AppliedCommitOrCredit && Commit?.Type == CommitType.Postpaid);
}

public enum UnratedReason
{
    /// <summary>The rate card has no rate for these group values at this time.</summary>
    NoRate,

    /// <summary>The rate in force says that the customer has no right to it.</summary>
    NotEntitled,

    /// <summary>The rate in force is CUSTOM: it is priced elsewhere.</summary>
    PricedElsewhere,
}

/// <summary>Usage that is not charged, so that it can be reported instead of vanishing.</summary>
/// <param name="Quantity">Metered units: neither converted nor rounded.</param>
public sealed record UnratedUsage(
    string ProductId, Instant StartingAt, Instant EndingBefore, IReadOnlyDictionary<string, string?> Group, decimal Quantity, UnratedReason Reason);
