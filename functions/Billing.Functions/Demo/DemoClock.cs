using NodaTime;

namespace Billing.Functions.Demo;

/// <summary>The time of the demo: it stands where it was put last.</summary>
internal sealed class DemoClock(Instant start) : IClock
{
    private long ticks = start.ToUnixTimeTicks();

    public Instant GetCurrentInstant() => Instant.FromUnixTimeTicks(Volatile.Read(ref ticks));

    /// <summary>Puts the clock there, rounded up to 100 ns; forward only.</summary>
    public void MoveTo(Instant now)
    {
        var next = now.ToUnixTimeTicks();
        if (Instant.FromUnixTimeTicks(next) < now) next++;
        if (next > ticks) Volatile.Write(ref ticks, next);
    }
}
