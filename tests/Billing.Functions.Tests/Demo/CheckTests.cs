using Billing.Functions.Demo;
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
        Assert.Equal(2_250m, PriceList.CostOf(new Tally { Requests = 35_000 }));
        Assert.Equal(0m, PriceList.CostOf(new Tally { Requests = 10_000 }));
    }

    [Fact]
    public void Tokens_are_priced_by_the_million()
    {
        var tally = new Tally();
        tally.Add(LargeInEurope, 2_000_000);
        tally.Add(new TokenGroup("small", "us", TokenKind.CachedInput), 1_000_000);
        // 2 M × 7,500 cents × 1.1 + 1 M × 20 cents ÷ 4 = 16,505 cents.
        Assert.Equal(16_505m, PriceList.CostOf(tally));
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
        Assert.Contains("invoice of Acme, month 1: expected one final invoice, found 0", Check.OfInvoices(Tallies.ByHand(traffic), traffic, [[]]).Differences);
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
