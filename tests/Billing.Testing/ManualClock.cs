using NodaTime;

namespace Billing.Testing;

/// <summary>A clock that shows what it was set to.</summary>
public sealed class ManualClock(Instant now) : IClock
{
    public ManualClock()
        : this(Instant.FromUtc(2026, 1, 1, 0, 0))
    {
    }

    public Instant Now { get; set; } = now;

    public Instant GetCurrentInstant() => Now;
}
