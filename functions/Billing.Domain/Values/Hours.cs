using NodaTime;

namespace Billing.Domain.Values;

/// <summary>Terms change on the hour only, because usage is kept by the hour.</summary>
public static class Hours
{
    /// <summary>True for an instant on the hour, UTC.</summary>
    public static bool IsWhole(Instant at) => at.ToUnixTimeTicks() % NodaConstants.TicksPerHour == 0
        && at == Instant.FromUnixTimeTicks(at.ToUnixTimeTicks());

    /// <summary>Whole hours in an interval; what is left of an hour does not count.</summary>
    public static long In(Interval interval) => (interval.End.ToUnixTimeTicks() - interval.Start.ToUnixTimeTicks()) / NodaConstants.TicksPerHour;

    /// <summary>The refusal for an instant between hours, or null.</summary>
    public static Refusal? Check(Instant? at, string field) =>
        at is { } instant && !IsWhole(instant)
            ? new Refusal("not_on_the_hour", "Terms start and end on the hour (1:00, not 1:30), in UTC.", field)
            : null;

    /// <summary>The refusal for an end that is not after its start, or null.</summary>
    public static Refusal? CheckOrder(Instant start, Instant? end, string field) =>
        end <= start ? new Refusal("ends_before_start", "The end must lie after the start.", field) : null;
}
