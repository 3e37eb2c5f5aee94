using Billing.Domain.Tests.Oracle;
using Xunit;

namespace Billing.Domain.Tests.Credits;

public class RolloverTests
{
    [Fact]
    public void A_renewal_takes_over_what_is_left_up_to_the_fraction_and_it_burns_first() =>
        // Left 100,000 - 90,000 = 10,000, at most 50,000: 10,000 roll over; in January 4,000 of them pay before B's own commit of priority 1
        LedgerPage.Check("""
            product calls
            rate calls 1
            contract A 2026-01-01 / 2027-01-01
            contract B 2027-01-01 renews A
            grant old PREPAID of A priority 9  100,000 2026-01-01 / 2027-01-01  bill 100,000 at 2026-01-01  rollover 0.5
            grant new CREDIT of B priority 1  5,000 2027-01-01 / 2028-01-01
            use calls 2026-12-31T23 90,000
            use calls 2027-01-01 4,000
            until 2027-02-01
            -> A SCHEDULED 2026-01-01 total 100000
            ->   purchase old: 1 x 100000 = 100000
            -> A USAGE 2026-12-01 / 2027-01-01 total 0
            ->   calls: 90000 x 1 = 90000 from old
            -> B USAGE 2027-01-01 / 2027-02-01 total 0
            ->   calls: 4000 x 1 = 4000 from old>B
            -> old: +100000, A -90000 at 2027-01-01, to B -10000 at 2027-01-01, left 0
            -> old>B: +10000, B -4000 at 2027-02-01, left 6000
            -> new: +5000, left 5000
            """);

    [Fact]
    public void What_expired_before_the_renewal_does_not_roll_over() =>
        // Only March's grant is open when B begins: min(100, 0.5 x 100) = 50
        LedgerPage.Check("""
            contract A 2026-01-01 / 2026-04-01
            contract B 2026-04-01 renews A
            recurring monthly of A CREDIT 100 rollover 0.5
            until 2026-04-15
            -> monthly@2026-01-01: +100, expired -100 at 2026-02-01, left 0
            -> monthly@2026-02-01: +100, expired -100 at 2026-03-01, left 0
            -> monthly@2026-03-01: +100, expired -50 at 2026-04-01, to B -50 at 2026-04-01, left 0
            -> monthly@2026-03-01>B: +50, left 50
            """);

    [Fact]
    public void A_segment_that_ended_before_the_renewal_does_not_roll_over() =>
        // Segment 1 expired in March; segment 2 holds 70 of 100, and half of the whole amount of 200 is 100
        LedgerPage.Check("""
            product calls
            rate calls 1
            contract A 2026-01-01 / 2026-06-01
            contract B 2026-06-01 renews A
            grant ramp CREDIT of A  100 2026-01-01 / 2026-03-01  100 2026-03-01 / 2026-06-01  rollover 0.5
            use calls 2026-04-10 30
            until 2026-06-15
            -> A USAGE 2026-04-01 / 2026-05-01 total 0
            ->   calls: 30 x 1 = 30 from ramp/2
            -> ramp/1: +100, expired -100 at 2026-03-01, left 0
            -> ramp/2: +100, A -30 at 2026-05-01, to B -70 at 2026-06-01, left 0
            -> ramp>B: +70, left 70
            """);

    [Fact]
    public void What_was_never_paid_for_does_not_roll_over() =>
        LedgerPage.Check("""
            product calls
            rate calls 1
            contract A 2026-01-01 / 2026-02-01
            contract B 2026-02-01 renews A
            grant gated PREPAID of A  100 2026-01-01 / 2026-02-01  rollover 1  unpaid
            use calls 2026-02-10 5
            until 2026-03-01
            -> B USAGE 2026-02-01 / 2026-03-01 total 5
            ->   calls: 5 x 1 = 5
            -> gated: +100, expired -100 at 2026-02-01, left 0
            """);

    [Fact]
    public void A_promise_that_rolls_over_stays_a_promise() =>
        // 100 promised, 30 used: 50 roll over, 20 are trued up. In B 10 of them are used, and billed all the same;
        // 31 days later 40 are missing, which is known when March is final
        LedgerPage.Check("""
            product calls
            rate calls 1
            contract A 2026-01-01 / 2026-02-01
            contract B 2026-02-01 renews A
            grant promise POSTPAID of A  100 2026-01-01 / 2026-02-01  bill 100 at 2026-02-01  rollover 0.5
            use calls 2026-01-10 30
            use calls 2026-02-10 10
            until 2026-04-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 30
            ->   calls: 30 x 1 = 30 from promise
            -> A TRUEUP 2026-02-01 total 20
            ->   purchase promise: 1 x 20 = 20
            -> B USAGE 2026-02-01 / 2026-03-01 total 10
            ->   calls: 10 x 1 = 10 from promise>B
            -> B TRUEUP 2026-03-04 total 40
            ->   purchase promise>B at 2026-02-01: 1 x 40 = 40
            -> promise: +100, A -30 at 2026-02-01, to B -50 at 2026-02-01, true-up -20 at 2026-02-01, left 0
            -> promise>B: +50, B -10 at 2026-03-01, true-up -40 at 2026-03-04, left 0
            """);

    [Fact]
    public void A_renewal_can_do_away_with_the_true_up() =>
        LedgerPage.Check("""
            product calls
            rate calls 1
            contract A 2026-01-01 / 2026-02-01
            contract B 2026-02-01 renews A without-trueup
            grant promise POSTPAID of A  100 2026-01-01 / 2026-02-01  bill 100 at 2026-02-01
            use calls 2026-01-10 30
            until 2026-03-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 30
            ->   calls: 30 x 1 = 30 from promise
            -> promise: +100, A -30 at 2026-02-01, left 70
            """);

    [Fact]
    public void What_cost_something_does_not_become_free_by_rolling_over() =>
        // support is a tenth of what no free credit paid: February's 10 are paid from what was bought in January
        LedgerPage.Check("""
            product calls
            product support is COMPOSITE of calls without-free
            rate calls 1
            rate support percent:0.1
            contract A 2026-01-01 / 2026-02-01
            contract B 2026-02-01 renews A
            grant bought PREPAID of A products calls  100 2026-01-01 / 2026-02-01  bill 80 at 2026-01-01  rollover 1
            use calls 2026-02-10 10
            until 2026-03-01
            -> A SCHEDULED 2026-01-01 total 80
            ->   purchase bought: 1 x 80 = 80
            -> B USAGE 2026-02-01 / 2026-03-01 total 1
            ->   calls: 10 x 1 = 10 from bought>B
            ->   support: 10 x 0.1 = 1
            -> bought: +100, to B -100 at 2026-02-01, left 0
            -> bought>B: +100, B -10 at 2026-03-01, left 90
            """);
}
