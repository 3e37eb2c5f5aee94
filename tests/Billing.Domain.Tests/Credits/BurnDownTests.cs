using Billing.Domain.Tests.Oracle;
using Xunit;

namespace Billing.Domain.Tests.Credits;

public class BurnDownTests
{
    [Fact]
    public void An_invoice_in_whole_minor_units_draws_whole_minor_units() =>
        // 3 x 30 = 90 yen: 50 of 50.5 can pay, 40 are left to pay; half a yen stays in the credit
        LedgerPage.Check("""
            card japan currency JPY
            product calls
            rate calls 30
            contract A 2026-01-01 minor-unit
            grant promo CREDIT of A  50.5 2026-01-01 / 2027-01-01
            use calls 2026-01-10 3
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 40
            ->   calls: 1.66666666666666666667 x 30 = 50 from promo
            ->   calls: 1.33333333333333333333 x 30 = 40
            -> promo: +50.5, A -50 at 2026-02-01, left 0.5
            """);

    [Fact]
    public void What_a_commit_rate_leaves_is_charged_even_where_its_amount_has_no_end() =>
        // 24,691.2001 / 0.0003 = 82,304,000.333…; the rest of 100,000,000 costs 17,695,999.666… x 0.00045 = 7,963.19985
        LedgerPage.Check("""
            product tokens
            rate tokens 0.00045 commit-rate 0.0003
            contract A 2026-01-01
            grant prepaid PREPAID of A commit-rate  24691.2001 2026-01-01 / 2027-01-01
            use tokens 2026-01-10 100000000
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 7963.19985
            ->   tokens: 82304000.33333333333333333333 x 0.0003 = 24691.2001 from prepaid
            ->   tokens: 17695999.66666666666666666667 x 0.00045 = 7963.19985
            -> prepaid: +24691.2001, A -24691.2001 at 2026-02-01, left 0
            """);

    [Fact]
    public void Lines_of_higher_price_are_paid_first_whatever_their_order() =>
        // 100: first the 6 x 10 of bb, then 40 of the 50 of aa
        LedgerPage.Check("""
            product calls by model
            rate calls 5 for model=aa
            rate calls 10 for model=bb
            contract A 2026-01-01
            grant promo CREDIT of A  100 2026-01-01 / 2027-01-01
            use calls 2026-01-10 10 model=aa
            use calls 2026-01-20 6 model=bb
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 10
            ->   calls [model=aa]: 8 x 5 = 40 from promo
            ->   calls [model=aa]: 2 x 5 = 10
            ->   calls [model=bb]: 6 x 10 = 60 from promo
            -> promo: +100, A -100 at 2026-02-01, left 0
            """);

    /// <summary>Two commits that differ in one thing: which of them pays 10.</summary>
    [Theory]
    [InlineData("PREPAID of A priority 2 bill 9 at 2026-12-01", "PREPAID of A priority 1 bill 9 at 2026-12-01", "the lower priority number")]
    [InlineData("POSTPAID of A priority 1 bill 50 at 2026-12-01", "PREPAID of A priority 9 bill 9 at 2026-12-01", "prepaid before postpaid, whatever the priority")]
    [InlineData("PREPAID of A priority 1 bill 9 at 2026-12-01", "CREDIT of A priority 1", "what cost nothing")]
    [InlineData("CREDIT of A priority 1", "CREDIT of A priority 1 products calls,texts", "what is for fewer products")]
    [InlineData("CREDIT of A priority 1 where product=calls;model=aa where product=calls;model=bb", "CREDIT of A priority 1 where product=calls;model=aa", "what has fewer specifiers with group values")]
    [InlineData("CREDIT priority 1", "CREDIT priority 1 for A", "what is for fewer contracts")]
    [InlineData("CREDIT priority 1 for A", "CREDIT of A priority 1", "the contract's before the customer's")]
    public void Of_two_commits(string other, string first, string rule) =>
        LedgerPage.Check($"""
            # {rule}
            product calls by model
            product texts
            rate calls 1 for model=aa
            rate texts 1
            contract A 2026-01-01
            grant a {other}  50 2026-01-01 / 2027-01-01
            grant b {first}  50 2026-01-01 / 2027-01-01
            use calls 2026-01-10 10 model=aa
            until 2026-01-15
            -> A USAGE 2026-01-01 / 2026-02-01 total 0
            ->   calls [model=aa]: 10 x 1 = 10 from b
            -> a: +50, left 50
            -> b: +50, left 40
            """);

    [Fact]
    public void Of_two_alike_the_one_that_ends_first_then_the_one_that_began_first_pays() =>
        LedgerPage.Check("""
            product calls
            rate calls 1
            contract A 2026-01-01
            grant a CREDIT of A  10 2026-01-01 / 2026-04-01
            grant b CREDIT of A  10 2025-12-01 / 2026-03-01
            grant c CREDIT of A  10 2026-01-01 / 2026-03-01
            use calls 2026-01-10 15
            until 2026-01-15
            -> A USAGE 2026-01-01 / 2026-02-01 total 0
            ->   calls: 10 x 1 = 10 from b
            ->   calls: 5 x 1 = 5 from c
            -> a: +10, left 10
            -> b: +10, left 0
            -> c: +10, left 5
            """);

    [Fact]
    public void A_commit_that_runs_out_exactly_leaves_no_line_of_0() =>
        LedgerPage.Check("""
            product calls
            rate calls tiered:10@5,2
            contract A 2026-01-01
            grant promo CREDIT of A  50 2026-01-01 / 2027-01-01
            use calls 2026-01-10 12
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 4
            ->   calls tier 1: 10 x 5 = 50 from promo
            ->   calls tier 2: 2 x 2 = 4
            -> promo: +50, A -50 at 2026-02-01, left 0
            """);
}
