using Billing.UseCases.Metering;

namespace Billing.Storage.Azure.Claims;

/// <summary>Claims of one partition of the table, in order, decided by what is known of its rows and written in one transaction.</summary>
internal sealed class ClaimChunk(ClaimTable table, LogPartition partition, IReadOnlyList<Claim> claims, long acceptedAt, LostClaims lost, RecentKeys recent)
{
    // Few rows are there already: they are read one by one. After that many, all are read at once.
    private const int OneByOne = 8;
    private const int ReadsAtOnce = 16;

    private readonly Dictionary<UInt128, (ClaimRow Row, string ETag)?> first = [];
    private readonly Dictionary<(UInt128 Key, int At), Verdict?> judged = [];
    private readonly Verdict[] verdicts = new Verdict[claims.Count];

    /// <summary>One verdict a claim, in order; durable.</summary>
    public async Task<Verdict[]> RunAsync(CancellationToken stop)
    {
        // A transaction that meets a row is done again as a whole, so what is likely there is looked at first.
        await LearnAsync(KeysWhere(recent.Has), stop);
        for (var conflicts = 0; ; conflicts++)
        {
            var (writes, of) = Decide();
            if (writes.Count == 0 || await table.CommitAsync(writes, stop) is not { } conflict) break;
            await LearnAsync(conflicts < OneByOne ? [claims[of[conflict]].Key] : KeysWhere(_ => true), stop);
            // Who wrote this row wrote the others of the transaction too.
            if (IsReplay(of[conflict])) await LearnAsync(KeysWhere(k => !first.ContainsKey(k)), stop);
        }
        foreach (var claim in claims) recent.Add(claim.Key);
        return verdicts;
    }

    private HashSet<UInt128> KeysWhere(Func<UInt128, bool> condition) => claims.Select(c => c.Key).Where(condition).ToHashSet();

    // True when this very copy was judged before.
    private bool IsReplay(int at) => judged.GetValueOrDefault((claims[at].Key, at)) is not null || first.GetValueOrDefault(claims[at].Key)?.Row.IsOf(partition, claims[at]) == true;

    // What is not known is taken for absent. Answers the writes and whose they are.
    private (List<TableWrite> Writes, List<int> Of) Decide()
    {
        var writes = new List<TableWrite>();
        var of = new List<int>();
        var now = new Dictionary<UInt128, ClaimRow>();
        for (var at = 0; at < claims.Count; at++)
        {
            var claim = claims[at];
            var known = first.GetValueOrDefault(claim.Key);
            var before = now.GetValueOrDefault(claim.Key) ?? known?.Row;
            verdicts[at] = before is null || before.IsOf(partition, claim) ? before is null ? Verdict.Fresh : Verdict.Replay
                : judged.GetValueOrDefault((claim.Key, at)) is { } judgedBefore ? judgedBefore
                : lost.Has(before.Copy.Partition, before.Copy.Sequence) ? Verdict.Fresh
                : before.Content == claim.Content ? Verdict.Duplicate : Verdict.Conflict;
            if (verdicts[at] == Verdict.Replay || judged.GetValueOrDefault((claim.Key, at)) is not null) continue;
            var row = new ClaimRow(claim.Key, new ClaimedCopy(partition, claim.Sequence, claim.Index, verdicts[at]), claim.Content, acceptedAt);
            writes.Add(new TableWrite(row, verdicts[at] == Verdict.Fresh ? known?.ETag : null));
            of.Add(at);
            if (verdicts[at] == Verdict.Fresh) now[claim.Key] = row;
        }
        return (writes, of);
    }

    // Reads the claims of keys; then, where another event has the claim, what was said before of the copies asked for.
    private async Task LearnAsync(HashSet<UInt128> keys, CancellationToken stop)
    {
        var atOnce = new ParallelOptions { MaxDegreeOfParallelism = ReadsAtOnce, CancellationToken = stop };
        await Parallel.ForEachAsync(keys, atOnce, async (key, token) =>
        {
            var row = await table.ReadAsync(ClaimRow.PartitionKeyOf(key), ClaimRow.RowKeyOf(key), token);
            lock (first) first[key] = row;
        });
        var copies = Enumerable.Range(0, claims.Count).Where(at => keys.Contains(claims[at].Key) && first[claims[at].Key] is { } known && !known.Row.IsOf(partition, claims[at])).ToList();
        await Parallel.ForEachAsync(copies, atOnce, async (at, token) =>
        {
            var rowKey = ClaimRow.CopyRowKeyOf(claims[at].Key, new ClaimedCopy(partition, claims[at].Sequence, claims[at].Index, Verdict.Duplicate));
            var copy = await table.ReadAsync(ClaimRow.PartitionKeyOf(claims[at].Key), rowKey, token);
            lock (judged) judged[(claims[at].Key, at)] = copy?.Row.Copy.Verdict;
        });
    }
}
