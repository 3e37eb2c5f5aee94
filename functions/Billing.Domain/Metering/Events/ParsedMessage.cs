using Billing.Domain.Values;

namespace Billing.Domain.Metering.Events;

/// <summary>What one message carries: events and the refusals of those that can't be used, or a marker.</summary>
public sealed class ParsedMessage
{
    private EventProperty[] properties = new EventProperty[64];
    private int propertyCount;
    private UsageEvent[] events = new UsageEvent[16];

    /// <summary>The bytes that were read; all slices point into it (or into unescaped copies).</summary>
    public ReadOnlyMemory<byte> Body { get; internal set; }

    /// <summary>How many events the message has, usable or not.</summary>
    public int Count { get; private set; }

    /// <summary>Refusals by the event's index, in order.</summary>
    public List<(int Index, Refusal Refusal)> Refusals { get; } = [];

    /// <summary>Set when the message is a marker: a meter's id, or <see cref="EventParser.Tick"/>.</summary>
    public string? Marker { get; internal set; }

    /// <summary>The events, by index; those with a refusal are not to be used.</summary>
    public Span<UsageEvent> Events => events.AsSpan(0, Count);

    /// <summary>The properties of an event.</summary>
    public ReadOnlySpan<EventProperty> Properties(in UsageEvent of) =>
        properties.AsSpan(of.FirstProperty, of.PropertyCount);

    /// <summary>Makes the message stand for one event that can't be used.</summary>
    internal void ReadAsOneBadEvent(Refusal refusal)
    {
        Clear(Body);
        Refusals.Add((0, refusal));
        Add(default(UsageEvent));
    }

    internal int PropertyCount => propertyCount;

    internal void Clear(ReadOnlyMemory<byte> body)
    {
        Body = body;
        Count = 0;
        propertyCount = 0;
        Refusals.Clear();
        Marker = null;
    }

    internal void Add(in UsageEvent read)
    {
        if (Count == events.Length) Array.Resize(ref events, events.Length * 2);
        events[Count++] = read;
    }

    internal void Add(in EventProperty property)
    {
        if (propertyCount == properties.Length) Array.Resize(ref properties, properties.Length * 2);
        properties[propertyCount++] = property;
    }

    internal void DropPropertiesFrom(int first) => propertyCount = first;
}
