using System.Text.Json;
using System.Text.Json.Serialization;
using Billing.Domain.Contracts;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.UseCases.Contracts;

/// <summary>When usage invoices end, of every contract that is made of a package.</summary>
public sealed record PackageStatements(BillingFrequency Frequency, StatementDay Day = StatementDay.FirstOfMonth, TimeOffset? InvoiceGenerationStartingAtOffset = null);

/// <summary>What a new package says, as it is sent: the terms of contracts, with time counted from the start of each.</summary>
public sealed record NewPackage(string Name)
{
    public IReadOnlyList<RateCardAlias>? Aliases { get; init; }

    public string? ContractName { get; init; }

    /// <summary>Of a contract; null: it has no end.</summary>
    public TimeOffset? Duration { get; init; }

    public string? RateCardId { get; init; }

    /// <summary>Found when a contract is made, as of its start.</summary>
    public string? RateCardAlias { get; init; }

    public PackageStatements? UsageStatementSchedule { get; init; }

    public int? NetPaymentTermsDays { get; init; }

    public MultiplierPrioritization MultiplierOverridePrioritization { get; init; }

    public IReadOnlyList<NewCommit>? Commits { get; init; }

    public IReadOnlyList<NewCommit>? Credits { get; init; }

    public IReadOnlyList<NewOverride>? Overrides { get; init; }

    public IReadOnlyList<NewRecurringCommit>? RecurringCommits { get; init; }

    public IReadOnlyList<NewRecurringCommit>? RecurringCredits { get; init; }

    public IReadOnlyList<NewCharge>? ScheduledCharges { get; init; }

    public IReadOnlyList<NewSubscription>? Subscriptions { get; init; }

    public IReadOnlyList<NewSpendTracker>? SpendTrackers { get; init; }

    public NewThreshold? PrepaidBalanceThresholdConfiguration { get; init; }

    public NewThreshold? SpendThresholdConfiguration { get; init; }

    public ChargesOnUsageInvoices? ScheduledChargesOnUsageInvoices { get; init; }

    public string? BillingProvider { get; init; }

    public string? DeliveryMethod { get; init; }

    public AmountRounding Rounding { get; init; }

    public decimal? Minimum { get; init; }

    public decimal? Maximum { get; init; }

    public LateUsagePolicy? LateUsagePolicy { get; init; }

    public string? UniquenessKey { get; init; }

    public IReadOnlyDictionary<string, string>? CustomFields { get; init; }

    /// <summary>What else was sent.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Further { get; init; }

    /// <summary>Name of the API key that asks.</summary>
    [JsonIgnore]
    public string? CreatedBy { get; init; }

    /// <summary>The contract that a customer has by this package.</summary>
    /// <param name="packageId">Its id.</param>
    /// <param name="wanted">Names the customer, the start and what is the contract's own.</param>
    internal NewContract Contract(string packageId, NewContract wanted) => new(
        wanted.CustomerId, wanted.StartingAt, Duration?.After(wanted.StartingAt), RateCardId, RateCardAlias,
        UsageStatementSchedule is { } s ? new UsageStatementSchedule(s.Frequency, s.Day, null, s.InvoiceGenerationStartingAtOffset?.After(wanted.StartingAt)) : null,
        NetPaymentTermsDays, ContractName, wanted.UniquenessKey, Rounding)
    {
        CustomFields = wanted.CustomFields,
        Transition = wanted.Transition,
        MultiplierOverridePrioritization = MultiplierOverridePrioritization,
        Commits = Commits,
        Credits = Credits,
        Overrides = Overrides,
        RecurringCommits = RecurringCommits,
        RecurringCredits = RecurringCredits,
        ScheduledCharges = ScheduledCharges,
        Subscriptions = Subscriptions,
        SpendTrackers = SpendTrackers,
        PrepaidBalanceThresholdConfiguration = PrepaidBalanceThresholdConfiguration,
        SpendThresholdConfiguration = SpendThresholdConfiguration,
        ScheduledChargesOnUsageInvoices = ScheduledChargesOnUsageInvoices,
        BillingProviderConfiguration = BillingProvider is null ? null : new NewBillingProvider(null, BillingProvider, DeliveryMethod),
        Minimum = Minimum,
        Maximum = Maximum,
        LateUsagePolicy = LateUsagePolicy,
        CreatedBy = wanted.CreatedBy,
        MadeOfPackage = packageId,
    };

    /// <summary>The refusal of a date: a package knows no day, only lengths of time from a contract's start. Null when there is none.</summary>
    internal Refusal? CheckRelative() =>
        CheckCommits(Commits, "/commits") ?? CheckCommits(Credits, "/credits") ?? CheckRecurring(RecurringCommits, "/recurring_commits") ?? CheckRecurring(RecurringCredits, "/recurring_credits")
        ?? ReadLists.Each(Overrides, "/overrides", o => Absolute(o.StartingAt, "/starting_at") ?? Absolute(o.EndingBefore, "/ending_before"))
        ?? ReadLists.Each(Subscriptions, "/subscriptions", s =>
            Absolute(s.StartingAt, "/starting_at") ?? Absolute(s.EndingBefore, "/ending_before") ?? Absolute(s.BillingCycleConfig?.AnchorDate, "/billing_cycle_config/anchor_date"))
        ?? ReadLists.Each(ScheduledCharges, "/scheduled_charges", c => CheckPayments(c.Schedule, "/schedule"))
        ?? (UsageStatementSchedule?.Day == StatementDay.CustomDate ? Absolute(Instant.MinValue, "/usage_statement_schedule/day") : null);

    private static Refusal? CheckCommits(IReadOnlyList<NewCommit>? commits, string at) => ReadLists.Each(commits, at, c =>
        ReadLists.Each(c.AccessSchedule?.ScheduleItems, "/access_schedule/schedule_items", i => Absolute(i.StartingAt, "/starting_at") ?? Absolute(i.EndingBefore, "/ending_before"))
        ?? (c.InvoiceSchedule is { } invoicing ? CheckPayments(invoicing, "/invoice_schedule") : null));

    private static Refusal? CheckRecurring(IReadOnlyList<NewRecurringCommit>? recurring, string at) =>
        ReadLists.Each(recurring, at, r => Absolute(r.StartingAt, "/starting_at") ?? Absolute(r.EndingBefore, "/ending_before"));

    private static Refusal? CheckPayments(NewPaymentSchedule schedule, string at) =>
        Absolute(schedule.RecurringSchedule?.StartingAt, at + "/recurring_schedule/starting_at") ?? ReadLists.Each(schedule.ScheduleItems, at + "/schedule_items", i => Absolute(i.Timestamp, "/timestamp"));

    private static Refusal? Absolute(Instant? at, string field) =>
        at is null ? null : new Refusal("date_in_package", "A package says when as a length of time from the contract's start, not as a date.", field);
}

/// <summary>A template of contracts. It never changes.</summary>
/// <param name="RequestId">Tells a repeat of the request that made it from another with the same uniqueness key.</param>
public sealed record Package(string Id, string RequestId, NewPackage Terms, Instant CreatedAt, string? CreatedBy, Instant? ArchivedAt);

/// <summary>Where a contract lies, for lists across customers.</summary>
public sealed record ListedContract(string CustomerId, string ContractId);
