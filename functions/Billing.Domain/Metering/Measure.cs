namespace Billing.Domain.Metering;

/// <summary>What one event adds to a meter.</summary>
/// <param name="Value">The value, scaled by 10^12; zero for COUNT and UNIQUE.</param>
/// <param name="Element">UNIQUE: keyed hash of the value's text.</param>
/// <param name="Time">LATEST, TIME_WEIGHTED_SUM: event time, 100 ns since 1970.</param>
/// <param name="EventHash">LATEST: the dedup key, which decides between two events of one instant.</param>
public readonly record struct Measure(Int128 Value, UInt128 Element, long Time, UInt128 EventHash);

/// <summary>Why a meter did not count an event that matched it. The event itself stays accepted.</summary>
public enum Unreadable : byte
{
    /// <summary>It was counted.</summary>
    None,

    /// <summary>The value property is absent.</summary>
    NoValue,

    /// <summary>The value is no number, 10^15 or more, or a non-zero below 10^-12.</summary>
    NotANumber,

    /// <summary>A group value is longer than 512 bytes.</summary>
    GroupTooLong,
}
