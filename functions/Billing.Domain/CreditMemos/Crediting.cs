using Billing.Domain.Invoicing;
using Billing.Domain.Values;

namespace Billing.Domain.CreditMemos;

/// <summary>A line of an invoice with what can be credited of it.</summary>
/// <param name="Number">Its place on the invoice, from 1.</param>
/// <param name="Limit">What it costs beyond what commits and credits paid of it; 0 for what costs nothing.</param>
/// <param name="Credited">By memos that stand.</param>
public sealed record CreditableLine(int Number, InvoiceLine Line, decimal Limit, decimal Credited)
{
    public decimal Left => Exact.Add(Limit, -Credited);
}

/// <summary>An amount that is asked for of one line.</summary>
public sealed record LineCredit(int LineNumber, decimal Amount);

/// <summary>Decides what a memo credits.</summary>
/// <remarks>
/// Invariants: the memos of a line that stand sum to its limit at most, those of an invoice to its total at most, and no line of a memo is 0 or less. Amounts are in
/// minor units of the currency, or as fine as what is left to credit.
/// </remarks>
public static class Crediting
{
    /// <summary>Every line of an invoice with what is left to credit.</summary>
    /// <param name="invoice">With its lines.</param>
    /// <param name="memos">Of any invoices; those of this one that stand count.</param>
    /// <remarks>
    /// A line of 10,000 of which a credit paid 4,000 can be credited by 6,000: what a commit or credit paid was no money, and is given back by voiding the
    /// invoice. What is in a custom pricing unit costs money where it is converted.
    /// </remarks>
    public static IReadOnlyList<CreditableLine> Lines(Invoice invoice, IEnumerable<CreditMemo> memos)
    {
        var credited = Of(invoice, memos).SelectMany(m => m.Lines).GroupBy(l => l.LineNumber).ToDictionary(l => l.Key, l => Exact.Sum(l.Select(c => c.Amount)));
        var costs = new decimal[invoice.Lines.Count];
        var covered = 0;
        for (var i = 0; i < invoice.Lines.Count; i++)
        {
            var line = invoice.Lines[i];
            // What was applied follows what it was applied to.
            if (line.Type != LineType.AppliedCommitOrCredit) covered = i;
            if (line.Counts && line.CreditTypeId == invoice.CreditTypeId) costs[covered] = Exact.Add(costs[covered], line.Total);
        }
        return [.. invoice.Lines.Select((line, i) => new CreditableLine(i + 1, line, Math.Max(0, costs[i]), credited.GetValueOrDefault(i + 1)))];
    }

    /// <summary>What of an invoice is credited by memos that stand.</summary>
    public static decimal Credited(Invoice invoice, IEnumerable<CreditMemo> memos) => Exact.Sum(Of(invoice, memos).Select(m => m.Total));

    /// <summary>What of an invoice can still be credited; lines below 0 leave less than the others have left.</summary>
    public static decimal Left(Invoice invoice, IEnumerable<CreditMemo> memos) => Exact.Add(Math.Max(0, invoice.Total), -Credited(invoice, memos));

    /// <summary>Credits amounts of lines that are named.</summary>
    public static Outcome<IReadOnlyList<CreditMemoLine>> Named(Invoice invoice, IReadOnlyList<CreditMemo> memos, IReadOnlyList<LineCredit> wanted)
    {
        if (Closed(invoice) is { } closed) return closed;
        if (wanted.Count == 0) return new Refusal("no_lines", "Name at least one line, or give an amount.", "/lines");
        var lines = Lines(invoice, memos);
        var named = new SortedDictionary<int, CreditMemoLine>();
        for (var i = 0; i < wanted.Count; i++)
        {
            var (number, amount) = wanted[i];
            if (number < 1 || number > lines.Count)
                return new Refusal("line_not_found", $"The invoice has lines 1 to {lines.Count}.", $"/lines/{i}/line_number", RefusalKind.NotFound);
            if (amount <= 0) return new Refusal("amount_not_positive", "What is credited is more than 0.", $"/lines/{i}/amount");
            if (TooFine(invoice, amount, [lines[number - 1].Left], $"/lines/{i}/amount") is { } tooFine) return tooFine;
            if (amount > lines[number - 1].Left) return new Refusal("line_over_credited", LineIsLess(lines[number - 1]), $"/lines/{i}/amount", RefusalKind.Conflict);
            if (!named.TryAdd(number, Line(lines[number - 1], amount))) return new Refusal("line_twice", "Name each line once.", $"/lines/{i}/line_number");
        }
        return Check(invoice, memos, Exact.Sum(named.Values.Select(l => l.Amount)), "/lines") is { } refusal ? refusal : new Outcome<IReadOnlyList<CreditMemoLine>>([.. named.Values]);
    }

    /// <summary>Credits an amount of the whole invoice, spread over its lines by what is left of each.</summary>
    /// <remarks>
    /// Rounding: none; shares are multiples of the currency's minor unit and sum to the amount by largest remainder. They are finer where the amount is, or
    /// where a line has less left than the unit that it would get: 3 cents over lines of 2.5 and 0.5 are 2.5 and 0.5.
    /// </remarks>
    public static Outcome<IReadOnlyList<CreditMemoLine>> Spread(Invoice invoice, IReadOnlyList<CreditMemo> memos, decimal amount)
    {
        if (Closed(invoice) is { } closed) return closed;
        if (amount <= 0) return new Refusal("amount_not_positive", "What is credited is more than 0.", "/amount");
        if (TooFine(invoice, amount, Lines(invoice, memos).Select(l => l.Left), "/amount") is { } tooFine) return tooFine;
        if (Check(invoice, memos, amount, "/amount") is { } refusal) return refusal;
        var open = Lines(invoice, memos).Where(l => l.Left > 0).ToList();
        var left = open.Select(l => l.Left).ToList();
        var coarsest = Math.Max(Exact.Normal(amount).Scale, MinorUnitDecimals(invoice));
        var finest = left.Max(l => Exact.Normal(l).Scale);
        try
        {
            for (var decimals = coarsest; ; decimals++)
            {
                var shares = Exact.Allocate(amount, left, decimals);
                // Whole units of all that is left are never more than a line has, so this comes to an end.
                if (decimals < finest && shares.Where((share, i) => share > left[i]).Any()) continue;
                return new Outcome<IReadOnlyList<CreditMemoLine>>([.. open.Select((l, i) => Line(l, shares[i])).Where(l => l.Amount > 0)]);
            }
        }
        catch (InexactAmountException)
        {
            return new Refusal("amount_not_exact", "The amount can't be spread over the lines without rounding; name the lines.", "/amount", RefusalKind.Conflict);
        }
    }

    /// <summary>The refusal to void an invoice that a memo corrects, or null.</summary>
    public static Refusal? CheckVoid(Invoice invoice, IEnumerable<CreditMemo> memos) => Of(invoice, memos).FirstOrDefault() is { } memo
        ? new Refusal("invoice_credited", $"Credit memo {memo.NumberText} ({memo.Id}) corrects invoice {invoice.Id}; void the memo first.", "/id", RefusalKind.Conflict)
        : null;

    private static IEnumerable<CreditMemo> Of(Invoice invoice, IEnumerable<CreditMemo> memos) => memos.Where(m => m.InvoiceId == invoice.Id && m.Stands);

    private static Refusal? Closed(Invoice invoice) => invoice.Status == InvoiceStatus.Finalized
        ? null
        : new Refusal("invoice_not_final", "Only a FINALIZED invoice can be credited: a draft still changes, and a void one asks for nothing.", "/invoice_id", RefusalKind.Conflict);

    // Nobody pays a fraction of a cent but where an invoice asks for one; and sums stay exact.
    private static Refusal? TooFine(Invoice invoice, decimal amount, IEnumerable<decimal> left, string field) =>
        Exact.Normal(amount).Scale <= left.Select(l => (int)Exact.Normal(l).Scale).Append(MinorUnitDecimals(invoice)).Max()
            ? null
            : new Refusal("amount_too_fine", "The amount has more decimals than the currency's minor unit and than what is left to credit.", field);

    private static int MinorUnitDecimals(Invoice invoice) => Currencies.Find(invoice.CreditTypeId)?.MinorUnitDecimals ?? 0;

    private static Refusal? Check(Invoice invoice, IReadOnlyList<CreditMemo> memos, decimal amount, string field) => Left(invoice, memos) is var left && amount <= left
        ? null
        : new Refusal(
            "invoice_over_credited", FormattableString.Invariant($"Of the invoice's total of {Exact.Normal(invoice.Total)} {Exact.Normal(left)} can still be credited, not {Exact.Normal(amount)}."), field, RefusalKind.Conflict);

    private static string LineIsLess(CreditableLine line) => FormattableString.Invariant(
        $"Of line {line.Number} {Exact.Normal(line.Left)} can be credited: it costs {Exact.Normal(line.Limit)} beyond commits and credits, of which {Exact.Normal(line.Credited)} are credited.");

    private static CreditMemoLine Line(CreditableLine line, decimal amount) => new(line.Number, line.Line.Name, line.Line.ProductId, amount);
}
