using Billing.Domain.Values;
using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.Simulation;

/// <summary>The stores that all instances share.</summary>
internal sealed record Stores(Testing.InMemoryDocumentStore Documents, Testing.InMemoryDedupLedger Ledger, Testing.InMemoryArchive Archive, Testing.InMemoryEventLog Log);

/// <summary>One life of one running instance: its use cases, with caches of their own.</summary>
internal sealed class Instance
{
    public Instance(Stores stores, Faults faults, IClock clock, UsageLimits limits, HashKey secret, long cacheBytes)
    {
        Faults = faults;
        var documents = new FaultyDocuments(stores.Documents, faults);
        var log = new FaultyLog(stores.Log, faults);
        var archive = new FaultyArchive(stores.Archive, faults);
        Meters = new MeterCatalog(documents);
        Accept = new AcceptUsage(log, clock, limits, secret);
        Record = new RecordUsage(documents, new FaultyLedger(stores.Ledger, faults), archive, Meters, new UnclaimedUsage(documents, (_, _) => Task.FromResult(true), secret), limits, secret, cacheBytes);
        Fill = new FillMeters(documents, log, archive, Meters, clock, secret);
        Days = new BuildDays(documents, secret);
        Cut = new Cut(documents, log);
        Reader = new UsageReader(documents, clock);
        Rejected = new RejectedUsage(archive);
        Keys = new KnownKeys(documents);
    }

    public Faults Faults { get; }
    public MeterCatalog Meters { get; }
    public AcceptUsage Accept { get; }
    public RecordUsage Record { get; }
    public FillMeters Fill { get; }
    public BuildDays Days { get; }
    public Cut Cut { get; }
    public UsageReader Reader { get; }
    public RejectedUsage Rejected { get; }
    public KnownKeys Keys { get; }
}
