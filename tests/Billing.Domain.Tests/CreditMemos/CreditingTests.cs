using Billing.Domain.CreditMemos;
using Billing.Domain.Credits;
using Billing.Domain.Invoicing;
using Billing.Domain.Values;
using NodaTime;
using Xunit;

namespace Billing.Domain.Tests.CreditMemos;

public class CreditingTests
{
    private const string Euro = "1c475899-09b3-5c1d-b62f-404b15bf01fe";

    // 20 - 20 + 80 + 60 - 10 = 130. 100 x 80 / 140 = 57.14…, 100 x 60 / 140 = 42.85…: 57 and 42, and the cent that is over goes to the larger remainder.
    [Fact]
    public void An_amount_goes_to_lines_by_what_they_cost_beyond_credits() => MemoPage.Check("""
        line calls 20
        applied -20
        line calls 80
        line storage 60
        line refund -10
        left -> 130 of 0, 0, 80, 60, 0
        credit 100 -> 3: 57, 4: 43
        left -> 30 of 0, 0, 23, 17, 0
        credit 31 -> invoice_over_credited /amount
        credit 3: 23, 4: 7 -> 3: 23, 4: 7
        left -> 0 of 0, 0, 0, 10, 0
        credit 4: 1 -> invoice_over_credited /lines
        void 1
        left -> 100 of 0, 0, 57, 53, 0
        credit 100 -> 3: 52, 4: 48
        """); // 100 x 57 / 110 = 51.8…, 100 x 53 / 110 = 48.1…

    [Fact]
    public void A_line_is_credited_by_no_more_than_it_costs() => MemoPage.Check("""
        line calls 80
        line storage 60
        credit 1: 50 -> 1: 50
        credit 2: 10, 1: 31 -> line_over_credited /lines/1/amount
        credit 2: 10, 1: 30 -> 1: 30, 2: 10
        left -> 50 of 0, 50
        credit 1: 1 -> line_over_credited /lines/0/amount
        credit 2: 0.5 -> amount_too_fine /lines/0/amount
        credit 0.5 -> amount_too_fine /amount
        credit 2: 0 -> amount_not_positive /lines/0/amount
        credit 2: -1 -> amount_not_positive /lines/0/amount
        credit 0: 1 -> line_not_found /lines/0/line_number
        credit 3: 1 -> line_not_found /lines/0/line_number
        credit 2: 1, 2: 1 -> line_twice /lines/1/line_number
        credit 0 -> amount_not_positive /amount
        credit 50 -> 2: 50
        credit 1 -> invoice_over_credited /amount
        """);

    [Fact]
    public void Equal_lines_share_to_the_cent() => MemoPage.Check("""
        line a 100
        line b 100
        line c 100
        credit 100 -> 1: 34, 2: 33, 3: 33
        credit 100 -> 1: 33, 2: 34, 3: 33
        credit 100 -> 1: 33, 2: 33, 3: 34
        left -> 0 of 0, 0, 0
        """); // the second: 100 x 66 / 200 = 33, 33.5, 33.5; the cent goes to the earlier

    // Euros are kept in euros: shares are cents, 0.01.
    [Fact]
    public void Shares_are_in_minor_units_of_the_currency() => MemoPage.Check("""
        line a 10
        line b 20
        credit 1 -> 1: 0.33, 2: 0.67
        credit 0.001 -> amount_too_fine /amount
        credit 0.01 -> 2: 0.01
        left -> 28.99 of 9.67, 19.32
        """, Euro);

    // EXACT contracts have fractions of a cent: in whole cents 3 would be 2 and 1, more than the second has. Where whole cents do, it is them.
    [Fact]
    public void A_line_that_has_less_than_a_unit_left_makes_the_shares_finer() => MemoPage.Check("""
        line a 2.5
        line b 0.5
        credit 3 -> 1: 2.5, 2: 0.5
        left -> 0 of 0, 0
        void 1
        line c 10.25
        credit 2 -> 3: 2
        credit 3: 0.25 -> 3: 0.25
        credit 3: 0.125 -> amount_too_fine /lines/0/amount
        credit 0.0000000000000000000000000001 -> amount_too_fine /amount
        """); // 2 x 2.5 / 13.25 = 0.377…, 2 x 0.5 / 13.25 = 0.075…, 2 x 10.25 / 13.25 = 1.547…: whole cents do

    [Fact]
    public void What_counts_towards_a_promise_is_paid_in_money_and_can_be_credited() => MemoPage.Check("""
        line calls 80
        promised -80
        left -> 80 of 80, 0
        credit 80 -> 1: 80
        """);

    [Fact]
    public void What_is_in_a_custom_unit_is_credited_where_it_is_converted() => MemoPage.Check("""
        units calls 1250
        line conversion 2500
        left -> 2500 of 0, 2500
        credit 1: 1 -> line_over_credited /lines/0/amount
        credit 500 -> 2: 500
        """);

    [Fact]
    public void An_invoice_that_asks_for_nothing_gives_nothing_to_credit() => MemoPage.Check("""
        line calls 80
        line refund -100
        left -> 0 of 80, 0
        credit 1 -> invoice_over_credited /amount
        credit 1: 1 -> invoice_over_credited /lines
        """);

    [Theory]
    [InlineData(InvoiceStatus.Draft)]
    [InlineData(InvoiceStatus.Void)]
    public void Only_a_final_invoice_is_credited(InvoiceStatus status)
    {
        var page = new MemoPage(Currencies.Usd.Id);
        page.Line("calls", 80);
        var invoice = page.Invoice with { Status = status };
        Assert.Equal("invoice_not_final", Crediting.Spread(invoice, [], 1).Refusal?.Code);
        Assert.Equal("invoice_not_final", Crediting.Named(invoice, [], [new LineCredit(1, 1)]).Refusal?.Code);
    }

    [Fact]
    public void Memos_of_other_invoices_and_void_ones_hold_nothing_up()
    {
        var page = new MemoPage(Currencies.Usd.Id);
        page.Line("calls", 80);
        page.Credit(80);
        Assert.Equal("invoice_credited", Crediting.CheckVoid(page.Invoice, page.Memos)?.Code);
        var other = page.Invoice with { Id = "in-2" };
        Assert.Null(Crediting.CheckVoid(other, page.Memos));
        Assert.Equal(80, Crediting.Left(other, page.Memos));
        page.Void(1);
        Assert.Null(Crediting.CheckVoid(page.Invoice, page.Memos));
    }

    private static CreditMemo ToBalance(Instant at) => new(
        "memo-1", "acme", "in-1", 7, 3, CreditMemoStatus.Issued, CreditMemoReason.ServiceIssue, null, CreditDestination.Balance, Currencies.Usd.Id,
        [new CreditMemoLine(1, "calls", "p1", 57), new CreditMemoLine(3, "storage", "p2", 43)], at) { CommitId = "credit-1" };

    [Fact]
    public void A_credit_to_the_balance_is_open_from_the_hour_of_the_issue()
    {
        var credit = MemoCredit.Of(ToBalance(Instant.FromUtc(2026, 3, 1, 10, 20)), "segment-1", "fixed", null);
        Assert.Equal((CommitType.Credit, 100m, "memo-1", null, "Credit memo CM-3"), (credit.Type, credit.Amount, credit.CreditMemoId, credit.ContractId, credit.Name)); // 57 + 43
        Assert.Equal((Instant.FromUtc(2026, 3, 1, 10, 0), Instant.FromUtc(2126, 3, 1, 0, 0)), (credit.Access[0].StartingAt, credit.Access[0].EndingBefore));
        Assert.Null(credit.Check());
    }

    [Theory]
    [InlineData(0, false, null)]
    [InlineData(-1, false, "credit_drawn")]
    [InlineData(1, false, "credit_drawn")]
    [InlineData(-100, true, "credit_ended")]
    public void A_credit_is_taken_back_only_whole(int posted, bool settled, string? refused)
    {
        var memo = ToBalance(Instant.FromUtc(2026, 3, 1, 10, 20));
        var credit = MemoCredit.Of(memo, "segment-1", "fixed", Instant.FromUtc(2027, 1, 1, 0, 0));
        var ledger = new LedgerTotals(new Dictionary<string, SegmentTotals> { ["segment-1"] = new(posted, settled) });
        var back = MemoCredit.TakeBack(memo, credit, ledger, Instant.FromUtc(2026, 3, 2, 0, 0));
        Assert.Equal(refused, back.Refusal?.Code);
        if (refused is null) Assert.Equal((LedgerEntryType.Canceled, -100m, "in-1", "memo-1"), (back.Value.Type, back.Value.Amount, back.Value.InvoiceId, back.Value.CreditMemoId));
        Assert.Equal("credit_ended", MemoCredit.TakeBack(memo, credit with { ArchivedAt = memo.IssuedAt }, LedgerTotals.Empty, memo.IssuedAt).Refusal?.Code);
    }
}
