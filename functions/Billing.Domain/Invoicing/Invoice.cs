using Billing.Domain.Contracts;
using NodaTime;

namespace Billing.Domain.Invoicing;

public enum InvoiceStatus
{
    /// <summary>Computed when asked for; never kept.</summary>
    Draft,

    /// <summary>Never changes again, but to VOID.</summary>
    Finalized,

    Void,
}

public enum InvoiceType
{
    /// <summary>The usage of a period.</summary>
    Usage,

    /// <summary>What falls due by date: payments for commits, charges, subscriptions.</summary>
    Scheduled,

    /// <summary>The usage invoices of a parent and its children, put together: it says again what they say.</summary>
    UsageConsolidated,

    /// <summary>Late usage of final periods that no further usage invoice carries.</summary>
    Adjustment,
}

/// <summary>What an invoice took from a commit's segment.</summary>
/// <param name="Amount">≥ 0, in the commit's credit type.</param>
/// <param name="At">End of the service period, or of the segment if that is earlier.</param>
public sealed record Draw(string CommitId, string SegmentId, decimal Amount, Instant At)
{
    /// <summary>Whose commit it is, when it is a parent's; null: the customer's own.</summary>
    public string? CustomerId { get; init; }
}

/// <summary>Which versions an invoice was rated with, so that its period can be rated again alike.</summary>
/// <param name="Contract">Of the contract.</param>
/// <param name="RateCardId">Null when the contract has none.</param>
/// <param name="RateCard">Of the rate card; 0 without one.</param>
/// <param name="Products">For each product, how many of its updates were known.</param>
/// <param name="Commits">For each commit and credit, its version; grants of recurring commits follow from the contract.</param>
public sealed record InvoiceVersions(
    int Contract, string? RateCardId, int RateCard, IReadOnlyDictionary<string, int> Products, IReadOnlyDictionary<string, int>? Commits = null);

/// <summary>An invoice.</summary>
/// <param name="Number">Counts the customer's final invoices from 1; null on a draft.</param>
/// <param name="Start">Of the period.</param>
/// <param name="End">Of the period, exclusive.</param>
/// <param name="IssuedAt">End of the period and grace: the logical time it becomes final, whenever that was carried out.</param>
/// <param name="Subtotal">Sum of the lines.</param>
/// <param name="Total">What is asked for.</param>
/// <param name="Unrated">Usage that was not charged.</param>
public sealed record Invoice(
    string Id,
    string CustomerId,
    string ContractId,
    InvoiceType Type,
    InvoiceStatus Status,
    long? Number,
    string CreditTypeId,
    Instant Start,
    Instant End,
    Instant IssuedAt,
    int? NetPaymentTermsDays,
    decimal Subtotal,
    decimal Total,
    InvoiceVersions Versions,
    IReadOnlyList<InvoiceLine> Lines,
    IReadOnlyList<UnratedUsage> Unrated)
{
    /// <summary>What its lines drew, one for each segment.</summary>
    public IReadOnlyList<Draw> Draws { get; init; } = [];

    /// <summary>The charges that it bills, so that none is billed twice.</summary>
    public IReadOnlyList<string> ChargeIds { get; init; } = [];

    /// <summary>Who pays it instead of the customer that it is of; null: the customer.</summary>
    public PayingContract? PaidBy { get; init; }

    /// <summary>Of a consolidated invoice: what was put together.</summary>
    public IReadOnlyList<Constituent> Constituents { get; init; } = [];

    /// <summary>Of an invoice that was made anew: the voided one.</summary>
    public string? RegeneratedFrom { get; init; }

    /// <summary>When it was voided.</summary>
    public Instant? VoidedAt { get; init; }

    /// <summary>Who asks for the money, as it was called when the invoice was issued; null: nobody had said.</summary>
    public Party? Seller { get; init; }

    /// <summary>Who owes it, likewise; null on drafts.</summary>
    public Party? Buyer { get; init; }

    /// <summary>Its own; they may be set on final invoices too.</summary>
    public IReadOnlyDictionary<string, string> CustomFields { get; init; } = new Dictionary<string, string>();

    /// <summary>Custom fields of what it bills, as they were when it was made, by id: of the contract, and of products, commits, charges and subscriptions on its lines. Null: none has any.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>? FieldsOf { get; init; }
}
