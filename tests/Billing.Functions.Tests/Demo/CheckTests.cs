using Billing.Functions.Demo;
using Billing.Functions.Demo.Selling;
using Billing.Functions.Demo.Traffic;
using NodaTime;
using Xunit;

namespace Billing.Functions.Tests.Demo;

/// <summary>The demo's own sums, and that they notice.</summary>
public sealed class CheckTests
{
    private static readonly TokenGroup LargeInEurope = new("large", "eu", TokenKind.Output);

    [Fact]
    public void Requests_are_priced_tier_by_tier()
    {
        // 10,000 free + 20,000 × 0.1 cents + 5,000 × 0.05 cents = 2,250 cents.
        Assert.Equal(2_250m, PriceList.CostOfRequests(35_000));
        Assert.Equal(0m, PriceList.CostOfRequests(10_000));
    }

    [Fact]
    public void Tokens_are_priced_by_kind_region_and_date()
    {
        Assert.Equal(8_250m, PriceList.CentsPerMillion(LargeInEurope)); // 7,500 × 1.1
        Assert.Equal(5m, PriceList.CentsPerMillion(new TokenGroup("small", "us", TokenKind.CachedInput))); // 20 ÷ 4
        Assert.Equal(880m, PriceList.CentsPerMillion(new TokenGroup("medium", "eu", TokenKind.Output), changed: true)); // 1,000 × 0.8 × 1.1
        Assert.Equal(8_250m, PriceList.CentsPerMillion(LargeInEurope, changed: true));
    }

    [Fact]
    public void A_bill_is_usage_less_what_pays_for_it()
    {
        var traffic = new TrafficPlan(["Enterprise", "Late", "Wallet", "Small"], [.. Requests()]);
        var late = Deals.HeldBack(traffic);
        Assert.Equal([2], late);
        var bills = ByHand.Bills(traffic, late, Instant.FromUtc(2026, 3, 2, 0, 0));
        // 10 M × $75 × 0.8 = $600 of $6,000. A quarter: $1,500; seats 20 × $30 + 6 × $30 × 17 of 31 days + 2 × 26 × $30.
        Assert.Equal(new Money(600_000, 60_000, 0, 540_000), bills[0].Balance);
        Assert.Equal([0m, 0m], bills[0].Usage);
        Assert.Equal(150_000m + 60_000m + 6 * 1_645.16129032258064516129m + 156_000m, bills[0].Scheduled);
        // $10 before the 15th, less $5 of free credit; $8 late, at the price after it.
        Assert.Equal([500m, 800m], bills[1].Usage);
        Assert.Equal(800m, bills[1].Late);
        // $30 of $100, then up to $150: $80.
        Assert.Equal(new Money(18_000, 3_000, 0, 15_000), bills[2].Balance);
        Assert.Equal(18_000m, bills[2].Scheduled);
        // $0.80 of $5; the rest is gone with the month.
        Assert.Equal(new Money(500, 80, 420, 0), bills[3].Balance);
        Assert.Equal([0m, 0m], bills[3].Usage);

        static IEnumerable<UsageRequest> Requests() =>
        [
            new("1", 0, Instant.FromUtc(2026, 1, 20, 0, 0), "large", "us", 0, 0, 10_000_000),
            new("2", 1, Instant.FromUtc(2026, 1, 14, 23, 59), "medium", "us", 0, 0, 1_000_000),
            new("3", 1, Instant.FromUtc(2026, 1, 15, 0, 0), "medium", "us", 0, 0, 1_000_000),
            new("4", 2, Instant.FromUtc(2026, 1, 2, 0, 0), "large", "us", 2_000_000, 0, 0),
            new("5", 3, Instant.FromUtc(2026, 1, 2, 0, 0), "small", "us", 0, 0, 1_000_000),
        ];
    }

    [Fact]
    public void A_balance_that_differs_is_told()
    {
        var traffic = new TrafficPlan(["Acme"], [new UsageRequest("1", 0, Instant.FromUtc(2026, 1, 5, 0, 0), "small", "us", 1, 0, 1)]);
        var bill = new Bill([0m], 0m, 0m, new Money(500, 80, 420, 0));
        Assert.True(Check.OfBalances([bill], traffic, [new Money(500, 80, 420, 0)]).Equal);
        Assert.Equal(
            ["drawn by Acme, cents: expected 80, found 81", "expired of Acme, cents: expected 420, found 419"],
            Check.OfBalances([bill], traffic, [new Money(500, 81, 419, 0)]).Differences);
    }

    [Fact]
    public void One_token_too_many_is_told_with_its_place()
    {
        var (byHand, read) = (new Tallies(), new Tallies());
        byHand.Of(3, 0).Add(LargeInEurope, 10);
        read.Of(3, 0).Add(LargeInEurope, 11);
        Assert.Equal(["customer 3, month 1: large eu Output: expected 10, found 11"], Check.OfUsage(byHand, read).Differences);
        Assert.False(Check.OfUsage(byHand, new Tallies()).Equal);
        Assert.False(Check.OfUsage(new Tallies(), read).Equal);
        Assert.True(Check.OfUsage(read, read).Equal);
    }

    [Fact]
    public void A_missing_invoice_is_told()
    {
        var traffic = new TrafficPlan(["Acme"], [new UsageRequest("1", 0, Instant.FromUtc(2026, 1, 5, 0, 0), "small", "us", 1, 0, 1)]);
        Assert.Contains("invoice of Acme, month 1: expected one final invoice, found 0", Check.OfInvoices(ByHand.Bills(traffic, new HashSet<int>(), traffic.Months[^1]), traffic, [[]]).Differences);
    }

    [Fact]
    public void Late_requests_still_come_within_the_grace_of_their_month()
    {
        var traffic = MadeTraffic.Make(3, 10, 20_000);
        var plan = DeliveryPlan.Of(traffic, 3);
        Assert.Equal(20_000 + plan.Repeated, plan.InOrder.Count);
        Assert.InRange(plan.Late, 150, 250);
        Assert.InRange(plan.Repeated, 320, 480);
        var grace = Instant.FromUtc(2026, 2, 2, 0, 0);
        foreach (var batch in plan.Batches(500))
        {
            Assert.InRange(batch.Count, 1, 500);
            Assert.True(batch[^1].ArrivesAt < grace);
            // The clock of the last is never so far past the first that its month could be closed in between.
            Assert.True(batch[^1].ArrivesAt - batch[0].ArrivesAt <= Duration.FromHours(2));
            foreach (var delivery in batch) Assert.True(delivery.ArrivesAt >= traffic.Requests[delivery.Request].At);
        }
    }
}
