using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Invoicing;

/// <summary>A product and the parts of time in which its usage is to be read, each by itself.</summary>
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
    /// A product is cut at each hour at which something that can change its price, its entitlement or what pays for it changes: the product, a rate, an
    /// override, a composite that it is a part of, the access of a commit, a counter's period, a usage filter. A metric that counts over the whole period is
    /// read in one piece. A product whose metric or keys change in the period comes once for each. A counter that began before the period is read up to
    /// its start as well. Bounds: nothing after <paramref name="until"/>.
    /// </remarks>
    public static IReadOnlyList<MeteredSegments> Segments(Terms terms, Interval period, Instant until)
    {
        var read = new List<MeteredSegments>();
        foreach (var product in terms.Rated(ProductType.Usage))
        {
            foreach (var span in Of(terms, product, period).GroupBy(s => s.Span))
            {
                var metered = span.First().Product;
                var parts = (metered.WholePeriod ? [span.Key] : span.Select(s => s.Cut))
                    .Where(p => p.Start < until).Select(p => Clip(p, until)).ToList();
                if (parts.Count > 0) read.Add(new MeteredSegments(metered, parts));
                if (span.Key.Start != period.Start || metered.WholePeriod) continue;
                read.AddRange(CountersBefore(terms, product, period).Select(before => new MeteredSegments(metered with { Filter = FilterAt(terms, before.Start) }, [before])));
            }
        }
        return read;
    }

    /// <summary>The segments of one product, in order; together they are the period.</summary>
    internal static IReadOnlyList<Segment> Of(Terms terms, Product product, Interval period)
    {
        var parts = Parts(Cuts(terms, product, period), period);
        var segments = new List<Segment>();
        for (var i = 0; i < parts.Count;)
        {
            var metered = Metered(terms, product, parts[i].Start);
            var last = i;
            while (last + 1 < parts.Count && Same(metered, Metered(terms, product, parts[last + 1].Start))) last++;
            var span = new Interval(parts[i].Start, parts[last].End);
            for (; i <= last; i++)
            {
                // The same terms are the same object, so that only a change of them cuts a line.
                var own = i > 0 && !product.Updates.Any(u => u.StartingAt == parts[i].Start) ? segments[i - 1].Terms : product.At(parts[i].Start);
                segments.Add(new Segment(parts[i], span, own, metered));
            }
        }
        return segments;
    }

    /// <summary>The time before a statement period in which counters run that go on in it, cut where one begins or a usage filter changes.</summary>
    private static List<Interval> CountersBefore(Terms terms, Product product, Interval period)
    {
        var starts = terms.Rates.Counters(product.Id).Select(f => CounterAt(terms, f, period.Start).Start).Where(start => start < period.Start).ToList();
        return starts.Count == 0 ? [] : Parts(starts.Concat(terms.Contract.UsageFilters.Select(f => f.StartingAt)), new Interval(starts.Min(), period.Start));
    }

    /// <summary>The counter's period that an instant lies in: it is counted from the contract's start.</summary>
    internal static Interval CounterAt(Terms terms, BillingFrequency frequency, Instant at) =>
        new BillingCycle(terms.Contract.StartingAt.InUtc().LocalDateTime, frequency).PeriodAt(at);

    internal static Interval Clip(Interval part, Instant until) => until < part.End ? new Interval(part.Start, until) : part;

    /// <summary>A period cut at some hours, of which those inside it count.</summary>
    internal static List<Interval> Parts(IEnumerable<Instant> cuts, Interval period)
    {
        var starts = cuts.Where(at => at > period.Start && at < period.End).Append(period.Start).Distinct().Order().ToList();
        return [.. starts.Select((start, i) => new Interval(start, i + 1 < starts.Count ? starts[i + 1] : period.End))];
    }

    /// <summary>Hours at which something that prices a product, or pays for it, starts or ends; some lie outside the period.</summary>
    internal static IEnumerable<Instant> Changes(Terms terms, Product product, Interval period)
    {
        var tags = product.Initial.Tags.Concat(product.Updates.SelectMany(u => u.Tags ?? [])).ToHashSet(StringComparer.Ordinal).ToList();
        foreach (var update in product.Updates) yield return update.StartingAt;
        foreach (var at in terms.Rates.Changes(product.Id, period)) yield return at;
        foreach (var changed in terms.Contract.Overrides.Where(o => o.Scope.MayMatch(product.Id, tags)))
        {
            yield return changed.StartingAt;
            if (changed.EndingBefore is { } end) yield return end;
        }
        foreach (var access in Payers.Of(terms).Where(c => c.Scope.MayMatch(product.Id, tags)).SelectMany(c => c.Access))
        {
            yield return access.StartingAt;
            yield return access.EndingBefore;
        }
    }

    private static IEnumerable<Instant> Cuts(Terms terms, Product product, Interval period)
    {
        foreach (var at in Changes(terms, product, period)) yield return at;
        foreach (var at in terms.Rated(ProductType.Composite).SelectMany(c => Changes(terms, c, period))) yield return at;
        foreach (var filter in terms.Contract.UsageFilters) yield return filter.StartingAt;
        foreach (var frequency in terms.Rates.Counters(product.Id))
        {
            for (var counter = CounterAt(terms, frequency, period.Start); counter.End < period.End; counter = CounterAt(terms, frequency, counter.End))
                yield return counter.End;
        }
    }

    private static MeteredProduct Metered(Terms all, Product product, Instant at)
    {
        var terms = product.At(at);
        return new(product.Id, terms.BillableMetricId!, terms.GroupKeys())
        {
            WholePeriod = all.Metrics[terms.BillableMetricId!].WholePeriod,
            Filter = FilterAt(all, at),
        };
    }

    private static GroupFilter? FilterAt(Terms terms, Instant at) =>
        terms.Contract.UsageFilters.LastOrDefault(f => f.StartingAt <= at) is { } filter ? new GroupFilter(filter.GroupKey, filter.GroupValues) : null;

    private static bool Same(MeteredProduct a, MeteredProduct b) =>
        a.BillableMetricId == b.BillableMetricId && a.GroupKeys.SequenceEqual(b.GroupKeys)
        && a.Filter?.GroupKey == b.Filter?.GroupKey && (a.Filter?.Values ?? []).SequenceEqual(b.Filter?.Values ?? []);
}
