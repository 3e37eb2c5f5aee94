using System.Globalization;
using Billing.Domain.Contracts;
using Billing.Domain.CreditMemos;
using Billing.Domain.Values;

namespace Billing.Functions.Pdf;

/// <summary>What a credit memo's document says, in words.</summary>
internal static class CreditMemoText
{
    /// <summary>Says a credit memo.</summary>
    /// <param name="memo">To say.</param>
    /// <param name="seller">Where the memo names none.</param>
    /// <param name="buyer">Likewise.</param>
    public static InvoiceText Of(CreditMemo memo, Party seller, Party buyer)
    {
        var currency = Currencies.Find(memo.CreditTypeId)!;
        List<(string, string)> facts =
        [
            ("Number", memo.NumberText), ("Issued", InvoiceText.Date(memo.IssuedAt)),
            ("Corrects invoice", memo.InvoiceNumber?.ToString(CultureInfo.InvariantCulture) ?? memo.InvoiceId), ("Reason", Reason(memo.Reason)), ("Currency", InvoiceText.Code(currency)), ("Reference", memo.Id),
        ];
        List<TextRow> rows = [.. memo.Lines.Select(l => new TextRow(FormattableString.Invariant($"{l.Name}, line {l.LineNumber}"), "", "", "", InvoiceText.Money(l.Amount, currency), IsGroup: true))];
        return new InvoiceText(
            memo.Stands ? "Credit memo" : "Void credit memo", memo.Seller ?? seller, memo.Buyer ?? buyer, facts, rows,
            [($"Total credited in {InvoiceText.Code(currency)}{(memo.Stands ? "" : " (void)")}", InvoiceText.Money(memo.Total, currency))])
        {
            Remark = memo.Memo,
        };
    }

    private static string Reason(CreditMemoReason reason) => reason switch
    {
        CreditMemoReason.Duplicate => "Duplicate",
        CreditMemoReason.OrderChange => "Order change",
        CreditMemoReason.ProductUnsatisfactory => "Product unsatisfactory",
        CreditMemoReason.ServiceIssue => "Service issue",
        CreditMemoReason.Other => "Other",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "Unknown reason."),
    };
}
