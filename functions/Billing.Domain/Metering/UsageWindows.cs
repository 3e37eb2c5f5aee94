using NodaTime;

namespace Billing.Domain.Metering;

/// <summary>How usage is cut in time.</summary>
public enum WindowSize
{
    /// <summary>One window from the start to the end.</summary>
    None,
    Minute,
    Hour,
    Day,
    Month,
}

/// <summary>The bounds of windows of the calendar in a zone.</summary>
public static class UsageWindows
{
    /// <summary>More windows than this are not read at once.</summary>
    public const int MaxWindows = 100_000;

    /// <summary>Rising bounds; each neighbouring pair is a window [a, b).</summary>
    /// <param name="from">Start; with <paramref name="widen"/> moved back to the start of its window.</param>
    /// <param name="until">End, exclusive and later; with <paramref name="widen"/> moved on to the end of its window.</param>
    /// <param name="size">How long a window is. A day is a day of the zone: 23 or 25 hours when its clocks change.</param>
    /// <param name="zone">Whose midnights and month ends; hours and minutes are the same in all zones but those with odd offsets.</param>
    /// <param name="widen">True: whole windows (OpenMeter); false: the first and last are cut off at the ends (Metronome).</param>
    /// <remarks>Bounds: at most <see cref="MaxWindows"/>, else null.</remarks>
    public static IReadOnlyList<Instant>? Bounds(Instant from, Instant until, WindowSize size, DateTimeZone zone, bool widen)
    {
        if (size == WindowSize.None) return [from, until];
        var bounds = new List<Instant> { widen ? StartOf(from, size, zone) : from };
        for (var at = NextAfter(from, size, zone); at < until; at = NextAfter(at, size, zone))
        {
            if (bounds.Count > MaxWindows) return null;
            bounds.Add(at);
        }
        bounds.Add(widen && StartOf(until, size, zone) != until ? NextAfter(until, size, zone) : until);
        return bounds;
    }

    private static Instant StartOf(Instant at, WindowSize size, DateTimeZone zone)
    {
        var local = at.InZone(zone);
        return size switch
        {
            WindowSize.Minute => Back(at, local.Offset, NodaConstants.TicksPerMinute),
            WindowSize.Hour => Back(at, local.Offset, NodaConstants.TicksPerHour),
            WindowSize.Day => zone.AtStartOfDay(local.Date).ToInstant(),
            WindowSize.Month => zone.AtStartOfDay(new LocalDate(local.Year, local.Month, 1)).ToInstant(),
            _ => throw new ArgumentOutOfRangeException(nameof(size), size, null),
        };
    }

    private static Instant NextAfter(Instant at, WindowSize size, DateTimeZone zone)
    {
        var local = at.InZone(zone);
        return size switch
        {
            WindowSize.Minute => StartOf(at, size, zone) + Duration.FromMinutes(1),
            WindowSize.Hour => StartOf(at, size, zone) + Duration.FromHours(1),
            WindowSize.Day => zone.AtStartOfDay(local.Date.PlusDays(1)).ToInstant(),
            WindowSize.Month => zone.AtStartOfDay(new LocalDate(local.Year, local.Month, 1).PlusMonths(1)).ToInstant(),
            _ => throw new ArgumentOutOfRangeException(nameof(size), size, null),
        };
    }

    // Hours of a half-hour zone start on its own full hours, which are half hours in UTC.
    private static Instant Back(Instant at, Offset offset, long step)
    {
        var local = at.ToUnixTimeTicks() + offset.Ticks;
        return Instant.FromUnixTimeTicks(local - ((local % step) + step) % step - offset.Ticks);
    }
}
