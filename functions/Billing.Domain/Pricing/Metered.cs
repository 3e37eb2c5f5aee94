using NodaTime;

namespace Billing.Domain.Pricing;

/// <summary>What pricing must know of a billable metric.</summary>
/// <param name="Id">Of the metric.</param>
/// <param name="WholePeriod">True for MAX (of no bucket), MIN, AVG and UNIQUE: not the sum of its parts, so it counts over the whole period and is billed in the last segment with an entitled rate.</param>
/// <param name="GroupKeys">The simple and compound keys that its usage can be read by.</param>
/// <param name="Archived">True when no new product may use it.</param>
public sealed record PricedMetric(string Id, bool WholePeriod, IReadOnlyList<IReadOnlyList<string>> GroupKeys, bool Archived = false)
{
    /// <summary>True for TIME_WEIGHTED_SUM: it grows with time alone.</summary>
    public bool Accrues { get; init; }

    /// <summary>True when usage can be read by exactly these properties (in any order), or by none.</summary>
    public bool CanGroupBy(IReadOnlyList<string> keys) =>
        keys.Count == 0 || GroupKeys.Any(k => k.ToHashSet(StringComparer.Ordinal).SetEquals(keys));

    /// <summary>True when usage can be told apart by all of these properties: some group key has them, and perhaps others.</summary>
    public bool CanRead(IReadOnlyList<string> keys) => keys.Count == 0 || GroupKeys.Any(k => keys.All(k.Contains));
}

/// <summary>A product whose usage is read.</summary>
/// <param name="ProductId">Of the product.</param>
/// <param name="BillableMetricId">What is counted.</param>
/// <param name="GroupKeys">Pricing and presentation keys together.</param>
public sealed record MeteredProduct(string ProductId, string BillableMetricId, IReadOnlyList<string> GroupKeys)
{
    /// <summary>See <see cref="PricedMetric.WholePeriod"/>.</summary>
    public bool WholePeriod { get; init; }

    /// <summary>Only usage with one of these values of a property counts; null: all.</summary>
    public GroupFilter? Filter { get; init; }
}

/// <summary>Values of a group key of the metric.</summary>
public sealed record GroupFilter(string GroupKey, IReadOnlyList<string> Values);

/// <summary>Metered usage of a product in a part of the period, before conversion and rounding.</summary>
/// <param name="ProductId">Of the product.</param>
/// <param name="Segment">The part of the period; on the hour.</param>
/// <param name="Group">Value of each of the product's group keys, null where the events had none.</param>
/// <param name="Quantity">The metric's value; negative after corrections.</param>
public sealed record UsageQuantity(string ProductId, Interval Segment, IReadOnlyDictionary<string, string?> Group, decimal Quantity);
