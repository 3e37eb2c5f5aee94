using System.Text;
using Billing.Domain.Metering.Events;
using Billing.Domain.Values;

namespace Billing.Domain.Metering;

/// <summary>The meters that are folded, ready to be matched with events. Not safe for two threads.</summary>
public sealed class MeterSet
{
    /// <summary>Longest group value, in bytes of UTF-8.</summary>
    public const int MaxGroupValueBytes = 512;

    private const int MaxRememberedTypes = 10_000;
    private readonly Dictionary<UInt128, int[]> byType = [];
    private readonly HashKey secret;
    private readonly CompiledFilter[][] filters;

    public MeterSet(IEnumerable<Meter> meters, HashKey secret)
    {
        Meters = [.. meters];
        this.secret = secret;
        filters = [.. Meters.Select(m => m.Filters.Select(f => new CompiledFilter(f)).ToArray())];
        Hashed = [.. Meters.Select(m => new HashedMeter(m, secret))];
    }

    /// <summary>The meters, in a fixed order; other members speak of their positions.</summary>
    public IReadOnlyList<Meter> Meters { get; }

    /// <summary>Each meter with the hash of its id.</summary>
    public IReadOnlyList<HashedMeter> Hashed { get; }

    /// <summary>Positions of the meters that take an event type.</summary>
    public ReadOnlySpan<int> ForType(ReadOnlySpan<byte> eventType)
    {
        var hash = EventIdentity.Key(secret, "type"u8, eventType);
        if (byType.TryGetValue(hash, out var known)) return known;
        var positions = PositionsFor(Encoding.UTF8.GetString(eventType));
        if (byType.Count < MaxRememberedTypes) byType[hash] = positions;
        return positions;
    }

    /// <summary>True when the properties pass all filters of a meter.</summary>
    public bool Passes(int meter, ReadOnlySpan<EventProperty> properties)
    {
        foreach (var filter in filters[meter])
            if (!filter.Passes(properties)) return false;
        return true;
    }

    /// <summary>What the event adds to a meter it matches, or why it can't be read.</summary>
    public Unreadable Read(int meter, ReadOnlySpan<EventProperty> properties, long time, UInt128 eventHash, out Measure measure, out bool rounded)
    {
        rounded = false;
        measure = default;
        var of = Meters[meter];
        if (of.Aggregation == Aggregation.Count) return Unreadable.None;
        if (!of.Value!.Find(properties, out var value, out var kind)) return Unreadable.NoValue;
        if (of.Aggregation == Aggregation.Unique)
        {
            measure = new(0, EventIdentity.Key(secret, "element"u8, value), 0, 0);
            return Unreadable.None;
        }
        if (kind is not (PropertyKind.Number or PropertyKind.Text)) return Unreadable.NotANumber;
        var reading = Quantity.Read(value, out var scaled);
        if (reading == QuantityReading.Unreadable) return Unreadable.NotANumber;
        rounded = reading == QuantityReading.Rounded;
        if (of.EventBounds is { } bounds) scaled = bounds.Within(scaled);
        measure = of.Aggregation switch
        {
            Aggregation.Latest => new(scaled, 0, time, eventHash),
            Aggregation.TimeWeightedSum => new(scaled, 0, time, 0),
            _ => new(scaled, 0, 0, 0),
        };
        return Unreadable.None;
    }

    // On its own, so that the closure is made for new types only.
    private int[] PositionsFor(string eventType) => [.. Enumerable.Range(0, Meters.Count).Where(i => Meters[i].TakesType(eventType))];

    private sealed class CompiledFilter(PropertyFilter filter)
    {
        private readonly byte[][] allowed = [.. (filter.In ?? []).Select(Encoding.UTF8.GetBytes)];
        private readonly byte[][] banned = [.. (filter.NotIn ?? []).Select(Encoding.UTF8.GetBytes)];

        public bool Passes(ReadOnlySpan<EventProperty> properties)
        {
            var there = filter.Path.Find(properties, out var value, out _);
            if (filter.Exists is { } wanted && wanted != there) return false;
            if (allowed.Length > 0 && !(there && Has(allowed, value))) return false;
            return banned.Length == 0 || !there || !Has(banned, value);
        }

        private static bool Has(byte[][] values, ReadOnlySpan<byte> value)
        {
            foreach (var one in values)
                if (value.SequenceEqual(one)) return true;
            return false;
        }
    }
}
