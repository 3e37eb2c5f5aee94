using Billing.AzureStandIns;
using Billing.Storage.Azure.Claims;
using Billing.UseCases.Cost;
using Billing.UseCases.Metering;
using NodaTime;
using Xunit;

namespace Billing.Storage.Tests.Azure;

/// <summary>How many requests claims cost: a transaction that meets a row is done again as a whole.</summary>
public sealed class ClaimTransactionTests : IAsyncLifetime
{
    private static readonly LogPartition Partition = new("log-a", 0);
    private static readonly Instant Noon = Instant.FromUtc(2026, 3, 1, 12, 0);

    private readonly string table = StorageAccount.NewName();
    private FaultyProxy proxy = null!;
    private int transactions;
    private int reads;

    public async Task InitializeAsync()
    {
        proxy = new FaultyProxy(await StorageAccount.WithTableAsync(table)) { Fault = Count };
        await proxy.StartAsync();
    }

    public async Task DisposeAsync() => await proxy.DisposeAsync();

    [Fact]
    public async Task Copies_of_what_was_claimed_here_are_read_first_and_cost_one_transaction()
    {
        var ledger = Ledger();
        await ClaimAsync(ledger, Keys(1, 40, sequence: 10));
        Assert.Equal((1, 0), Requests());
        var verdicts = await ClaimAsync(ledger, [.. Keys(1, 12, sequence: 11), .. Keys(41, 30, sequence: 12)]);
        Assert.Equal([.. Enumerable.Repeat(Verdict.Duplicate, 12), .. Enumerable.Repeat(Verdict.Fresh, 30)], verdicts);
        // Each one's claim, and whether it was judged before.
        Assert.Equal((1, 24), Requests());
    }

    [Fact]
    public async Task A_transaction_that_another_process_did_is_met_once_when_it_is_delivered_again()
    {
        await ClaimAsync(Ledger(), Keys(1, 40, sequence: 10));
        Requests();
        Assert.All(await ClaimAsync(Ledger(), Keys(1, 40, sequence: 10)), v => Assert.Equal(Verdict.Replay, v));
        Assert.Equal((1, 40), Requests());
    }

    [Fact]
    public async Task Copies_that_another_process_judged_are_met_once_when_they_are_delivered_again()
    {
        await ClaimAsync(Ledger(), Keys(1, 20, sequence: 10));
        await ClaimAsync(Ledger(), Keys(1, 20, sequence: 11));
        Requests();
        Assert.All(await ClaimAsync(Ledger(), Keys(1, 20, sequence: 11)), v => Assert.Equal(Verdict.Duplicate, v));
        Assert.Equal((1, 40), Requests());
    }

    [Fact]
    public async Task A_single_copy_of_what_another_process_claimed_costs_no_look_at_the_others()
    {
        await ClaimAsync(Ledger(), Keys(7, 1, sequence: 10));
        Requests();
        var verdicts = await ClaimAsync(Ledger(), Keys(1, 40, sequence: 11));
        Assert.Equal(39, verdicts.Count(v => v == Verdict.Fresh));
        Assert.Equal((2, 2), Requests());
    }

    [Fact]
    public void A_key_is_recent_when_it_was_added_and_until_another_takes_its_place()
    {
        var recent = new RecentKeys();
        Assert.False(recent.Has(0));
        recent.Add(0);
        Assert.True(recent.Has(0));
        Assert.False(recent.Has((UInt128)9 << 32));
        recent.Add((UInt128)9 << 32);
        Assert.False(recent.Has(0));
        Assert.True(recent.Has((UInt128)9 << 32));
    }

    // Small keys lie in one partition of the table.
    private static Claim[] Keys(int from, int count, long sequence) => [.. Enumerable.Range(0, count).Select(i => new Claim((UInt128)(from + i), 7, sequence, i))];

    private static Task<Verdict[]> ClaimAsync(TableDedupLedger ledger, Claim[] claims) => ledger.ClaimAsync(Partition, claims, Noon, LostClaims.None, default);

    private TableDedupLedger Ledger() => new([proxy.Endpoint], new BilledUnits(), table);

    // Since the last time it was asked.
    private (int Transactions, int Reads) Requests() => (Interlocked.Exchange(ref transactions, 0), Interlocked.Exchange(ref reads, 0));

    private ServiceFault? Count(string method, string path)
    {
        if (method == "POST") Interlocked.Increment(ref transactions);
        else Interlocked.Increment(ref reads);
        return null;
    }
}
