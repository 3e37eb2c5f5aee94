namespace Billing.Domain.Metering;

/// <summary>A condition on one property of an event; all that are set must hold.</summary>
/// <param name="Path">Where the property is.</param>
/// <param name="Exists">True: it must be there (null counts as absent); false: it must not.</param>
/// <param name="In">Its text must be one of these; null or empty: any.</param>
/// <param name="NotIn">Its text must not be one of these; an absent property passes.</param>
public sealed record PropertyFilter(PropertyPath Path, bool? Exists, IReadOnlyList<string>? In, IReadOnlyList<string>? NotIn);

/// <summary>One dimension usage can be grouped by.</summary>
public sealed record Dimension(string Name, PropertyPath Path);

/// <summary>What is counted, from which events, by which dimensions. Its definition never changes: another definition is another meter.</summary>
/// <param name="Id">UUID; both faces (billable metric, OpenMeter meter) show it.</param>
/// <param name="Aggregation">How values become one number.</param>
/// <param name="EventTypes">Event types that count; null or empty: all.</param>
/// <param name="NotEventTypes">Event types that don't count.</param>
/// <param name="Filters">Conditions, all of which must hold.</param>
/// <param name="Value">Where the value is; null for <see cref="Aggregation.Count"/>.</param>
/// <param name="Groupings">Each list is one simple or compound group key, kept as cells of its own; no list is one cell without dimensions.</param>
public sealed record Meter(
    string Id,
    Aggregation Aggregation,
    IReadOnlyList<string>? EventTypes,
    IReadOnlyList<string>? NotEventTypes,
    IReadOnlyList<PropertyFilter> Filters,
    PropertyPath? Value,
    IReadOnlyList<IReadOnlyList<Dimension>> Groupings)
{
    private static readonly IReadOnlyList<IReadOnlyList<Dimension>> Ungrouped = [[]];

    /// <summary>MAX alone: usage is the sum of each bucket's maximum; null: the maximum of the whole.</summary>
    /// <remarks>A bucket counts once, where it begins, so that parts of time add up to the whole.</remarks>
    public BucketSize? BucketSize { get; init; }

    /// <summary>SUM alone: bounds of what one event adds; null: none.</summary>
    public EventBounds? EventBounds { get; init; }

    /// <summary>True when usage is the sum of that of its parts of time; else it counts over a whole.</summary>
    public bool AddsUp => BucketSize is not null || Aggregation is not (Aggregation.Max or Aggregation.Min or Aggregation.Avg or Aggregation.Unique);

    /// <summary>The groupings cells are kept for: those of no other's subset, or the empty one.</summary>
    /// <remarks>A subset says nothing its superset does not, and would be written with every event.</remarks>
    public IReadOnlyList<IReadOnlyList<Dimension>> KeptGroupings { get; } = Kept(Groupings);

    /// <summary>True when the event type counts for this meter.</summary>
    public bool TakesType(string eventType) =>
        (EventTypes is null or { Count: 0 } || EventTypes.Contains(eventType, StringComparer.Ordinal))
        && !(NotEventTypes?.Contains(eventType, StringComparer.Ordinal) ?? false);

    /// <summary>The first kept grouping that has all these dimensions; null when none has.</summary>
    public int? GroupingWith(IReadOnlyCollection<string> dimensions)
    {
        for (var i = 0; i < KeptGroupings.Count; i++)
            if (dimensions.All(d => KeptGroupings[i].Any(k => k.Name == d))) return i;
        return null;
    }

    private static IReadOnlyList<IReadOnlyList<Dimension>> Kept(IReadOnlyList<IReadOnlyList<Dimension>> groupings)
    {
        var names = groupings.Select(g => g.Select(d => d.Name).ToHashSet(StringComparer.Ordinal)).ToList();
        var kept = groupings.Where((_, i) => names[i].Count > 0 && !names.Where((other, j) =>
            j != i && names[i].IsSubsetOf(other) && (other.Count > names[i].Count || j < i)).Any()).ToList();
        return kept.Count == 0 ? Ungrouped : kept;
    }
}
