using Billing.Domain.Tests.Oracle;
using Xunit;

namespace Billing.Domain.Tests.Credits;

/// <summary>Access that begins or ends exactly where a period does, or at the hour of the usage.</summary>
public class AccessBoundTests
{
    /// <summary>10 calls at 1 in the given hour of January: paid by the credit or not.</summary>
    [Theory]
    [InlineData("2026-01-01", "2026-02-01", "2026-01-01", true)] // just the period: its first hour
    [InlineData("2026-01-01", "2026-02-01", "2026-01-31T23:59", true)] // its last minute
    [InlineData("2026-02-01", "2026-03-01", "2026-01-31T23:59", false)] // begins as the period ends
    [InlineData("2025-12-01", "2026-01-01", "2026-01-01", false)] // ends as it begins
    [InlineData("2026-01-10T05", "2026-01-10T06", "2026-01-10T05", true)] // one hour, at its start
    [InlineData("2026-01-10T05", "2026-01-10T06", "2026-01-10T05:59", true)]
    [InlineData("2026-01-10T05", "2026-01-10T06", "2026-01-10T06", false)] // expires at the instant of use
    [InlineData("2026-01-10T05", "2026-01-10T06", "2026-01-10T04:59", false)]
    public void Its_start_is_in_and_its_end_is_not(string start, string end, string used, bool isPaid)
    {
        var world = PageReader.Read($"""
            product calls
            rate calls 1
            contract A 2026-01-01
            grant promo CREDIT of A  100 {start} / {end}
            use calls {used} 10
            until 2026-02-01
            """);
        Assert.Null(LedgerPage.Difference(world));
        var january = Assert.Single(Books.AtOnce(world).Bills, b => b.Contract == "A" && b.End == Words.ReadTime("2026-02-01"));
        var line = Assert.Single(january.Lines, l => !l.IsEmpty);
        Assert.Equal((isPaid ? "promo" : null, isPaid ? "0" : "10"), (line.PaidBy, january.Total.ToString()));
    }

    [Fact]
    public void Of_two_credits_alike_in_everything_the_lower_id_pays_first() =>
        // 15 calls: 10 from a, 5 from b, though b was listed first
        LedgerPage.Check("""
            product calls
            rate calls 1
            contract A 2026-01-01
            grant b CREDIT of A priority 1  10 2026-01-01 / 2026-02-01
            grant a CREDIT of A priority 1  10 2026-01-01 / 2026-02-01
            use calls 2026-01-10 15
            until 2026-02-01
            -> A USAGE 2026-01-01 / 2026-02-01 total 0
            ->   calls: 10 x 1 = 10 from a
            ->   calls: 5 x 1 = 5 from b
            -> a: +10, A -10 at 2026-02-01, left 0
            -> b: +10, A -5 at 2026-02-01, expired -5 at 2026-02-01, left 0
            """);
}
