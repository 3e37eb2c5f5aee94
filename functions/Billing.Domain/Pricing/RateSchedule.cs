using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Pricing;

/// <summary>A rate and a stretch of time in which it is the one in force.</summary>
/// <param name="EndingBefore">Null when nothing ends it.</param>
public sealed record RateSegment(Rate Rate, Instant StartingAt, Instant? EndingBefore);

/// <summary>All rates of a card, for looking up the one in force.</summary>
public sealed class RateSchedule
{
    private readonly Dictionary<string, Dictionary<string, List<Rate>>> byProduct = new(StringComparer.Ordinal);
    private readonly List<string> products = [];

    /// <param name="added">In the order they were added.</param>
    public RateSchedule(IEnumerable<Rate> added)
    {
        foreach (var rate in added)
        {
            if (!byProduct.TryGetValue(rate.ProductId, out var groups))
            {
                byProduct[rate.ProductId] = groups = new Dictionary<string, List<Rate>>(StringComparer.Ordinal);
                products.Add(rate.ProductId);
            }
            var key = Key(rate.PricingGroupValues, rate.Terms.BillingFrequency);
            if (!groups.TryGetValue(key, out var rates)) groups[key] = rates = [];
            rates.Add(rate);
        }
    }

    /// <summary>Products in the order of their first rates.</summary>
    public IReadOnlyList<string> Products => products;

    /// <summary>All rates of a product, in the order they were added within each set of group values.</summary>
    public IEnumerable<Rate> Of(string productId) => Keys(productId).SelectMany(k => Of(productId, k));

    /// <summary>The periods, other than the statement's, that some rate of the product is counted over.</summary>
    public IReadOnlyList<BillingFrequency> Counters(string productId) =>
        [.. Keys(productId).SelectMany(k => Of(productId, k)).Select(r => r.Terms.CounterFrequency).OfType<BillingFrequency>().Distinct()];

    /// <summary>The rate of a product and its pricing group values at an instant, or null. Order: the one added last among those that cover it.</summary>
    /// <remarks>A subscription has one for each billing frequency.</remarks>
    public Rate? InForce(string productId, IReadOnlyDictionary<string, string?> pricingGroupValues, Instant at, BillingFrequency? frequency = null) =>
        Of(productId, Key(pricingGroupValues, frequency)).FindLast(r => r.Covers(at));

    /// <summary>The rates of all group values of a product at an instant.</summary>
    public IEnumerable<Rate> InForce(string productId, Instant at) =>
        Keys(productId).Select(k => Of(productId, k).FindLast(r => r.Covers(at))).OfType<Rate>();

    /// <summary>Instants inside an interval at which some rate of the product starts or ends.</summary>
    public IEnumerable<Instant> Changes(string productId, Interval within) =>
        Keys(productId).SelectMany(k => Edges(Of(productId, k))).Where(e => e > within.Start && e < within.End).Distinct();

    /// <summary>Which rate holds when, from an instant to another (null: for ever), for all group values of a product.</summary>
    public IEnumerable<RateSegment> Segments(string productId, Instant from, Instant? until)
    {
        foreach (var rates in Keys(productId).Select(k => Of(productId, k)))
        {
            RateSegment? open = null;
            var edges = Edges(rates).Where(e => e > from && !(e >= until)).Append(from).Distinct().Order().ToList();
            for (var i = 0; i < edges.Count; i++)
            {
                var rate = rates.FindLast(r => r.Covers(edges[i]));
                var end = i + 1 < edges.Count ? edges[i + 1] : until;
                if (open is not null && ReferenceEquals(open.Rate, rate))
                {
                    open = open with { EndingBefore = end };
                    continue;
                }
                if (open is not null) yield return open;
                open = rate is null ? null : new RateSegment(rate, edges[i], end);
            }
            if (open is not null) yield return open;
        }
    }

    // No key of group values begins with a letter.
    private static string Key(IReadOnlyDictionary<string, string?> values, BillingFrequency? frequency) =>
        frequency is null ? Groups.Key(values) : frequency.Value + Groups.Key(values);

    private static IEnumerable<Instant> Edges(List<Rate> rates) =>
        rates.Select(r => r.StartingAt).Concat(rates.Select(r => r.EndingBefore).OfType<Instant>());

    private string[] Keys(string productId) =>
        byProduct.TryGetValue(productId, out var groups) ? [.. groups.Keys] : [];

    private List<Rate> Of(string productId, string key) =>
        byProduct.TryGetValue(productId, out var groups) && groups.TryGetValue(key, out var rates) ? rates : [];
}
