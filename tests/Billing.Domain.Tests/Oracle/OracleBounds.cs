using Billing.Domain.Contracts;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Tests.Oracle;

/// <summary>Rounding of amounts, and minimum and maximum spend.</summary>
internal static class OracleBounds
{
    /// <summary>An amount as the contract's policy has it: custom units are never rounded.</summary>
    public static bool IsRounded(string unit, Contract contract, Card card) => contract.Rounding == AmountRounding.MinorUnit && unit == card.Currency.Id;

    public static Ratio Round(Ratio amount, string unit, Contract contract, Card card) =>
        IsRounded(unit, contract, card) ? amount.Round(card.Currency.MinorUnitDecimals, Way.HalfUp) : amount;

    /// <param name="spans">Of the period: nothing changes within one.</param>
    public static List<Gross> OfRates(List<Gross> lines, Product product, Contract contract, Card card, Span period, IReadOnlyList<Span> spans, Instant until)
    {
        foreach (var rate in card.Rates.Where(r => r.ProductId == product.Id && (r.Terms.Minimum is not null || r.Terms.Maximum is not null)))
        {
            // Only the time counts in which this rate, with its own terms, prices the product.
            long hours = 0;
            Span? held = null;
            foreach (var span in spans)
            {
                var pricing = OracleTerms.PriceOf(contract, card, new Topic(product.Id, OracleTerms.At(product, span.Start).Terms.Tags, product.Type == ProductType.Usage ? rate.PricingGroupValues : null), span.Start);
                if (pricing.Rate?.Id != rate.Id || pricing.By?.Change is OverrideChange.Overwrite || !pricing.IsEntitled) continue;
                hours += span.Hours;
                held = new Span(held?.Start ?? span.Start, span.End);
            }
            if (held is null) continue;
            bool Mine(Gross line) => line.Pricing?.Rate?.Id == rate.Id && line.Pricing.By?.Change is not OverrideChange.Overwrite;
            Ratio Share(decimal bound) => Round(((Ratio)bound * hours / OracleCalendar.WholePeriod(contract, period.Start).Hours).Quotient(), rate.CreditTypeId, contract, card);
            if (rate.Terms.Maximum is { } maximum) lines = Clip(lines, Mine, Share(maximum));
            if (rate.Terms.Minimum is { } minimum && period.End <= until)
            {
                var missing = Share(minimum) - Ratio.Sum(lines.Where(Mine).Select(l => l.Amount));
                var terms = OracleTerms.At(product, held.Start).Terms;
                var topic = new Topic(product.Id, terms.Tags, rate.PricingGroupValues, Groups.None);
                if (missing > 0) lines = [.. lines, new Gross("", terms.Name + " minimum", topic, held, new Part(1, missing, null, 0, false), missing, rate.CreditTypeId, null)];
            }
        }
        return lines;
    }

    public static List<Gross> OfContract(List<Gross> lines, Contract contract, Card card, Span period, Instant until)
    {
        bool Mine(Gross line) => line.Unit == card.Currency.Id;
        Ratio Share(decimal bound) => Round(((Ratio)bound * period.Hours / OracleCalendar.WholePeriod(contract, period.Start).Hours).Quotient(), card.Currency.Id, contract, card);
        if (contract.Maximum is { } maximum) lines = Clip(lines, Mine, Share(maximum));
        if (contract.Minimum is { } minimum && period.End <= until)
        {
            var missing = Share(minimum) - Ratio.Sum(lines.Where(Mine).Select(l => l.Amount));
            if (missing > 0) lines = [.. lines, new Gross("", "Minimum spend", new Topic("", []), period, new Part(1, missing, null, 0, false), missing, card.Currency.Id, null)];
        }
        return lines;
    }

    // In the order of the lines: what the sum so far has above the maximum costs nothing.
    private static List<Gross> Clip(List<Gross> lines, Func<Gross, bool> mine, Ratio maximum)
    {
        var (clipped, sum) = (new List<Gross>(), (Ratio)0);
        foreach (var line in lines)
        {
            if (!mine(line))
            {
                clipped.Add(line);
                continue;
            }
            var charged = Ratio.Min(sum + line.Amount, maximum) - Ratio.Min(sum, maximum);
            sum += line.Amount;
            var quantity = charged == line.Amount ? line.Part.Quantity : charged.IsZero ? 0 : (charged / line.Part.Price).Quotient();
            if (charged == line.Amount || !charged.IsZero) clipped.Add(line with { Part = line.Part with { Quantity = quantity }, Amount = charged });
            if (charged != line.Amount) clipped.Add(line with { Part = line.Part with { Quantity = line.Part.Quantity - quantity, Price = 0, IsUnits = false }, Amount = 0 });
        }
        return clipped;
    }
}
