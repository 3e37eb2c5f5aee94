using Billing.UseCases.Documents;
using NodaTime;
using NodaTime.Text;

namespace Billing.UseCases.Cost;

/// <summary>The counts of all processes by UTC day of real time (catalog, kind "cost-day", one document a day).</summary>
/// <remarks>A process adds what it counted about once a minute; what it has counted since is lost when it is killed.</remarks>
public sealed class CostDays(IDocumentStore documents, BilledUnits units, TimeProvider realTime)
{
    internal const string Kind = "cost-day";
    private const int MaxAttempts = 20;
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    private long addedAt = realTime.GetTimestamp();

    /// <summary>Adds this process's counts to its day, if it is time.</summary>
    public async Task AddIfDueAsync()
    {
        var last = Interlocked.Read(ref addedAt);
        if (realTime.GetElapsedTime(last) < Every || Interlocked.CompareExchange(ref addedAt, realTime.GetTimestamp(), last) != last) return;
        await AddAsync();
    }

    /// <summary>Adds this process's counts to its day. It can't be broken off: what may have been written must not be counted again.</summary>
    public async Task AddAsync()
    {
        var stop = CancellationToken.None;
        var counts = units.Take();
        try
        {
            if (counts.Events == 0 && counts.Units.Values.All(c => c == 0)) return;
            var place = PlaceOf(Today());
            for (var attempt = 0; attempt < MaxAttempts; attempt++)
            {
                var found = await documents.FindAsync<UnitCounts>(place, Kind, stop);
                var next = place.Keep(Kind, Kind, (found?.Value ?? UnitCounts.None).Plus(counts));
                if (!await documents.TryAsync(place, found is null ? new Write.Create(next) : new Write.Replace(next, found.ETag), stop)) continue;
                counts = UnitCounts.None;
                return;
            }
        }
        finally
        {
            units.Return(counts);
        }
    }

    /// <summary>The counts of the days from one to another, both included, and since when there are any among them.</summary>
    public async Task<(UnitCounts Counts, LocalDate? First)> ReadAsync(LocalDate from, LocalDate to, CancellationToken stop)
    {
        var sum = UnitCounts.None;
        LocalDate? first = null;
        for (var day = from; day <= to; day = day.PlusDays(1))
        {
            if (await documents.FindAsync<UnitCounts>(PlaceOf(day), Kind, stop) is not { } found) continue;
            sum = sum.Plus(found.Value);
            first ??= day;
        }
        return (sum, first);
    }

    /// <summary>The day it is.</summary>
    public LocalDate Today() => Instant.FromDateTimeOffset(realTime.GetUtcNow()).InUtc().Date;

    private static Place PlaceOf(LocalDate day) => new(Container.Catalog, Kind, LocalDatePattern.Iso.Format(day));
}
