using Billing.AzureStandIns;
using Billing.Storage.Azure.Claims;
using Billing.Storage.Azure.Metering;
using Billing.Storage.Tests.Contracts;
using Billing.UseCases.Cost;
using Billing.UseCases.Metering;
using NodaTime;
using Xunit;

namespace Billing.Storage.Tests.Azure;

/// <summary>Every fifth request goes wrong before anything of it is done.</summary>
internal sealed class EveryFifth
{
    private static readonly ServiceFault[] Faults = [new(503), new(0), new(429), new(500), new(408)];
    private int requests;

    public ServiceFault? Next(string method, string path)
    {
        var number = Interlocked.Increment(ref requests);
        return number % 5 == 0 ? Faults[number / 5 % Faults.Length] : null;
    }
}

/// <summary>The ledger's whole contract again, while requests go wrong.</summary>
public sealed class TableFaultTests : DedupLedgerContract
{
    private readonly string table = StorageAccount.NewName();
    private FaultyProxy proxy = null!;

    protected override async Task<IDedupLedger> BuildAsync()
    {
        proxy = new FaultyProxy(await StorageAccount.WithTableAsync(table)) { Fault = new EveryFifth().Next };
        await proxy.StartAsync();
        return new TableDedupLedger([proxy.Endpoint], new BilledUnits(), table);
    }

    protected override async Task DropAsync() => await proxy.DisposeAsync();
}

/// <summary>The archive's whole contract again, while requests go wrong.</summary>
public sealed class BlobFaultTests : ArchiveContract
{
    private readonly string container = StorageAccount.NewName();
    private FaultyProxy proxy = null!;

    protected override async Task<IArchive> BuildAsync()
    {
        proxy = new FaultyProxy(await StorageAccount.WithContainerAsync(container)) { Fault = new EveryFifth().Next };
        await proxy.StartAsync();
        return new BlobArchive(proxy.Endpoint, new BilledUnits(), container);
    }

    protected override async Task DropAsync() => await proxy.DisposeAsync();
}

/// <summary>What becomes of a write that was done and whose answer was lost.</summary>
public sealed class LostStorageAnswerTests
{
    private static readonly LogPartition Partition = new("log-a", 0);
    private static readonly Instant Noon = Instant.FromUtc(2026, 3, 1, 12, 0);

    [Fact]
    public async Task Claims_whose_answer_was_lost_are_met_as_replays_and_fold_like_fresh_ones()
    {
        var table = StorageAccount.NewName();
        await using var proxy = new FaultyProxy(await StorageAccount.WithTableAsync(table));
        await proxy.StartAsync();
        var ledger = new TableDedupLedger([proxy.Endpoint], new BilledUnits(), table);
        proxy.Fault = LoseFirst("POST");
        // Keys 1 and 2 lie in one partition of the table: one transaction, done and not answered.
        Assert.Equal([Verdict.Replay, Verdict.Replay], await ClaimAsync(ledger, new(1, 7, 10, 0), new(2, 7, 10, 1)));
        proxy.Fault = LoseFirst("POST");
        Assert.Equal([Verdict.Duplicate], await ClaimAsync(ledger, new Claim(1, 7, 11, 0)));
        Assert.Equal([Verdict.Replay, Verdict.Duplicate], await ClaimAsync(ledger, new(1, 7, 10, 0), new(1, 7, 11, 0)));
    }

    [Fact]
    public async Task A_blob_whose_answer_was_lost_is_known_to_be_our_own()
    {
        var container = StorageAccount.NewName();
        await using var proxy = new FaultyProxy(await StorageAccount.WithContainerAsync(container));
        await proxy.StartAsync();
        var archive = new BlobArchive(proxy.Endpoint, new BilledUnits(), container);
        proxy.Fault = LoseFirst("PUT");
        Assert.True(await archive.PutIfAbsentAsync("a", new byte[] { 1 }, default));
        Assert.False(await archive.PutIfAbsentAsync("a", new byte[] { 1 }, default));
    }

    [Fact]
    public async Task A_transaction_over_two_partitions_is_refused_here_since_the_emulator_takes_it()
    {
        var table = StorageAccount.NewName();
        var claims = new ClaimTable(await StorageAccount.WithTableAsync(table), table, new BilledUnits());
        ClaimRow Row(UInt128 key) => new(key, new ClaimedCopy(Partition, 1, 0, Verdict.Fresh), 7, 0);
        await Assert.ThrowsAsync<ArgumentException>(() => claims.CommitAsync([new(Row(1), null), new(Row(UInt128.MaxValue), null)], default));
        await Assert.ThrowsAsync<ArgumentException>(() => claims.CommitAsync([new(Row(1), null), new(Row(1), null)], default));
        Assert.Null(await claims.ReadAsync("0", ClaimRow.RowKeyOf(1), default));
    }

    private static Task<Verdict[]> ClaimAsync(TableDedupLedger ledger, params Claim[] claims) => ledger.ClaimAsync(Partition, claims, Noon, LostClaims.None, default);

    private static Func<string, string, ServiceFault?> LoseFirst(string of)
    {
        var left = 1;
        return (method, _) => method == of && Interlocked.Decrement(ref left) == 0 ? new ServiceFault(0, Done: true) : null;
    }
}
