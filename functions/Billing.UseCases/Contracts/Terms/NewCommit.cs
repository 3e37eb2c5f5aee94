using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.UseCases.Contracts;

/// <summary>A segment that is asked for: from and to instants, or an offset from the contract's start and a duration.</summary>
public sealed record NewAccessItem(decimal Amount)
{
    public Instant? StartingAt { get; init; }

    public Instant? EndingBefore { get; init; }

    public TimeOffset? StartingAtOffset { get; init; }

    public TimeOffset? Duration { get; init; }
}

/// <summary>When a commit can be drawn.</summary>
/// <param name="CreditTypeId">Null: the contract's currency.</param>
public sealed record NewAccessSchedule(IReadOnlyList<NewAccessItem> ScheduleItems, string? CreditTypeId = null);

/// <summary>A commit or a credit that is asked for.</summary>
public sealed record NewCommit(string ProductId)
{
    /// <summary>PREPAID or POSTPAID; a credit has none.</summary>
    public CommitType? Type { get; init; }

    public NewAccessSchedule? AccessSchedule { get; init; }

    /// <summary>Null: complimentary.</summary>
    public NewPaymentSchedule? InvoiceSchedule { get; init; }

    public string? Name { get; init; }

    public string? Description { get; init; }

    public decimal? Priority { get; init; }

    public IReadOnlyList<string>? ApplicableProductIds { get; init; }

    public IReadOnlyList<string>? ApplicableProductTags { get; init; }

    public IReadOnlyList<LineSpecifier>? Specifiers { get; init; }

    public CommitRateType? RateType { get; init; }

    public decimal? RolloverFraction { get; init; }

    public CommitHierarchy? HierarchyConfiguration { get; init; }

    public SpendAttributes? SpendTrackerAttributes { get; init; }

    public NewPaymentGate? PaymentGateConfig { get; init; }

    /// <summary>Names it within the request.</summary>
    public string? TemporaryId { get; init; }

    public IReadOnlyDictionary<string, string>? CustomFields { get; init; }
}

/// <summary>How spend trackers take a commit.</summary>
public sealed record SpendAttributes(bool CountsAsDiscounted);

public enum ChildAccessType
{
    All,
    None,
    ContractIds,
}

/// <summary>Which child contracts may draw.</summary>
public sealed record NewChildAccess(ChildAccessType Type, IReadOnlyList<string>? ContractIds = null);

/// <summary>What a commit is among customers that belong together.</summary>
public sealed record CommitHierarchy(NewChildAccess ChildAccess);

/// <summary>An amount as price and quantity.</summary>
/// <param name="CreditTypeId">Null: the contract's currency.</param>
/// <param name="Quantity">Not given where a subscription gives it.</param>
public sealed record NewPricedAmount(decimal UnitPrice, decimal? Quantity = null, string? CreditTypeId = null);

public enum DurationUnit
{
    Periods,
}

/// <summary>How long a grant can be drawn.</summary>
public sealed record CommitDuration(int Value, DurationUnit Unit = DurationUnit.Periods);

/// <summary>How prorated amounts are rounded.</summary>
public sealed record RecurringRounding(AmountRoundingRule? Access = null, AmountRoundingRule? Invoice = null);

public enum Allocation
{
    Pooled,
    Individual,
}

/// <summary>What becomes of seats that are added within a period.</summary>
public sealed record SeatIncrease(bool IsProrated);

/// <summary>The subscription whose quantity a recurring commit follows.</summary>
/// <param name="SubscriptionId">Its id, or its temporary id in the same request.</param>
public sealed record NewSeatGrants(string SubscriptionId, SeatIncrease ApplySeatIncreaseConfig, Allocation Allocation = Allocation.Pooled);

/// <summary>A recurring commit or credit that is asked for.</summary>
public sealed record NewRecurringCommit(string ProductId, NewPricedAmount AccessAmount, CommitDuration CommitDuration)
{
    public decimal? Priority { get; init; }

    public Instant? StartingAt { get; init; }

    public TimeOffset? StartingAtOffset { get; init; }

    public Instant? EndingBefore { get; init; }

    public TimeOffset? Duration { get; init; }

    public NewPricedAmount? InvoiceAmount { get; init; }

    public BillingFrequency? RecurrenceFrequency { get; init; }

    public GrantProration? Proration { get; init; }

    public RecurringRounding? ProrationRounding { get; init; }

    public string? Name { get; init; }

    public string? Description { get; init; }

    public IReadOnlyList<string>? ApplicableProductIds { get; init; }

    public IReadOnlyList<string>? ApplicableProductTags { get; init; }

    public IReadOnlyList<LineSpecifier>? Specifiers { get; init; }

    public CommitRateType? RateType { get; init; }

    public decimal? RolloverFraction { get; init; }

    public CommitHierarchy? HierarchyConfiguration { get; init; }

    public NewSeatGrants? SubscriptionConfig { get; init; }

    /// <summary>Names it within the request.</summary>
    public string? TemporaryId { get; init; }

    public IReadOnlyDictionary<string, string>? CustomFields { get; init; }
}
