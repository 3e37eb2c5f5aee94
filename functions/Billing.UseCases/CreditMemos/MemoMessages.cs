using Billing.Domain.CreditMemos;
using Billing.UseCases.Notifications;
using NodaTime;

namespace Billing.UseCases.CreditMemos;

/// <summary>What is told of credit memos.</summary>
internal static class MemoMessages
{
    /// <param name="memo">As it is after the change.</param>
    /// <param name="type">credit_memo.issued or credit_memo.voided.</param>
    /// <param name="version">Of the head that the commit makes.</param>
    /// <param name="at">When.</param>
    public static Message Of(CreditMemo memo, string type, long version, Instant at) => Message.Of(
        memo.CustomerId, version, type, memo.Id, at,
        ("customer_id", memo.CustomerId), ("credit_memo_id", memo.Id), ("number", memo.NumberText), ("invoice_id", memo.InvoiceId), ("credit_id", memo.CommitId),
        ("total", memo.Total), ("credit_type_id", memo.CreditTypeId), ("timestamp", at));
}
