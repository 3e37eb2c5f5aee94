namespace Billing.Domain.Metering;

/// <summary>How a meter turns many events into one number.</summary>
public enum Aggregation
{
    /// <summary>How many events.</summary>
    Count,

    /// <summary>The values added up.</summary>
    Sum,

    /// <summary>The largest value.</summary>
    Max,

    /// <summary>The smallest value.</summary>
    Min,

    /// <summary>The values added up, divided by how many there are.</summary>
    Avg,

    /// <summary>How many different values; exact.</summary>
    Unique,

    /// <summary>The value of the latest event by event time; of two at one instant the one whose dedup hash is higher.</summary>
    Latest,

    /// <summary>The values are changes of a level, which stands until it is changed again: level × time, in unit-hours.</summary>
    TimeWeightedSum,
}
