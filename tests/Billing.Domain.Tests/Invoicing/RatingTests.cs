using Billing.Domain.Invoicing;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Xunit;
using static Billing.Domain.Tests.Invoicing.RatingCase;

namespace Billing.Domain.Tests.Invoicing;

public class RatingTests
{
    private static void Check(RatingCase rated, decimal subtotal, string lines, string? until = null)
    {
        Assert.Equal(lines, rated.Lines(until));
        Assert.Equal(subtotal, rated.Rated(until).Total);
    }

    [Fact]
    public void Flat_prices_by_model_and_region_convert_then_round_each_line()
    {
        var tokens = new RatingCase()
            .Product("tokens", ["model", "region"], conversion: new(ConversionOperation.Divide, 1_000_000), rounding: new(QuantityRoundingMethod.RoundUp, 2))
            .Rate("tokens", 300, group: Group("model", "large", "region", "us"))
            .Rate("tokens", 330, group: Group("model", "large", "region", "eu"))
            .Rate("tokens", 25, group: Group("model", "small", "region", "us"))
            .Use("tokens", "2026-01-03T01", 12_345_678, Group("model", "large", "region", "us"))
            .Use("tokens", "2026-01-19T01", 7_654_322, Group("model", "large", "region", "us"))
            .Use("tokens", "2026-01-04T01", 1_500_000, Group("model", "large", "region", "eu"))
            .Use("tokens", "2026-01-05T01", 4_001_000, Group("model", "small", "region", "us"))
            .Use("tokens", "2026-01-06T01", 9_000_000, Group("model", "small", "region", "eu"));
        // 20 x 300 = 6000; 1.5 x 330 = 495; 4.001 up to 4.01 x 25 = 100.25; small/eu has no rate; 6000 + 495 + 100.25 = 6595.25
        Check(tokens, 6595.25m, """
            tokens [large,eu] 01-01..02-01: 1.5 x 330 = 495
            tokens [large,us] 01-01..02-01: 20 x 300 = 6000
            tokens [small,us] 01-01..02-01: 4.01 x 25 = 100.25
            """);
        var unrated = Assert.Single(tokens.Rated().Unrated);
        Assert.Equal((9_000_000m, UnratedReason.NoRate, "eu"), (unrated.Quantity, unrated.Reason, unrated.Group["region"]));
    }

    private static RatingCase Calls(params (string Hour, decimal Calls)[] used) =>
        used.Aggregate(
            new RatingCase().Product("calls").Rate("calls", Tiers((1000, 10), (9000, 8), (null, 5))),
            (c, u) => c.Use("calls", u.Hour, u.Calls));

    [Fact]
    public void A_quantity_of_exactly_the_first_size_stays_in_the_first_tier() =>
        Check(Calls(("2026-01-05T10", 1000)), 10_000, "calls 01-01..02-01 tier 1 (0/1000): 1000 x 10 = 10000");

    [Fact]
    public void The_unit_after_the_first_size_is_in_the_second_tier() =>
        // 1000 x 10 + 1 x 8 = 10008
        Check(Calls(("2026-01-05T10", 1001)), 10_008, """
            calls 01-01..02-01 tier 1 (0/1000): 1000 x 10 = 10000
            calls 01-01..02-01 tier 2 (1000/9000): 1 x 8 = 8
            """);

    [Fact]
    public void Each_tier_is_a_line_of_its_own() =>
        // 1000 x 10 + 9000 x 8 + 3000 x 5 = 10000 + 72000 + 15000 = 97000
        Check(Calls(("2026-01-05T10", 1000), ("2026-01-12T10", 300), ("2026-01-25T10", 11_700)), 97_000, """
            calls 01-01..02-01 tier 1 (0/1000): 1000 x 10 = 10000
            calls 01-01..02-01 tier 2 (1000/9000): 9000 x 8 = 72000
            calls 01-01..02-01 tier 3 (10000/-): 3000 x 5 = 15000
            """);

    [Fact]
    public void A_free_first_tier_is_a_line_at_price_0() =>
        // 5 x 0 + 5 x 100 + 2 x 150 = 800
        Check(new RatingCase().Product("calls").Rate("calls", Tiers((5, 0), (5, 100), (null, 150))).Use("calls", "2026-01-05T10", 12), 800, """
            calls 01-01..02-01 tier 1 (0/5): 5 x 0 = 0
            calls 01-01..02-01 tier 2 (5/5): 5 x 100 = 500
            calls 01-01..02-01 tier 3 (10/-): 2 x 150 = 300
            """);

    [Fact]
    public void Tiers_go_on_across_a_change_of_their_prices()
    {
        var calls = Calls(("2026-01-12T10", 1300), ("2026-01-16T00", 11_700)).Rate("calls", Tiers((1000, 9), (9000, 7), (null, 4)), "2026-01-16T00");
        // 1000 x 10 + 300 x 8 = 12400; from 1300 on: 8700 x 7 = 60900 and 3000 x 4 = 12000; 12400 + 60900 + 12000 = 85300
        Check(calls, 85_300, """
            calls 01-01..01-16 tier 1 (0/1000): 1000 x 10 = 10000
            calls 01-01..01-16 tier 2 (1000/9000): 300 x 8 = 2400
            calls 01-16..02-01 tier 2 (1000/9000): 8700 x 7 = 60900
            calls 01-16..02-01 tier 3 (10000/-): 3000 x 4 = 12000
            """);
    }

    [Fact]
    public void A_correction_gives_back_units_from_the_tier_that_was_reached()
    {
        var calls = Calls(("2026-01-12T10", 1300), ("2026-01-20T00", -500)).Rate("calls", Tiers((1000, 10), (null, 8)), "2026-01-16T00");
        // 1000 x 10 + 300 x 8 - 300 x 8 - 200 x 10 = 8000
        Check(calls, 8_000, """
            calls 01-01..01-16 tier 1 (0/1000): 1000 x 10 = 10000
            calls 01-01..01-16 tier 2 (1000/9000): 300 x 8 = 2400
            calls 01-16..02-01 tier 2 (1000/-): -300 x 8 = -2400
            calls 01-16..02-01 tier 1 (0/1000): -200 x 10 = -2000
            """);
    }

    [Fact]
    public void Tiers_are_counted_for_each_pricing_and_presentation_value_by_itself()
    {
        var calls = new RatingCase().Product("calls", ["model"], ["team"])
            .Rate("calls", Tiers((10, 2), (null, 1)), group: Group("model", "large"))
            .Use("calls", "2026-01-05T10", 12, Group("model", "large", "team", "a"))
            .Use("calls", "2026-01-05T10", 8, Group("model", "large", "team", "b"));
        // a: 10 x 2 + 2 x 1 = 22; b: 8 x 2 = 16; 38
        Check(calls, 38, """
            calls [large,a] 01-01..02-01 tier 1 (0/10): 10 x 2 = 20
            calls [large,a] 01-01..02-01 tier 2 (10/-): 2 x 1 = 2
            calls [large,b] 01-01..02-01 tier 1 (0/10): 8 x 2 = 16
            """);
    }

    [Fact]
    public void A_price_change_cuts_only_the_lines_of_its_own_group_and_product()
    {
        var api = new RatingCase().Product("calls", ["model"]).Product("seats")
            .Rate("calls", 2, group: Group("model", "large")).Rate("calls", 1, group: Group("model", "small")).Rate("seats", 7)
            .Rate("calls", 3, "2026-01-16T00", group: Group("model", "large"))
            .Use("calls", "2026-01-15T23", 10, Group("model", "large")).Use("calls", "2026-01-16T00", 10, Group("model", "large"))
            .Use("calls", "2026-01-15T23", 10, Group("model", "small")).Use("calls", "2026-01-16T00", 10, Group("model", "small"));
        // 10 x 2 + 10 x 3 + 20 x 1 = 70
        Check(api, 70, """
            calls [large] 01-01..01-16: 10 x 2 = 20
            calls [large] 01-16..02-01: 10 x 3 = 30
            calls [small] 01-01..02-01: 20 x 1 = 20
            seats 01-01..02-01: 0 x 7 = 0
            """);
    }

    [Fact]
    public void Of_two_rates_at_one_time_the_one_added_last_counts() =>
        // 4 x 9 = 36 inside the later rate's window, 6 x 5 = 30 outside
        Check(new RatingCase().Product("calls").Rate("calls", 5).Rate("calls", 9, "2026-01-10T00", "2026-01-20T00")
            .Use("calls", "2026-01-09T23", 3).Use("calls", "2026-01-10T00", 4).Use("calls", "2026-01-20T00", 3), 66, """
            calls 01-01..01-10: 3 x 5 = 15
            calls 01-10..01-20: 4 x 9 = 36
            calls 01-20..02-01: 3 x 5 = 15
            """);

    [Fact]
    public void Usage_without_a_right_to_it_is_not_charged_but_reported()
    {
        var calls = new RatingCase().Product("calls").Rate("calls", 5).Rate("calls", 5, "2026-01-16T00", entitled: false)
            .Use("calls", "2026-01-03T00", 2).Use("calls", "2026-01-20T00", 4);
        Check(calls, 10, "calls 01-01..01-16: 2 x 5 = 10");
        Assert.Equal((4m, UnratedReason.NotEntitled), (calls.Rated().Unrated[0].Quantity, calls.Rated().Unrated[0].Reason));
    }

    [Fact]
    public void A_new_version_of_the_product_cuts_the_line_and_rounds_each_part()
    {
        var update = new ProductUpdate(At("2026-01-16T00"), At("2026-01-01T00"))
        {
            Name = "API calls",
            QuantityRounding = new(new QuantityRounding(QuantityRoundingMethod.RoundDown, 0)),
        };
        var calls = new RatingCase().Product("calls", rounding: new(QuantityRoundingMethod.RoundUp, 0), updates: update).Rate("calls", 10)
            .Use("calls", "2026-01-03T00", 1.25m).Use("calls", "2026-01-04T00", 1.25m).Use("calls", "2026-01-20T00", 1.75m);
        // 2.5 up to 3 x 10 = 30; 1.75 down to 1 x 10 = 10
        Check(calls, 40, """
            calls 01-01..01-16: 3 x 10 = 30
            API calls 01-16..02-01: 1 x 10 = 10
            """);
    }

    [Fact]
    public void A_maximum_counts_over_the_whole_period_and_is_billed_in_its_last_segment() =>
        // the largest of 7 and 4 is 7; 7 x 3 = 21 at the price that holds last
        Check(new RatingCase().Product("peak", wholePeriod: true).Rate("peak", 2).Rate("peak", 3, "2026-01-16T00")
            .Use("peak", "2026-01-03T00", 7).Use("peak", "2026-01-20T00", 4), 21, """
            peak 01-01..01-16: 0 x 2 = 0
            peak 01-16..02-01: 7 x 3 = 21
            """);

    [Fact]
    public void A_maximum_is_billed_in_the_last_segment_that_has_an_entitled_rate()
    {
        // The rate ends on the 16th. The largest of 7 and 9 is 9, also after the end; 9 x 2 = 18.
        var ended = new RatingCase().Product("peak", wholePeriod: true).Rate("peak", 2, until: "2026-01-16T00")
            .Use("peak", "2026-01-03T00", 7).Use("peak", "2026-01-20T00", 9);
        Check(ended, 18, "peak 01-01..01-16: 9 x 2 = 18");
        Assert.Empty(ended.Rated().Unrated);
        // Of three prices the last two are not sold: 7 x 2 = 14 in the first.
        var unsold = new RatingCase().Product("peak", wholePeriod: true).Rate("peak", 2)
            .Rate("peak", 3, "2026-01-11T00", entitled: false).Rate("peak", 4, "2026-01-21T00", entitled: false).Use("peak", "2026-01-25T00", 7);
        Check(unsold, 14, "peak 01-01..01-11: 7 x 2 = 14");
        Assert.Empty(unsold.Rated().Unrated);
        // A gap in the middle changes nothing: 7 x 4 = 28 at the price that holds last.
        Check(new RatingCase().Product("peak", wholePeriod: true).Rate("peak", 2, until: "2026-01-11T00").Rate("peak", 4, "2026-01-21T00")
            .Use("peak", "2026-01-03T00", 7), 28, """
            peak 01-01..01-11: 0 x 2 = 0
            peak 01-21..02-01: 7 x 4 = 28
            """);
    }

    [Fact]
    public void Each_group_of_a_maximum_is_billed_where_its_own_rate_holds_last()
    {
        var peak = new RatingCase().Product("peak", ["model"], wholePeriod: true)
            .Rate("peak", 2, until: "2026-01-16T00", group: Group("model", "large")).Rate("peak", 1, group: Group("model", "small"))
            .Use("peak", "2026-01-20T00", 9, Group("model", "large")).Use("peak", "2026-01-20T00", 5, Group("model", "small"))
            .Use("peak", "2026-01-20T00", 3, Group("model", "tiny"));
        // 9 x 2 + 5 x 1 = 23; tiny never has a rate
        Check(peak, 23, """
            peak [large] 01-01..01-16: 9 x 2 = 18
            peak [small] 01-01..02-01: 5 x 1 = 5
            """);
        var unrated = Assert.Single(peak.Rated().Unrated);
        Assert.Equal((3m, UnratedReason.NoRate, "tiny"), (unrated.Quantity, unrated.Reason, unrated.Group["model"]));
    }

    [Fact]
    public void A_maximum_that_nothing_prices_is_listed_once_and_a_draft_bills_what_was_read_so_far()
    {
        var unpriced = new RatingCase().Product("peak", wholePeriod: true).Rate("peak", 2, "2026-03-01T00").Use("peak", "2026-01-03T00", 7);
        Check(unpriced, 0, "");
        Assert.Equal(7m, Assert.Single(unpriced.Rated().Unrated).Quantity);
        // On the 20th the largest so far is 7; the later 9 is not read yet: 7 x 2 = 14.
        Check(new RatingCase().Product("peak", wholePeriod: true).Rate("peak", 2, until: "2026-01-16T00")
            .Use("peak", "2026-01-03T00", 7).Use("peak", "2026-01-25T00", 9), 14, "peak 01-01..01-16: 7 x 2 = 14", "2026-01-20T00");
    }

    [Fact]
    public void A_value_stays_with_the_metric_it_was_read_by_though_its_own_time_has_no_rate()
    {
        // Until the 16th the product counts its own metric, then peaks; the rate is sold only until the 16th.
        var update = new ProductUpdate(At("2026-01-16T00"), At("2026-01-01T00")) { BillableMetricId = "peaks" };
        var changed = new RatingCase().Product("peak", wholePeriod: true, updates: update).Metric("peaks", wholePeriod: true)
            .Rate("peak", 2, until: "2026-01-16T00").Use("peak", "2026-01-03T00", 7).Use("peak", "2026-01-20T00", 9);
        Check(changed, 14, "peak 01-01..01-16: 7 x 2 = 14");
        Assert.Equal(9m, Assert.Single(changed.Rated().Unrated).Quantity);
    }

    [Fact]
    public void A_part_of_a_period_leaves_out_later_usage_and_keeps_the_lines_dates() =>
        Check(new RatingCase().Product("calls").Rate("calls", 2).Rate("calls", 3, "2026-01-16T00")
            .Use("calls", "2026-01-03T00", 7).Use("calls", "2026-01-12T00", 4), 14, "calls 01-01..01-16: 7 x 2 = 14", "2026-01-10T00");

    [Fact]
    public void A_change_of_metric_reads_each_metric_in_its_own_time()
    {
        var update = new ProductUpdate(At("2026-01-16T00"), At("2026-01-01T00")) { BillableMetricId = "peaks" };
        var terms = new RatingCase().Product("calls", updates: update).Metric("peaks", wholePeriod: true).Rate("calls", 2).Terms();
        var read = Segmenting.Segments(terms, January, January.End);
        Assert.Equal([("metric of calls", false), ("peaks", true)], read.Select(r => (r.Product.BillableMetricId, r.Product.WholePeriod)));
        Assert.Equal([At("2026-01-01T00"), At("2026-01-16T00")], read.Select(r => r.Segments.Single().Start));
    }

    [Fact]
    public void A_fixed_product_has_no_usage_line() =>
        Check(new RatingCase().Product("fee", type: ProductType.Fixed).Product("calls").Rate("fee", 100).Rate("calls", 1), 0, "calls 01-01..02-01: 0 x 1 = 0");

    [Fact]
    public void A_product_without_a_rate_in_force_has_no_line_until_it_begins() =>
        Check(new RatingCase().Product("calls").Rate("calls", 1, "2026-01-16T05"), 0, "calls 01-16T05..02-01: 0 x 1 = 0");

    [Fact]
    public void Fractions_of_a_cent_stay_when_the_contract_says_exact_and_round_half_up_by_line_when_it_says_minor_unit()
    {
        RatingCase Priced(AmountRounding rounding) => new RatingCase { Rounding = rounding }
            .Product("calls").Rate("calls", 0.0125m).Use("calls", "2026-01-03T00", 40.04m);
        Assert.Equal(0.5005m, Priced(AmountRounding.Exact).Rated().Total); // 40.04 x 0.0125
        Assert.Equal(1m, Priced(AmountRounding.MinorUnit).Rated().Total);
    }

    [Fact]
    public void An_amount_that_cannot_be_kept_exactly_is_an_error_and_never_rounded()
    {
        var calls = new RatingCase().Product("calls", conversion: new(ConversionOperation.Divide, 3)).Rate("calls", 0.0000000001m).Use("calls", "2026-01-03T00", 1);
        Assert.Throws<InexactAmountException>(() => calls.Rated()); // 0.33333333333333333333 (20) x 10^-10 would need 30 decimals
    }

    [Fact]
    public void Usage_that_straddles_a_cut_is_refused_as_a_mistake_of_the_reader()
    {
        var calls = new RatingCase().Product("calls").Rate("calls", 2).Rate("calls", 3, "2026-01-16T00");
        Assert.Throws<ArgumentException>(() => calls.Rate([new UsageQuantity("calls", January, Groups.None, 1)], January.End));
    }
}
