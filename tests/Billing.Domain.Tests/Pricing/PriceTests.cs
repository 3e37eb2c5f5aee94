using Billing.Domain.Tests.Oracle;
using Xunit;

namespace Billing.Domain.Tests.Pricing;

/// <summary>What a quantity costs at each kind of price, at and beside its bounds.</summary>
public class PriceTests
{
    private static void Check(string rate, string used, string total, string lines) =>
        LedgerPage.Check($"""
            product calls
            rate calls {rate}
            contract A 2026-01-01
            use calls 2026-01-10 {used}
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total {total}
            {string.Join('\n', lines.Split(';').Select(l => "-> calls" + l))}
            """);

    [Theory]
    [InlineData("9.5", "95", " tier 1: 9.5 x 10 = 95")]
    [InlineData("10", "100", " tier 1: 10 x 10 = 100")] // the upper bound is inclusive
    [InlineData("10.5", "104", " tier 1: 10 x 10 = 100; tier 2: 0.5 x 8 = 4")]
    [InlineData("15", "140", " tier 1: 10 x 10 = 100; tier 2: 5 x 8 = 40")]
    [InlineData("16", "141", " tier 1: 10 x 10 = 100; tier 2: 5 x 8 = 40; tier 3: 1 x 1 = 1")]
    [InlineData("-2", "-20", " tier 1: -2 x 10 = -20")]
    public void Graduated_tiers_price_each_unit_by_the_step_it_lies_in(string used, string total, string lines) =>
        Check("tiered:10@10,5@8,1", used, total, lines);

    [Theory]
    [InlineData("10", "107", " tier 1: 10 x 10 = 100; tier 1: 1 x 7 = 7")]
    [InlineData("11", "116", " tier 1: 10 x 10 = 100; tier 1: 1 x 7 = 7; tier 2: 1 x 8 = 8; tier 2: 1 x 1 = 1")] // entered by the first unit above
    public void A_flat_price_is_owed_once_when_its_step_is_entered(string used, string total, string lines) =>
        Check("tiered:10@10+7,8+1", used, total, lines);

    [Fact]
    public void The_first_steps_flat_price_is_owed_even_when_nothing_is_used() =>
        Check("tiered:10@10+7,8", "0", "7", " tier 1: 1 x 7 = 7");

    [Theory]
    [InlineData("10", "100", " tier 1: 10 x 10 = 100")]
    [InlineData("11", "88", " tier 2: 11 x 8 = 88")] // above the bound the whole is cheaper
    public void Volume_prices_all_units_by_the_step_that_the_whole_reaches(string used, string total, string lines) =>
        Check("volume:10@10,8", used, total, lines);

    [Fact]
    public void Volume_of_a_whole_month_prices_both_sides_of_a_change() =>
        // 6 before, 6 after: 12 reach the second step of either table
        LedgerPage.Check("""
            product calls
            rate calls volume:10@10,8
            rate calls volume:10@5,4 from 2026-01-16
            contract A 2026-01-01
            use calls 2026-01-10 6
            use calls 2026-01-20 6
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 72
            ->   calls tier 2 2026-01-01 / 2026-01-16: 6 x 8 = 48
            ->   calls tier 2 2026-01-16 / 2026-02-01: 6 x 4 = 24
            """);

    [Theory]
    [InlineData("package:7/100/UP", "100", "7", ": 1 x 7 = 7")]
    [InlineData("package:7/100/UP", "100.01", "14", ": 2 x 7 = 14")]
    [InlineData("package:7/100/DOWN", "199.99", "7", ": 1 x 7 = 7")]
    [InlineData("package:7/100/DOWN", "200", "14", ": 2 x 7 = 14")]
    [InlineData("package:7/100/UP free 50", "150", "7", ": 50 x 0 = 0; calls: 1 x 7 = 7")] // free units come off before packages
    [InlineData("package:7/100/UP free 50", "151", "14", ": 50 x 0 = 0; calls: 2 x 7 = 14")]
    public void Packages_count_started_or_full_ones(string rate, string used, string total, string lines) =>
        Check(rate, used, total, lines.Replace("; calls", ";", StringComparison.Ordinal));

    [Fact]
    public void The_second_part_of_a_month_pays_only_for_the_packages_it_opens() =>
        // 250 open 3 packages; 40 more fit into the third; then 20 open the fourth
        LedgerPage.Check("""
            product calls
            change calls at 2026-01-11 tags x
            change calls at 2026-01-21 tags y
            rate calls package:7/100/UP
            contract A 2026-01-01
            use calls 2026-01-05 250
            use calls 2026-01-15 40
            use calls 2026-01-25 20
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 28
            ->   calls 2026-01-01 / 2026-01-11: 3 x 7 = 21
            ->   calls 2026-01-21 / 2026-02-01: 1 x 7 = 7
            """);

    [Theory]
    [InlineData("5", "0", ": 5 x 0 = 0")]
    [InlineData("6", "10", ": 5 x 0 = 0; tier 1: 1 x 10 = 10")]
    [InlineData("16", "108", ": 5 x 0 = 0; tier 1: 10 x 10 = 100; tier 2: 1 x 8 = 8")]
    public void Free_units_come_off_before_tiers(string used, string total, string lines) =>
        Check("tiered:10@10,8 free 5", used, total, lines);

    [Theory]
    [InlineData("100", "5", ": 100 x 0.05 = 5")]
    [InlineData("-100", "-5", ": -100 x 0.05 = -5")]
    public void A_percentage_is_a_share_of_what_the_metric_sums(string used, string total, string lines) =>
        Check("percent:0.05", used, total, lines);

    [Theory]
    [InlineData("4", "40", ": 4 x 10 = 40")]
    [InlineData("5", "50", ": 5 x 10 = 50")]
    [InlineData("6", "50", ": 5 x 10 = 50; calls: 1 x 0 = 0")]
    public void A_maximum_that_is_reached_exactly_clips_nothing(string used, string total, string lines) =>
        Check("10 max 50", used, total, lines.Replace("; calls", ";", StringComparison.Ordinal));

    [Theory]
    [InlineData("4", "50", ": 4 x 10 = 40; minimum: 1 x 10 = 10")]
    [InlineData("5", "50", ": 5 x 10 = 50")]
    [InlineData("6", "60", ": 6 x 10 = 60")]
    public void A_minimum_adds_what_is_missing(string used, string total, string lines) =>
        Check("10 min 50", used, total, lines);

    /// <summary>Convert, round, free units, tiers, in this order: 2,499 / 1,000 = 2.499, up to 3, one of them free, one in each step.</summary>
    [Fact]
    public void Conversion_comes_before_rounding_before_free_units_before_tiers() =>
        LedgerPage.Check("""
            product calls divide 1000 round ROUND_UP 0
            rate calls tiered:1@10,8 free 1
            contract A 2026-01-01
            use calls 2026-01-05 1249.5
            use calls 2026-01-25 1249.5
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 18
            ->   calls: 1 x 0 = 0
            ->   calls tier 1: 1 x 10 = 10
            ->   calls tier 2: 1 x 8 = 8
            """);

    [Fact]
    public void A_commit_rate_with_tiers_goes_on_where_the_line_stands_on_the_counter() =>
        // List 3 a unit; commit rate 2 up to 10, then 1. The first commit pays 8 x 2, the second 2 x 2 + 6 x 1, 4 are left at 3
        LedgerPage.Check("""
            product calls
            rate calls 3 commit-rate tiered:10@2,1
            contract A 2026-01-01
            grant first PREPAID of A priority 1 commit-rate  16 2026-01-01 / 2027-01-01
            grant second PREPAID of A priority 2 commit-rate  10 2026-01-01 / 2027-01-01
            use calls 2026-01-10 20
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 12
            ->   calls tier 1: 8 x 2 = 16 from first
            ->   calls tier 1: 2 x 2 = 4 from second
            ->   calls tier 2: 6 x 1 = 6 from second
            ->   calls: 4 x 3 = 12
            -> first: +16, A -16 at 2026-02-01, left 0
            -> second: +10, A -10 at 2026-02-01, left 0
            """);
}
