using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Invoicing;

/// <summary>Metered quantities of one group of a product.</summary>
/// <param name="values">Of all group keys.</param>
/// <param name="count">How many segments the period has.</param>
internal sealed class UsageGroup(IReadOnlyDictionary<string, string?> values, int count)
{
    private readonly decimal?[] bySegment = new decimal?[count];

    public IReadOnlyDictionary<string, string?> Values { get; } = values;

    private readonly Dictionary<Instant, decimal> before = [];

    /// <summary>Adds to a segment; a metric that can't be added up has one value for its span.</summary>
    public void Add(int segment, decimal quantity, bool wholePeriod)
    {
        if (wholePeriod && bySegment[segment] is not null)
            throw new ArgumentException("A group has two values, and its metric cannot be added up.", nameof(segment));
        bySegment[segment] = Exact.Add(bySegment[segment] ?? 0, quantity);
    }

    /// <summary>Adds what was metered in a part of a counter's period that lies before the statement's.</summary>
    public void AddBefore(Instant start, decimal quantity) => before[start] = Exact.Add(before.GetValueOrDefault(start), quantity);

    /// <summary>What was metered since a counter began and before the statement's period, converted and rounded as one quantity; null: nothing was.</summary>
    public decimal? BilledBefore(Instant counter, ProductTerms terms)
    {
        var metered = before.Where(b => b.Key >= counter).Select(b => b.Value).ToList();
        return metered.Count == 0 ? null : BilledQuantity.Of(Exact.Sum(metered), terms.QuantityConversion, terms.QuantityRounding);
    }

    /// <summary>Makes sure that a segment has a line even when nothing was used.</summary>
    public void Touch(int segment) => bySegment[segment] ??= 0;

    /// <summary>By segment; null where nothing was metered. A value of a whole span lies in the last of its segments that can be charged.</summary>
    public decimal?[] Metered(IReadOnlyList<Segment> segments, Func<int, bool> isCharged)
    {
        var metered = bySegment.ToArray();
        for (var i = 0; i < metered.Length; i++)
        {
            if (metered[i] is not { } value || value == 0 || !segments[i].Product.WholePeriod || isCharged(i)) continue;
            var to = i;
            while (to > 0 && segments[to - 1].Span == segments[i].Span && !isCharged(to)) to--;
            if (!isCharged(to)) continue;
            (metered[to], metered[i]) = (value, null);
        }
        return metered;
    }
}

/// <summary>Sorts usage into groups and segments.</summary>
internal static class UsageGroups
{
    /// <summary>The groups of a product, in the order of their lines.</summary>
    public static IReadOnlyList<UsageGroup> Collect(IReadOnlyList<Segment> segments, IEnumerable<UsageQuantity> usage, Interval period, Instant until)
    {
        var groups = new SortedDictionary<string, UsageGroup>(StringComparer.Ordinal);
        foreach (var quantity in usage)
        {
            if (quantity.Segment.Start >= until) continue;
            if (quantity.Segment.End <= period.Start)
            {
                GroupOf(Groups.Only(quantity.Group, segments[0].Product.GroupKeys)).AddBefore(quantity.Segment.Start, quantity.Quantity);
                continue;
            }
            var at = Place(segments, quantity, until);
            GroupOf(Groups.Only(quantity.Group, segments[at].Product.GroupKeys)).Add(at, quantity.Quantity, segments[at].Product.WholePeriod);
        }
        for (var i = 0; i < segments.Count; i++)
        {
            // Without group keys the line is there even when nothing was used.
            if (segments[i].Product.GroupKeys.Count == 0 && segments[i].Cut.Start < until) GroupOf(Groups.None).Touch(i);
        }
        return [.. groups.Values];

        UsageGroup GroupOf(IReadOnlyDictionary<string, string?> values)
        {
            var key = Groups.Key(values);
            return groups.TryGetValue(key, out var group) ? group : groups[key] = new UsageGroup(values, segments.Count);
        }
    }

    /// <summary>The segment that usage is billed in: the one it lies in, or, for a metric that counts over the whole, the last one read.</summary>
    private static int Place(IReadOnlyList<Segment> segments, UsageQuantity usage, Instant until)
    {
        for (var i = 0; i < segments.Count; i++)
        {
            var (cut, read) = (segments[i].Cut, Segmenting.Clip(segments[i].Span, until));
            var fits = segments[i].Product.WholePeriod
                ? usage.Segment == read && cut.Start < read.End && read.End <= cut.End
                : cut.Start <= usage.Segment.Start && usage.Segment.End <= cut.End;
            if (fits) return i;
        }
        throw new ArgumentException($"Usage of product {usage.ProductId} from {usage.Segment} was not read by the segments of the period.", nameof(usage));
    }
}
