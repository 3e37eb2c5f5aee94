using Billing.Domain.Credits;
using NodaTime;

namespace Billing.Functions.Api.Credits;

/// <summary>An entry of a ledger.</summary>
internal sealed record ShownEntry(string Type, decimal Amount, Instant Timestamp, string SegmentId, string? InvoiceId, string? Reason, string? ContractId, string? CreditMemoId)
{
    public static ShownEntry Of(LedgerEntry e, CommitType of) =>
        new(Prefix(of) + Word(e.Type, of), e.Amount, e.At, e.SegmentId, e.InvoiceId, e.Reason, e.ContractId, e.CreditMemoId);

    private static string Prefix(CommitType of) => of switch
    {
        CommitType.Prepaid => "PREPAID_COMMIT_",
        CommitType.Postpaid => "POSTPAID_COMMIT_",
        CommitType.Credit => "CREDIT_",
        _ => throw new ArgumentOutOfRangeException(nameof(of), of, "Unknown commit type."),
    };

    private static string Word(LedgerEntryType type, CommitType of) => type switch
    {
        LedgerEntryType.SegmentStart => of == CommitType.Postpaid ? "INITIAL_BALANCE" : "SEGMENT_START",
        LedgerEntryType.AutomatedInvoiceDeduction => "AUTOMATED_INVOICE_DEDUCTION",
        LedgerEntryType.Rollover => "ROLLOVER",
        LedgerEntryType.Expiration => "EXPIRATION",
        LedgerEntryType.Canceled => "CANCELED",
        LedgerEntryType.Credited => "CREDITED",
        LedgerEntryType.Manual => "MANUAL",
        LedgerEntryType.SeatBasedAdjustment => "SEAT_BASED_ADJUSTMENT",
        LedgerEntryType.Trueup => "TRUEUP",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Unknown entry."),
    };
}
