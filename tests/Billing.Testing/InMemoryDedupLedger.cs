using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.Testing;

/// <summary>The dedup ledger as a dictionary: every copy of a key, the first one first.</summary>
public sealed class InMemoryDedupLedger : IDedupLedger
{
    private readonly Lock gate = new();
    private readonly Dictionary<UInt128, Known> known = [];

    public Task<Verdict[]> ClaimAsync(LogPartition partition, IReadOnlyList<Claim> claims, Instant acceptedAt, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        lock (gate) return Task.FromResult(claims.Select(claim => Decide(partition, claim, acceptedAt)).ToArray());
    }

    public Task<IReadOnlyList<ClaimedCopy>> FindAsync(UInt128 key, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        lock (gate) return Task.FromResult<IReadOnlyList<ClaimedCopy>>(known.TryGetValue(key, out var found) ? [.. found.Copies] : []);
    }

    public Task SweepAsync(Instant acceptedBefore, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        lock (gate)
        {
            foreach (var key in known.Where(pair => pair.Value.AcceptedAt < acceptedBefore).Select(pair => pair.Key).ToList()) known.Remove(key);
        }
        return Task.CompletedTask;
    }

    private Verdict Decide(LogPartition partition, Claim claim, Instant acceptedAt)
    {
        if (!known.TryGetValue(claim.Key, out var found))
        {
            var first = new ClaimedCopy(partition, claim.Sequence, claim.Index, Verdict.Fresh);
            known.Add(claim.Key, new Known(claim.Content, acceptedAt, [first]));
            return Verdict.Fresh;
        }
        foreach (var copy in found.Copies)
        {
            if (copy.Partition == partition && copy.Sequence == claim.Sequence && copy.Index == claim.Index)
                return copy.Verdict == Verdict.Fresh ? Verdict.Replay : copy.Verdict;
        }
        var verdict = claim.Content == found.Content ? Verdict.Duplicate : Verdict.Conflict;
        found.Copies.Add(new ClaimedCopy(partition, claim.Sequence, claim.Index, verdict));
        return verdict;
    }

    private sealed record Known(ulong Content, Instant AcceptedAt, List<ClaimedCopy> Copies);
}
