using NodaTime;

namespace Billing.Domain.Values;

/// <summary>How often a period ends.</summary>
public enum BillingFrequency
{
    Monthly,
    Quarterly,
    [Alias("yearly")]
    Annual,
    Weekly,

    /// <summary>Of grants and counters only; nothing is invoiced so often.</summary>
    Daily,
}

/// <summary>Periods that follow one another without end, in both directions.</summary>
/// <remarks>
/// Bounds: each period is half-open, [start, end), in UTC. Period n starts at anchor + n × interval, never at "previous start + interval":
/// a monthly anchor on 31 January gives 31 Jan, 28 Feb, 31 Mar, not 28 Mar.
/// </remarks>
/// <param name="Anchor">Start of period 0, UTC.</param>
/// <param name="Frequency">The interval.</param>
public sealed record BillingCycle(LocalDateTime Anchor, BillingFrequency Frequency)
{
    private int? Days => Frequency switch
    {
        BillingFrequency.Weekly => 7,
        BillingFrequency.Daily => 1,
        _ => null,
    };

    private int Months => Frequency switch
    {
        BillingFrequency.Monthly => 1,
        BillingFrequency.Quarterly => 3,
        BillingFrequency.Annual => 12,
        _ => throw new ArgumentOutOfRangeException(nameof(Frequency), Frequency, "A frequency without months."),
    };

    /// <summary>Start of period n.</summary>
    public Instant StartOf(int n) =>
        (Days is { } days ? Anchor.PlusDays(n * days) : Anchor.PlusMonths(n * Months)).InUtc().ToInstant();

    /// <summary>Number of the period that an instant lies in.</summary>
    public int NumberAt(Instant at)
    {
        var local = at.InUtc().LocalDateTime;
        // A first guess that is off by one at most; the loops settle clamped month ends.
        var n = Days is { } days
            ? Period.DaysBetween(Anchor.Date, local.Date) / days
            : ((local.Year - Anchor.Year) * 12 + local.Month - Anchor.Month) / Months;
        while (StartOf(n) > at) n--;
        while (StartOf(n + 1) <= at) n++;
        return n;
    }

    /// <summary>The period that an instant lies in.</summary>
    public Interval PeriodAt(Instant at)
    {
        var n = NumberAt(at);
        return new Interval(StartOf(n), StartOf(n + 1));
    }
}
