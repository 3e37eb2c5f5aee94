using System.Text.Json;
using System.Text.Json.Serialization;
using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using NodaTime;

namespace Billing.UseCases.Contracts;

/// <summary>What of a contract is to change, as it is sent. What is absent stays; a change to null takes away what was there.</summary>
public sealed record EditContract(string CustomerId, string ContractId)
{
    public string? UniquenessKey { get; init; }

    public IReadOnlyList<NewCommit>? AddCommits { get; init; }

    public IReadOnlyList<NewCommit>? AddCredits { get; init; }

    public IReadOnlyList<NewOverride>? AddOverrides { get; init; }

    public IReadOnlyList<NewRecurringCommit>? AddRecurringCommits { get; init; }

    public IReadOnlyList<NewRecurringCommit>? AddRecurringCredits { get; init; }

    public IReadOnlyList<NewCharge>? AddScheduledCharges { get; init; }

    public IReadOnlyList<NewCharge>? AddDiscounts { get; init; }

    public IReadOnlyList<NewProfessionalService>? AddProfessionalServices { get; init; }

    public IReadOnlyList<NewSubscription>? AddSubscriptions { get; init; }

    public IReadOnlyList<NewSpendTracker>? AddSpendTrackers { get; init; }

    public NewThreshold? AddPrepaidBalanceThresholdConfiguration { get; init; }

    public NewThreshold? AddSpendThresholdConfiguration { get; init; }

    public BillingProviderUpdate? AddBillingProviderConfigurationUpdate { get; init; }

    public IReadOnlyList<CommitUpdate>? UpdateCommits { get; init; }

    public IReadOnlyList<CommitUpdate>? UpdateCredits { get; init; }

    public IReadOnlyList<ChargeUpdate>? UpdateScheduledCharges { get; init; }

    public IReadOnlyList<SubscriptionUpdate>? UpdateSubscriptions { get; init; }

    public IReadOnlyList<RecurringUpdate>? UpdateRecurringCommits { get; init; }

    public IReadOnlyList<RecurringUpdate>? UpdateRecurringCredits { get; init; }

    public ThresholdUpdate? UpdatePrepaidBalanceThresholdConfiguration { get; init; }

    public ThresholdUpdate? UpdateSpendThresholdConfiguration { get; init; }

    public Changed<Instant?>? UpdateContractEndDate { get; init; }

    /// <summary>Null: as if it were true.</summary>
    public bool? AllowContractEndingBeforeFinalizedInvoice { get; init; }

    public Changed<string>? UpdateContractName { get; init; }

    public Changed<int?>? UpdateNetPaymentTermsDays { get; init; }

    public IReadOnlyList<TermId>? ArchiveCommits { get; init; }

    public IReadOnlyList<TermId>? ArchiveCredits { get; init; }

    public IReadOnlyList<TermId>? ArchiveScheduledCharges { get; init; }

    /// <summary>By alias.</summary>
    public IReadOnlyList<string>? ArchiveSpendTrackers { get; init; }

    public IReadOnlyList<TermId>? RemoveOverrides { get; init; }

    /// <summary>What else was sent.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Further { get; init; }

    /// <summary>Name of the API key that asks.</summary>
    [JsonIgnore]
    public string? By { get; init; }

    internal TermLists Lists() =>
        new(AddCommits, AddCredits, AddOverrides, AddRecurringCommits, AddRecurringCredits, AddScheduledCharges, AddDiscounts, AddProfessionalServices, AddSubscriptions, AddSpendTrackers);

    /// <summary>Every product that it names.</summary>
    internal IEnumerable<string> Products() => Lists().Products()
        .Concat(new[] { AddPrepaidBalanceThresholdConfiguration?.Commit, AddSpendThresholdConfiguration?.Commit }.OfType<NewThresholdCommit>()
            .SelectMany(c => TermLists.Scoped(c.ApplicableProductIds, c.Specifiers).Append(c.ProductId)))
        .Concat(new[] { UpdatePrepaidBalanceThresholdConfiguration?.Commit, UpdateSpendThresholdConfiguration?.Commit }.OfType<ThresholdCommitUpdate>()
            .SelectMany(c => TermLists.Scoped(c.ApplicableProductIds?.Value, c.Specifiers?.Value).Append(c.ProductId).OfType<string>()))
        .Concat((UpdateCommits ?? []).Concat(UpdateCredits ?? []).OfType<CommitUpdate>().SelectMany(u => u.Products()));

    /// <summary>What is kept of it with the edit: what it added is kept as it was made.</summary>
    internal EditContract WithoutAdded() => this with
    {
        AddCommits = null, AddCredits = null, AddOverrides = null, AddRecurringCommits = null, AddRecurringCredits = null, AddScheduledCharges = null, AddDiscounts = null,
        AddProfessionalServices = null, AddSubscriptions = null, AddSpendTrackers = null, Further = null,
    };
}

/// <summary>A term by its id.</summary>
public sealed record TermId(string Id);

public enum EffectiveAt
{
    StartOfCurrentPeriod,
    StartOfNextPeriod,
}

/// <summary>When a billing provider takes over.</summary>
public sealed record ProviderSchedule(EffectiveAt EffectiveAt);

/// <summary>A billing provider for a contract that has none.</summary>
public sealed record BillingProviderUpdate(NewBillingProvider BillingProviderConfiguration, ProviderSchedule? Schedule = null);

/// <summary>A change of a segment.</summary>
public sealed record AccessItemUpdate(string Id, decimal? Amount = null, Instant? StartingAt = null, Instant? EndingBefore = null);

/// <summary>Changes of an access schedule.</summary>
public sealed record AccessUpdate
{
    public IReadOnlyList<NewAccessItem>? AddScheduleItems { get; init; }

    public IReadOnlyList<TermId>? RemoveScheduleItems { get; init; }

    public IReadOnlyList<AccessItemUpdate>? UpdateScheduleItems { get; init; }
}

/// <summary>A change of a payment.</summary>
public sealed record PaymentUpdate(string Id, Instant? Timestamp = null, decimal? Amount = null, decimal? UnitPrice = null, decimal? Quantity = null);

/// <summary>Changes of an invoice schedule.</summary>
public sealed record PaymentsUpdate
{
    public IReadOnlyList<NewPayment>? AddScheduleItems { get; init; }

    public IReadOnlyList<TermId>? RemoveScheduleItems { get; init; }

    public IReadOnlyList<PaymentUpdate>? UpdateScheduleItems { get; init; }
}

/// <summary>Changes of a commit or a credit.</summary>
public sealed record CommitUpdate
{
    /// <summary>Of a request for one commit or credit.</summary>
    public string? CustomerId { get; init; }

    public string? CommitId { get; init; }

    public string? CreditId { get; init; }

    public AccessUpdate? AccessSchedule { get; init; }

    public PaymentsUpdate? InvoiceSchedule { get; init; }

    public string? ProductId { get; init; }

    public string? Name { get; init; }

    public string? Description { get; init; }

    public Changed<decimal?>? Priority { get; init; }

    public Changed<IReadOnlyList<string>>? ApplicableProductIds { get; init; }

    public Changed<IReadOnlyList<string>>? ApplicableProductTags { get; init; }

    public Changed<IReadOnlyList<LineSpecifier>>? Specifiers { get; init; }

    public CommitRateType? RateType { get; init; }

    public Changed<decimal?>? RolloverFraction { get; init; }

    public CommitHierarchy? HierarchyConfiguration { get; init; }

    /// <summary>Of a customer's commit; null: all contracts.</summary>
    public Changed<IReadOnlyList<string>>? ApplicableContractIds { get; init; }

    /// <summary>Of a customer's commit.</summary>
    public string? InvoiceContractId { get; init; }

    internal IEnumerable<string> Products() => TermLists.Scoped(ApplicableProductIds?.Value, Specifiers?.Value).Append(ProductId).OfType<string>();
}

/// <summary>Changes of a scheduled charge.</summary>
public sealed record ChargeUpdate(string ScheduledChargeId, PaymentsUpdate? InvoiceSchedule = null);

/// <summary>A part of an amount.</summary>
public sealed record AmountUpdate(decimal? UnitPrice = null, decimal? Quantity = null);

/// <summary>Changes of the rounding of prorated amounts.</summary>
public sealed record RoundingUpdate(Changed<AmountRoundingRule>? Access = null, Changed<AmountRoundingRule>? Invoice = null);

/// <summary>Changes of a recurring commit or credit; they touch grants that have not started.</summary>
public sealed record RecurringUpdate
{
    public string? RecurringCommitId { get; init; }

    public string? RecurringCreditId { get; init; }

    public AmountUpdate? AccessAmount { get; init; }

    public AmountUpdate? InvoiceAmount { get; init; }

    public Changed<Instant?>? EndingBefore { get; init; }

    public Changed<RoundingUpdate>? ProrationRounding { get; init; }

    public CommitRateType? RateType { get; init; }
}

/// <summary>A new quantity, or a difference.</summary>
public sealed record QuantityUpdate(Instant StartingAt, decimal? Quantity = null, decimal? QuantityDelta = null);

/// <summary>Seats with ids.</summary>
public sealed record NamedSeats(IReadOnlyList<string> SeatIds, Instant StartingAt);

/// <summary>Seats without ids.</summary>
public sealed record UnassignedSeats(decimal Quantity, Instant StartingAt);

/// <summary>Changes of seats.</summary>
public sealed record SeatUpdates
{
    public IReadOnlyList<NamedSeats>? AddSeatIds { get; init; }

    public IReadOnlyList<NamedSeats>? RemoveSeatIds { get; init; }

    public IReadOnlyList<UnassignedSeats>? AddUnassignedSeats { get; init; }

    public IReadOnlyList<UnassignedSeats>? RemoveUnassignedSeats { get; init; }
}

/// <summary>A number becomes seats.</summary>
public sealed record QuantityModeUpdate(QuantityMode QuantityManagementMode, NewSeats SeatConfig);

/// <summary>Changes of a subscription.</summary>
public sealed record SubscriptionUpdate(string SubscriptionId)
{
    public Changed<Instant?>? EndingBefore { get; init; }

    public Changed<AmountRoundingRule>? ProrationRounding { get; init; }

    public QuantityModeUpdate? QuantityManagementModeUpdate { get; init; }

    public IReadOnlyList<QuantityUpdate>? QuantityUpdates { get; init; }

    public SeatUpdates? SeatUpdates { get; init; }
}

/// <summary>Changes of the commit that a threshold buys.</summary>
public sealed record ThresholdCommitUpdate
{
    public string? ProductId { get; init; }

    public string? Name { get; init; }

    public string? Description { get; init; }

    public Changed<decimal?>? Priority { get; init; }

    public Changed<IReadOnlyList<string>>? ApplicableProductIds { get; init; }

    public Changed<IReadOnlyList<string>>? ApplicableProductTags { get; init; }

    public Changed<IReadOnlyList<LineSpecifier>>? Specifiers { get; init; }

    internal NewThresholdCommit Apply(NewThresholdCommit before) => before with
    {
        ProductId = ProductId ?? before.ProductId,
        Name = Name ?? before.Name,
        Description = Description ?? before.Description,
        Priority = Priority is null ? before.Priority : Priority.Value,
        ApplicableProductIds = ApplicableProductIds is null ? before.ApplicableProductIds : ApplicableProductIds.Value,
        ApplicableProductTags = ApplicableProductTags is null ? before.ApplicableProductTags : ApplicableProductTags.Value,
        Specifiers = Specifiers is null ? before.Specifiers : Specifiers.Value,
    };
}

/// <summary>Changes of a discount.</summary>
public sealed record DiscountUpdate(Changed<decimal?>? PaymentFraction = null, Changed<NewDiscountCap>? Cap = null)
{
    /// <summary>A discount with these changes; without a fraction there is none.</summary>
    internal NewDiscount? Apply(NewDiscount? before)
    {
        var fraction = PaymentFraction is null ? before?.PaymentFraction : PaymentFraction.Value;
        return fraction is { } part ? new NewDiscount(part, Cap is null ? before?.Cap : Cap.Value) : null;
    }
}

/// <summary>Changes of a threshold.</summary>
public sealed record ThresholdUpdate
{
    public bool? IsEnabled { get; init; }

    public decimal? ThresholdAmount { get; init; }

    public decimal? RechargeToAmount { get; init; }

    public Changed<string>? CustomCreditTypeId { get; init; }

    public ThresholdCommitUpdate? Commit { get; init; }

    public NewPaymentGate? PaymentGateConfig { get; init; }

    public Changed<DiscountUpdate>? DiscountConfiguration { get; init; }

    public Changed<IReadOnlyList<BalanceSpecifier>>? ThresholdBalanceSpecifiers { get; init; }

    /// <summary>A threshold with these changes; it is checked like a new one.</summary>
    internal NewThreshold Apply(NewThreshold before) => before with
    {
        IsEnabled = IsEnabled ?? before.IsEnabled,
        ThresholdAmount = ThresholdAmount ?? before.ThresholdAmount,
        RechargeToAmount = RechargeToAmount ?? before.RechargeToAmount,
        CustomCreditTypeId = CustomCreditTypeId is null ? before.CustomCreditTypeId : CustomCreditTypeId.Value,
        Commit = Commit?.Apply(before.Commit) ?? before.Commit,
        PaymentGateConfig = PaymentGateConfig ?? before.PaymentGateConfig,
        DiscountConfiguration = DiscountConfiguration is null ? before.DiscountConfiguration : DiscountConfiguration.Value?.Apply(before.DiscountConfiguration),
        ThresholdBalanceSpecifiers = ThresholdBalanceSpecifiers is null ? before.ThresholdBalanceSpecifiers : ThresholdBalanceSpecifiers.Value,
    };
}
