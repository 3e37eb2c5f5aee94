using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.Testing;

/// <summary>The dedup ledger as a dictionary: every copy of a key, the first one first.</summary>
public sealed class InMemoryDedupLedger : IDedupLedger
{
    private readonly Lock gate = new();
    private readonly Dictionary<UInt128, Known> known = [];

    public Task<Verdict[]> ClaimAsync(LogPartition partition, IReadOnlyList<Claim> claims, Instant acceptedAt, LostClaims lost, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        lock (gate) return Task.FromResult(claims.Select(claim => Decide(partition, claim, acceptedAt, lost)).ToArray());
    }

    public Task<IReadOnlyList<ClaimedCopy>> FindAsync(UInt128 key, LostClaims lost, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        lock (gate)
        {
            return Task.FromResult<IReadOnlyList<ClaimedCopy>>(known.TryGetValue(key, out var found)
                ? [.. found.Copies.Select(c => c.Copy).Where(c => !lost.Has(c.Partition, c.Sequence)).OrderBy(c => c.Verdict != Verdict.Fresh)]
                : []);
        }
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

    public Task<RememberedClaims> AllAsync(string? after, CancellationToken stop)
    {
        lock (gate)
        {
            return Task.FromResult(new RememberedClaims(
                [.. known.SelectMany(k => k.Value.Copies.Select(c => new RememberedClaim(k.Key, c.Content, c.Copy, k.Value.AcceptedAt)))], null));
        }
    }

    public Task RestoreAsync(IReadOnlyList<RememberedClaim> claims, CancellationToken stop)
    {
        lock (gate)
        {
            foreach (var claim in claims)
            {
                if (!known.TryGetValue(claim.Key, out var found)) known.Add(claim.Key, found = new Known { AcceptedAt = claim.AcceptedAt });
                if (!found.Copies.Contains((claim.Copy, claim.Content))) found.Copies.Add((claim.Copy, claim.Content));
            }
        }
        return Task.CompletedTask;
    }

    private Verdict Decide(LogPartition partition, Claim claim, Instant acceptedAt, LostClaims lost)
    {
        if (!known.TryGetValue(claim.Key, out var found)) known.Add(claim.Key, found = new Known { AcceptedAt = acceptedAt });
        var verdict = Verdict.Fresh;
        foreach (var (copy, content) in found.Copies)
        {
            if (lost.Has(copy.Partition, copy.Sequence)) continue;
            if (copy.Partition == partition && copy.Sequence == claim.Sequence && copy.Index == claim.Index)
                return copy.Verdict == Verdict.Fresh ? Verdict.Replay : copy.Verdict;
            if (copy.Verdict == Verdict.Fresh) verdict = claim.Content == content ? Verdict.Duplicate : Verdict.Conflict;
        }
        if (verdict == Verdict.Fresh) found.AcceptedAt = acceptedAt;
        found.Copies.Add((new ClaimedCopy(partition, claim.Sequence, claim.Index, verdict), claim.Content));
        return verdict;
    }

    private sealed class Known
    {
        public Instant AcceptedAt { get; set; }

        public List<(ClaimedCopy Copy, ulong Content)> Copies { get; } = [];
    }
}
