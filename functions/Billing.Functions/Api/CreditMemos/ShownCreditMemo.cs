using Billing.Domain.CreditMemos;
using Billing.Functions.Api.Invoicing;
using NodaTime;

namespace Billing.Functions.Api.CreditMemos;

/// <summary>A credit memo.</summary>
/// <param name="Number">CM-1: of the customer's own series.</param>
/// <param name="CreditId">Of one that went to the balance: the credit that it gave.</param>
internal sealed record ShownCreditMemo(
    string Id,
    string Number,
    string CustomerId,
    string InvoiceId,
    long? InvoiceNumber,
    CreditMemoStatus Status,
    CreditMemoReason Reason,
    CreditDestination CreditTo,
    ShownCreditType CreditType,
    decimal Total,
    IReadOnlyList<ShownCreditedLine> Lines,
    Instant IssuedAt,
    Instant? VoidedAt,
    string? Memo,
    string? CreditId,
    ShownParty? Seller,
    ShownParty? Buyer,
    string? UniquenessKey,
    string? CreatedBy) : INamed
{
    public static ShownCreditMemo Of(CreditMemo m) => new(
        m.Id, m.NumberText, m.CustomerId, m.InvoiceId, m.InvoiceNumber, m.Status, m.Reason, m.CreditTo, ShownCreditType.Of(m.CreditTypeId), m.Total,
        [.. m.Lines.Select(l => new ShownCreditedLine(l.LineNumber, l.Name, l.ProductId, l.Amount))], m.IssuedAt, m.VoidedAt, m.Memo, m.CommitId, ShownParty.Of(m.Seller), ShownParty.Of(m.Buyer),
        m.UniquenessKey, m.CreatedBy);
}

/// <summary>What is credited of a line.</summary>
/// <param name="LineNumber">As the invoice's line says it.</param>
internal sealed record ShownCreditedLine(int LineNumber, string Name, string? ProductId, decimal Amount);

/// <summary>A credit memo on its invoice.</summary>
internal sealed record ShownMemoOfInvoice(string Id, string Number, CreditMemoStatus Status, decimal Total)
{
    public static ShownMemoOfInvoice Of(CreditMemo m) => new(m.Id, m.NumberText, m.Status, m.Total);
}
