using System.Globalization;
using Billing.Domain.CreditMemos;
using Billing.Domain.Credits;
using Billing.Domain.Invoicing;
using Billing.Domain.Values;
using NodaTime;
using Xunit;

namespace Billing.Domain.Tests.CreditMemos;

/// <summary>An invoice and what is credited of it, as a page of text: each step with what becomes of it behind an arrow.</summary>
/// <remarks>
/// <c>line NAME TOTAL</c> adds a line, <c>applied TOTAL</c> what a credit paid of it, <c>promised TOTAL</c> what counts towards a postpaid commit, <c>units NAME TOTAL</c> a
/// line in a custom pricing unit; <c>credit AMOUNT</c> spreads, <c>credit N: AMOUNT, …</c> names lines, <c>void N</c> voids a memo, <c>left</c> tells what is left of the whole
/// and of the lines.
/// </remarks>
internal sealed class MemoPage
{
    private static readonly Instant Day = Instant.FromUtc(2026, 3, 1, 10, 20);

    private readonly string currency;
    private readonly List<InvoiceLine> lines = [];
    private readonly List<CreditMemo> memos = [];

    public MemoPage(string currency) => this.currency = currency;

    public IReadOnlyList<CreditMemo> Memos => memos;

    public Invoice Invoice
    {
        get
        {
            var total = Exact.Sum(lines.Where(l => l.Counts && l.CreditTypeId == currency).Select(l => l.Total));
            return new Invoice(
                "in-1", "acme", "contract", InvoiceType.Usage, InvoiceStatus.Finalized, 1, currency, Day, Day, Day, null, total, total, new InvoiceVersions(1, null, 0, new Dictionary<string, int>()), lines, []);
        }
    }

    /// <summary>Fails where a step comes out otherwise than the page says.</summary>
    public static void Check(string page, string? currency = null)
    {
        var run = new MemoPage(currency ?? Currencies.Usd.Id);
        Assert.Equal(page, string.Join('\n', page.Split('\n').Select(step => run.Step(step.Split("->")[0].TrimEnd()) is { } result ? $"{step.Split("->")[0].TrimEnd()} -> {result}" : step)));
    }

    public void Line(string name, decimal total, LineType type = LineType.Usage, CommitType paidBy = CommitType.Credit, string? unit = null) => lines.Add(new InvoiceLine
    {
        Type = type, Name = name, ProductId = name, CreditTypeId = unit ?? currency, Quantity = 1, UnitPrice = total, Total = total, StartingAt = Day, EndingBefore = Day,
        Commit = type == LineType.AppliedCommitOrCredit ? new LineCommit("commit", "segment", paidBy) : null,
    });

    public Outcome<IReadOnlyList<CreditMemoLine>> Credit(decimal amount) => Keep(Crediting.Spread(Invoice, memos, amount));

    public Outcome<IReadOnlyList<CreditMemoLine>> Credit(IReadOnlyList<LineCredit> wanted) => Keep(Crediting.Named(Invoice, memos, wanted));

    public void Void(int number) => memos[number - 1] = memos[number - 1] with { Status = CreditMemoStatus.Void };

    private Outcome<IReadOnlyList<CreditMemoLine>> Keep(Outcome<IReadOnlyList<CreditMemoLine>> credited)
    {
        if (credited.Is(out var of, out _))
            memos.Add(new CreditMemo($"memo-{memos.Count + 1}", "acme", "in-1", 1, memos.Count + 1, CreditMemoStatus.Issued, CreditMemoReason.Other, null, CreditDestination.None, currency, of, Day));
        return credited;
    }

    private string? Step(string step)
    {
        var words = step.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        switch (words[0])
        {
            case "line": Line(words[1], Number(words[2])); return null;
            case "units": Line(words[1], Number(words[2]), unit: "tokens"); return null;
            case "applied": Line("applied", Number(words[1]), LineType.AppliedCommitOrCredit); return null;
            case "promised": Line("promised", Number(words[1]), LineType.AppliedCommitOrCredit, CommitType.Postpaid); return null;
            case "void": Void(int.Parse(words[1], CultureInfo.InvariantCulture)); return null;
            case "credit" when words.Length == 2: return Text(Credit(Number(words[1])));
            case "credit": return Text(Credit([.. step[(step.IndexOf("credit", StringComparison.Ordinal) + 7)..].Split(',').Select(l => l.Split(':')).Select(l => new LineCredit(int.Parse(l[0], CultureInfo.InvariantCulture), Number(l[1])))]));
            case "left": return $"{Text(Crediting.Left(Invoice, memos))} of {string.Join(", ", Crediting.Lines(Invoice, memos).Select(l => Text(l.Left)))}";
            default: throw new ArgumentOutOfRangeException(nameof(step), step, "Unknown step.");
        }
    }

    private static string Text(Outcome<IReadOnlyList<CreditMemoLine>> credited) =>
        credited.Is(out var of, out var refusal) ? string.Join(", ", of.Select(l => $"{l.LineNumber}: {Text(l.Amount)}")) : $"{refusal.Code} {refusal.Field}";

    private static string Text(decimal amount) => amount.ToString(CultureInfo.InvariantCulture);

    private static decimal Number(string text) => decimal.Parse(text, CultureInfo.InvariantCulture);
}
