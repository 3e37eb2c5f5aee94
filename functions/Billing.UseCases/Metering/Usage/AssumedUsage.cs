using Billing.Domain.Metering;
using Billing.Domain.Metering.Events;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>Events that are not stored: what usage would be if they came. They are read, filtered, grouped and added up by the code that counts real ones.</summary>
/// <param name="secret">Hashes elements and groups as it does for real events.</param>
/// <param name="events">All of the customer who is asked about.</param>
/// <param name="counted">Which of them count, by index: those that were not sent before.</param>
/// <param name="instead">True: usage is these events alone; false: they come on top of what is counted.</param>
/// <param name="now">When an event without time happens.</param>
public sealed class AssumedUsage(HashKey secret, ParsedMessage events, IReadOnlyList<int> counted, bool instead, Instant now)
{
    /// <summary>True: usage is these events alone.</summary>
    public bool Instead => instead;

    /// <summary>Adds what a meter counts of them. What it can't read is not counted, as when it comes.</summary>
    internal void AddTo(GatheredRows into)
    {
        var set = new MeterSet([into.Query.Meter], secret);
        var dimensions = into.Query.Meter.KeptGroupings[into.Query.Grouping];
        var group = new byte[GroupKey.MaxBytes(dimensions.Count)];
        foreach (var index in counted)
        {
            ref readonly var read = ref events.Events[index];
            var properties = events.Properties(read);
            var time = read.Time ?? now.ToUnixTimeTicks();
            var key = EventIdentity.Key(secret, read.Source.Span, read.Id.Span);
            if (set.ForType(read.Type.Span).IsEmpty || !set.Passes(0, properties)) continue;
            if (set.Read(0, properties, time, key, out var measure, out _) != Unreadable.None) continue;
            if (!GroupKey.TryWrite(dimensions, properties, group, out var length)) continue;
            into.Add(time, GroupKey.Read(group.AsSpan(0, length), dimensions.Count), measure);
        }
    }
}
