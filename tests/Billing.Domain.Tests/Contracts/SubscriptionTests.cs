using Billing.Domain.Tests.Oracle;
using Xunit;

namespace Billing.Domain.Tests.Contracts;

public class SubscriptionTests
{
    [Fact]
    public void An_increase_pays_for_the_rest_of_the_period_and_a_decrease_counts_from_the_next() =>
        // April: 10 x 3,000; 5 more for 15 of 30 days: 5 x 1,500; May 15; June 12
        LedgerPage.Check("""
            product seats is SUBSCRIPTION
            rate seats 3000 every MONTHLY
            contract A 2026-04-01
            subscription team of A seats 10 every MONTHLY ADVANCE prorated at-once
            seats team 15 from 2026-04-16
            seats team 12 from 2026-05-10
            until 2026-06-15
            -> A SCHEDULED 2026-04-01 total 30000
            ->   subscription team 2026-04-01 / 2026-05-01: 10 x 3000 = 30000
            -> A SCHEDULED 2026-04-16 total 7500
            ->   subscription team 2026-04-16 / 2026-05-01: 5 x 1500 = 7500
            -> A SCHEDULED 2026-05-01 total 45000
            ->   subscription team 2026-05-01 / 2026-06-01: 15 x 3000 = 45000
            -> A SCHEDULED 2026-06-01 total 36000
            ->   subscription team 2026-06-01 / 2026-07-01: 12 x 3000 = 36000
            """);

    [Fact]
    public void A_change_that_another_replaces_before_it_takes_effect_is_not_charged() =>
        // On the 5th 20 seats are agreed for the 16th, on the 6th 12 instead
        LedgerPage.Check("""
            product seats is SUBSCRIPTION
            rate seats 3000 every MONTHLY
            contract A 2026-04-01
            subscription team of A seats 10 every MONTHLY ADVANCE prorated at-once
            seats team 20 from 2026-04-16 known 2026-04-05
            seats team 12 from 2026-04-16 known 2026-04-06
            until 2026-04-30
            -> A SCHEDULED 2026-04-01 total 30000
            ->   subscription team 2026-04-01 / 2026-05-01: 10 x 3000 = 30000
            -> A SCHEDULED 2026-04-16 total 3000
            ->   subscription team 2026-04-16 / 2026-05-01: 2 x 1500 = 3000
            """);

    [Fact]
    public void A_change_that_raises_another_after_it_was_charged_pays_for_the_difference() =>
        // 12 seats from the 16th are charged on the 16th; on the 20th it turns out that they are 15: 3 more from the 16th
        LedgerPage.Check("""
            product seats is SUBSCRIPTION
            rate seats 3000 every MONTHLY
            contract A 2026-04-01
            subscription team of A seats 10 every MONTHLY ADVANCE prorated at-once
            seats team 12 from 2026-04-16
            seats team 15 from 2026-04-16 known 2026-04-20
            until 2026-04-30
            -> A SCHEDULED 2026-04-01 total 30000
            ->   subscription team 2026-04-01 / 2026-05-01: 10 x 3000 = 30000
            -> A SCHEDULED 2026-04-16 total 7500
            ->   subscription team 2026-04-16 / 2026-05-01: 2 x 1500 = 3000
            ->   subscription team 2026-04-16 / 2026-05-01: 3 x 1500 = 4500
            """);

    [Fact]
    public void A_change_that_is_recorded_late_is_charged_only_where_less_was_charged() =>
        // 15 seats from the 16th are charged on the 16th; on the 20th 12 are recorded from the 11th on: 2 seats for the five days between
        LedgerPage.Check("""
            product seats is SUBSCRIPTION
            rate seats 3000 every MONTHLY
            contract A 2026-04-01
            subscription team of A seats 10 every MONTHLY ADVANCE prorated at-once
            seats team 15 from 2026-04-16
            seats team 12 from 2026-04-11 known 2026-04-20
            until 2026-04-30
            -> A SCHEDULED 2026-04-01 total 30000
            ->   subscription team 2026-04-01 / 2026-05-01: 10 x 3000 = 30000
            -> A SCHEDULED 2026-04-11 total 1000
            ->   subscription team 2026-04-11 / 2026-04-16: 2 x 500 = 1000
            -> A SCHEDULED 2026-04-16 total 7500
            ->   subscription team 2026-04-16 / 2026-05-01: 5 x 1500 = 7500
            """);

    [Fact]
    public void Seats_that_are_taken_back_and_added_again_are_paid_once() =>
        LedgerPage.Check("""
            product seats is SUBSCRIPTION
            rate seats 3000 every MONTHLY
            contract A 2026-04-01
            subscription team of A seats 10 every MONTHLY ARREARS prorated
            seats team 8 from 2026-04-06
            seats team 11 from 2026-04-16
            until 2026-05-01
            -> A SCHEDULED 2026-05-01 total 31500
            ->   subscription team 2026-04-01 / 2026-05-01: 10 x 3000 = 30000
            ->   subscription team 2026-04-16 / 2026-05-01: 1 x 1500 = 1500
            """);

    [Fact]
    public void A_period_has_the_price_of_its_start() =>
        LedgerPage.Check("""
            product seats is SUBSCRIPTION
            rate seats 3000 every MONTHLY
            rate seats 4000 every MONTHLY from 2026-04-10
            contract A 2026-04-01
            subscription team of A seats 1 every MONTHLY ADVANCE prorated at-once
            seats team 2 from 2026-04-16
            until 2026-05-01
            -> A SCHEDULED 2026-04-01 total 3000
            ->   subscription team 2026-04-01 / 2026-05-01: 1 x 3000 = 3000
            -> A SCHEDULED 2026-04-16 total 1500
            ->   subscription team 2026-04-16 / 2026-05-01: 1 x 1500 = 1500
            -> A SCHEDULED 2026-05-01 total 8000
            ->   subscription team 2026-05-01 / 2026-06-01: 2 x 4000 = 8000
            """);

    [Fact]
    public void Weeks_of_an_anchor_of_their_own_and_the_contracts_end_cut_the_first_and_the_last() =>
        // Weeks from Monday 5 January; Thursday 8th to 12th: 4 of 7 days; the last from the 19th to the 21st: 2 of 7
        LedgerPage.Check("""
            product seats is SUBSCRIPTION
            rate seats 70 every WEEKLY
            contract A 2026-01-08 / 2026-01-21
            subscription team of A seats 1 every WEEKLY ARREARS prorated anchor 2026-01-05
            until 2026-01-21
            -> A SCHEDULED 2026-01-12 total 40
            ->   subscription team 2026-01-08 / 2026-01-12: 1 x 40 = 40
            -> A SCHEDULED 2026-01-19 total 70
            ->   subscription team 2026-01-12 / 2026-01-19: 1 x 70 = 70
            -> A SCHEDULED 2026-01-21 total 20
            ->   subscription team 2026-01-19 / 2026-01-21: 1 x 20 = 20
            """);
}
