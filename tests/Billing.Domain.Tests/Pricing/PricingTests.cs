using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;
using Xunit;

namespace Billing.Domain.Tests.Pricing;

public class PricingTests
{
    private static readonly Instant Start = Instant.FromUtc(2026, 1, 1, 0, 0);

    private static Rate Rate(decimal price, int from, int? until = null) => new(
        $"{price}", "p", new Price.Flat(price), Start + Duration.FromHours(from), until is { } end ? Start + Duration.FromHours(end) : null, true, Groups.None, Currencies.Usd.Id);

    private static Product Product(params ProductUpdate[] updates) => new(
        "p", ProductType.Usage, new ProductTerms("Calls", "m", ["model"], [], null, null, ["old"]), updates, Start, null, new Dictionary<string, string>());

    [Theory]
    [InlineData(QuantityRoundingMethod.RoundUp, "2.001", "2.01")]
    [InlineData(QuantityRoundingMethod.RoundUp, "-2.001", "-2.01")]
    [InlineData(QuantityRoundingMethod.RoundDown, "2.009", "2")]
    [InlineData(QuantityRoundingMethod.RoundDown, "-2.009", "-2")]
    [InlineData(QuantityRoundingMethod.RoundHalfUp, "2.005", "2.01")]
    [InlineData(QuantityRoundingMethod.RoundHalfUp, "-2.005", "-2.01")]
    [InlineData(QuantityRoundingMethod.RoundHalfUp, "2.0049", "2")]
    public void Quantities_round_as_the_words_of_decimal_arithmetic_say(QuantityRoundingMethod method, string metered, string billed) =>
        Assert.Equal(billed, BilledQuantity.Of(decimal.Parse(metered), null, new QuantityRounding(method, 2)).ToString());

    [Fact]
    public void Conversion_comes_before_rounding()
    {
        // 1,499 / 1,000 = 1.499, up to 2; rounding first would give 1,499 / 1,000 = 1.499
        Assert.Equal(2m, BilledQuantity.Of(1499, new QuantityConversion(ConversionOperation.Divide, 1000), new QuantityRounding(QuantityRoundingMethod.RoundUp, 0)));
        Assert.Equal(90m, BilledQuantity.Of(1.5m, new QuantityConversion(ConversionOperation.Multiply, 60), null));
    }

    [Fact]
    public void A_schedule_shows_which_rate_holds_when()
    {
        var schedule = new RateSchedule([Rate(5, 0), Rate(9, 10, 20), Rate(7, 15)]);
        Assert.Equal(
            [(5, 0, 10), (9, 10, 15), (7, 15, null)],
            schedule.Segments("p", Start, null).Select(s => ((int)((Price.Flat)s.Rate.Price).UnitPrice, Hours(s.StartingAt)!.Value, Hours(s.EndingBefore))));

        static int? Hours(Instant? at) => at is { } instant ? (int)(instant - Start).TotalHours : null;
    }

    [Fact]
    public void A_rate_holds_from_its_start_to_before_its_end()
    {
        var schedule = new RateSchedule([Rate(5, 10, 20)]);
        bool Holds(int hours) => schedule.InForce("p", Groups.None, Start + Duration.FromHours(hours)) is not null;
        Assert.Equal([false, true, true, false], new[] { 9, 10, 19, 20 }.Select(Holds));
    }

    [Fact]
    public void Of_two_updates_from_one_hour_the_one_added_last_counts_and_others_stay()
    {
        var product = Product(
            new ProductUpdate(Start, Start) { Name = "A", Tags = ["x"] }, new ProductUpdate(Start - Duration.FromHours(1), Start) { Name = "earlier" }, new ProductUpdate(Start, Start) { Name = "B" });
        Assert.Equal(("B", "x", "m"), (product.At(Start).Name, product.At(Start).Tags[0], product.At(Start).BillableMetricId));
        Assert.Equal("earlier", product.At(Start - Duration.FromMinutes(1)).Name);
        Assert.Equal("Calls", product.At(Start - Duration.FromHours(2)).Name);
    }

    [Fact]
    public void An_update_can_take_a_conversion_away()
    {
        var product = Product(
            new ProductUpdate(Start, Start) { QuantityConversion = new(new QuantityConversion(ConversionOperation.Divide, 2)) },
            new ProductUpdate(Start + Duration.FromHours(1), Start) { QuantityConversion = new(null) });
        Assert.NotNull(product.At(Start).QuantityConversion);
        Assert.Null(product.At(Start + Duration.FromHours(1)).QuantityConversion);
    }

    [Theory]
    [InlineData("model", "large", null, 0, null)]
    [InlineData("region", "eu", "group_values_differ", 0, null)]
    [InlineData("model", "large", "not_on_the_hour", 30, null)]
    [InlineData("model", "large", "ends_before_start", 0, 0)]
    public void A_rate_is_checked_against_its_product_and_card(string key, string value, string? code, int minutes, int? end)
    {
        var card = new RateCard("c", "Card", null, [], Currencies.Usd.Id, 1, Start, null, new Dictionary<string, string>());
        var rate = Rate(1, 0, end) with { StartingAt = Start + Duration.FromMinutes(minutes), PricingGroupValues = new Dictionary<string, string?> { [key] = value } };
        Assert.Equal(code, rate.Check(card, Product())?.Code);
    }

    [Fact]
    public void Tiers_need_widths_but_the_last()
    {
        Assert.Null(new Price.Tiered([new Tier(5, 1), new Tier(null, 2)]).Check());
        Assert.Equal("bad_tier_size", new Price.Tiered([new Tier(5, 1), new Tier(5, 2)]).Check()?.Code);
        Assert.Equal("bad_tier_size", new Price.Tiered([new Tier(null, 1), new Tier(null, 2)]).Check()?.Code);
        Assert.Equal("no_tiers", new Price.Tiered([]).Check()?.Code);
        Assert.Equal("negative_price", new Price.Flat(-1).Check()?.Code);
    }
}
