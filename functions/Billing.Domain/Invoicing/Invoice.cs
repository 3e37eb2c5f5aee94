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
}

/// <summary>Which versions an invoice was rated with, so that its period can be rated again alike.</summary>
/// <param name="Contract">Of the contract.</param>
/// <param name="RateCardId">Null when the contract has none.</param>
/// <param name="RateCard">Of the rate card; 0 without one.</param>
/// <param name="Products">For each product, how many of its updates were known.</param>
public sealed record InvoiceVersions(int Contract, string? RateCardId, int RateCard, IReadOnlyDictionary<string, int> Products);

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
    IReadOnlyList<UnratedUsage> Unrated);
