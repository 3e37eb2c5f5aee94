using Billing.Domain.Contracts;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.CreditMemos;

/// <summary>Why something is credited.</summary>
public enum CreditMemoReason
{
    Duplicate,
    OrderChange,
    ProductUnsatisfactory,
    ServiceIssue,
    Other,
}

public enum CreditMemoStatus
{
    Issued,

    /// <summary>It counts for nothing any more; what it credited can be credited again.</summary>
    Void,
}

/// <summary>Where the money goes.</summary>
public enum CreditDestination
{
    /// <summary>Nowhere from here: less is paid for the invoice, or somebody else pays it back.</summary>
    None,

    /// <summary>To the customer's balance, as a credit that pays for usage from its issue on.</summary>
    Balance,
}

/// <summary>What is credited of a line.</summary>
/// <param name="LineNumber">The line's place on the invoice, from 1; it never changes, since the invoice does not.</param>
/// <param name="Name">As the invoice calls it.</param>
/// <param name="Amount">Above 0.</param>
public sealed record CreditMemoLine(int LineNumber, string Name, string? ProductId, decimal Amount);

/// <summary>Corrects a final invoice without touching it.</summary>
/// <param name="Number">Counts the customer's memos from 1, apart from invoices and without gaps.</param>
/// <param name="Memo">What is said to the customer about it.</param>
/// <param name="CreditTypeId">The invoice's currency.</param>
/// <param name="Lines">By line number, each once.</param>
/// <remarks>Invariant: the total is the sum of the lines. A memo never changes but to VOID.</remarks>
public sealed record CreditMemo(
    string Id,
    string CustomerId,
    string InvoiceId,
    long? InvoiceNumber,
    long Number,
    CreditMemoStatus Status,
    CreditMemoReason Reason,
    string? Memo,
    CreditDestination CreditTo,
    string CreditTypeId,
    IReadOnlyList<CreditMemoLine> Lines,
    Instant IssuedAt)
{
    /// <summary>The longest text that is kept.</summary>
    public const int MaxMemoLength = 2000;

    /// <summary>Of one that went to the balance: the credit that it gave.</summary>
    public string? CommitId { get; init; }

    public Instant? VoidedAt { get; init; }

    /// <summary>Who credits, as it was called at the issue; null: nobody had said.</summary>
    public Party? Seller { get; init; }

    /// <summary>Who is credited, likewise.</summary>
    public Party? Buyer { get; init; }

    public string? UniquenessKey { get; init; }

    /// <summary>Name of the API key that made it.</summary>
    public string? CreatedBy { get; init; }

    public decimal Total => Exact.Sum(Lines.Select(l => l.Amount));

    /// <summary>True while it counts.</summary>
    public bool Stands => Status == CreditMemoStatus.Issued;

    /// <summary>As it is written on documents: CM-1.</summary>
    public string NumberText => FormattableString.Invariant($"CM-{Number}");
}
