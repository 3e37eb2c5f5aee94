using Billing.Domain.Tests.Oracle;
using Xunit;

namespace Billing.Domain.Tests.Pricing;

public class CounterTests
{
    [Fact]
    public void A_yearly_allowance_is_used_up_over_monthly_statements() =>
        // 100 free a year: 60 + 40 of February's 50; then tiers of the paid units go on: 10, then 15 of which 10 complete the first 20
        LedgerPage.Check("""
            product calls
            rate calls tiered:20@3,1 free 100 counter ANNUAL
            contract A 2026-01-01
            use calls 2026-01-10 60
            use calls 2026-02-10 50
            use calls 2026-03-10 15
            until 2026-04-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 0
            ->   calls: 60 x 0 = 0
            -> A USAGE 2026-02-01 / 2026-03-01 total 30
            ->   calls: 40 x 0 = 0
            ->   calls tier 1: 10 x 3 = 30
            -> A USAGE 2026-03-01 / 2026-04-01 total 35
            ->   calls tier 1: 10 x 3 = 30
            ->   calls tier 2: 5 x 1 = 5
            """);

    [Fact]
    public void A_group_enters_the_first_step_of_a_long_counter_when_it_is_first_used() =>
        // bb is first used in March: its flat price of 5 is owed then, and not again in April
        LedgerPage.Check("""
            product calls by model
            rate calls tiered:8@2+5,1 for model=bb counter ANNUAL
            contract A 2026-01-01
            use calls 2026-03-10 3 model=bb
            use calls 2026-04-10 6 model=bb
            until 2026-05-01
            -> A USAGE 2026-03-01 / 2026-04-01 total 11
            ->   calls [model=bb] tier 1: 1 x 5 = 5
            ->   calls [model=bb] tier 1: 3 x 2 = 6
            -> A USAGE 2026-04-01 / 2026-05-01 total 11
            ->   calls [model=bb] tier 1: 5 x 2 = 10
            ->   calls [model=bb] tier 2: 1 x 1 = 1
            """);

    [Fact]
    public void A_long_counter_that_takes_over_within_a_statement_counts_what_was_used_in_it_before() =>
        // January 10, February until the 16th 5: the yearly counter stands at 15 of 18 when it takes over
        LedgerPage.Check("""
            product calls
            rate calls 1
            rate calls tiered:18@3,2 counter ANNUAL from 2026-02-16
            contract A 2026-01-01
            use calls 2026-01-10 10
            use calls 2026-02-10 5
            use calls 2026-02-20 7
            until 2026-03-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 10
            ->   calls: 10 x 1 = 10
            -> A USAGE 2026-02-01 / 2026-03-01 total 22
            ->   calls 2026-02-01 / 2026-02-16: 5 x 1 = 5
            ->   calls tier 1 2026-02-16 / 2026-03-01: 3 x 3 = 9
            ->   calls tier 2 2026-02-16 / 2026-03-01: 4 x 2 = 8
            """);

    [Fact]
    public void A_counter_counts_before_the_statement_what_the_usage_filter_of_that_time_let_in() =>
        // January was all teams: 10; February only t1: 2 of 6. The yearly counter stands at 10, its step ends at 11
        LedgerPage.Check("""
            product calls
            rate calls tiered:11@3,1 counter ANNUAL
            contract A 2026-01-01
            filter A team t1 from 2026-02-01
            use calls 2026-01-10 4 team=t1
            use calls 2026-01-11 6 team=t2
            use calls 2026-02-10 2 team=t1
            use calls 2026-02-11 4 team=t2
            until 2026-03-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 30
            ->   calls tier 1: 10 x 3 = 30
            -> A USAGE 2026-02-01 / 2026-03-01 total 4
            ->   calls tier 1: 1 x 3 = 3
            ->   calls tier 2: 1 x 1 = 1
            """);

    [Fact]
    public void A_counter_that_begins_anew_within_a_statement_cuts_it() =>
        // Weeks from Thursday 1 January: the 8th and 15th begin new ones, each with 5 free
        LedgerPage.Check("""
            product calls
            rate calls 1 free 5 counter WEEKLY
            contract A 2026-01-01 / 2026-01-20
            use calls 2026-01-07T23 7
            use calls 2026-01-08 7
            use calls 2026-01-15 4
            until 2026-01-20
            -> A USAGE 2026-01-01 / 2026-01-20 total 4
            ->   calls 2026-01-01 / 2026-01-08: 5 x 0 = 0
            ->   calls 2026-01-01 / 2026-01-08: 2 x 1 = 2
            ->   calls 2026-01-08 / 2026-01-15: 5 x 0 = 0
            ->   calls 2026-01-08 / 2026-01-15: 2 x 1 = 2
            ->   calls 2026-01-15 / 2026-01-20: 4 x 0 = 0
            """);
}
