using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>What the dedup ledger says of one event.</summary>
public enum Verdict : byte
{
    /// <summary>First copy of this id.</summary>
    Fresh = 0,

    /// <summary>The same copy delivered again: it folds like fresh.</summary>
    Replay = 1,

    /// <summary>Another copy of a known id with the same content: not counted.</summary>
    Duplicate = 2,

    /// <summary>Another copy of a known id with other content: not counted, and listed.</summary>
    Conflict = 3,

    /// <summary>Not usable at all; never asked of the ledger.</summary>
    Rejected = 4,
}

/// <summary>A claim on a dedup key by one event of one message.</summary>
/// <param name="Key">Keyed 128-bit hash of (source, id).</param>
/// <param name="Content">64 bits of the keyed hash of the canonical content; tells a duplicate from a conflict.</param>
/// <param name="Sequence">Of the message in its partition.</param>
/// <param name="Index">Of the event in its message.</param>
public readonly record struct Claim(UInt128 Key, ulong Content, long Sequence, int Index);

/// <summary>One copy of an event that the ledger remembers.</summary>
public readonly record struct ClaimedCopy(LogPartition Partition, long Sequence, int Index, Verdict Verdict);

/// <summary>A copy of an event as a ledger hands it to another.</summary>
/// <param name="Key">The dedup key.</param>
/// <param name="Content">As in <see cref="Claim"/>.</param>
/// <param name="Copy">Where it is, and what was said of it.</param>
/// <param name="AcceptedAt">The claim may be forgotten when this is long past; not before the time it was claimed at.</param>
public readonly record struct RememberedClaim(UInt128 Key, ulong Content, ClaimedCopy Copy, Instant AcceptedAt);

/// <summary>A stretch of what a ledger remembers, and where to go on; null when there is no more.</summary>
public sealed record RememberedClaims(IReadOnlyList<RememberedClaim> Items, string? Next);

/// <summary>The dedup ledger port: who came first with a key, for ever the same answer while the first one is not lost.</summary>
/// <remarks>
/// Lost copies are looked past: who comes to a key whose first claimant is lost takes the claim over, and is the first from then on. What
/// others were answered before stays as it was.
/// </remarks>
public interface IDedupLedger
{
    /// <summary>
    /// Claims keys for events of one partition, in order of (sequence, index); the lowest of a batch wins. Durable when it completes.
    /// The same claim asked again answers <see cref="Verdict.Replay"/>, and a copy that was a duplicate or conflict is that again.
    /// </summary>
    /// <param name="partition">Where the events are.</param>
    /// <param name="claims">In order.</param>
    /// <param name="acceptedAt">Enqueued time of the newest message; the claims live from here.</param>
    /// <param name="lost">Whose claims are in nobody's way. The claims asked for are not among them.</param>
    /// <param name="stop">Gives up.</param>
    /// <returns>One verdict a claim, in order.</returns>
    Task<Verdict[]> ClaimAsync(LogPartition partition, IReadOnlyList<Claim> claims, Instant acceptedAt, LostClaims lost, CancellationToken stop);

    /// <summary>Every copy of a key that is remembered and not lost, the first one first; empty when there is none.</summary>
    Task<IReadOnlyList<ClaimedCopy>> FindAsync(UInt128 key, LostClaims lost, CancellationToken stop);

    /// <summary>Forgets claims accepted before an instant; some may live longer.</summary>
    Task SweepAsync(Instant acceptedBefore, CancellationToken stop);

    /// <summary>Reads all that is remembered, stretch by stretch (null: the first), each copy once as long as nobody claims; lost ones may be among them.</summary>
    Task<RememberedClaims> AllAsync(string? after, CancellationToken stop);

    /// <summary>Remembers copies of another ledger as they are there; those that are here already stay. Durable when it completes.</summary>
    Task RestoreAsync(IReadOnlyList<RememberedClaim> claims, CancellationToken stop);
}
