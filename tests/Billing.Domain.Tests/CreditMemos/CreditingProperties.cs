using Billing.Domain.CreditMemos;
using Billing.Domain.Invoicing;
using Billing.Domain.Values;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Billing.Domain.Tests.CreditMemos;

/// <summary>Random invoices and memos, held against plain sums.</summary>
public class CreditingProperties
{
    private const string Euro = "1c475899-09b3-5c1d-b62f-404b15bf01fe";

    private static readonly Gen<(int Kind, int Total, int Scale, int Paid)> AnyLine =
        from kind in Gen.Choose(0, 5)
        from total in Gen.Choose(-300, 3000)
        from scale in Gen.Choose(0, 3)
        from paid in Gen.Choose(0, 100)
        select (kind, total, scale, paid);

    private static readonly Gen<(int What, int Part, int First, int Second)> AnyStep =
        from what in Gen.Choose(0, 5)
        from part in Gen.Choose(1, 130)
        from first in Gen.Choose(1, 12)
        from second in Gen.Choose(1, 12)
        select (what, part, first, second);

    private static readonly Gen<(IReadOnlyList<(int Kind, int Total, int Scale, int Paid)> Lines, IReadOnlyList<(int What, int Part, int First, int Second)> Steps, bool InEuro)> Anything =
        from count in Gen.Choose(0, 10)
        from lines in AnyLine.ListOf(count)
        from steps in AnyStep.ListOf(count)
        from inEuro in Gen.Elements(true, false)
        select ((IReadOnlyList<(int, int, int, int)>)[.. lines], (IReadOnlyList<(int, int, int, int)>)[.. steps], inEuro);

    [Fact]
    public void Nothing_is_ever_credited_twice_and_parts_sum_to_the_whole() =>
        Prop.ForAll(Anything.ToArbitrary(), given =>
        {
            var page = new MemoPage(given.InEuro ? Euro : Currencies.Usd.Id);
            foreach (var line in given.Lines) Add(page, line);
            foreach (var (what, part, first, second) in given.Steps)
            {
                if (what == 5)
                {
                    if (page.Memos.Count > 0) page.Void(first % page.Memos.Count + 1);
                }
                else if (what > 2)
                {
                    page.Credit([new LineCredit(first, part), new LineCredit(second, part / 4m)]);
                }
                else
                {
                    // Part per cent of what is left, to a digit more than the currency has: up to the whole it is always done, beyond it or finer than all that is left never.
                    var left = Crediting.Left(page.Invoice, page.Memos);
                    var amount = part == 100 ? left : decimal.Round(left * part / 100, what, MidpointRounding.ToZero);
                    var finest = Crediting.Lines(page.Invoice, page.Memos).Select(l => Digits(l.Left)).Append(given.InEuro ? 2 : 0).Max();
                    var credited = page.Credit(amount);
                    Assert.Equal(amount > 0 && amount <= left && Digits(amount) <= finest, credited.Refusal is null);
                    if (credited.Is(out var shares, out _)) Assert.Equal(amount, shares.Sum(s => s.Amount));
                }
                Hold(page);
            }
        }).QuickCheckThrowOnFailure();

    private static int Digits(decimal amount) => Enumerable.Range(0, 29).First(d => decimal.Round(amount, d, MidpointRounding.ToZero) == amount);

    private static void Hold(MemoPage page)
    {
        var standing = page.Memos.Where(m => m.Stands).ToList();
        var lines = page.Invoice.Lines;
        Assert.True(standing.Sum(m => m.Total) <= Math.Max(0, page.Invoice.Total));
        Assert.All(standing, m => Assert.Equal(m.Total, m.Lines.Sum(l => l.Amount)));
        Assert.All(standing.SelectMany(m => m.Lines), l => Assert.True(l.Amount > 0));
        foreach (var line in standing.SelectMany(m => m.Lines).GroupBy(l => l.LineNumber))
        {
            var paid = lines.Skip(line.Key).TakeWhile(l => l.Type == LineType.AppliedCommitOrCredit).Where(l => l.Counts).Sum(l => l.Total);
            Assert.True(line.Sum(l => l.Amount) <= lines[line.Key - 1].Total + paid);
        }
    }

    private static void Add(MemoPage page, (int Kind, int Total, int Scale, int Paid) line)
    {
        var total = line.Total / (decimal)Math.Pow(10, line.Scale);
        if (line.Kind == 0)
        {
            page.Line("units", total, unit: "tokens");
            return;
        }
        page.Line("calls", total);
        if (line.Kind == 1 && total > 0) page.Line("applied", -decimal.Round(total * line.Paid / 100, 3, MidpointRounding.ToZero), LineType.AppliedCommitOrCredit);
        if (line.Kind == 2 && total > 0) page.Line("promised", -total, LineType.AppliedCommitOrCredit, Domain.Credits.CommitType.Postpaid);
    }
}
