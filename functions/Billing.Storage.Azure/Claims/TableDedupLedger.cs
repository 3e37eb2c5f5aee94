using System.Globalization;
using Billing.UseCases.Cost;
using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.Storage.Azure.Claims;

/// <summary>The dedup ledger in Table storage: 16 partitions in each of its accounts, by the key, written by entity group transactions.</summary>
/// <remarks>
/// Most events are fresh, so their rows are inserted without a look, but for those claimed here a while ago; where one is there already, it is read and
/// the transaction is made anew. A copy is remembered in a row beside its claim. The list of accounts is fixed when they are provisioned: a key has its account for ever.
/// </remarks>
/// <param name="endpoints">Of the accounts, always in the same order.</param>
/// <param name="units">Takes what is billed.</param>
/// <param name="table">The table's name in each of them; provisioning makes it.</param>
public sealed class TableDedupLedger(IReadOnlyList<Uri> endpoints, BilledUnits units, string table = TableDedupLedger.TableName) : IDedupLedger
{
    /// <summary>The table's name.</summary>
    public const string TableName = "claims";

    private const int AtOnce = 16;
    private readonly RecentKeys recent = new();
    private readonly ClaimTable[] tables = [.. endpoints.Select(e => new ClaimTable(e, table, units))];

    public async Task<Verdict[]> ClaimAsync(LogPartition partition, IReadOnlyList<Claim> claims, Instant acceptedAt, LostClaims lost, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        var verdicts = new Verdict[claims.Count];
        var accepted = acceptedAt.ToUnixTimeSeconds();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, claims.Count).GroupBy(i => (Table: TableOf(claims[i].Key), Partition: ClaimRow.PartitionKeyOf(claims[i].Key))),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stop },
            async (together, token) =>
            {
                foreach (var chunk in together.Chunk(TableBatch.MaxWrites))
                {
                    var decided = await new ClaimChunk(together.Key.Table, partition, [.. chunk.Select(i => claims[i])], accepted, lost, recent).RunAsync(token);
                    for (var i = 0; i < chunk.Length; i++) verdicts[chunk[i]] = decided[i];
                }
            });
        return verdicts;
    }

    public async Task<IReadOnlyList<ClaimedCopy>> FindAsync(UInt128 key, LostClaims lost, CancellationToken stop)
    {
        var found = new List<ClaimedCopy>();
        // '.' sorts next after '-': all rows of the key, and no other's.
        var filter = $"PartitionKey eq '{ClaimRow.PartitionKeyOf(key)}' and RowKey ge '{ClaimRow.RowKeyOf(key)}' and RowKey lt '{ClaimRow.RowKeyOf(key)}.'";
        await foreach (var page in TableOf(key).QueryAsync(filter, stop)) found.AddRange(page.Select(r => r.Row.Copy));
        return [.. found.Where(c => !lost.Has(c.Partition, c.Sequence)).OrderBy(c => c.Verdict != Verdict.Fresh)];
    }

    public Task SweepAsync(Instant acceptedBefore, CancellationToken stop) => Parallel.ForEachAsync(
        tables.SelectMany(t => "0123456789abcdef".Select(p => (Table: t, Partition: p))),
        new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stop },
        async (of, token) =>
        {
            var old = string.Create(CultureInfo.InvariantCulture, $"PartitionKey eq '{of.Partition}' and {ClaimRow.AcceptedColumn} lt {acceptedBefore.ToUnixTimeSeconds()}L");
            await foreach (var page in of.Table.QueryAsync(old, token))
                foreach (var rows in page.Chunk(TableBatch.MaxWrites)) await CommitFittingAsync(of.Table, [.. rows.Select(r => new TableWrite(r.Row, r.ETag, Delete: true))], token);
        });

    // The accounts one after the other; where to go on is the account's number and what its table said.
    public async Task<RememberedClaims> AllAsync(string? after, CancellationToken stop)
    {
        var from = after?.Split(' ');
        var account = from is null ? 0 : int.Parse(from[0], NumberStyles.None, CultureInfo.InvariantCulture);
        var (rows, next) = await tables[account].PageAsync(null, from is [_, var partition, var row] ? new TableCursor(partition, row) : null, stop);
        return new RememberedClaims(
            [.. rows.Select(r => new RememberedClaim(r.Row.Key, r.Row.Content, r.Row.Copy, Instant.FromUnixTimeSeconds(r.Row.AcceptedAt)))],
            next is not null ? string.Create(CultureInfo.InvariantCulture, $"{account} {next.Partition} {next.Row}")
            : account + 1 < tables.Length ? (account + 1).ToString(CultureInfo.InvariantCulture) : null);
    }

    public Task RestoreAsync(IReadOnlyList<RememberedClaim> claims, CancellationToken stop) => Parallel.ForEachAsync(
        claims.GroupBy(c => (Table: TableOf(c.Key), Partition: ClaimRow.PartitionKeyOf(c.Key))),
        new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stop },
        async (together, token) =>
        {
            foreach (var rows in together.Select(c => new ClaimRow(c.Key, c.Copy, c.Content, Seconds(c.AcceptedAt))).DistinctBy(r => r.RowKey).Chunk(TableBatch.MaxWrites))
                await CommitFittingAsync(together.Key.Table, [.. rows.Select(r => new TableWrite(r, ETag: null))], token);
        });

    // Rows that are not as the writes expect them are left alone: taken over since, swept, or there already.
    private static async Task CommitFittingAsync(ClaimTable table, List<TableWrite> rows, CancellationToken stop)
    {
        while (rows.Count > 0 && await table.CommitAsync(rows, stop) is { } changed) rows.RemoveAt(changed);
    }

    // Rounded up: a claim may live longer, not shorter.
    private static long Seconds(Instant at) => at.ToUnixTimeSeconds() + (Instant.FromUnixTimeSeconds(at.ToUnixTimeSeconds()) < at ? 1 : 0);

    private ClaimTable TableOf(UInt128 key) => tables[(int)((key >> 64) % (ulong)tables.Length)];
}
