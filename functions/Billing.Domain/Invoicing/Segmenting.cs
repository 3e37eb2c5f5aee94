using Billing.Domain.Pricing;
using NodaTime;

namespace Billing.Domain.Invoicing;

/// <summary>A product and the parts of a period in which its usage is to be read, each by itself.</summary>
public sealed record MeteredSegments(MeteredProduct Product, IReadOnlyList<Interval> Segments);

/// <summary>A part of a period in which one product's terms stay as they are.</summary>
/// <param name="Cut">The part.</param>
/// <param name="Span">The part of the period around it in which the same metric is read by the same keys.</param>
/// <param name="Terms">The product's, throughout the cut.</param>
/// <param name="Product">What is read.</param>
internal sealed record Segment(Interval Cut, Interval Span, ProductTerms Terms, MeteredProduct Product);

/// <summary>Cuts a period in time.</summary>
public static class Segmenting
{
    /// <summary>What usage must be read to rate a period up to an instant.</summary>
    /// <remarks>
    /// A product is cut at each hour at which one of its rates, an entitlement or the product itself changes. A metric that counts over the whole period is
    /// read in one piece. A product whose metric or keys change in the period comes once for each. Bounds: nothing after <paramref name="until"/>.
    /// </remarks>
    public static IReadOnlyList<MeteredSegments> Segments(Terms terms, Interval period, Instant until)
    {
        var read = new List<MeteredSegments>();
        foreach (var product in terms.UsageProducts())
        {
            foreach (var span in Of(terms, product, period).GroupBy(s => s.Span))
            {
                var metered = span.First().Product;
                var parts = (metered.WholePeriod ? [span.Key] : span.Select(s => s.Cut))
                    .Where(p => p.Start < until).Select(p => Clip(p, until)).ToList();
                if (parts.Count > 0) read.Add(new MeteredSegments(metered, parts));
            }
        }
        return read;
    }

    /// <summary>The segments of one product, in order; together they are the period.</summary>
    internal static IReadOnlyList<Segment> Of(Terms terms, Product product, Interval period)
    {
        var cuts = product.Updates.Select(u => u.StartingAt).Where(at => at > period.Start && at < period.End)
            .Concat(terms.Rates.Changes(product.Id, period)).Append(period.Start).Distinct().Order().ToList();
        var parts = cuts.Select((start, i) => new Interval(start, i + 1 < cuts.Count ? cuts[i + 1] : period.End)).ToList();
        var segments = new List<Segment>();
        for (var i = 0; i < parts.Count;)
        {
            var metered = Metered(terms, product, product.At(parts[i].Start));
            var last = i;
            while (last + 1 < parts.Count && Same(metered, Metered(terms, product, product.At(parts[last + 1].Start)))) last++;
            var span = new Interval(parts[i].Start, parts[last].End);
            for (; i <= last; i++) segments.Add(new Segment(parts[i], span, product.At(parts[i].Start), metered));
        }
        return segments;
    }

    internal static Interval Clip(Interval part, Instant until) => until < part.End ? new Interval(part.Start, until) : part;

    private static MeteredProduct Metered(Terms all, Product product, ProductTerms terms) =>
        new(product.Id, terms.BillableMetricId!, terms.GroupKeys()) { WholePeriod = all.Metrics[terms.BillableMetricId!].WholePeriod };

    private static bool Same(MeteredProduct a, MeteredProduct b) =>
        a.BillableMetricId == b.BillableMetricId && a.GroupKeys.SequenceEqual(b.GroupKeys);
}
