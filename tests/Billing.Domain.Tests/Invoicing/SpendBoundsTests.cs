using Billing.Domain.Tests.Oracle;
using Xunit;

namespace Billing.Domain.Tests.Invoicing;

public class SpendBoundsTests
{
    [Fact]
    public void A_minimum_is_owed_for_the_time_in_which_its_rate_is_not_overwritten() =>
        // 310 x 20/31 = 200 until the 21st; 50 were used: 150 are missing
        LedgerPage.Check("""
            product calls
            rate calls 1 min 310
            contract A 2026-01-01
            override special of A overwrite 2 products calls from 2026-01-21
            use calls 2026-01-05 50
            use calls 2026-01-25 10
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 220
            ->   calls 2026-01-01 / 2026-01-21: 50 x 1 = 50
            ->   calls 2026-01-21 / 2026-02-01: 10 x 2 = 20
            ->   calls minimum 2026-01-01 / 2026-01-21: 1 x 150 = 150
            """);

    [Fact]
    public void A_minimum_is_not_owed_for_the_time_in_which_another_rate_holds() =>
        // 31 days less the 10 of the other rate: 310 x 21/31 = 210
        LedgerPage.Check("""
            product calls
            rate calls 1 min 310
            rate calls 2 from 2026-01-11 until 2026-01-21
            contract A 2026-01-01
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 210
            ->   calls minimum: 1 x 210 = 210
            """);

    [Fact]
    public void A_minimum_is_not_owed_without_a_right_to_the_product() =>
        LedgerPage.Check("""
            product calls
            rate calls 1 min 310
            contract A 2026-01-01
            override gone of A entitlement products calls off
            until 2026-02-01
            """);

    [Fact]
    public void A_minimum_in_a_custom_unit_is_not_rounded() =>
        // 10 x 21/31 = 6.774… coins; at 2 cents 13.548…, rounded 14
        LedgerPage.Check("""
            card play unit coins at 2
            product calls
            rate calls 1 unit coins min 10
            contract A 2026-01-11 minor-unit
            until 2026-02-01
            -> A USAGE 2026-01-11 / 2026-02-01 total 14
            ->   calls minimum: 1 x 6.77419354838709677419 = 6.77419354838709677419
            ->   coins conversion: 6.77419354838709677419 x 2 = 14
            """);

    [Fact]
    public void A_correction_takes_off_first_what_lies_above_the_maximum() =>
        // 100 - 30 = 70 is still above 50
        LedgerPage.Check("""
            product calls
            change calls at 2026-01-16 name renamed
            rate calls 1 max 50
            contract A 2026-01-01
            use calls 2026-01-05 100
            use calls 2026-01-20 -30
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 50
            ->   calls 2026-01-01 / 2026-01-16: 50 x 1 = 50
            ->   calls 2026-01-01 / 2026-01-16: 50 x 0 = 0
            ->   renamed 2026-01-16 / 2026-02-01: -30 x 0 = 0
            """);

    /// <summary>What is given back comes from the highest step downwards, so the units of the highest lie above the maximum first.</summary>
    [Theory]
    // 10 + 5 = 15, at most 8. Back: 100 at 0.05 bring 15 to 10, still above 8; 50 at 0.1 bring 10 to 5, 3 below 8
    [InlineData("-150", "5", "tier 2 2026-01-16 / 2026-02-01: -100 x 0 = 0", "tier 1 2026-01-16 / 2026-02-01: -30 x 0.1 = -3;tier 1 2026-01-16 / 2026-02-01: -20 x 0 = 0")]
    // 15 to 10, and 20 at 0.1 to 8: exactly the maximum, nothing is given back
    [InlineData("-120", "8", "tier 2 2026-01-16 / 2026-02-01: -100 x 0 = 0", "tier 1 2026-01-16 / 2026-02-01: -20 x 0 = 0")]
    public void A_correction_of_a_share_gives_back_from_the_highest_step(string back, string total, string high, string low) =>
        LedgerPage.Check($"""
            product calls
            product support is COMPOSITE of calls
            change support at 2026-01-16 of calls
            rate support percent-tiers:100@0.1,0.05 max 8
            rate calls 1
            contract A 2026-01-01
            use calls 2026-01-05 200
            use calls 2026-01-20 {back}
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total {Words.Number(Words.Number(total) + 200 + Words.Number(back))}
            ->   calls 2026-01-01 / 2026-01-16: 200 x 1 = 200
            ->   calls 2026-01-16 / 2026-02-01: {back} x 1 = {back}
            ->   support tier 1 2026-01-01 / 2026-01-16: 80 x 0.1 = 8
            ->   support tier 1 2026-01-01 / 2026-01-16: 20 x 0 = 0
            ->   support tier 2 2026-01-01 / 2026-01-16: 100 x 0 = 0
            ->   support {high}
            {string.Join('\n', low.Split(';').Select(l => "-> support " + l))}
            """);

    [Fact]
    public void The_maximum_comes_before_the_minimum_and_both_before_commits() =>
        // calls 70 of at most 50; texts 5 of at least 20; the contract at least 100: 30 missing; the credit pays 60 of the 100
        LedgerPage.Check("""
            product calls
            product texts
            rate calls 1 max 50
            rate texts 1 min 20
            contract A 2026-01-01 min 100
            grant promo CREDIT of A  60 2026-01-01 / 2027-01-01
            use calls 2026-01-05 70
            use texts 2026-01-05 5
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 40
            ->   Minimum spend: 1 x 30 = 30 from promo
            ->   calls: 15 x 1 = 15 from promo
            ->   calls: 35 x 1 = 35
            ->   calls: 20 x 0 = 0
            ->   texts: 5 x 1 = 5
            ->   texts minimum: 1 x 15 = 15 from promo
            -> promo: +60, A -60 at 2026-02-01, left 0
            """);

    [Fact]
    public void A_minimum_is_not_owed_before_its_period_is_over() =>
        LedgerPage.Check("""
            product calls
            rate calls 1 min 310
            contract A 2026-01-01 min 500
            use calls 2026-01-05 50
            until 2026-01-31T23
            -> A USAGE 2026-01-01 / 2026-02-01 total 50
            ->   calls: 50 x 1 = 50
            """);
}
