using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Invoicing;

/// <summary>Usage of a period at its prices, before anything but money pays for it.</summary>
internal sealed record GrossUsage(IReadOnlyList<GrossLine> Lines, IReadOnlyList<UnratedUsage> Unrated);

/// <summary>Prices the usage of a contract.</summary>
/// <remarks>
/// Order of the calculation, product by product: cut in time where terms change; sum the metered quantity of each group in each stretch of one price;
/// convert, then round the quantity, once for the stretch; take off free units; split by tiers, whose counters run through the period for each group;
/// multiply and round; clip at the maximum; add up to the minimum. A product without group keys has a line for each stretch even at 0, one with keys only
/// where it was used. Order of the lines: rate card, group values, time, tier.
/// </remarks>
/// <param name="until">Usage from here on is left out.</param>
/// <param name="isComplete">True when the period is over: minimums are owed.</param>
internal sealed class UsageRating(Terms terms, Interval period, Instant until, bool isComplete)
{
    private readonly PriceBook prices = new(terms);
    private readonly List<UnratedUsage> unrated = [];
    private readonly List<(Product Product, IReadOnlyList<Interval> Stretches)> composites =
        [.. terms.Rated(ProductType.Composite).Select(c => (c, CompositeRating.Stretches(terms, c, period)))];

    /// <summary>Prices usage that was read by <see cref="Segmenting.Segments"/>, in any order.</summary>
    /// <remarks>Errors: <see cref="InexactAmountException"/> and overflow when an amount can't be kept; an argument error for usage read otherwise.</remarks>
    public GrossUsage Rate(IReadOnlyList<UsageQuantity> usage)
    {
        var lines = new List<GrossLine>();
        var byProduct = usage.ToLookup(u => u.ProductId, StringComparer.Ordinal);
        foreach (var product in terms.Rated(ProductType.Usage))
        {
            var segments = Segmenting.Of(terms, product, period);
            var groups = UsageGroups.Collect(segments, byProduct[product.Id], period, until);
            var own = new List<GrossLine>();
            foreach (var group in groups) RateGroup(product, segments, group, own);
            lines.AddRange(SpendBounds.OfRates(own, product, terms, period, isComplete));
        }
        return new GrossUsage(SpendBounds.OfContract(lines, terms, period, isComplete), unrated);
    }

    private void RateGroup(Product product, IReadOnlyList<Segment> segments, UsageGroup group, List<GrossLine> lines)
    {
        var stretches = Stretches(product, segments, group);
        foreach (var stretch in stretches)
        {
            if (stretch.Quantity is not { } quantity)
            {
                if (stretch.Reason is { } reason) unrated.Add(new UnratedUsage(product.Id, stretch.Time.Start, stretch.Time.End, group.Values, stretch.Metered, reason));
                continue;
            }
            foreach (var part in RateCalculation.Rate(stretch.Pricing.Price!, stretch.Pricing.Terms.FreeUnits, OnCounter(stretch, quantity, stretches, group)))
                lines.Add(Line(product, stretch, part));
        }
    }

    /// <summary>Where a stretch lies on its counter: after what was counted before the period, and after the charged stretches since the counter began.</summary>
    private CountedQuantity OnCounter(Stretch stretch, decimal quantity, List<Stretch> stretches, UsageGroup group)
    {
        var onCounter = stretches.Where(s => s.Quantity is not null && s.Time.Start >= stretch.Counter).ToList();
        var earlier = stretch.Counter < period.Start ? group.BilledBefore(stretch.Counter, stretch.Own) : null;
        var before = Exact.Add(earlier ?? 0, Exact.Sum(onCounter.TakeWhile(s => !ReferenceEquals(s, stretch)).Select(s => s.Quantity!.Value)));
        var total = Exact.Add(earlier ?? 0, Exact.Sum(onCounter.Select(s => s.Quantity!.Value)));
        // What has no group keys was on the statement in which the counter began; a group is when it is first used.
        var begun = stretch.Counter < period.Start && (earlier is not null || group.Values.Count == 0);
        return new CountedQuantity(before, quantity, total, Opens: ReferenceEquals(onCounter[0], stretch) && !begun);
    }

    /// <summary>A part of the period in which one price holds for a group.</summary>
    /// <param name="Counter">Start of the counter's period.</param>
    /// <param name="Quantity">Billed units; null when nothing is charged.</param>
    /// <param name="Reason">Why usage is not charged.</param>
    private sealed record Stretch(
        Interval Time, ProductTerms Own, LineSubject Subject, LinePricing Pricing, Instant Counter, decimal Metered, decimal? Quantity, UnratedReason? Reason);

    private List<Stretch> Stretches(Product product, IReadOnlyList<Segment> segments, UsageGroup group)
    {
        var points = new List<(Segment Segment, LineSubject Subject, LinePricing Pricing, Instant Counter)>();
        foreach (var segment in segments)
        {
            var subject = points.Count > 0 && ReferenceEquals(points[^1].Segment.Terms, segment.Terms)
                ? points[^1].Subject
                : new LineSubject(product.Id, segment.Terms.Tags, Groups.Only(group.Values, segment.Terms.PricingGroupKey), Groups.Only(group.Values, segment.Terms.PresentationGroupKey));
            var pricing = prices.Of(subject, subject.PricingGroupValues!, segment.Cut.Start);
            var counter = pricing.Terms.CounterFrequency is { } frequency && !segment.Product.WholePeriod
                ? Segmenting.CounterAt(terms, frequency, segment.Cut.Start).Start
                : period.Start;
            points.Add((segment, subject, pricing, counter));
        }
        var metered = group.Metered(segments, i => Reason(points[i].Pricing) is null);
        var stretches = new List<Stretch>();
        for (var i = 0; i < points.Count;)
        {
            var last = i;
            // Another group's change of price, or a commit that cannot pay for this group, is no reason to cut this group's line.
            while (last + 1 < points.Count && Continues(points[i], points[last + 1])) last++;
            var used = metered[i..(last + 1)].OfType<decimal>().ToList();
            var sum = Exact.Sum(used);
            var (segment, subject, pricing, counter) = points[i];
            var reason = Reason(pricing);
            var charged = used.Count > 0 && reason is null;
            stretches.Add(new Stretch(
                new Interval(segment.Cut.Start, points[last].Segment.Cut.End), segment.Terms, subject, pricing, counter, sum,
                charged ? BilledQuantity.Of(sum, segment.Terms.QuantityConversion, segment.Terms.QuantityRounding) : null,
                sum != 0 ? reason : null));
            i = last + 1;
        }
        return stretches;

        bool Continues((Segment Segment, LineSubject Subject, LinePricing Pricing, Instant Counter) a, (Segment Segment, LineSubject Subject, LinePricing Pricing, Instant Counter) b) =>
            ReferenceEquals(a.Subject, b.Subject) && a.Counter == b.Counter && a.Pricing.IsSameAs(b.Pricing)
            && PayersOf(a).SequenceEqual(PayersOf(b))
            && !CompositeCuts(b.Segment.Cut.Start, product);

        IEnumerable<AccessSegment> PayersOf((Segment Segment, LineSubject Subject, LinePricing Pricing, Instant Counter) point) =>
            Payers.At(terms, point.Subject, point.Pricing.CreditTypeId, point.Segment.Cut.Start);
    }

    private static UnratedReason? Reason(LinePricing pricing) => pricing switch
    {
        { Price: null } => UnratedReason.NoRate,
        { IsEntitled: false } => UnratedReason.NotEntitled,
        { Price: Price.Custom } => UnratedReason.PricedElsewhere,
        _ => null,
    };

    /// <summary>True when a composite changes here of which the product is, or was, a part: its share must be taken of each side by itself.</summary>
    private bool CompositeCuts(Instant at, Product product)
    {
        var tags = product.At(at).Tags;
        return composites.Exists(c => c.Stretches.Skip(1).Zip(c.Stretches).Any(s => s.First.Start == at
            && (c.Product.At(at).HasPart(product.Id, tags) || c.Product.At(s.Second.Start).HasPart(product.Id, tags))));
    }

    private GrossLine Line(Product product, Stretch stretch, RatedPart part) => new(
        LineType.Usage, stretch.Own.Name, stretch.Subject, product.Type, stretch.Time, part,
        terms.Round(Exact.Multiply(part.Quantity, part.UnitPrice), stretch.Pricing.CreditTypeId!), stretch.Pricing.CreditTypeId!, stretch.Pricing);
}
