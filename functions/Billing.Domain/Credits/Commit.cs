using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Credits;

public enum CommitType
{
    /// <summary>Paid before it is used.</summary>
    Prepaid,

    /// <summary>Promised: usage is billed as it comes, what is missing at the end is trued up.</summary>
    Postpaid,

    /// <summary>Given for nothing.</summary>
    Credit,
}

/// <summary>Which price counts for what is drawn.</summary>
public enum CommitRateType
{
    ListRate,

    /// <summary>The commit rate of the rate card, where it has one.</summary>
    CommitRate,
}

/// <summary>A part of a commit that can be drawn in a time.</summary>
/// <param name="Id">Unique.</param>
/// <param name="Amount">Granted, ≥ 0, in the commit's credit type.</param>
/// <param name="StartingAt">On the hour; usage from here on.</param>
/// <param name="EndingBefore">On the hour; usage before it. What is left then is gone.</param>
public sealed record AccessSegment(string Id, decimal Amount, Instant StartingAt, Instant EndingBefore)
{
    /// <summary>True from its start to before its end.</summary>
    public bool Covers(Instant at) => StartingAt <= at && at < EndingBefore;
}

/// <summary>Which child accounts may draw.</summary>
/// <param name="All">Every child.</param>
/// <param name="ContractIds">These contracts of children.</param>
public sealed record ChildAccess(bool All, IReadOnlyList<string> ContractIds)
{
    public static readonly ChildAccess None = new(false, []);
}

/// <summary>Where a commit came from by rollover.</summary>
public sealed record RolledOverFrom(string CommitId, string ContractId);

/// <summary>A commit or a credit: an amount that pays for usage before money does.</summary>
/// <param name="Id">Unique.</param>
/// <param name="CustomerId">Whose.</param>
/// <param name="ContractId">The contract that it belongs to; null: the customer's, for every contract or those of <see cref="ApplicableContractIds"/>.</param>
/// <param name="Version">Grows by one with each edit; an invoice names the one it read.</param>
/// <param name="ProductId">FIXED: names it on invoices.</param>
/// <param name="Priority">Lower burns first.</param>
/// <param name="CreditTypeId">Unit of its access.</param>
/// <param name="Access">In order, without overlap.</param>
public sealed record Commit(
    string Id,
    string CustomerId,
    string? ContractId,
    int Version,
    CommitType Type,
    string ProductId,
    string? Name,
    decimal Priority,
    string CreditTypeId,
    IReadOnlyList<AccessSegment> Access,
    Instant CreatedAt)
{
    public string? Description { get; init; }

    /// <summary>What is paid for it; null: nothing, it is complimentary.</summary>
    public PaymentSchedule? Invoicing { get; init; }

    /// <summary>The contract whose invoices carry the payments of a customer's commit.</summary>
    public string? InvoiceContractId { get; init; }

    /// <summary>Of a customer's commit: which contracts may draw; none named: all.</summary>
    public IReadOnlyList<string> ApplicableContractIds { get; init; } = [];

    public LineScope Scope { get; init; } = LineScope.Everything;

    public CommitRateType RateType { get; init; }

    /// <summary>0 to 1: what part of the amount a renewal takes over at the most; null: nothing.</summary>
    public decimal? RolloverFraction { get; init; }

    public string? RecurringCommitId { get; init; }

    public RolledOverFrom? RolledOver { get; init; }

    public ChildAccess ChildAccess { get; init; } = ChildAccess.None;

    /// <summary>The credit memo that gave it; null: none did.</summary>
    public string? CreditMemoId { get; init; }

    /// <summary>False: it takes no part until its payment is released.</summary>
    public bool IsPaid { get; init; } = true;

    /// <summary>True when it was made by a threshold, not by a person.</summary>
    public bool IsAutomatic { get; init; }

    public IReadOnlyDictionary<string, string> CustomFields { get; init; } = new Dictionary<string, string>();

    public string? UniquenessKey { get; init; }

    /// <summary>Name of the API key that made it; null: the system.</summary>
    public string? CreatedBy { get; init; }

    /// <summary>Whether spend trackers take its purchase for a discounted one; null: they take it for an undiscounted one.</summary>
    public bool? CountsAsDiscounted { get; init; }

    /// <summary>When this version was made; null: when the commit was.</summary>
    public Instant? ChangedAt { get; init; }

    public Instant? ArchivedAt { get; init; }

    /// <summary>Sum of its access.</summary>
    public decimal Amount => Exact.Sum(Access.Select(a => a.Amount));

    /// <summary>True when a contract may draw from it.</summary>
    public bool IsFor(string contractId) =>
        ContractId is not null ? ContractId == contractId : ApplicableContractIds.Count == 0 || ApplicableContractIds.Contains(contractId);

    /// <summary>True when any child may draw from it.</summary>
    public bool IsForChildren => ChildAccess.All || ChildAccess.ContractIds.Count > 0;

    /// <summary>True when a child's contract may draw from it.</summary>
    public bool IsForChild(string contractId) => ChildAccess.All || ChildAccess.ContractIds.Contains(contractId);

    /// <summary>The commit as a child's contract sees it: it pays for what the child uses, and nothing else of it is the child's.</summary>
    public Commit SharedWith(string contractId) => this with { ContractId = null, InvoiceContractId = null, ApplicableContractIds = [contractId], RolloverFraction = null };

    /// <summary>What a unit of it cost: paid ÷ granted; 0 for a credit or a complimentary commit.</summary>
    /// <remarks>Rounding: 20 decimals, half-even. A postpaid commit is promised whole: 1.</remarks>
    public decimal CostBasis()
    {
        if (Type == CommitType.Postpaid) return 1;
        var amount = Amount;
        return Invoicing is null || amount == 0 ? 0 : Exact.Quotient(Invoicing.Total, amount);
    }

    /// <summary>The refusal for a commit that cannot be kept, or null; fields are relative to the commit.</summary>
    public Refusal? Check()
    {
        if (Access.Count == 0) return new Refusal("no_access", "An access schedule needs at least one item.", "/access_schedule/schedule_items");
        for (var i = 0; i < Access.Count; i++)
        {
            var field = $"/access_schedule/schedule_items/{i}";
            if (Access[i].Amount < 0) return new Refusal("negative_amount", "An amount is 0 or more.", field + "/amount");
            var wrong = Hours.Check(Access[i].StartingAt, field + "/starting_at") ?? Hours.Check(Access[i].EndingBefore, field + "/ending_before")
                ?? Hours.CheckOrder(Access[i].StartingAt, Access[i].EndingBefore, field + "/ending_before");
            if (wrong is not null) return wrong;
        }
        if (Priority < 0) return new Refusal("negative_priority", "A priority is 0 or more; lower burns first.", "/priority");
        if (RolloverFraction is < 0 or > 1) return new Refusal("bad_rollover_fraction", "A rollover fraction goes from 0 to 1.", "/rollover_fraction");
        return Type switch
        {
            CommitType.Credit when Invoicing is not null => new Refusal("credit_with_invoice", "A credit is given, not sold: it has no invoice_schedule.", "/invoice_schedule"),
            CommitType.Postpaid => CheckPostpaid(),
            _ => Invoicing?.Check("/invoice_schedule"),
        };
    }

    private Refusal? CheckPostpaid() =>
        Access.Count != 1 || Invoicing?.Items.Count != 1 || Invoicing.Items[0].Amount != Access[0].Amount
            ? new Refusal("bad_postpaid_commit", "A POSTPAID commit has one access item and one invoice item of the same amount.", "/invoice_schedule")
            : Invoicing.Check("/invoice_schedule");
}
