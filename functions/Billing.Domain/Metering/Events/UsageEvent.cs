namespace Billing.Domain.Metering.Events;

/// <summary>What a property's value is, as far as meters care.</summary>
public enum PropertyKind : byte
{
    /// <summary>A string; the value is its unescaped text.</summary>
    Text,

    /// <summary>A number; the value is its literal.</summary>
    Number,

    /// <summary>true or false; the value is the literal.</summary>
    Truth,

    /// <summary>null; counts as absent.</summary>
    Null,

    /// <summary>An object or array; the value is its JSON.</summary>
    Nested,
}

/// <summary>One property of an event: name and value as UTF-8.</summary>
public readonly record struct EventProperty(ReadOnlyMemory<byte> Name, ReadOnlyMemory<byte> Value, PropertyKind Kind);

/// <summary>A usage event as it was read: unescaped UTF-8 slices of the message, nothing converted.</summary>
/// <remarks>A struct of slices so that reading half a million a second allocates nothing per event.</remarks>
public struct UsageEvent
{
    /// <summary>Where the event's JSON starts in the message, and how long it is.</summary>
    public int RawStart { get; set; }

    /// <summary>Length of the event's JSON in bytes.</summary>
    public int RawLength { get; set; }

    /// <summary>True for a CloudEvent, false for Metronome's shape.</summary>
    public bool IsCloudEvent { get; set; }

    /// <summary>The producer's id of the fact: transaction_id, or the CloudEvent's id.</summary>
    public ReadOnlyMemory<byte> Id { get; set; }

    /// <summary>The CloudEvent's source; empty for Metronome's shape.</summary>
    public ReadOnlyMemory<byte> Source { get; set; }

    /// <summary>Whose usage it is, as sent: customer id, ingest alias or CloudEvents subject.</summary>
    public ReadOnlyMemory<byte> Key { get; set; }

    /// <summary>The event type.</summary>
    public ReadOnlyMemory<byte> Type { get; set; }

    /// <summary>When it happened, in 100 ns since 1970 UTC; null when the producer gave none.</summary>
    public long? Time { get; set; }

    /// <summary>First of its properties in <see cref="ParsedMessage.Properties"/>.</summary>
    public int FirstProperty { get; set; }

    /// <summary>How many properties it has.</summary>
    public int PropertyCount { get; set; }
}
