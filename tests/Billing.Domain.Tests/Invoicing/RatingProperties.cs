using Billing.Domain.Invoicing;
using Billing.Domain.Pricing;
using FsCheck;
using FsCheck.Fluent;
using NodaTime;
using Xunit;
using static Billing.Domain.Tests.Invoicing.RatingCase;

namespace Billing.Domain.Tests.Invoicing;

public class RatingProperties
{
    private static readonly Gen<(int Hour, int Quantity, string Model)> Use =
        from hour in Gen.Choose(0, 743)
        from quantity in Gen.Choose(-5, 40)
        from model in Gen.Elements("a", "b", "c")
        select (hour, quantity, model);

    private static RatingCase Case(IEnumerable<(int Hour, int Quantity, string Model)> uses)
    {
        var rated = new RatingCase().Product("calls", ["model"])
            .Rate("calls", Tiers((10, 5), (20, 3), (null, 1)), group: Group("model", "a"))
            .Rate("calls", Tiers((7, 4), (null, 2)), "2026-01-11T00", group: Group("model", "a"))
            .Rate("calls", 0.25m, group: Group("model", "b"));
        return uses.Aggregate(rated, (c, u) => c.Use("calls", Hour(u.Hour), u.Quantity, Group("model", u.Model)));
    }

    private static string Hour(int hour) => FormattableString.Invariant($"2026-01-{hour / 24 + 1:00}T{hour % 24:00}");

    [Fact]
    public void The_order_of_usage_does_not_matter() =>
        Prop.ForAll(Use.ListOf().ToArbitrary(), uses =>
        {
            var rated = Case(uses);
            var usage = rated.Usage(January.End);
            var turned = rated.Rate([.. usage.Reverse()], January.End);
            return rated.Rated().Lines.Select(l => (l.Quantity, l.Total, l.StartingAt)).SequenceEqual(turned.Lines.Select(l => (l.Quantity, l.Total, l.StartingAt)));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Lines_sum_to_the_subtotal_and_rated_plus_unrated_is_what_was_used() =>
        Prop.ForAll(Use.ListOf().ToArbitrary(), uses =>
        {
            var rated = Case(uses).Rated();
            return rated.Total == rated.Lines.Sum(l => l.Quantity * l.UnitPrice)
                && rated.Lines.Sum(l => l.Quantity) + rated.Unrated.Sum(u => u.Quantity) == uses.Sum(u => u.Quantity);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Graduated_prices_equal_pricing_unit_by_unit()
    {
        var cases = from sizes in Gen.Choose(1, 9).ListOf(3)
                    from prices in Gen.Choose(0, 20).ListOf(4)
                    from before in Gen.Choose(0, 40)
                    from quantity in Gen.Choose(-40, 40)
                    select (sizes, prices, before, quantity: Math.Max(quantity, -before));
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var tiers = c.prices.Select((p, i) => new Tier(i < 3 ? c.sizes[i] : null, p)).ToList();
            var parts = RateCalculation.Rate(new Price.Tiered(tiers), 0, new CountedQuantity(c.before, c.quantity, c.before + c.quantity, false));
            return parts.Sum(p => p.Quantity * p.UnitPrice) == CostOf(c.before + c.quantity) - CostOf(c.before) && parts.Sum(p => p.Quantity) == c.quantity;

            // One unit after the other, each at the price of the step it falls in.
            decimal CostOf(int units) => Enumerable.Range(1, units).Sum(unit =>
            {
                var (tier, bound) = (0, c.sizes[0]);
                while (tier < 3 && unit > bound) bound += ++tier < 3 ? c.sizes[tier] : 0;
                return (decimal)c.prices[tier];
            });
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Segments_of_a_product_tile_the_period() =>
        Prop.ForAll(Gen.Choose(0, 743).ListOf().ToArbitrary(), hours =>
        {
            var rated = new RatingCase().Product("calls").Rate("calls", 1);
            foreach (var hour in hours) rated.Rate("calls", hour, Hour(hour));
            var segments = Segmenting.Segments(rated.Terms(), January, January.End).Single().Segments;
            return segments[0].Start == January.Start && segments[^1].End == January.End
                && segments.Zip(segments.Skip(1)).All(p => p.First.End == p.Second.Start && p.First.Duration > Duration.Zero);
        }).QuickCheckThrowOnFailure();
}
