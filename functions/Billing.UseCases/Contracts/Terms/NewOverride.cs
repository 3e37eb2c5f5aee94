using Billing.Domain.Contracts;
using Billing.Domain.Values;
using Billing.UseCases.Pricing;
using NodaTime;

namespace Billing.UseCases.Contracts;

public enum OverrideType
{
    Overwrite,
    Multiplier,
    Tiered,
}

/// <summary>Lines that an override is for, and the commits that it is narrowed to; commits by id, or by temporary id in the same request.</summary>
public sealed record NewOverrideSpecifier
{
    public string? ProductId { get; init; }

    public IReadOnlyList<string>? ProductTags { get; init; }

    public IReadOnlyDictionary<string, string>? PricingGroupValues { get; init; }

    public IReadOnlyDictionary<string, string>? PresentationGroupValues { get; init; }

    public BillingFrequency? BillingFrequency { get; init; }

    public IReadOnlyList<string>? CommitIds { get; init; }

    public IReadOnlyList<string>? RecurringCommitIds { get; init; }

    /// <summary>Of commits, credits, and recurring ones.</summary>
    public IReadOnlyList<string>? AnyCommitOrCreditIds { get; init; }
}

/// <summary>A price for this contract that is asked for.</summary>
public sealed record NewOverride
{
    /// <summary>Null: what the other members say.</summary>
    public OverrideType? Type { get; init; }

    public Instant? StartingAt { get; init; }

    public TimeOffset? StartingAtOffset { get; init; }

    public Instant? EndingBefore { get; init; }

    public TimeOffset? Duration { get; init; }

    public string? ProductId { get; init; }

    public IReadOnlyList<string>? ApplicableProductTags { get; init; }

    public IReadOnlyList<NewOverrideSpecifier>? OverrideSpecifiers { get; init; }

    public decimal? Multiplier { get; init; }

    public NewPrice? OverwriteRate { get; init; }

    public IReadOnlyList<MultiplierTier>? Tiers { get; init; }

    public decimal? Priority { get; init; }

    public bool? Entitled { get; init; }

    public bool? IsCommitSpecific { get; init; }

    public OverrideTarget? Target { get; init; }
}
