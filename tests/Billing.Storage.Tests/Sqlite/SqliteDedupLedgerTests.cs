using Billing.Storage.Sqlite.Claims;
using Billing.Storage.Tests.Contracts;
using Billing.Testing;
using Billing.UseCases.Metering;
using NodaTime;
using Xunit;

namespace Billing.Storage.Tests.Sqlite;

/// <summary>The contract with all claims in the tail.</summary>
public sealed class SqliteDedupLedgerTests : DedupLedgerContract
{
    private readonly TestFolder folder = new();
    private SqliteDedupLedger? open;

    protected override Task<IDedupLedger> BuildAsync() => Task.FromResult<IDedupLedger>(open = new SqliteDedupLedger(folder.Database));

    protected override async Task<IDedupLedger?> ReopenAsync()
    {
        await open!.DisposeAsync();
        return open = new SqliteDedupLedger(await folder.ReopenAsync());
    }

    protected override async Task DropAsync()
    {
        await open!.DisposeAsync();
        await folder.DropAsync();
    }
}

/// <summary>The contract with every claim in a run, so that runs are found, merged and dropped.</summary>
public sealed class SqliteDedupLedgerOfRunsTests() : SqliteDedupLedgerOfRunsContract(null);

/// <summary>The same when no run has its filter in memory.</summary>
public sealed class SqliteDedupLedgerWithoutFiltersTests() : SqliteDedupLedgerOfRunsContract(0);

/// <summary>The same when there is room for the filters of a few runs.</summary>
public sealed class SqliteDedupLedgerOfFewFiltersTests() : SqliteDedupLedgerOfRunsContract(2_000);

public abstract class SqliteDedupLedgerOfRunsContract(long? filterBytes) : DedupLedgerContract
{
    private readonly TestFolder folder = new();
    private SqliteDedupLedger? open;

    protected override Task<IDedupLedger> BuildAsync() => Task.FromResult<IDedupLedger>(open = new SqliteDedupLedger(folder.Database, tailClaims: 1, filterBytes));

    protected override async Task<IDedupLedger?> ReopenAsync()
    {
        await open!.DisposeAsync();
        return open = new SqliteDedupLedger(await folder.ReopenAsync(), tailClaims: 1, filterBytes);
    }

    protected override async Task DropAsync()
    {
        await open!.DisposeAsync();
        await folder.DropAsync();
    }

    [Fact]
    public async Task Runs_and_merges_and_restarts_answer_as_a_dictionary_does()
    {
        var random = new Random(7);
        var oracle = new InMemoryDedupLedger();
        var ledger = new SqliteDedupLedger((await folder.ReopenAsync()), tailClaims: 500, filterBytes);
        var partition = new LogPartition("log-aaaaaaaa", 0);
        var at = Instant.FromUtc(2026, 3, 1, 12, 0);
        for (var batch = 1; batch <= 400; batch++)
        {
            // Now and then seven earlier batches are lost, and their claims are there for the taking.
            var lost = LostBefore(batch);
            var claims = Enumerable.Range(0, 100).Select(i => new Claim(Spread(random.Next(20_000)), (ulong)random.Next(2), batch, i)).ToList();
            var expected = await oracle.ClaimAsync(partition, claims, at, lost, default);
            Assert.Equal(expected, await ledger.ClaimAsync(partition, claims, at, lost, default));
            if (batch % 50 == 0)
            {
                await ledger.DisposeAsync();
                ledger = new SqliteDedupLedger(await folder.ReopenAsync(), tailClaims: 500, filterBytes);
                Assert.Equal(await oracle.ClaimAsync(partition, claims, at, lost, default), await ledger.ClaimAsync(partition, claims, at, lost, default));
            }
        }
        for (var key = 0; key < 20_000; key += 97)
            Assert.Equal(await oracle.FindAsync(Spread(key), LostBefore(400), default), await ledger.FindAsync(Spread(key), LostBefore(400), default));
        await ledger.DisposeAsync();

        LostClaims LostBefore(int batch) => new(Enumerable.Range(0, batch / 40).Select(k => new LostRange(partition, k * 40 + 1, k * 40 + 7)));
    }

    // Keys of the product are hashes; these are spread as hashes are.
    private static UInt128 Spread(int key) => unchecked(new UInt128((ulong)(key + 1) * 0x9E3779B97F4A7C15UL, (ulong)(key + 1) * 0xC2B2AE3D27D4EB4FUL));
}
