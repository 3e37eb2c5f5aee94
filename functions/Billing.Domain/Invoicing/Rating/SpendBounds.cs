using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Invoicing;

/// <summary>Minimum and maximum spend, of a rate and of a contract.</summary>
/// <remarks>
/// The maximum clips the lines in their order: what goes beyond is a line at price 0. The minimum adds a line for what is missing, once the
/// period is complete. Both are for a whole period of the statement's cycle, and shrink with the time that the rate or the contract holds in it.
/// Rounding: shares of time at 20 decimals, half-even, then as the contract says.
/// </remarks>
internal static class SpendBounds
{
    /// <summary>The lines of one product with the bounds of its rates.</summary>
    public static IReadOnlyList<GrossLine> OfRates(List<GrossLine> lines, Product product, Terms terms, Interval period, bool isComplete)
    {
        var bounded = terms.Rates.Of(product.Id).Where(r => r.Terms.Minimum is not null || r.Terms.Maximum is not null).ToList();
        if (bounded.Count == 0) return lines;
        var result = lines;
        foreach (var rate in bounded)
        {
            var holds = InForce(terms, rate, period);
            if (holds.Duration == Duration.Zero) continue;
            bool Mine(GrossLine line) => ReferenceEquals(line.Pricing?.Rate, rate) && line.Pricing.Terms != RateTerms.None;
            if (rate.Terms.Maximum is { } maximum) result = Clip(result, Mine, Share(terms, maximum, holds, period), terms);
            if (rate.Terms.Minimum is not { } minimum || !isComplete || !rate.Entitled) continue;
            var own = product.At(holds.Start);
            var subject = new LineSubject(product.Id, own.Tags, rate.PricingGroupValues, Groups.None);
            var missing = Exact.Add(Share(terms, minimum, holds, period), -Exact.Sum(result.Where(Mine).Select(l => l.Amount)));
            if (missing > 0) result.Add(Fill(missing, $"{own.Name} minimum", subject, product.Type, holds, rate.CreditTypeId, result.Find(Mine)?.Pricing, terms));
        }
        return result;
    }

    /// <summary>All usage lines of a contract with its bounds, which are in the invoice's currency.</summary>
    public static IReadOnlyList<GrossLine> OfContract(List<GrossLine> lines, Terms terms, Interval period, bool isComplete)
    {
        var result = lines;
        bool Mine(GrossLine line) => terms.IsFiat(line.CreditTypeId);
        if (terms.Contract.Maximum is { } maximum) result = Clip(result, Mine, Share(terms, maximum, period, period), terms);
        if (terms.Contract.Minimum is { } minimum && isComplete)
        {
            var missing = Exact.Add(Share(terms, minimum, period, period), -Exact.Sum(result.Where(Mine).Select(l => l.Amount)));
            if (missing > 0) result.Add(Fill(missing, "Minimum spend", new LineSubject("", []), ProductType.Usage, period, terms.CreditType.Id, null, terms));
        }
        return result;
    }

    private static List<GrossLine> Clip(List<GrossLine> lines, Func<GrossLine, bool> mine, decimal maximum, Terms terms)
    {
        var (room, clipped) = (maximum, new List<GrossLine>());
        foreach (var line in lines)
        {
            if (!mine(line) || line.Amount <= room)
            {
                clipped.Add(line);
                if (mine(line)) room = Exact.Add(room, -line.Amount);
                continue;
            }
            var charged = room == 0 ? 0 : Exact.Quotient(room, line.Part.UnitPrice);
            if (room > 0) clipped.Add(line with { Part = line.Part with { Quantity = charged }, Amount = room });
            var rest = Exact.Add(line.Part.Quantity, -charged);
            clipped.Add(line with { Part = line.Part with { Quantity = rest, UnitPrice = 0, Kind = PartKind.Free }, Amount = 0 });
            room = 0;
        }
        return clipped;
    }

    private static GrossLine Fill(
        decimal missing, string name, LineSubject subject, ProductType type, Interval time, string creditTypeId, LinePricing? pricing, Terms terms)
    {
        var amount = terms.Round(missing, creditTypeId);
        return new GrossLine(LineType.Usage, name, subject, type, time, new RatedPart(1, amount, null, 0, PartKind.FlatPrice), amount, creditTypeId, pricing);
    }

    // The part of the period in which the rate is in force; rates of one product and group may follow one another in it.
    private static Interval InForce(Terms terms, Rate rate, Interval period)
    {
        var held = terms.Rates.Segments(rate.ProductId, period.Start, period.End).Where(s => ReferenceEquals(s.Rate, rate)).ToList();
        if (held.Count == 0) return new Interval(period.Start, period.Start);
        var end = held[^1].EndingBefore is { } last && last < period.End ? last : period.End;
        return new Interval(held[0].StartingAt, end);
    }

    private static decimal Share(Terms terms, decimal amount, Interval holds, Interval period)
    {
        var whole = terms.Contract.UsageStatementSchedule.CycleOf(terms.Contract.StartingAt).PeriodAt(period.Start);
        return holds == whole
            ? amount
            : terms.Contract.Rounding.Of(Exact.Quotient(Exact.Multiply(amount, Hours.In(holds)), Hours.In(whole)), terms.CreditType);
    }
}
