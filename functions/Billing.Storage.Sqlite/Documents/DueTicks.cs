using NodaTime;

namespace Billing.Storage.Sqlite.Documents;

/// <summary>A due in the table: unix ticks of 100 ns, rounded up, so that nothing comes due before its time.</summary>
internal static class DueTicks
{
    public static long? Of(Instant? due)
    {
        if (due is not { } at) return null;
        var ticks = at.ToUnixTimeTicks();
        return Instant.FromUnixTimeTicks(ticks) < at ? ticks + 1 : ticks;
    }
}
