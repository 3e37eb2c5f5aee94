using Billing.Domain.Credits;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.CreditMemos;

/// <summary>The credit that a memo gives to the customer's balance, and how it is taken back.</summary>
public static class MemoCredit
{
    private const decimal Priority = 100;

    /// <summary>Money that is given back does not run out; a segment has an end all the same.</summary>
    private const int YearsOpen = 100;

    /// <summary>The credit of a memo: for every contract of the customer, from the hour of the issue on.</summary>
    /// <param name="memo">With the credit's id.</param>
    /// <param name="segmentId">Of its one segment.</param>
    /// <param name="productId">FIXED: names it on invoices.</param>
    /// <param name="endingBefore">On the hour; null: in a hundred years.</param>
    public static Commit Of(CreditMemo memo, string segmentId, string productId, Instant? endingBefore)
    {
        var ticks = memo.IssuedAt.ToUnixTimeTicks();
        var start = Instant.FromUnixTimeTicks(ticks - ticks % NodaConstants.TicksPerHour);
        var end = endingBefore ?? start.InUtc().Date.PlusYears(YearsOpen).AtMidnight().InUtc().ToInstant();
        return new Commit(
            memo.CommitId!, memo.CustomerId, null, 1, CommitType.Credit, productId, $"Credit memo {memo.NumberText}", Priority, memo.CreditTypeId,
            [new AccessSegment(segmentId, memo.Total, start, end)], memo.IssuedAt)
        {
            CreditMemoId = memo.Id,
            CreatedBy = memo.CreatedBy,
        };
    }

    /// <summary>The entry that takes a credit back when its memo is voided. Refused when it is not whole any more.</summary>
    /// <param name="memo">That gave it.</param>
    /// <param name="credit">As it is.</param>
    /// <param name="ledger">What was posted.</param>
    /// <param name="at">When.</param>
    public static Outcome<LedgerEntry> TakeBack(CreditMemo memo, Commit credit, LedgerTotals ledger, Instant at)
    {
        var segment = credit.Access[0];
        var totals = ledger.Of(segment.Id);
        if (credit.ArchivedAt is not null || totals.IsSettled)
            return new Refusal("credit_ended", $"The credit {credit.Id} that this memo gave has ended; what was left of it is gone.", "/id", RefusalKind.Conflict);
        if (totals.Posted != 0)
        {
            var left = Exact.Normal(Exact.Add(segment.Amount, totals.Posted));
            return new Refusal(
                "credit_drawn", FormattableString.Invariant($"Of the credit {credit.Id} that this memo gave {left} of {Exact.Normal(segment.Amount)} are left; void the invoices that drew on it first."),
                "/id", RefusalKind.Conflict);
        }
        return new LedgerEntry(credit.Id, segment.Id, LedgerEntryType.Canceled, -segment.Amount, at, memo.InvoiceId, CreditMemoId: memo.Id);
    }
}
