using Billing.Domain.Tests.Oracle;
using Xunit;

namespace Billing.Domain.Tests.Pricing;

/// <summary>Quantities that hit a bound exactly, and those one 10^-12th beside it.</summary>
public class BoundTests
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
    [InlineData("tiered:10@3,2", "9.999999999999", "29.999999999997", " tier 1: 9.999999999999 x 3 = 29.999999999997")]
    [InlineData("tiered:10@3,2", "10", "30", " tier 1: 10 x 3 = 30")]
    [InlineData("tiered:10@3,2", "10.000000000001", "30.000000000002", " tier 1: 10 x 3 = 30; tier 2: 0.000000000001 x 2 = 0.000000000002")]
    // The flat price of the second step is owed whole for its first 10^-12th: 30 + 7 + 2 x 10^-12
    [InlineData("tiered:10@3,2+7", "10", "30", " tier 1: 10 x 3 = 30")]
    [InlineData("tiered:10@3,2+7", "10.000000000001", "37.000000000002", " tier 1: 10 x 3 = 30; tier 2: 1 x 7 = 7; tier 2: 0.000000000001 x 2 = 0.000000000002")]
    // The whole falls from 3 to 2 just above the bound: 10.000000000001 x 2
    [InlineData("volume:10@3,2", "9.999999999999", "29.999999999997", " tier 1: 9.999999999999 x 3 = 29.999999999997")]
    [InlineData("volume:10@3,2", "10", "30", " tier 1: 10 x 3 = 30")]
    [InlineData("volume:10@3,2", "10.000000000001", "20.000000000002", " tier 2: 10.000000000001 x 2 = 20.000000000002")]
    [InlineData("volume:10@3+1,2+7", "10", "31", " tier 1: 10 x 3 = 30; tier 1: 1 x 1 = 1")]
    [InlineData("volume:10@3+1,2+7", "10.000000000001", "27.000000000002", " tier 2: 10.000000000001 x 2 = 20.000000000002; tier 2: 1 x 7 = 7")]
    [InlineData("percent-tiers:100@0.1,0.05", "99.999999999999", "9.9999999999999", " tier 1: 99.999999999999 x 0.1 = 9.9999999999999")]
    [InlineData("percent-tiers:100@0.1,0.05", "100", "10", " tier 1: 100 x 0.1 = 10")]
    [InlineData("percent-tiers:100@0.1,0.05", "100.000000000001", "10.00000000000005", " tier 1: 100 x 0.1 = 10; tier 2: 0.000000000001 x 0.05 = 0.00000000000005")]
    [InlineData("package:7/10/UP", "9.999999999999", "7", ": 1 x 7 = 7")]
    [InlineData("package:7/10/UP", "10", "7", ": 1 x 7 = 7")]
    [InlineData("package:7/10/UP", "10.000000000001", "14", ": 2 x 7 = 14")]
    [InlineData("package:7/10/DOWN", "10", "7", ": 1 x 7 = 7")]
    [InlineData("package:7/10/DOWN", "19.999999999999", "7", ": 1 x 7 = 7")]
    [InlineData("package:7/10/DOWN", "20", "14", ": 2 x 7 = 14")]
    // 5 are free, then packages: 15 - 5 = 10 fill one, 10^-12 more open the second
    [InlineData("package:7/10/UP free 5", "15", "7", ": 5 x 0 = 0;: 1 x 7 = 7")]
    [InlineData("package:7/10/UP free 5", "15.000000000001", "14", ": 5 x 0 = 0;: 2 x 7 = 14")]
    [InlineData("package:7/10/DOWN free 5", "14.999999999999", "0", ": 5 x 0 = 0")]
    [InlineData("package:7/10/DOWN free 5", "15", "7", ": 5 x 0 = 0;: 1 x 7 = 7")]
    [InlineData("3 free 5", "5", "0", ": 5 x 0 = 0")]
    [InlineData("3 free 5", "5.000000000001", "0.000000000003", ": 5 x 0 = 0;: 0.000000000001 x 3 = 0.000000000003")]
    public void At_and_beside_the_bound(string rate, string used, string total, string lines) => Check(rate, used, total, lines);

    /// <summary>Used before the price changes on the 16th, and after; the counter goes on.</summary>
    [Theory]
    // The first step is full when the price changes: all after it is in the second, 10 x 3 + 5 x 1
    [InlineData("tiered:10@3,2", "tiered:10@2,1", "10", "5", "35", " tier 1 before: 10 x 3 = 30; tier 2 after: 5 x 1 = 5")]
    // 10^-12 of it is left: that costs 2, the other 5 - 10^-12 cost 1
    [InlineData("tiered:10@3,2", "tiered:10@2,1", "9.999999999999", "5", "34.999999999998", " tier 1 before: 9.999999999999 x 3 = 29.999999999997; tier 1 after: 0.000000000001 x 2 = 0.000000000002; tier 2 after: 4.999999999999 x 1 = 4.999999999999")]
    // 6 + 4 fill the first step and do not enter the second: 6 x 3 + 4 x 2
    [InlineData("tiered:10@3,2+7", "tiered:10@2,1+7", "6", "4", "26", " tier 1 before: 6 x 3 = 18; tier 1 after: 4 x 2 = 8")]
    [InlineData("tiered:10@3,2+7", "tiered:10@2,1+7", "10", "1", "38", " tier 1 before: 10 x 3 = 30; tier 2 after: 1 x 7 = 7; tier 2 after: 1 x 1 = 1")]
    // The whole month decides on the step of both sides: 6 + 4 = 10 is still the first
    [InlineData("volume:10@3,2", "volume:10@2,1", "6", "4", "26", " tier 1 before: 6 x 3 = 18; tier 1 after: 4 x 2 = 8")]
    [InlineData("volume:10@3,2", "volume:10@2,1", "6", "5", "17", " tier 2 before: 6 x 2 = 12; tier 2 after: 5 x 1 = 5")]
    // 10 fill a package at 7; the next unit opens one at 5
    [InlineData("package:7/10/UP", "package:5/10/UP", "10", "1", "12", " before: 1 x 7 = 7; after: 1 x 5 = 5")]
    [InlineData("package:7/10/UP", "package:5/10/UP", "9", "1", "7", " before: 1 x 7 = 7")]
    [InlineData("package:7/10/DOWN", "package:5/10/DOWN", "9", "1", "5", " after: 1 x 5 = 5")]
    [InlineData("3 free 5", "2 free 5", "5", "1", "2", " before: 5 x 0 = 0; after: 1 x 2 = 2")]
    public void Across_a_change_of_price(string first, string then, string before, string after, string total, string lines) =>
        LedgerPage.Check($"""
            product calls
            rate calls {first}
            rate calls {then} from 2026-01-16
            contract A 2026-01-01
            use calls 2026-01-10 {before}
            use calls 2026-01-16 {after}
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total {total}
            {string.Join('\n', lines.Split(';').Select(l => "-> calls" + l.Replace("before", "2026-01-01 / 2026-01-16", StringComparison.Ordinal).Replace("after", "2026-01-16 / 2026-02-01", StringComparison.Ordinal)))}
            """);

    /// <summary>A counter of the year, billed by the month: January ends on a bound, or 10^-12 beside it.</summary>
    [Theory]
    [InlineData("10", "30", "1", " tier 1: 10 x 3 = 30", " tier 2: 1 x 1 = 1")]
    [InlineData("9.999999999999", "29.999999999997", "1.000000000002", " tier 1: 9.999999999999 x 3 = 29.999999999997", " tier 1: 0.000000000001 x 3 = 0.000000000003; tier 2: 0.999999999999 x 1 = 0.999999999999")]
    [InlineData("10.000000000001", "30.000000000001", "1", " tier 1: 10 x 3 = 30; tier 2: 0.000000000001 x 1 = 0.000000000001", " tier 2: 1 x 1 = 1")]
    public void Of_a_year_billed_by_the_month(string january, string first, string second, string firstLines, string secondLines) =>
        LedgerPage.Check($"""
            product calls
            rate calls tiered:10@3,1 counter ANNUAL
            contract A 2026-01-01
            use calls 2026-01-10 {january}
            use calls 2026-02-10 1
            until 2026-03-01
            -> A USAGE 2026-01-01 / 2026-02-01 total {first}
            {string.Join('\n', firstLines.Split(';').Select(l => "-> calls" + l))}
            -> A USAGE 2026-02-01 / 2026-03-01 total {second}
            {string.Join('\n', secondLines.Split(';').Select(l => "-> calls" + l))}
            """);
}
