using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Invoicing;

/// <summary>What a period of usage costs now and what was billed for it, where the two differ.</summary>
/// <param name="Lines">As they are shown when the difference is only reported.</param>
public sealed record PeriodDifference(Interval Period, IReadOnlyList<InvoiceLine> Lines)
{
    internal IReadOnlyList<GrossLine> Gross { get; init; } = [];

    public bool IsEmpty => Lines.Count == 0;
}

/// <summary>Late usage: what a final period would cost with all usage that is known now, less what was billed for it.</summary>
/// <remarks>
/// By product, group values, price and tier: the period's usage gross of commits, rated again with the versions that its invoice lists, minus the usage
/// lines of the period on all invoices that are not void, adjustments included. Invariant: billed + difference = rated again.
/// </remarks>
public static class Adjustments
{
    /// <summary>The difference.</summary>
    /// <param name="terms">As they were when the period was billed.</param>
    /// <param name="usage">All that is known now, as read by <see cref="Segmenting.Segments"/>.</param>
    /// <param name="period">The final period.</param>
    /// <param name="billed">Lines of the period, on its own invoice and on others.</param>
    public static PeriodDifference Of(Terms terms, IReadOnlyList<UsageQuantity> usage, Interval period, IEnumerable<InvoiceLine> billed)
    {
        var rated = new UsageRating(terms, period, Instant.MaxValue, isComplete: true).Rate(usage).Lines;
        var lines = new Dictionary<string, (decimal Quantity, decimal Amount, GrossLine? Line, InvoiceLine? Billed)>(StringComparer.Ordinal);
        foreach (var line in rated)
        {
            var key = Key(line.Subject.ProductId, line.CreditTypeId, line.Part.UnitPrice, line.Part.Tier, line.Subject.PricingGroupValues!, line.Subject.PresentationGroupValues!);
            var before = lines.GetValueOrDefault(key);
            // Of several stretches at one price the last stands for all: what may pay for late usage is what was open then.
            lines[key] = (Exact.Add(before.Quantity, line.Part.Quantity), Exact.Add(before.Amount, line.Amount), line, null);
        }
        foreach (var line in billed.Where(l => l.Type == LineType.Usage && l.ProductType == ProductType.Usage))
        {
            var (price, tier) = line.Gross is { } gross ? (gross.UnitPrice, gross.Tier) : (line.UnitPrice, line.Tier);
            var amount = line.Gross is null ? line.Total : Exact.Multiply(line.Quantity, price);
            var key = Key(line.ProductId!, line.CreditTypeId, price, tier, line.PricingGroupValues, line.PresentationGroupValues);
            var before = lines.GetValueOrDefault(key);
            lines[key] = (Exact.Add(before.Quantity, -line.Quantity), Exact.Add(before.Amount, -amount), before.Line, line);
        }
        var differing = lines.Values.Where(l => l.Amount != 0 || l.Quantity != 0).Select(l => Line(terms, period, l.Quantity, l.Amount, l.Line, l.Billed)).ToList();
        return Difference(period, differing);
    }

    /// <summary>Takes back lines that adjusted a period.</summary>
    public static PeriodDifference Reversing(Terms terms, Interval period, IReadOnlyList<InvoiceLine> adjusted) => Difference(period, [.. adjusted
        .Where(l => l.Type == LineType.Usage).Select(l => Line(terms, period, -l.Quantity, l.Gross is null ? -l.Total : -Exact.Multiply(l.Quantity, l.Gross.UnitPrice), null, l))]);

    /// <summary>A usage statement that carries differences of final periods.</summary>
    public static Statement Carrying(this Statement statement, IEnumerable<PeriodDifference> differences) =>
        statement with { Adjustments = [.. differences.SelectMany(d => d.Gross)] };

    /// <summary>A statement of differences alone, for a contract that has no usage statement to come.</summary>
    /// <param name="at">When it is issued.</param>
    public static Statement Alone(Terms terms, Instant at, IEnumerable<PeriodDifference> differences) =>
        new Statement(terms, InvoiceType.Adjustment, new Interval(at, at)).Carrying(differences);

    private static PeriodDifference Difference(Interval period, List<GrossLine> lines) =>
        new(period, [.. lines.Select(d => d.Line(d.Part.Quantity, d.Part.UnitPrice, d.Amount, d.Part.Tier))]) { Gross = lines };

    private static GrossLine Line(Terms terms, Interval period, decimal quantity, decimal amount, GrossLine? rated, InvoiceLine? billed)
    {
        if (rated is not null) return rated with { Part = rated.Part with { Quantity = quantity }, Amount = amount, AdjustsPeriod = period.Start };
        var (price, tier) = billed!.Gross is { } gross ? (gross.UnitPrice, gross.Tier) : (billed.UnitPrice, billed.Tier);
        var subject = new LineSubject(billed.ProductId!, billed.ProductTags, billed.PricingGroupValues, billed.PresentationGroupValues);
        return new GrossLine(
            LineType.Usage, billed.Name, subject, ProductType.Usage, new Interval(billed.StartingAt, billed.EndingBefore), new RatedPart(quantity, price, tier),
            terms.Round(amount, billed.CreditTypeId), billed.CreditTypeId, null)
        {
            AdjustsPeriod = period.Start,
        };
    }

    private static string Key(
        string productId, string creditTypeId, decimal price, LineTier? tier, IReadOnlyDictionary<string, string?> pricing, IReadOnlyDictionary<string, string?> presentation) =>
        FormattableString.Invariant($"{productId} {creditTypeId} {Exact.Normal(price)} {tier?.Level} {Groups.Key(pricing)} {Groups.Key(presentation)}");
}
