using Billing.Domain.Tests.Oracle;
using Xunit;

namespace Billing.Domain.Tests.Invoicing;

public class CalendarTests
{
    [Fact]
    public void Months_from_the_31st_end_with_each_month_and_come_back() =>
        // One unit an hour before each boundary, and one at it
        LedgerPage.Check("""
            product calls
            rate calls 1
            contract A 2026-01-31 from-start
            use calls 2026-01-31 1
            use calls 2026-02-27T23 2
            use calls 2026-02-28 4
            use calls 2026-03-30T23 8
            use calls 2026-03-31 16
            use calls 2026-04-29T23 32
            use calls 2026-04-30 64
            until 2026-05-31
            -> A USAGE 2026-01-31 / 2026-02-28 total 3
            ->   calls: 3 x 1 = 3
            -> A USAGE 2026-02-28 / 2026-03-31 total 12
            ->   calls: 12 x 1 = 12
            -> A USAGE 2026-03-31 / 2026-04-30 total 48
            ->   calls: 48 x 1 = 48
            -> A USAGE 2026-04-30 / 2026-05-31 total 64
            ->   calls: 64 x 1 = 64
            """);

    [Fact]
    public void In_a_leap_year_February_has_29_days() =>
        // 29 x 1 a day; half of February is 14.5 days: 290 x 15/29 = 150 from the 15th on
        LedgerPage.Check("""
            product calls
            product seats is SUBSCRIPTION
            rate calls 1
            rate seats 290 every MONTHLY
            contract A 2024-01-31 from-start
            subscription team of A seats 1 every MONTHLY ARREARS prorated anchor 2024-02-01 from 2024-02-15
            use calls 2024-02-28 5
            use calls 2024-02-29 7
            until 2024-03-01
            -> A USAGE 2024-01-31 / 2024-02-29 total 5
            ->   calls: 5 x 1 = 5
            -> A SCHEDULED 2024-03-01 total 150
            ->   subscription team 2024-02-15 / 2024-03-01: 1 x 150 = 150
            -> A USAGE 2024-02-29 / 2024-03-31 total 7
            ->   calls: 7 x 1 = 7
            """);

    [Fact]
    public void Years_from_29_February_end_on_the_28th_and_come_back() =>
        LedgerPage.Check("""
            product calls
            rate calls 1
            contract A 2024-02-29 statements ANNUAL from-start
            use calls 2025-02-27 1
            use calls 2025-02-28 2
            use calls 2026-02-28 4
            use calls 2027-02-28 8
            use calls 2028-02-28 16
            use calls 2028-02-29 32
            until 2028-03-01
            -> A USAGE 2024-02-29 / 2025-02-28 total 1
            ->   calls: 1 x 1 = 1
            -> A USAGE 2025-02-28 / 2026-02-28 total 2
            ->   calls: 2 x 1 = 2
            -> A USAGE 2026-02-28 / 2027-02-28 total 4
            ->   calls: 4 x 1 = 4
            -> A USAGE 2027-02-28 / 2028-02-29 total 24
            ->   calls: 24 x 1 = 24
            -> A USAGE 2028-02-29 / 2029-02-28 total 32
            ->   calls: 32 x 1 = 32
            """);

    [Fact]
    public void Quarters_from_30_November_clamp_in_February() =>
        LedgerPage.Check("""
            product calls
            rate calls 1
            contract A 2025-11-30 statements QUARTERLY from-start
            use calls 2026-02-27T23 1
            use calls 2026-02-28 2
            use calls 2026-05-29T23 4
            use calls 2026-05-30 8
            until 2026-06-01
            -> A USAGE 2025-11-30 / 2026-02-28 total 1
            ->   calls: 1 x 1 = 1
            -> A USAGE 2026-02-28 / 2026-05-30 total 6
            ->   calls: 6 x 1 = 6
            -> A USAGE 2026-05-30 / 2026-08-30 total 8
            ->   calls: 8 x 1 = 8
            """);

    [Fact]
    public void An_anchor_before_the_start_cuts_the_first_period_and_the_end_the_last() =>
        LedgerPage.Check("""
            product calls
            rate calls 1
            contract A 2026-09-15T07 / 2026-10-20T13 anchor 2026-09-10
            use calls 2026-09-15T06:59 1
            use calls 2026-09-15T07 2
            use calls 2026-10-10 4
            use calls 2026-10-20T12:59 8
            use calls 2026-10-20T13 16
            until 2026-11-01
            -> A USAGE 2026-09-15T07 / 2026-10-10 total 2
            ->   calls: 2 x 1 = 2
            -> A USAGE 2026-10-10 / 2026-10-20T13 total 12
            ->   calls: 12 x 1 = 12
            """);

    [Fact]
    public void A_change_of_price_cuts_to_the_hour_and_the_old_price_ends_before_it() =>
        LedgerPage.Check("""
            product calls
            rate calls 1
            rate calls 10 from 2026-02-28T23
            contract A 2026-02-01
            use calls 2026-02-28T22:59 1
            use calls 2026-02-28T23 1
            until 2026-03-01
            -> A USAGE 2026-02-01 / 2026-03-01 total 11
            ->   calls 2026-02-01 / 2026-02-28T23: 1 x 1 = 1
            ->   calls 2026-02-28T23 / 2026-03-01: 1 x 10 = 10
            """);

    /// <summary>The part of a month that a minimum of a day's price is owed for.</summary>
    [Theory]
    [InlineData("2026-01-31", "2026-02-01", "10")] // 310 x 1/31
    [InlineData("2024-02-29", "2024-03-01", "10.68965517241379310345")] // 310 x 1/29
    [InlineData("2026-02-28", "2026-03-01", "11.07142857142857142857")] // 310 x 1/28
    [InlineData("2026-04-30", "2026-05-01", "10.33333333333333333333")] // 310 x 1/30
    [InlineData("2026-02-01T23", "2026-02-02", "0.46130952380952380952")] // 310 x 1/672: an hour of February
    public void A_minimum_shrinks_with_the_hours_of_the_month(string start, string end, string owed) =>
        LedgerPage.Check($"""
            product calls
            rate calls 1
            contract A {start} / {end} min 310
            until {end}
            -> A USAGE {start} / {end} total {owed}
            ->   Minimum spend: 1 x {owed} = {owed}
            """);
}
