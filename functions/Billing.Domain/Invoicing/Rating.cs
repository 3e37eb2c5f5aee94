using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Invoicing;

/// <summary>What a period costs.</summary>
public sealed record RatedPeriod(IReadOnlyList<InvoiceLine> Lines, IReadOnlyList<UnratedUsage> Unrated)
{
    /// <summary>Sum of the lines, exact.</summary>
    public decimal Subtotal { get; } = Exact.Sum(Lines.Select(l => l.Total));
}

/// <summary>Rates the usage of a contract. A draft, a preview and the final invoice are this one function, with another until.</summary>
public static class Rating
{
    /// <summary>The lines of a period.</summary>
    /// <param name="terms">What was agreed.</param>
    /// <param name="usage">As read by <see cref="Segmenting.Segments"/>, in any order.</param>
    /// <param name="period">The whole period, also when only a part of it is rated.</param>
    /// <param name="until">Usage from here on is left out.</param>
    /// <remarks>
    /// Order of the calculation, product by product: cut in time where terms change; sum the metered quantity of each group in each stretch of one rate;
    /// convert, then round the quantity, once for the stretch; split by tiers, whose counters run through the period for each group; multiply.
    /// A product without group keys has a line for each stretch even at 0, one with keys only where it was used.
    /// Order of the lines: rate card, group values, time, tier.
    /// Errors: <see cref="InexactAmountException"/> and overflow when an amount cannot be kept; an argument error for usage that was not read by the segments.
    /// </remarks>
    public static RatedPeriod Rate(Terms terms, IReadOnlyList<UsageQuantity> usage, Interval period, Instant until)
    {
        var lines = new List<InvoiceLine>();
        var unrated = new List<UnratedUsage>();
        var byProduct = usage.ToLookup(u => u.ProductId, StringComparer.Ordinal);
        foreach (var product in terms.UsageProducts())
        {
            var segments = Segmenting.Of(terms, product, period);
            var groups = Collect(terms, product, segments, byProduct[product.Id], until);
            foreach (var (_, group) in groups.OrderBy(g => g.Key, StringComparer.Ordinal))
            {
                RateGroup(terms, product, segments, group, lines, unrated);
            }
        }
        return new RatedPeriod(lines, unrated);
    }

    /// <summary>Metered quantities of one group; null where a segment has none.</summary>
    private sealed record Group(IReadOnlyDictionary<string, string?> Values, decimal?[] Metered);

    private static Dictionary<string, Group> Collect(
        Terms terms, Product product, IReadOnlyList<Segment> segments, IEnumerable<UsageQuantity> usage, Instant until)
    {
        var groups = new Dictionary<string, Group>(StringComparer.Ordinal);
        foreach (var quantity in usage)
        {
            if (quantity.Segment.Start >= until) continue;
            var at = Place(segments, quantity, until);
            var group = GroupOf(Groups.Only(quantity.Group, segments[at].Product.GroupKeys));
            if (segments[at].Product.WholePeriod) at = LastEntitled(terms, product, segments, group.Values, at);
            if (segments[at].Product.WholePeriod && group.Metered[at] is not null)
            {
                throw new ArgumentException($"Product {quantity.ProductId} has two values for one group, and its metric cannot be added up.", nameof(usage));
            }
            group.Metered[at] = Exact.Add(group.Metered[at] ?? 0, quantity.Quantity);
        }
        for (var i = 0; i < segments.Count; i++)
        {
            // Without group keys the line is there even when nothing was used.
            if (segments[i].Product.GroupKeys.Count == 0 && segments[i].Cut.Start < until) GroupOf(Groups.None).Metered[i] ??= 0;
        }
        return groups;

        Group GroupOf(IReadOnlyDictionary<string, string?> values)
        {
            var key = Groups.Key(values);
            return groups.TryGetValue(key, out var group) ? group : groups[key] = new Group(values, new decimal?[segments.Count]);
        }
    }

    /// <summary>The segment that usage lies in, or, for a metric that counts over the whole, the last one it was read over.</summary>
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

    /// <summary>
    /// Where a value that counts over the whole is billed: at the latest of the segments it was read over in which the group has an entitled rate.
    /// Without any it stays in the last one, and is listed as unrated there.
    /// </summary>
    private static int LastEntitled(
        Terms terms, Product product, IReadOnlyList<Segment> segments, IReadOnlyDictionary<string, string?> values, int last)
    {
        for (var i = last; i >= 0 && segments[i].Span == segments[last].Span; i--)
            if (RateIn(terms, product, segments[i], values) is { Entitled: true }) return i;
        return last;
    }

    private static Rate? RateIn(Terms terms, Product product, Segment segment, IReadOnlyDictionary<string, string?> values) =>
        terms.Rates.InForce(product.Id, Groups.Only(values, segment.Terms.PricingGroupKey), segment.Cut.Start);

    private static void RateGroup(
        Terms terms, Product product, IReadOnlyList<Segment> segments, Group group, List<InvoiceLine> lines, List<UnratedUsage> unrated)
    {
        var before = 0m;
        for (var i = 0; i < segments.Count;)
        {
            var rate = RateAt(i);
            var last = i;
            // Another group's change of price is no reason to cut this group's line.
            while (last + 1 < segments.Count && segments[last + 1].Terms == segments[i].Terms && ReferenceEquals(RateAt(last + 1), rate)) last++;
            var metered = group.Metered[i..(last + 1)].OfType<decimal>().ToList();
            var stretch = new Interval(segments[i].Cut.Start, segments[last].Cut.End);
            if (metered.Count > 0 && rate is { Entitled: true })
            {
                var own = segments[i].Terms;
                var quantity = BilledQuantity.Of(Exact.Sum(metered), own.QuantityConversion, own.QuantityRounding);
                lines.AddRange(RateCalculation.Rate(rate.Price, before, quantity)
                    .Select(part => Line(terms, product, own, group, rate, stretch, part)));
                before = Exact.Add(before, quantity);
            }
            else if (metered.Any(m => m != 0))
            {
                var reason = rate is null ? UnratedReason.NoRate : UnratedReason.NotEntitled;
                unrated.Add(new UnratedUsage(product.Id, stretch.Start, stretch.End, group.Values, Exact.Sum(metered), reason));
            }
            i = last + 1;
        }

        Rate? RateAt(int i) => RateIn(terms, product, segments[i], group.Values);
    }

    private static InvoiceLine Line(
        Terms terms, Product product, ProductTerms own, Group group, Rate rate, Interval stretch, RatedPart part) => new()
        {
            Type = LineType.Usage,
            Name = own.Name,
            ProductId = product.Id,
            ProductType = product.Type,
            ProductTags = own.Tags,
            CreditTypeId = rate.CreditTypeId,
            Quantity = part.Quantity,
            UnitPrice = part.UnitPrice,
            Total = terms.Contract.Rounding.Of(Exact.Multiply(part.Quantity, part.UnitPrice), terms.CreditType),
            StartingAt = stretch.Start,
            EndingBefore = stretch.End,
            PricingGroupValues = Groups.Only(group.Values, own.PricingGroupKey),
            PresentationGroupValues = Groups.Only(group.Values, own.PresentationGroupKey),
            Tier = part.Tier,
            ListPrice = rate.Price,
            RateId = rate.Id,
        };
}
