using Billing.Domain.Tests.Oracle;
using Xunit;

namespace Billing.Domain.Tests.Contracts;

public class OverrideTests
{
    [Fact]
    public void An_overwrite_prices_what_the_rate_card_does_not_in_its_currency() =>
        LedgerPage.Check("""
            product calls
            rate calls 5 from 2026-02-01
            contract A 2026-01-01
            override early of A overwrite 2 products calls until 2026-02-01
            use calls 2026-01-10 10
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 20
            ->   calls: 10 x 2 = 20
            """);

    [Fact]
    public void Multipliers_never_stack_the_lowest_counts_and_an_overwrite_beats_them() =>
        // calls 13 x 80 before the 16th, 8 x 90 after; texts 10 x 70, not 10 x 50: 1,040 + 720 + 700 = 2,460
        LedgerPage.Check("""
            product calls tags x
            product texts tags y
            rate calls 100
            rate texts 100
            contract A 2026-04-01
            override nine of A multiplier 0.9 tags x
            override eight of A multiplier 0.8 tags x until 2026-04-16
            override fixed of A overwrite 70 products texts
            override half of A multiplier 0.5 tags y
            use calls 2026-04-15T23 13
            use calls 2026-04-16 8
            use texts 2026-04-20 10
            until 2026-05-01
            -> A USAGE 2026-04-01 / 2026-05-01 total 2460
            ->   calls 2026-04-01 / 2026-04-16: 13 x 80 = 1040
            ->   calls 2026-04-16 / 2026-05-01: 8 x 90 = 720
            ->   texts: 10 x 70 = 700
            """);

    [Fact]
    public void With_explicit_prioritization_the_lowest_priority_number_counts() =>
        // 35 x 100 x 0.8 = 2,800, though 0.5 is lower
        LedgerPage.Check("""
            product calls tags x
            rate calls 100
            contract A 2026-04-01 explicit
            override half of A multiplier 0.5 tags x priority 2
            override eight of A multiplier 0.8 tags x priority 1
            use calls 2026-04-10 35
            until 2026-05-01
            -> A USAGE 2026-04-01 / 2026-05-01 total 2800
            ->   calls: 35 x 80 = 2800
            """);

    [Fact]
    public void An_overwrite_freezes_the_price_and_a_multiplier_follows_the_list() =>
        LedgerPage.Check("""
            product calls
            rate calls 100
            rate calls 120 from 2026-05-01
            contract A 2026-04-01
            contract B 2026-04-01
            filter A team t1
            filter B team t2
            override frozen of A overwrite 80 products calls
            override off of B multiplier 0.8 products calls
            use calls 2026-04-10 1 team=t1
            use calls 2026-04-10 1 team=t2
            use calls 2026-05-10 1 team=t1
            use calls 2026-05-10 1 team=t2
            until 2026-06-01
            -> A USAGE 2026-04-01 / 2026-05-01 total 80
            ->   calls: 1 x 80 = 80
            -> B USAGE 2026-04-01 / 2026-05-01 total 80
            ->   calls: 1 x 80 = 80
            -> A USAGE 2026-05-01 / 2026-06-01 total 80
            ->   calls: 1 x 80 = 80
            -> B USAGE 2026-05-01 / 2026-06-01 total 96
            ->   calls: 1 x 96 = 96
            """);

    [Fact]
    public void A_tiered_override_cuts_the_steps_of_the_price_where_its_own_end() =>
        // List 10@4, then 2; half up to 6, then as listed: 6 x 2, 4 x 4, 5 x 2 = 12 + 16 + 10
        LedgerPage.Check("""
            product calls
            rate calls tiered:10@4,2
            contract A 2026-01-01 explicit
            override bulk of A tiered 6@0.5,1 products calls priority 1
            use calls 2026-01-10 15
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 38
            ->   calls tier 1: 6 x 2 = 12
            ->   calls tier 2: 4 x 4 = 16
            ->   calls tier 3: 5 x 2 = 10
            """);

    [Fact]
    public void An_override_for_a_commit_prices_what_is_drawn_from_it_and_nothing_else() =>
        // The commit draws at 100 x 0.5: 100 / 50 = 2 units; 1 unit is left at 100 x 0.9
        LedgerPage.Check("""
            product calls
            rate calls 100
            contract A 2026-01-01
            override all of A multiplier 0.9 products calls
            override own of A multiplier 0.5 products calls drawn-from deal
            grant deal PREPAID of A  100 2026-01-01 / 2027-01-01
            use calls 2026-01-10 3
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 90
            ->   calls: 2 x 50 = 100 from deal
            ->   calls: 1 x 90 = 90
            -> deal: +100, A -100 at 2026-02-01, left 0
            """);

    [Fact]
    public void Entitlement_can_be_switched_off_and_on() =>
        LedgerPage.Check("""
            product calls
            rate calls 1 off
            contract A 2026-01-01
            override on of A entitlement products calls on from 2026-01-11
            override off of A entitlement products calls off from 2026-01-21
            use calls 2026-01-05 1
            use calls 2026-01-15 2
            use calls 2026-01-25 4
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 2
            ->   calls 2026-01-11 / 2026-01-21: 2 x 1 = 2
            ->   unrated calls 2026-01-01 / 2026-01-11: 1 NotEntitled
            ->   unrated calls 2026-01-21 / 2026-02-01: 4 NotEntitled
            """);
}
