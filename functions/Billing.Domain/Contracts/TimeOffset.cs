using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Contracts;

public enum OffsetUnit
{
    Days,
    Weeks,
    Months,
    Years,
}

/// <summary>A length of calendar time, UTC: how a package says when, counted from the start of the contract that is made of it.</summary>
/// <param name="Value">0 or more.</param>
public sealed record TimeOffset(OffsetUnit Unit, int Value)
{
    private const int MaxValue = 10_000;

    /// <summary>The instant this long after another.</summary>
    /// <remarks>Bounds: months and years are clamped at month ends: one month after 31 January is 28 February.</remarks>
    public Instant After(Instant start)
    {
        var from = start.InUtc().LocalDateTime;
        return (Unit switch
        {
            OffsetUnit.Days => from.PlusDays(Value),
            OffsetUnit.Weeks => from.PlusWeeks(Value),
            OffsetUnit.Months => from.PlusMonths(Value),
            OffsetUnit.Years => from.PlusYears(Value),
            _ => throw new ArgumentOutOfRangeException(nameof(start), Unit, "Unknown unit of time."),
        }).InUtc().ToInstant();
    }

    /// <summary>The end of what lasts this long from an offset on.</summary>
    /// <remarks>
    /// In one unit both are counted from the start together, so that nothing drifts: from 31 January, one month in and one month long ends on
    /// 31 March, not on 28 March.
    /// </remarks>
    public Instant After(TimeOffset? offset, Instant start) =>
        offset is null ? After(start) : offset.Unit == Unit ? new TimeOffset(Unit, offset.Value + Value).After(start) : After(offset.After(start));

    /// <summary>The refusal for a length that cannot be kept, or null.</summary>
    public Refusal? Check(string field) =>
        Value is < 0 or > MaxValue ? new Refusal("bad_time_offset", $"A length of time is 0 to {MaxValue} of its unit.", field + "/value") : null;
}
