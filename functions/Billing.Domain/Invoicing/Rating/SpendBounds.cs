using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Invoicing;

/// <summary>Minimum and maximum spend, of a rate and of a contract.</summary>
/// <remarks>
/// The maximum clips the lines in their order: what their sum so far has above it is a line at price 0. The minimum adds a line for what is missing, once
/// the period is complete. Both are for a whole period of the statement's cycle, and shrink with the time in which the rate, with its own terms, prices its
/// product (an overwritten price has no bounds), or the contract holds. Rounding: shares of time at 20 decimals, half-even, then as the contract says.
/// </remarks>
internal static class SpendBounds
{
    /// <summary>The lines of one product with the bounds of its rates.</summary>
    public static IReadOnlyList<GrossLine> OfRates(List<GrossLine> lines, Product product, Terms terms, Interval period, bool isComplete)
    {
        var result = lines;
        foreach (var rate in terms.Rates.Of(product.Id).Where(r => r.Terms.Minimum is not null || r.Terms.Maximum is not null))
        {
            var holds = InForce(terms, product, rate, period);
            if (holds.Count == 0) continue;
            var hours = holds.Sum(Hours.In);
            bool Mine(GrossLine line) => ReferenceEquals(line.Pricing?.Rate, rate) && ReferenceEquals(line.Pricing.Terms, rate.Terms);
            if (rate.Terms.Maximum is { } maximum) result = Clip(result, Mine, Share(terms, maximum, hours, period, rate.CreditTypeId));
            if (rate.Terms.Minimum is not { } minimum || !isComplete) continue;
            var missing = Exact.Add(Share(terms, minimum, hours, period, rate.CreditTypeId), -Exact.Sum(result.Where(Mine).Select(l => l.Amount)));
            if (missing <= 0) continue;
            var own = product.At(holds[0].Start);
            var subject = new LineSubject(product.Id, own.Tags, rate.PricingGroupValues, Groups.None);
            result.Add(Fill(missing, $"{own.Name} minimum", subject, product.Type, new Interval(holds[0].Start, holds[^1].End), rate.CreditTypeId, result.Find(Mine)?.Pricing));
        }
        return result;
    }

    /// <summary>All usage lines of a contract with its bounds, which are in the invoice's currency.</summary>
    public static IReadOnlyList<GrossLine> OfContract(List<GrossLine> lines, Terms terms, Interval period, bool isComplete)
    {
        var result = lines;
        bool Mine(GrossLine line) => terms.IsFiat(line.CreditTypeId);
        decimal ShareOf(decimal bound) => Share(terms, bound, Hours.In(period), period, terms.CreditType.Id);
        if (terms.Contract.Maximum is { } maximum) result = Clip(result, Mine, ShareOf(maximum));
        if (terms.Contract.Minimum is { } minimum && isComplete)
        {
            var missing = Exact.Add(ShareOf(minimum), -Exact.Sum(result.Where(Mine).Select(l => l.Amount)));
            if (missing > 0) result.Add(Fill(missing, "Minimum spend", new LineSubject("", []), ProductType.Usage, period, terms.CreditType.Id, null));
        }
        return result;
    }

    private static List<GrossLine> Clip(List<GrossLine> lines, Func<GrossLine, bool> mine, decimal maximum)
    {
        var (sum, clipped) = (0m, new List<GrossLine>());
        foreach (var line in lines)
        {
            // What is given back lies above the maximum first.
            var after = mine(line) ? Exact.Add(sum, line.Amount) : sum;
            var amount = mine(line) ? Exact.Add(Math.Min(after, maximum), -Math.Min(sum, maximum)) : line.Amount;
            sum = after;
            if (amount == line.Amount)
            {
                clipped.Add(line);
                continue;
            }
            var charged = amount == 0 ? 0 : Exact.Quotient(amount, line.Part.UnitPrice);
            if (amount != 0) clipped.Add(line with { Part = line.Part with { Quantity = charged }, Amount = amount });
            clipped.Add(line with { Part = line.Part with { Quantity = Exact.Add(line.Part.Quantity, -charged), UnitPrice = 0, Kind = PartKind.Free }, Amount = 0 });
        }
        return clipped;
    }

    private static GrossLine Fill(decimal missing, string name, LineSubject subject, ProductType type, Interval time, string creditTypeId, LinePricing? pricing) =>
        new(LineType.Usage, name, subject, type, time, new RatedPart(1, missing, null, 0, PartKind.FlatPrice), missing, creditTypeId, pricing);

    /// <summary>The parts of a period in which a rate prices its product with its own terms.</summary>
    private static List<Interval> InForce(Terms terms, Product product, Rate rate, Interval period)
    {
        var (prices, isUsage) = (new PriceBook(terms), product.Type == ProductType.Usage);
        return
        [
            .. Segmenting.Parts(Segmenting.Changes(terms, product, period), period).Where(part =>
            {
                var subject = new LineSubject(product.Id, product.At(part.Start).Tags, isUsage ? rate.PricingGroupValues : null);
                var pricing = prices.Of(subject, rate.PricingGroupValues, part.Start);
                return pricing.IsEntitled && ReferenceEquals(pricing.Rate, rate) && ReferenceEquals(pricing.Terms, rate.Terms);
            }),
        ];
    }

    private static decimal Share(Terms terms, decimal amount, long hours, Interval period, string creditTypeId)
    {
        var whole = Hours.In(terms.Contract.UsageStatementSchedule.CycleOf(terms.Contract.StartingAt).PeriodAt(period.Start));
        return terms.Round(hours == whole ? amount : Exact.Share(amount, hours, whole), creditTypeId);
    }
}
