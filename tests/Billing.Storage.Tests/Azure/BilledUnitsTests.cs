using Billing.Storage.Azure.Claims;
using Billing.Storage.Azure.Metering;
using Billing.UseCases.Cost;
using Billing.UseCases.Documents;
using Billing.UseCases.Metering;
using NodaTime;
using Xunit;

namespace Billing.Storage.Tests.Azure;

/// <summary>Each adapter counts what its service bills.</summary>
public sealed class BilledUnitsTests
{
    private readonly BilledUnits units = new();

    [Fact]
    public async Task A_transaction_of_a_hundred_claims_is_one_and_what_is_read_after_a_conflict_counts_too()
    {
        var table = StorageAccount.NewName();
        var endpoint = await StorageAccount.WithTableAsync(table);
        var ledger = new TableDedupLedger([endpoint], units, table);
        Claim[] claims = [.. Enumerable.Range(0, 100).Select(n => new Claim((UInt128)n, 7, 1, n))];
        await ledger.ClaimAsync(new LogPartition("log", 0), claims, Instant.FromUnixTimeSeconds(0), LostClaims.None, default);
        Assert.Equal(1, units.Take().Units[BilledUnit.TableTransactions]);
        // Another process, which does not know the key.
        ledger = new TableDedupLedger([endpoint], units, table);
        await ledger.ClaimAsync(new LogPartition("log", 0), [claims[0]], Instant.FromUnixTimeSeconds(0), LostClaims.None, default);
        // The insert that met the row, and the look at it; what was claimed stays.
        Assert.Equal(2, units.Take().Units[BilledUnit.TableTransactions]);
    }

    [Fact]
    public async Task Puts_and_lists_of_blobs_are_writes_and_gets_are_reads()
    {
        var container = StorageAccount.NewName();
        var archive = new BlobArchive(await StorageAccount.WithContainerAsync(container), units, container);
        await archive.PutIfAbsentAsync("a", "x"u8.ToArray(), default);
        Assert.Equal((1, 0), Blobs());
        await archive.GetAsync("a", default);
        await archive.GetAsync("b", default);
        Assert.Equal((0, 2), Blobs());
        await archive.ListAsync("", null, 10, default);
        Assert.Equal((1, 0), Blobs());

        (decimal, decimal) Blobs() => units.Take().Units is var u ? (u[BilledUnit.BlobWrites], u[BilledUnit.BlobReads]) : default;
    }

    [Fact]
    public async Task Request_units_are_those_that_the_answers_name()
    {
        await using var server = await CosmosServer.StartAsync();
        var (store, _) = server.Open(units);
        var place = new Place(Container.Accounts, "acme");
        units.Take();
        await store.CommitAsync(place, [new Write.Create(new Document(place, "a", "thing", default)), new Write.Create(new Document(place, "b", "thing", new byte[3_000]))], default);
        // By the stand-in's model 5 for each begun kilobyte written: 1 and 4 of them (base64 takes 4 for 3).
        Assert.Equal(25, units.Take().Units[BilledUnit.RequestUnits]);
        await store.ReadAsync(place, "a", default);
        Assert.Equal(1, units.Take().Units[BilledUnit.RequestUnits]);
        await store.ReadAsync(place, "none", default);
        Assert.Equal(1, units.Take().Units[BilledUnit.RequestUnits]);
    }
}
