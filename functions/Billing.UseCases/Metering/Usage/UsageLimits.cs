using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>How far from the log's enqueued time an event may lie, and how much one request may carry.</summary>
/// <param name="Behind">Older events are refused; default 400 days.</param>
public sealed record UsageLimits(Duration Behind)
{
    /// <summary>Events a request may carry.</summary>
    public const int MaxEvents = 1_000;

    /// <summary>Bytes a request may carry.</summary>
    public const int MaxBodyBytes = 4_000_000;

    public static readonly UsageLimits Default = new(Duration.FromDays(400));

    /// <summary>How far in the future an event may lie (clocks differ; Metronome allows a day).</summary>
    public Duration Ahead { get; } = Duration.FromHours(24);

    /// <summary>Claims are kept two days longer than events may come late, so that a re-send is refused for its age before its claim is gone.</summary>
    public Duration ClaimLife => Behind + Duration.FromDays(2);

    /// <summary>Null when the time is taken; else why not.</summary>
    /// <param name="time">Event time, 100 ns since 1970 UTC.</param>
    /// <param name="enqueued">The log's time for the message.</param>
    public string? Complaint(long time, Instant enqueued)
    {
        var now = enqueued.ToUnixTimeTicks();
        if (time > now + (long)Ahead.TotalTicks) return "lies more than 24 hours in the future";
        return time < now - (long)Behind.TotalTicks ? $"lies more than {Behind.Days} days in the past" : null;
    }
}
