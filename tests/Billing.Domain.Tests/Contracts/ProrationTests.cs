using Billing.Domain.Tests.Oracle;
using Xunit;

namespace Billing.Domain.Tests.Contracts;

/// <summary>A seat at 1 a day and month (28, 29, 30 or 31), for a part of a month.</summary>
public class ProrationTests
{
    /// <summary>The contract starts within the month: from there on 1 for each day.</summary>
    [Theory]
    [InlineData("2026-02-15", "2026-03-01", "28", "14")] // 28 x 14/28
    [InlineData("2024-02-15", "2024-03-01", "29", "15")] // 29 x 15/29
    [InlineData("2026-04-16", "2026-05-01", "30", "15")] // 30 x 15/30
    [InlineData("2026-01-16", "2026-02-01", "31", "16")] // 31 x 16/31
    [InlineData("2026-01-31", "2026-02-01", "31", "1")] // the last day
    [InlineData("2026-01-31T23", "2026-02-01", "744", "1")] // the last of 744 hours
    [InlineData("2026-01-01T01", "2026-02-01", "744", "743")] // all but the first hour
    [InlineData("2026-02-28T23", "2026-03-01", "672", "1")] // the last of 28 x 24 hours
    public void A_first_month_that_is_cut_by_the_start(string start, string end, string price, string share)
    {
        foreach (var (collection, due) in new[] { ("ADVANCE", start), ("ARREARS", end) })
            LedgerPage.Check($"""
                product seats is SUBSCRIPTION
                rate seats {price} every MONTHLY
                contract A {start} / {end}
                subscription team of A seats 1 every MONTHLY {collection} prorated
                until {end}
                -> A SCHEDULED {due} total {share}
                ->   subscription team {start} / {end}: 1 x {share} = {share}
                """);
    }

    /// <summary>2 seats more within the month, billed at once: for each of them what is left of it.</summary>
    [Theory]
    [InlineData("2026-02-01", "2026-02-28", "2026-03-01", "28", "56", "2", "1")] // the last day: 28 x 1/28
    [InlineData("2024-02-01", "2024-02-29", "2024-03-01", "29", "58", "2", "1")]
    [InlineData("2026-04-01", "2026-04-30", "2026-05-01", "30", "60", "2", "1")]
    [InlineData("2026-01-01", "2026-01-31", "2026-02-01", "31", "62", "2", "1")]
    [InlineData("2026-01-01", "2026-01-31T23", "2026-02-01", "744", "1488", "2", "1")] // the last hour
    [InlineData("2026-01-01", "2026-01-01T01", "2026-02-01", "744", "1488", "1486", "743")] // the second hour: 744 x 743/744
    public void Seats_that_are_added_within_a_month(string start, string at, string end, string price, string whole, string added, string share) =>
        LedgerPage.Check($"""
            product seats is SUBSCRIPTION
            rate seats {price} every MONTHLY
            contract A {start} / {end}
            subscription team of A seats 2 every MONTHLY ADVANCE prorated at-once
            seats team 4 from {at}
            until {end}
            -> A SCHEDULED {start} total {whole}
            ->   subscription team {start} / {end}: 2 x {price} = {whole}
            -> A SCHEDULED {at} total {added}
            ->   subscription team {at} / {end}: 2 x {share} = {added}
            """);

    /// <summary>From the instant at which the next month begins, another quantity is that month's: 4 x 31, and nothing is prorated.</summary>
    [Theory]
    [InlineData("ADVANCE", "2026-01-01", "2026-02-01")]
    [InlineData("ARREARS", "2026-02-01", "2026-03-01")]
    public void Seats_that_are_added_as_a_month_begins_are_whole(string collection, string first, string second) =>
        LedgerPage.Check($"""
            product seats is SUBSCRIPTION
            rate seats 31 every MONTHLY
            contract A 2026-01-01 / 2026-03-01
            subscription team of A seats 2 every MONTHLY {collection} prorated
            seats team 4 from 2026-02-01
            until 2026-03-01
            -> A SCHEDULED {first} total 62
            ->   subscription team 2026-01-01 / 2026-02-01: 2 x 31 = 62
            -> A SCHEDULED {second} total 124
            ->   subscription team 2026-02-01 / 2026-03-01: 4 x 31 = 124
            """);
}
