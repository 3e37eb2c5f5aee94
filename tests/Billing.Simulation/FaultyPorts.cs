using Billing.UseCases.Documents;
using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.Simulation;

/// <summary>The document store behind a bad line.</summary>
internal sealed class FaultyDocuments(IDocumentStore inner, Faults faults) : IDocumentStore
{
    public Task<Stored?> ReadAsync(Place place, string id, CancellationToken stop) =>
        faults.CallAsync($"read {id}", () => inner.ReadAsync(place, id, stop));

    // Small pages, so that a range is read at several moments.
    public Task<Page> RangeAsync(Place place, string from, string until, int limit, CancellationToken stop) =>
        faults.CallAsync($"range {from}", () => inner.RangeAsync(place, from, until, Math.Min(limit, 1 + faults.Chance.Next(12)), stop));

    public Task<Page> OfKindAsync(Container container, string? kind, string? after, int limit, CancellationToken stop) =>
        faults.CallAsync($"kind {kind ?? "any"}", () => inner.OfKindAsync(container, kind, after, limit, stop));

    public Task<IReadOnlyList<Stored>> DueAsync(Container container, string kind, Instant at, int limit, CancellationToken stop) =>
        faults.CallAsync($"due {kind}", () => inner.DueAsync(container, kind, at, limit, stop));

    public Task<Changes<Stored>> ChangesAsync(Container container, string kind, string? cursor, int limit, CancellationToken stop) =>
        faults.CallAsync($"changes {kind}", () => inner.ChangesAsync(container, kind, cursor, limit, stop));

    public Task<CommitResult> CommitAsync(Place place, IReadOnlyList<Write> writes, CancellationToken stop) => faults.CallAsync(
        $"commit {place.First} {writes[0].Id}",
        async () =>
        {
            if (faults.Strikes()) await TouchAsync(place, writes, stop);
            var result = await inner.CommitAsync(place, writes, stop);
            // A client that repeats a commit after a lost answer meets its own writes.
            return result.Done && faults.Strikes() ? await inner.CommitAsync(place, writes, stop) : result;
        });

    // What another owner would do: the same content under a new ETag.
    private async Task TouchAsync(Place place, IReadOnlyList<Write> writes, CancellationToken stop)
    {
        if (writes.OfType<Write.Replace>().FirstOrDefault() is not { } victim) return;
        if (await inner.ReadAsync(place, victim.Id, stop) is { } there) await inner.CommitAsync(place, [new Write.Replace(there.Document, there.ETag)], stop);
    }
}

/// <summary>The dedup ledger behind a bad line: it may take some keys' claims and fail.</summary>
internal sealed class FaultyLedger(IDedupLedger inner, Faults faults) : IDedupLedger
{
    public Task<Verdict[]> ClaimAsync(LogPartition partition, IReadOnlyList<Claim> claims, Instant acceptedAt, LostClaims lost, CancellationToken stop) => faults.CallAsync(
        "claim",
        () => inner.ClaimAsync(partition, claims, acceptedAt, lost, stop),
        () => inner.ClaimAsync(partition, [.. claims.Where(c => (c.Key & 1) == 0)], acceptedAt, lost, stop));

    public Task<IReadOnlyList<ClaimedCopy>> FindAsync(UInt128 key, LostClaims lost, CancellationToken stop) =>
        faults.CallAsync("find", () => inner.FindAsync(key, lost, stop));

    public async Task SweepAsync(Instant acceptedBefore, CancellationToken stop) =>
        await faults.CallAsync("sweep", async () => { await inner.SweepAsync(acceptedBefore, stop); return true; });

    public Task<RememberedClaims> AllAsync(string? after, CancellationToken stop) => faults.CallAsync("all claims", () => inner.AllAsync(after, stop));

    public async Task RestoreAsync(IReadOnlyList<RememberedClaim> claims, CancellationToken stop) =>
        await faults.CallAsync("restore", async () => { await inner.RestoreAsync(claims, stop); return true; });
}

/// <summary>The archive behind a bad line.</summary>
internal sealed class FaultyArchive(IArchive inner, Faults faults) : IArchive
{
    public Task<bool> PutIfAbsentAsync(string name, ReadOnlyMemory<byte> content, CancellationToken stop) =>
        faults.CallAsync($"put {name}", () => inner.PutIfAbsentAsync(name, content, stop));

    public Task<ReadOnlyMemory<byte>?> GetAsync(string name, CancellationToken stop) =>
        faults.CallAsync($"get {name}", () => inner.GetAsync(name, stop));

    public Task<IReadOnlyList<string>> ListAsync(string prefix, string? after, int limit, CancellationToken stop) =>
        faults.CallAsync($"list {prefix}", () => inner.ListAsync(prefix, after, limit, stop));
}

/// <summary>The event log behind a bad line: some of the messages may be taken and the rest not.</summary>
internal sealed class FaultyLog(IEventLog inner, Faults faults) : IEventLog
{
    public string LogId => inner.LogId;

    public int Partitions => inner.Partitions;

    public async Task AppendAsync(IReadOnlyList<NewMessage> messages, CancellationToken stop) => await faults.CallAsync(
        "append",
        async () => { await inner.AppendAsync(messages, stop); return true; },
        () => inner.AppendAsync([.. messages.Take(messages.Count / 2)], stop));

    public Task<long?> NextHeldAsync(int partition, long from, CancellationToken stop) =>
        faults.CallAsync("next held", () => inner.NextHeldAsync(partition, from, stop));

    public Task<LogPosition> PositionAsync(int partition, CancellationToken stop) =>
        faults.CallAsync("position", () => inner.PositionAsync(partition, stop));
}
