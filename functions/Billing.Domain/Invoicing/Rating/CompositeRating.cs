using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Invoicing;

/// <summary>Prices composite products: a share of what other products cost on the same statement.</summary>
/// <remarks>The share is taken of charges before commits and credits pay for them; with ExcludeFreeUsage less what was paid for nothing. Tiers run through the period.</remarks>
internal static class CompositeRating
{
    /// <summary>The composite lines of a statement's usage and subscription lines.</summary>
    public static IReadOnlyList<GrossLine> Rate(
        Terms terms, Interval period, Instant until, bool isComplete, IReadOnlyList<GrossLine> parts, Func<GrossLine, decimal> paidForNothing)
    {
        var lines = new List<GrossLine>();
        var prices = new PriceBook(terms);
        foreach (var product in terms.Rated(ProductType.Composite))
        {
            var (before, opens) = (0m, true);
            // A subscription charged in advance starts where the period ends: it belongs to the last stretch.
            bool LiesIn(Interval stretch, Instant at) => stretch.Contains(at) || (at >= period.End && stretch.End == period.End) || (at < period.Start && stretch.Start == period.Start);
            foreach (var stretch in Stretches(terms, product, period).Where(s => s.Start < until))
            {
                var own = product.At(stretch.Start);
                var subject = new LineSubject(product.Id, own.Tags);
                var pricing = prices.Of(subject, Groups.None, stretch.Start);
                if (pricing is not { IsEntitled: true, Price: Price.Percentage or Price.TieredPercentage }) continue;
                var amount = Exact.Sum(parts
                    .Where(l => LiesIn(stretch, l.Time.Start) && own.HasPart(l.Subject.ProductId, l.Subject.ProductTags))
                    .Where(l => string.Equals(l.CreditTypeId, pricing.CreditTypeId, StringComparison.OrdinalIgnoreCase))
                    .Select(l => own.ExcludeFreeUsage ? Exact.Add(l.Amount, -paidForNothing(l)) : l.Amount));
                var counted = new CountedQuantity(before, amount, Exact.Add(before, amount), opens);
                lines.AddRange(RateCalculation.Rate(pricing.Price, pricing.Terms.FreeUnits, counted).Select(part => new GrossLine(
                    LineType.Usage, own.Name, subject, product.Type, stretch, part,
                    terms.Round(Exact.Multiply(part.Quantity, part.UnitPrice), pricing.CreditTypeId!), pricing.CreditTypeId!, pricing)));
                (before, opens) = (Exact.Add(before, amount), false);
            }
            lines = [.. lines.Where(l => l.Subject.ProductId != product.Id), .. SpendBounds.OfRates([.. lines.Where(l => l.Subject.ProductId == product.Id)], product, terms, period, isComplete)];
        }
        return lines;
    }

    /// <summary>The parts of a period in which a composite's terms, price and payers stay as they are; its parts are cut where it is.</summary>
    public static IReadOnlyList<Interval> Stretches(Terms terms, Product composite, Interval period)
    {
        var prices = new PriceBook(terms);
        var stretches = new List<Interval>();
        (LinePricing Pricing, List<AccessSegment> Payers)? last = null;
        foreach (var part in Segmenting.Parts(Segmenting.Changes(terms, composite, period), period))
        {
            var subject = new LineSubject(composite.Id, composite.At(part.Start).Tags);
            var pricing = prices.Of(subject, Groups.None, part.Start);
            var payers = Payers.At(terms, subject, pricing.CreditTypeId, part.Start).ToList();
            if (last is { } before && before.Pricing.IsSameAs(pricing) && before.Payers.SequenceEqual(payers) && !composite.Updates.Any(u => u.StartingAt == part.Start))
                stretches[^1] = new Interval(stretches[^1].Start, part.End);
            else
                stretches.Add(part);
            last = (pricing, payers);
        }
        return stretches;
    }
}
