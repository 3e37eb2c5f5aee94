using System.Text.Json;
using System.Text.Json.Serialization;
using Billing.Domain.Contracts;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.UseCases.Contracts;

/// <summary>What a new contract says, as it is sent; rate card by id or by alias, or none. What is absent is null.</summary>
public sealed record NewContract(
    string CustomerId,
    Instant StartingAt,
    Instant? EndingBefore = null,
    string? RateCardId = null,
    string? RateCardAlias = null,
    UsageStatementSchedule? UsageStatementSchedule = null,
    int? NetPaymentTermsDays = null,
    string? Name = null,
    string? UniquenessKey = null,
    AmountRounding Rounding = AmountRounding.Exact)
{
    public IReadOnlyDictionary<string, string>? CustomFields { get; init; }

    public MultiplierPrioritization MultiplierOverridePrioritization { get; init; }

    public IReadOnlyList<NewCommit>? Commits { get; init; }

    public IReadOnlyList<NewCommit>? Credits { get; init; }

    public IReadOnlyList<NewOverride>? Overrides { get; init; }

    public IReadOnlyList<NewRecurringCommit>? RecurringCommits { get; init; }

    public IReadOnlyList<NewRecurringCommit>? RecurringCredits { get; init; }

    public IReadOnlyList<NewCharge>? ScheduledCharges { get; init; }

    public IReadOnlyList<NewCharge>? Discounts { get; init; }

    public IReadOnlyList<NewProfessionalService>? ProfessionalServices { get; init; }

    public IReadOnlyList<NewSubscription>? Subscriptions { get; init; }

    public IReadOnlyList<NewSpendTracker>? SpendTrackers { get; init; }

    public NewThreshold? PrepaidBalanceThresholdConfiguration { get; init; }

    public NewThreshold? SpendThresholdConfiguration { get; init; }

    public NewUsageFilter? UsageFilter { get; init; }

    public NewTransition? Transition { get; init; }

    public NewHierarchy? HierarchyConfiguration { get; init; }

    public ChargesOnUsageInvoices? ScheduledChargesOnUsageInvoices { get; init; }

    public NewBillingProvider? BillingProviderConfiguration { get; init; }

    /// <summary>The package whose terms it has; then it has none of its own.</summary>
    public string? PackageId { get; init; }

    public string? PackageAlias { get; init; }

    /// <summary>What all usage of a statement period costs at the least.</summary>
    public decimal? Minimum { get; init; }

    /// <summary>What it costs at the most.</summary>
    public decimal? Maximum { get; init; }

    public LateUsagePolicy? LateUsagePolicy { get; init; }

    public decimal? TotalContractValue { get; init; }

    public string? SalesforceOpportunityId { get; init; }

    public string? NetsuiteSalesOrderId { get; init; }

    /// <summary>What else was sent.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Further { get; init; }

    /// <summary>Name of the API key that asks.</summary>
    [JsonIgnore]
    public string? CreatedBy { get; init; }

    /// <summary>The package that it is made of.</summary>
    [JsonIgnore]
    public string? MadeOfPackage { get; init; }

    internal TermLists Lists() => new(Commits, Credits, Overrides, RecurringCommits, RecurringCredits, ScheduledCharges, Discounts, ProfessionalServices, Subscriptions, SpendTrackers);
}

/// <summary>Which charges go on usage invoices.</summary>
public enum ChargesOnUsageInvoices
{
    /// <summary>Those that fall on the end of one.</summary>
    All,
}

/// <summary>Usage of one group key's values.</summary>
/// <param name="StartingAt">Null: from the contract's start.</param>
public sealed record NewUsageFilter(string GroupKey, IReadOnlyList<string> GroupValues, Instant? StartingAt = null);

public enum TransitionType
{
    Renewal,
}

/// <summary>The contract that this one follows.</summary>
public sealed record NewTransition(string FromContractId, TransitionType Type, FutureInvoices? FutureInvoiceBehavior = null);

/// <summary>What becomes of future invoices of the contract before.</summary>
public sealed record FutureInvoices(TrueupBehavior? Trueup = null);

public enum StatementBehavior
{
    Consolidate,
    Separate,
}

/// <summary>A child's parent, or how a parent puts its children's invoices together.</summary>
public sealed record NewHierarchy(
    NewParent? Parent = null, ParentBehavior? ParentBehavior = null, Payer? Payer = null, StatementBehavior? UsageStatementBehavior = null);

/// <summary>The contract above.</summary>
public sealed record NewParent(string ContractId, string CustomerId);

/// <summary>How a parent puts its children's invoices together.</summary>
public sealed record ParentBehavior(ConsolidationType? InvoiceConsolidationType = null);

/// <summary>Who collects: a configuration of the customer, or the provider and the way to it.</summary>
public sealed record NewBillingProvider(string? BillingProviderConfigurationId = null, string? BillingProvider = null, string? DeliveryMethod = null);

/// <summary>The terms that a contract, an edit or a package lists.</summary>
internal sealed record TermLists(
    IReadOnlyList<NewCommit>? Commits,
    IReadOnlyList<NewCommit>? Credits,
    IReadOnlyList<NewOverride>? Overrides,
    IReadOnlyList<NewRecurringCommit>? RecurringCommits,
    IReadOnlyList<NewRecurringCommit>? RecurringCredits,
    IReadOnlyList<NewCharge>? ScheduledCharges,
    IReadOnlyList<NewCharge>? Discounts,
    IReadOnlyList<NewProfessionalService>? ProfessionalServices,
    IReadOnlyList<NewSubscription>? Subscriptions,
    IReadOnlyList<NewSpendTracker>? SpendTrackers)
{
    /// <summary>Every product that they name.</summary>
    public IEnumerable<string> Products() =>
    [
        .. (Commits ?? []).Concat(Credits ?? []).OfType<NewCommit>().SelectMany(c => Scoped(c.ApplicableProductIds, c.Specifiers).Append(c.ProductId)),
        .. (RecurringCommits ?? []).Concat(RecurringCredits ?? []).OfType<NewRecurringCommit>().SelectMany(c => Scoped(c.ApplicableProductIds, c.Specifiers).Append(c.ProductId)),
        .. (Overrides ?? []).OfType<NewOverride>().SelectMany(o => (o.OverrideSpecifiers ?? []).OfType<NewOverrideSpecifier>().Select(s => s.ProductId).Append(o.ProductId)).OfType<string>(),
        .. (ScheduledCharges ?? []).Concat(Discounts ?? []).OfType<NewCharge>().Select(c => c.ProductId),
        .. (ProfessionalServices ?? []).OfType<NewProfessionalService>().Select(s => s.ProductId),
        .. (Subscriptions ?? []).OfType<NewSubscription>().Select(s => s.SubscriptionRate.ProductId),
    ];

    internal static IEnumerable<string> Scoped(IReadOnlyList<string>? ids, IReadOnlyList<Domain.Pricing.LineSpecifier>? specifiers) =>
        (ids ?? []).Concat((specifiers ?? []).OfType<Domain.Pricing.LineSpecifier>().Select(s => s.ProductId).OfType<string>());
}
