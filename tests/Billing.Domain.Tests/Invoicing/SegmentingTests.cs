using Billing.Domain.Tests.Oracle;
using Xunit;

namespace Billing.Domain.Tests.Invoicing;

public class SegmentingTests
{
    [Fact]
    public void A_product_that_was_changed_once_is_not_cut_by_what_does_not_concern_it() =>
        // 1.25 + 1.25 = 2.5, up to 3: another group's new price does not cut it into 2 + 2
        LedgerPage.Check("""
            product calls by model round ROUND_UP 0
            change calls at 2026-01-05 tags x
            rate calls 1 for model=aa
            rate calls 1 for model=bb
            rate calls 2 for model=bb from 2026-01-16
            contract A 2026-01-01
            use calls 2026-01-10 1.25 model=aa
            use calls 2026-01-20 1.25 model=aa
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 3
            ->   calls [model=aa] 2026-01-05 / 2026-02-01: 3 x 1 = 3
            """);

    [Fact]
    public void A_commit_that_cannot_pay_for_a_line_does_not_cut_it() =>
        LedgerPage.Check("""
            card play unit coins at 2
            product calls by model round ROUND_UP 0
            product texts
            rate calls 1 for model=aa
            rate texts 1
            contract A 2026-01-01
            contract B 2026-03-01
            grant b CREDIT of A products texts  10 2026-01-02 / 2026-01-15
            grant c CREDIT of A where product=calls;model=bb  10 2026-01-02 / 2026-01-15
            grant d CREDIT of A unit coins  10 2026-01-02 / 2026-01-15
            grant e CREDIT of B  10 2026-01-02 / 2026-01-15
            grant f CREDIT of A unpaid  10 2026-01-02 / 2026-01-15
            grant g CREDIT of A archived  10 2026-01-02 / 2026-01-15
            use calls 2026-01-01 1.25 model=aa
            use calls 2026-01-10 1.25 model=aa
            until 2026-01-15
            -> A USAGE 2026-01-01 / 2026-02-01 total 3
            ->   calls [model=aa]: 3 x 1 = 3
            -> b: +10, left 10
            -> c: +10, left 10
            -> d: +10, left 10
            -> e: +10, expired -10 at 2026-01-15, left 0
            -> f: +10, left 10
            -> g: +10, left 10
            """);

    [Fact]
    public void Usage_without_a_price_that_was_taken_back_is_not_reported() =>
        LedgerPage.Check("""
            product calls
            rate calls 1 from 2026-02-01
            contract A 2026-01-01
            grant promo CREDIT of A  10 2026-01-16 / 2026-03-01
            use calls 2026-01-10 3
            use calls 2026-01-20 -3
            until 2026-02-01
            -> promo: +10, left 10
            """);

    [Fact]
    public void A_largest_value_counts_over_the_whole_period_and_is_billed_in_its_last_stretch() =>
        // 7 and 4: 7 x 3 at the price that holds last, and only the credit that is open then can pay
        LedgerPage.Check("""
            product peak max
            rate peak 2
            rate peak 3 from 2026-01-16
            contract A 2026-01-01
            grant early CREDIT of A  10 2026-01-01 / 2026-01-16
            grant late CREDIT of A  10 2026-01-16 / 2026-02-01
            use peak 2026-01-03 7
            use peak 2026-01-20 4
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 11
            ->   peak 2026-01-16 / 2026-02-01: 3.33333333333333333333 x 3 = 10 from late
            ->   peak 2026-01-16 / 2026-02-01: 3.66666666666666666667 x 3 = 11
            -> early: +10, expired -10 at 2026-01-16, left 0
            -> late: +10, A -10 at 2026-02-01, left 0
            """);
}
