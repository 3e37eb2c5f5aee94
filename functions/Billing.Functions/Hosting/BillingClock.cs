using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.Functions.Hosting;

/// <summary>The clock of everything that is billed: real time until it is set for the first time, then it stands still where it was set.</summary>
/// <remarks>The set instant is stored in the catalog and read at start, so it survives a restart. One process owns it: it is for tests and trials.</remarks>
public sealed class BillingClock(IClock real, IDocumentStore store) : IClock
{
    private const string Kind = "clock";
    private const string Id = "test";
    private static readonly Place Place = new(Container.Catalog, Kind);

    private volatile StandsAt? stands;

    private sealed record StandsAt(Instant Now);

    public Instant GetCurrentInstant() => stands?.Now ?? real.GetCurrentInstant();

    /// <summary>Reads where the clock was left.</summary>
    public async Task LoadAsync(CancellationToken stop) =>
        stands = await store.ReadAsync(Place, Id, stop) is { } stored ? StoredJson.Read<StandsAt>(stored) : null;

    /// <summary>Stores the instant, then lets the clock stand at it.</summary>
    public async Task SetAsync(Instant now, CancellationToken stop)
    {
        var set = new StandsAt(now);
        await store.CommitAsync(Place, [new Write.Upsert(new Document(Place, Id, Kind, StoredJson.Write(set)))], stop);
        stands = set;
    }
}
