using Billing.AzureStandIns;
using Billing.Storage.Tests.Contracts;
using Billing.UseCases.Documents;
using Xunit;

namespace Billing.Storage.Tests.Azure;

/// <summary>The whole contract again, while every seventh request goes wrong in another way.</summary>
public sealed class CosmosFaultTests : DocumentStoreContract
{
    private static readonly ServiceFault[] Faults =
        [new(429), new(0), new(503), new(0, Done: true), new(449), new(408), new(0, Done: true), new(500)];

    private CosmosServer server = null!;
    private int requests;
    private int struck;

    protected override async Task<IDocumentStore> BuildAsync()
    {
        server = await CosmosServer.StartAsync();
        server.Server.Fault = (_, path) =>
            path.EndsWith("/docs", StringComparison.Ordinal) && Interlocked.Increment(ref requests) % 7 == 0
                ? Faults[Interlocked.Increment(ref struck) % Faults.Length]
                : null;
        return server.Open().Store;
    }

    protected override async Task DropAsync()
    {
        await server.DisposeAsync();
        Assert.True(requests < 7 || struck > 0);
    }
}

/// <summary>The whole contract again, while physical partitions split: what the service was about to do, or names an old partition, is answered with 410.</summary>
public sealed class CosmosSplitTests : DocumentStoreContract
{
    private const int MaxSplits = 12;
    private static readonly int[] Reasons = [1002, 1007, 1008];

    private readonly Random which = new(1);
    private readonly Lock gate = new();
    private CosmosServer server = null!;
    private int requests;
    private int splits;

    protected override async Task<IDocumentStore> BuildAsync()
    {
        server = await CosmosServer.StartAsync();
        server.Server.Fault = (_, path) => path.EndsWith("/docs", StringComparison.Ordinal) ? Strike(path.Split('/')[^2]) : null;
        return server.Open().Store;
    }

    protected override async Task DropAsync()
    {
        await server.DisposeAsync();
        Assert.True(requests < 3 || splits > 0);
    }

    private ServiceFault? Strike(string container)
    {
        lock (gate)
        {
            if (++requests % 3 != 0 || splits == MaxSplits) return null;
            server.Server.Split(container, which);
            // Every other time nothing is said: only who asks the old partition learns of it.
            return ++splits % 2 == 0 ? new ServiceFault(410, Sub: Reasons[splits / 2 % Reasons.Length]) : null;
        }
    }
}

/// <summary>What became of a commit whose answer was lost.</summary>
public sealed class LostAnswerTests : IAsyncLifetime
{
    private static readonly Place Acme = new(Container.Accounts, "acme");
    private CosmosServer server = null!;
    private Billing.Storage.Azure.Documents.CosmosDocumentStore store = null!;

    private static CancellationToken Never => CancellationToken.None;

    public async Task InitializeAsync()
    {
        server = await CosmosServer.StartAsync();
        store = server.Open().Store;
    }

    public async Task DisposeAsync() => await server.DisposeAsync();

    [Fact]
    public async Task A_commit_that_was_done_is_answered_as_done_with_its_ETags()
    {
        LoseNext();
        var made = await store.CommitAsync(Acme, [new Write.Create(Doc("a", 1)), new Write.Create(Doc("b", 1))], Never);
        Assert.True(made.Done);
        LoseNext();
        var replaced = await store.CommitAsync(Acme, [new Write.Replace(Doc("a", 2), made.ETags[0]), new Write.Delete("b", made.ETags[1])], Never);
        Assert.True(replaced.Done);
        Assert.Equal((await store.ReadAsync(Acme, "a", Never))!.ETag, replaced.ETags[0]);
        Assert.Null(await store.ReadAsync(Acme, "b", Never));
    }

    [Fact]
    public async Task One_that_others_wrote_over_since_gives_out_no_ETag_of_theirs()
    {
        var other = server.Open().Store;
        // The second try of the commit is held up until another writer has replaced one of its two documents.
        var tries = 0;
        server.Server.Fault = (method, path) =>
        {
            if (method != "POST" || !path.EndsWith("/docs", StringComparison.Ordinal)) return null;
            if (++tries == 1) return new ServiceFault(0, Done: true);
            server.Server.Fault = null;
            other.CommitAsync(Acme, [new Write.Upsert(Doc("a", 9))], Never).GetAwaiter().GetResult();
            return null;
        };
        var made = await store.CommitAsync(Acme, [new Write.Create(Doc("a", 1)), new Write.Create(Doc("b", 1))], Never);
        Assert.True(made.Done);
        Assert.False((await store.CommitAsync(Acme, [new Write.Replace(Doc("a", 2), made.ETags[0])], Never)).Done);
        Assert.True((await store.CommitAsync(Acme, [new Write.Replace(Doc("b", 2), made.ETags[1])], Never)).Done);
    }

    [Fact]
    public async Task A_commit_that_was_not_done_is_a_conflict_and_not_taken_for_another_writers()
    {
        await store.CommitAsync(Acme, [new Write.Create(Doc("a", 1))], Never);
        LoseNext(done: false);
        var refused = await store.CommitAsync(Acme, [new Write.Create(Doc("new", 1)), new Write.Create(Doc("a", 1))], Never);
        Assert.Equal(1, refused.ConflictIndex);
        Assert.Null(await store.ReadAsync(Acme, "new", Never));
    }

    [Fact]
    public async Task A_service_that_stays_away_is_an_error_and_nothing_is_done()
    {
        server.Server.Fault = (_, path) => path.EndsWith("/docs", StringComparison.Ordinal) ? new ServiceFault(503) : null;
        await Assert.ThrowsAnyAsync<Exception>(() => store.CommitAsync(Acme, [new Write.Create(Doc("a", 1))], Never));
        server.Server.Fault = null;
        Assert.Null(await store.ReadAsync(Acme, "a", Never));
    }

    private static Document Doc(string id, int value) => new(Acme, id, "thing", System.Text.Encoding.UTF8.GetBytes($$"""{"value":{{value}}}"""));

    private void LoseNext(bool done = true)
    {
        var left = 1;
        server.Server.Fault = (method, path) =>
            method == "POST" && path.EndsWith("/docs", StringComparison.Ordinal) && Interlocked.Decrement(ref left) == 0 ? new ServiceFault(0, done) : null;
    }
}
