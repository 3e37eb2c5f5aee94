using Billing.Storage.Sqlite.Database;
using Billing.UseCases.Metering;
using Microsoft.Data.Sqlite;
using NodaTime;

namespace Billing.Storage.Sqlite.Claims;

/// <summary>The embedded dedup ledger: sorted runs by accepted time with filters in memory, not a B-tree row per key.</summary>
/// <remarks>
/// A batch of claims is one appended row and a tail in memory; a full tail becomes a run; eight runs of a tier become one of the next, in the
/// background. Each claim asks the tail and every run's filter, so a new id costs no read. Random keys never dirty more than their run's pages.
/// </remarks>
public sealed class SqliteDedupLedger : IDedupLedger, IAsyncDisposable
{
    /// <summary>Claims that make a run.</summary>
    public const int DefaultTailClaims = 262_144;

    // Filters of 45 million claims; of more where there is more memory.
    private const long LeastFilterBytes = 64L << 20;
    private const int FilterShare = 16;

    private readonly SqliteDatabase database;
    private readonly int tailClaims;
    private readonly SemaphoreSlim turn = new(1, 1);
    private readonly ClaimTail tail;
    private readonly List<ClaimEntry> added = [];
    private readonly ClaimRunMerge merge;
    private readonly Dictionary<LogPartition, ushort> partitionIds = [];
    private readonly List<LogPartition> partitions = [];

    /// <param name="database">Where the claims are; opened.</param>
    /// <param name="tailClaims">How many claims make a run; small in tests.</param>
    /// <param name="filterBytes">What the filters may take in memory; null for a sixteenth of what the process may have, at least 64 MB.</param>
    public SqliteDedupLedger(SqliteDatabase database, int tailClaims = DefaultTailClaims, long? filterBytes = null)
    {
        this.database = database;
        this.tailClaims = tailClaims;
        // It is full before it becomes a run: the batch that fills it goes in whole.
        tail = new ClaimTail(tailClaims + tailClaims / 8);
        merge = new ClaimRunMerge(database, turn, filterBytes ?? Math.Max(LeastFilterBytes, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / FilterShare));
        database.Read(connection =>
        {
            LoadPartitions(connection);
            LoadTail(connection);
            return merge.Load(connection);
        });
    }

    public async Task<Verdict[]> ClaimAsync(LogPartition partition, IReadOnlyList<Claim> claims, Instant acceptedAt, LostClaims lost, CancellationToken stop)
    {
        await turn.WaitAsync(stop);
        try
        {
            var id = await IdOfAsync(partition);
            var accepted = acceptedAt.ToUnixTimeTicks();
            added.Clear();
            var verdicts = database.Read(connection => Judge(connection, id, claims, accepted, lost));
            if (added.Count > 0) await AppendAsync(accepted);
            if (tail.Count >= tailClaims) await SealAsync();
            return verdicts;
        }
        finally
        {
            turn.Release();
        }
    }

    public async Task<IReadOnlyList<ClaimedCopy>> FindAsync(UInt128 key, LostClaims lost, CancellationToken stop)
    {
        await turn.WaitAsync(stop);
        try
        {
            var copies = new List<ClaimEntry>();
            tail.Find(key, copies);
            database.Read(connection => { merge.Find(connection, key, copies); return true; });
            LookPast(lost, copies);
            copies.Sort();
            return [.. copies.Select(c => new ClaimedCopy(partitions[c.Partition], c.Sequence, c.Index, c.Verdict))];
        }
        finally
        {
            turn.Release();
        }
    }

    public async Task SweepAsync(Instant acceptedBefore, CancellationToken stop)
    {
        await turn.WaitAsync(stop);
        try
        {
            var before = acceptedBefore.ToUnixTimeTicks();
            await database.WriteAsync(connection =>
            {
                connection.Prepare("DELETE FROM claim_tail WHERE accepted < ?1").Bind(1, before).Execute();
                return true;
            });
            database.Read(connection => { LoadTail(connection); return true; });
            await merge.SweepAsync(before);
        }
        finally
        {
            turn.Release();
        }
    }

    public async Task<RememberedClaims> AllAsync(string? after, CancellationToken stop)
    {
        await merge.IdleAsync();
        await turn.WaitAsync(stop);
        try
        {
            return database.Read(connection => new ClaimStretches(connection, partitions).Read(merge.Runs, after));
        }
        finally
        {
            turn.Release();
        }
    }

    public async Task RestoreAsync(IReadOnlyList<RememberedClaim> claims, CancellationToken stop)
    {
        if (claims.Count == 0) return;
        await turn.WaitAsync(stop);
        try
        {
            foreach (var partition in claims.Select(c => c.Copy.Partition).Distinct()) await IdOfAsync(partition);
            // One row of the tail has one time: they live as long as the youngest.
            var accepted = claims.Max(c => c.AcceptedAt).ToUnixTimeTicks();
            added.Clear();
            database.Read(connection => { AddMissing(connection, claims, accepted); return true; });
            if (added.Count > 0) await AppendAsync(accepted);
            if (tail.Count >= tailClaims) await SealAsync();
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Forgets everything (a reset); nothing may be claimed meanwhile.</summary>
    public async Task ClearAsync()
    {
        await merge.IdleAsync();
        await SweepAsync(Instant.MaxValue, CancellationToken.None);
    }

    /// <summary>Waits for a merge that is running.</summary>
    public async ValueTask DisposeAsync()
    {
        await merge.DisposeAsync();
        turn.Dispose();
    }

    // The tail learns of a claim at once, so that a later copy in the same batch meets it.
    private Verdict[] Judge(SqliteConnection connection, ushort partition, IReadOnlyList<Claim> claims, long accepted, LostClaims lost)
    {
        var verdicts = new Verdict[claims.Count];
        var copies = new List<ClaimEntry>();
        for (var i = 0; i < verdicts.Length; i++)
        {
            var claim = claims[i];
            copies.Clear();
            tail.Find(claim.Key, copies);
            merge.Find(connection, claim.Key, copies);
            LookPast(lost, copies);
            verdicts[i] = VerdictOn(claim, partition, copies, out var isNew);
            if (!isNew) continue;
            var entry = new ClaimEntry((ulong)(claim.Key >> 64), ClaimEntry.LowOf(claim.Key), claim.Content, claim.Sequence, claim.Index, partition, verdicts[i], 0);
            added.Add(entry);
            tail.Add(entry, accepted);
        }
        return verdicts;
    }

    private void AddMissing(SqliteConnection connection, IReadOnlyList<RememberedClaim> claims, long accepted)
    {
        var copies = new List<ClaimEntry>();
        foreach (var claim in claims)
        {
            copies.Clear();
            tail.Find(claim.Key, copies);
            merge.Find(connection, claim.Key, copies);
            var partition = partitionIds[claim.Copy.Partition];
            if (copies.Exists(c => c.Partition == partition && c.Sequence == claim.Copy.Sequence && c.Index == claim.Copy.Index)) continue;
            var entry = new ClaimEntry((ulong)(claim.Key >> 64), ClaimEntry.LowOf(claim.Key), claim.Content, claim.Copy.Sequence, claim.Copy.Index, partition, claim.Copy.Verdict, 0);
            added.Add(entry);
            tail.Add(entry, accepted);
        }
    }

    // Runs are never rewritten: what is lost stays where it is, and who takes a claim over is written as a first copy of its own.
    private void LookPast(LostClaims lost, List<ClaimEntry> copies)
    {
        if (lost.Any && copies.Count > 0) copies.RemoveAll(c => lost.Has(partitions[c.Partition], c.Sequence));
    }

    private static Verdict VerdictOn(in Claim claim, ushort partition, List<ClaimEntry> copies, out bool isNew)
    {
        isNew = true;
        var verdict = Verdict.Fresh;
        foreach (var copy in copies)
        {
            if (copy.Verdict == Verdict.Fresh) verdict = copy.Content == claim.Content ? Verdict.Duplicate : Verdict.Conflict;
            if (copy.Partition != partition || copy.Sequence != claim.Sequence || copy.Index != claim.Index) continue;
            isNew = false;
            return copy.Verdict == Verdict.Fresh ? Verdict.Replay : copy.Verdict;
        }
        return verdict;
    }

    private async Task AppendAsync(long accepted)
    {
        try
        {
            await database.WriteAsync(connection =>
            {
                connection.Prepare("INSERT INTO claim_tail (accepted, entries) VALUES (?1, ?2)")
                    .Bind(1, accepted).Bind(2, ClaimEntry.Write(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(added))).Execute();
                return true;
            });
        }
        catch
        {
            // What was not made durable must not be remembered either.
            database.Read(connection => { LoadTail(connection); return true; });
            throw;
        }
    }

    // The tail's claims become a run, and its rows go, in one transaction.
    private async Task SealAsync()
    {
        await merge.AddAsync(tail.Sort(), tail.FirstAccepted, tail.LastAccepted, connection =>
            connection.Prepare("DELETE FROM claim_tail").Execute());
        tail.Clear();
    }

    private void LoadTail(SqliteConnection connection)
    {
        tail.Clear();
        var rows = connection.Prepare("SELECT accepted, entries FROM claim_tail ORDER BY row");
        while (rows.Step())
            foreach (ref readonly var entry in ClaimEntry.Read(rows.BlobSpan(1))) tail.Add(entry, rows.Integer(0));
    }

    private void LoadPartitions(SqliteConnection connection)
    {
        var rows = connection.Prepare("SELECT log_id, number FROM claim_partition ORDER BY id");
        while (rows.Step())
        {
            var partition = new LogPartition(rows.Text(0), (int)rows.Integer(1));
            partitionIds.Add(partition, checked((ushort)partitions.Count));
            partitions.Add(partition);
        }
    }

    private async Task<ushort> IdOfAsync(LogPartition partition)
    {
        if (partitionIds.TryGetValue(partition, out var known)) return known;
        var id = checked((ushort)partitions.Count);
        await database.WriteAsync(connection =>
        {
            connection.Prepare("INSERT INTO claim_partition (id, log_id, number) VALUES (?1, ?2, ?3)")
                .Bind(1, (long)id).Bind(2, partition.LogId).Bind(3, (long)partition.Number).Execute();
            return true;
        });
        partitionIds.Add(partition, id);
        partitions.Add(partition);
        return id;
    }
}
