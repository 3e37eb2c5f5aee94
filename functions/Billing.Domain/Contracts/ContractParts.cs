using System.Text.Json.Serialization;
using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Contracts;

/// <summary>What a scheduled charge is, which decides where it is listed; all of them are lines of scheduled invoices.</summary>
public enum ScheduledKind
{
    Charge,

    /// <summary>A negative charge.</summary>
    Discount,

    ProfessionalService,
}

/// <summary>Money that falls due by date, whatever is used.</summary>
/// <param name="Id">Unique.</param>
/// <param name="ProductId">FIXED or PROFESSIONAL_SERVICE.</param>
/// <param name="Name">On the line; null: the product's.</param>
public sealed record ScheduledCharge(
    string Id, ScheduledKind Kind, string ProductId, string? Name, PaymentSchedule Schedule, IReadOnlyDictionary<string, string> CustomFields, Instant? ArchivedAt = null)
{
    /// <summary>The refusal for a charge that cannot be kept, or null.</summary>
    public Refusal? Check() => Schedule.Check("/schedule") ?? (Kind == ScheduledKind.Discount && Schedule.Items.Any(i => i.Amount < 0)
        ? new Refusal("negative_discount", "Give the amount of a discount without a sign; it is taken off.", "/schedule")
        : null);
}

/// <summary>Work by people, up to an amount; it is billed when an invoice for it is scheduled.</summary>
/// <param name="Id">Unique.</param>
/// <param name="ProductId">PROFESSIONAL_SERVICE.</param>
/// <param name="UnitPrice">Of one unit.</param>
/// <param name="Quantity">Agreed.</param>
/// <param name="MaxAmount">What all invoices for it may sum to.</param>
public sealed record ProfessionalService(
    string Id, string ProductId, decimal UnitPrice, decimal Quantity, decimal MaxAmount, string? Description, IReadOnlyDictionary<string, string> CustomFields);

/// <summary>Who collects the invoices of a contract: a configuration of the customer, or the provider and the way to it.</summary>
public sealed record BillingProvider(string? ConfigurationId, string? Provider, string? DeliveryMethod);

/// <summary>Takes the usage of one value of a group key, and no other.</summary>
/// <param name="GroupKey">Must be a group key of the metrics.</param>
/// <param name="GroupValues">Any of them.</param>
/// <param name="StartingAt">From here on; before it the filter before this one holds, or none.</param>
public sealed record UsageFilter(string GroupKey, IReadOnlyList<string> GroupValues, Instant StartingAt);

public enum PaymentGate
{
    /// <summary>What was bought can be used at once.</summary>
    None,

    /// <summary>Stripe says when it is paid.</summary>
    Stripe,

    /// <summary>A call of the operator's says when it is paid.</summary>
    External,
}

/// <summary>A custom field that a balance has.</summary>
public sealed record BalanceField(BalanceEntity Entity, string Key, string Value)
{
    public bool IsOf(Commit commit) => commit.CustomFields.TryGetValue(Key, out var value) && value == Value
        && (Entity == BalanceEntity.ContractCreditOrCommit || Entity == BalanceEntity.ContractCredit == (commit.Type == CommitType.Credit));
}

/// <summary>Which balances a field is looked for on.</summary>
public enum BalanceEntity
{
    [JsonStringEnumMemberName("Commit")]
    Commit,
    [JsonStringEnumMemberName("ContractCredit")]
    ContractCredit,
    [JsonStringEnumMemberName("ContractCreditOrCommit")]
    ContractCreditOrCommit,
}

/// <summary>The commit that a threshold buys.</summary>
public sealed record ThresholdCommit(string ProductId, string? Name, string? Description, decimal Priority, LineScope Scope);

/// <summary>Part of the price that is paid, up to a cap.</summary>
/// <param name="PaymentFraction">0 to 1.</param>
/// <param name="CapAmount">Once the spend tracker has counted this much in a billing period, the rest of it is bought at the full price; null: no cap.</param>
public sealed record ThresholdDiscount(decimal PaymentFraction, decimal? CapAmount, string? SpendTrackerAlias)
{
    /// <summary>True while its cap is not reached.</summary>
    /// <param name="contract">That has the tracker.</param>
    /// <param name="commits">All that was bought.</param>
    /// <param name="period">The billing period.</param>
    public bool Holds(Contract contract, IEnumerable<Commit> commits, Interval period) => CapAmount is not { } cap
        || contract.SpendTrackers.First(t => t.ArchivedAt is null && t.Alias == SpendTrackerAlias).Spent(contract.Id, commits, period) < cap;
}

/// <summary>Tops up when the balance falls to a threshold.</summary>
/// <param name="ThresholdAmount">At or below it a commit is bought.</param>
/// <param name="RechargeToAmount">The balance afterwards.</param>
/// <param name="CreditTypeId">Unit of the balance; null: the invoice currency.</param>
public sealed record PrepaidThreshold(
    bool IsEnabled, decimal ThresholdAmount, decimal RechargeToAmount, string? CreditTypeId, ThresholdCommit Commit, PaymentGate Gate, ThresholdDiscount? Discount)
{
    /// <summary>Balances that do not count: those that have all fields of one of these lists.</summary>
    public IReadOnlyList<IReadOnlyList<BalanceField>> Excluded { get; init; } = [];

    /// <summary>True when a commit's balance counts.</summary>
    public bool Counts(Commit commit) => !Excluded.Any(fields => fields.All(f => f.IsOf(commit)));

    /// <summary>The refusal for a threshold that cannot be kept, or null.</summary>
    public Refusal? Check(CreditType fiat)
    {
        if (ThresholdAmount < 0) return new Refusal("bad_threshold", "The threshold is 0 or more.", "/threshold_amount");
        if (RechargeToAmount <= ThresholdAmount) return new Refusal("bad_recharge", "recharge_to_amount must lie above threshold_amount.", "/recharge_to_amount");
        // Metronome: at least 5 dollars, and 10 between the two. Only dollars: a custom unit or yen have no such bound.
        if (CreditTypeId is null && fiat == Currencies.Usd && (ThresholdAmount < 500 || RechargeToAmount < ThresholdAmount + 1_000))
            return new Refusal("bad_threshold", "The threshold is 500 cents or more, and recharge_to_amount at least 1,000 cents above it.", "/threshold_amount");
        return Discount is { PaymentFraction: < 0 or > 1 } ? new Refusal("bad_fraction", "A fraction goes from 0 to 1.", "/discount_configuration/payment_fraction") : null;
    }
}

/// <summary>Bills at once when unpaid usage reaches a threshold.</summary>
public sealed record SpendThreshold(bool IsEnabled, decimal ThresholdAmount, ThresholdCommit Commit, PaymentGate Gate, ThresholdDiscount? Discount)
{
    /// <summary>The refusal for a threshold that cannot be kept, or null.</summary>
    public Refusal? Check() => ThresholdAmount <= 0 ? new Refusal("bad_threshold", "The threshold is above 0.", "/threshold_amount") : null;
}

/// <summary>What a renewal does with the future invoices of the contract before.</summary>
public enum TrueupBehavior
{
    AsIs,
    Remove,
}

/// <summary>The contract that this one renews: it ends where this one starts.</summary>
public sealed record Renewal(string FromContractId, TrueupBehavior Trueup);

public enum Payer
{
    Self,
    Parent,
}

public enum ConsolidationType
{
    None,
    Concatenate,
}

/// <summary>Where a contract stands among customers that belong together.</summary>
/// <param name="ParentCustomerId">Of a child.</param>
/// <param name="ParentContractId">Of a child.</param>
/// <param name="Payer">Of a child: who is invoiced.</param>
/// <param name="ConsolidateUsage">Of a child: whether its usage invoices go on the parent's consolidated one; then the parent pays.</param>
/// <param name="Consolidation">Of a parent: whether there is such an invoice.</param>
public sealed record Hierarchy(
    string? ParentCustomerId, string? ParentContractId, Payer Payer = Payer.Self, bool ConsolidateUsage = false, ConsolidationType Consolidation = ConsolidationType.None)
{
    /// <summary>True of a child and of a parent whose usage invoices are put together.</summary>
    public bool IsConsolidated => ConsolidateUsage || Consolidation == ConsolidationType.Concatenate;
}

/// <summary>What becomes of usage that comes after its period is final.</summary>
public enum LateUsagePolicy
{
    /// <summary>A line of its own on the next usage invoice.</summary>
    NextInvoice,

    /// <summary>The period's invoice is voided and made anew.</summary>
    Regenerate,

    /// <summary>It is listed, and not billed.</summary>
    Report,
}
