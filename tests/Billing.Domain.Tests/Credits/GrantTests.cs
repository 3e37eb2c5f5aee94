using Billing.Domain.Tests.Oracle;
using Xunit;

namespace Billing.Domain.Tests.Credits;

public class GrantTests
{
    /// <summary>Ten days in the middle of January: 310 is granted for the part of the month that the words name.</summary>
    [Theory]
    [InlineData("NONE", "310")]
    [InlineData("FIRST", "210")] // from the 11th to the end of the month: 310 x 21/31
    [InlineData("LAST", "200")] // from the 1st to the 21st: 310 x 20/31
    [InlineData("FIRST_AND_LAST", "100")] // from the 11th to the 21st: 310 x 10/31
    public void A_grant_is_prorated_only_at_the_ends_that_are_named(string prorated, string granted) =>
        LedgerPage.Check($"""
            contract A 2026-01-11 / 2026-01-21
            recurring monthly of A CREDIT 310 prorated {prorated}
            until 2026-01-15
            -> monthly@2026-01-11: +{granted}, left {granted}
            """);

    [Fact]
    public void A_prorated_grant_is_rounded_as_it_says() =>
        // 100 x 21/31 = 67.74…, to whole tens: 70
        LedgerPage.Check("""
            contract A 2026-01-11
            recurring monthly of A CREDIT 100 prorated FIRST round HALF_UP -1
            until 2026-01-15
            -> monthly@2026-01-11: +70, left 70
            """);

    [Fact]
    public void Grants_of_a_monthly_period_follow_its_anchor_through_short_months() =>
        LedgerPage.Check("""
            contract A 2024-01-31
            recurring monthly of A CREDIT 10 every MONTHLY
            until 2024-04-01
            -> monthly@2024-01-31: +10, expired -10 at 2024-02-29, left 0
            -> monthly@2024-02-29: +10, expired -10 at 2024-03-31, left 0
            -> monthly@2024-03-31: +10, left 10
            """);

    [Fact]
    public void A_grant_that_lasts_two_periods_pays_beside_the_next_one_and_first() =>
        // February: 30 from January's grant, which ends first, 20 from February's; January's 50 used 20 before
        LedgerPage.Check("""
            product calls
            rate calls 1
            contract A 2026-01-01
            recurring monthly of A CREDIT 50 lasting 2
            use calls 2026-01-10 20
            use calls 2026-02-10 50
            until 2026-03-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 0
            ->   calls: 20 x 1 = 20 from monthly@2026-01-01
            -> A USAGE 2026-02-01 / 2026-03-01 total 0
            ->   calls: 30 x 1 = 30 from monthly@2026-01-01
            ->   calls: 20 x 1 = 20 from monthly@2026-02-01
            -> monthly@2026-01-01: +50, A -20 at 2026-02-01, A -30 at 2026-03-01, left 0
            -> monthly@2026-02-01: +50, A -20 at 2026-03-01, left 30
            -> monthly@2026-03-01: +50, left 50
            """);
}
