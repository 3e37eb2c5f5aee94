using Billing.Domain.Metering;
using Billing.UseCases.Documents;
using Billing.UseCases.Metering;
using Billing.UseCases.Moving;
using Billing.UseCases.Tests.Metering;
using Xunit;

namespace Billing.UseCases.Tests.Moving;

/// <summary>Out of one installation's stores, into others, with the process dying after any step.</summary>
public sealed class MoveTests : IDisposable
{
    private readonly string path = Path.Combine(Directory.CreateTempSubdirectory("billing-test-").FullName, "export");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);

    [Theory]
    [MemberData(nameof(Pipeline.Stores), MemberType = typeof(Pipeline))]
    public async Task An_installation_is_the_same_in_other_stores_whichever_step_the_process_dies_at(string stores)
    {
        await using var from = await UsedAsync(stores);
        var moved = await InStepsAsync(from);
        Assert.Empty(moved.Differences);
        Assert.Equal((3, 1, 1), (moved.Kinds["claim"], moved.Kinds["meter"], moved.Kinds["installation"]));

        await using var to = await Pipeline.StartAsync(stores == "memory" ? "sqlite" : "memory");
        moved = await IntoStepsAsync(to);
        Assert.Empty(moved.Differences);

        // The same usage, the same verdict on what comes again, and a log that takes no more.
        var meter = Assert.Single((await to.Catalog.AllAsync(default)).Select(m => m.Meter));
        Assert.Equal(["2026-03-01T00:00:00Z: 3 6"], await to.UsageAsync(meter, "c:acme", Pipeline.At("2026-03-01T00:00:00Z"), Pipeline.At("2026-03-02T00:00:00Z")));
        var old = Assert.Single(await new LogRegistry(to.Documents).AllAsync(default), l => l.Id == from.Log.LogId);
        Assert.Equal((3, "The installation was moved."), (old.Partitions[0].End, old.Closed!.Reason));
        await to.RegisterAsync();
        await to.SendAsync(Event("a", 1), Event("d", 4));
        var progress = await to.FoldAsync();
        Assert.Equal((1, 1), (progress.Duplicate, progress.Counted));
        Assert.Equal(["2026-03-01T00:00:00Z: 4 10"], await to.UsageAsync(meter, "c:acme", Pipeline.At("2026-03-01T00:00:00Z"), Pipeline.At("2026-03-02T00:00:00Z")));
    }

    [Fact]
    public async Task What_is_exported_stands_still_until_it_is_let_go()
    {
        await using var from = await UsedAsync("memory");
        var own = (await Installation.ReadAsync(from.Documents, default))!.Value.Installation;
        Assert.Null(await new Standstill(from.Documents, own, TimeProvider.System).ReasonAsync(default));
        await Export(from).RunAsync(new MoveFolder(path), Nothing, Nothing, _ => { }, default);
        Assert.Contains("'release'", await new Standstill(from.Documents, own, TimeProvider.System).ReasonAsync(default), StringComparison.Ordinal);
        Assert.NotNull(await new Standstill(from.Documents, own, TimeProvider.System).FoldReasonAsync(default));
        Assert.True(await ImportInstallation.ReleaseAsync(from.Documents, default));
        Assert.False(await ImportInstallation.ReleaseAsync(from.Documents, default));
        Assert.Null(await new Standstill(from.Documents, own, TimeProvider.System).ReasonAsync(default));
    }

    [Fact]
    public async Task While_it_is_exported_what_waits_is_counted_and_nothing_else_is_done()
    {
        await using var from = await UsedAsync("memory");
        var own = (await Installation.ReadAsync(from.Documents, default))!.Value.Installation;
        await Export(from).RunAsync(
            new MoveFolder(path), Nothing,
            async _ =>
            {
                Assert.NotNull(await new Standstill(from.Documents, own, TimeProvider.System).ReasonAsync(default));
                Assert.Null(await new Standstill(from.Documents, own, TimeProvider.System).FoldReasonAsync(default));
            },
            _ => { }, default);
    }

    [Fact]
    public async Task What_changes_while_it_is_copied_is_found_and_the_next_export_begins_anew()
    {
        await using var from = await UsedAsync("memory");
        var stray = new Document(new Place(Container.Accounts, "acme"), "x", "stray", "{}"u8.ToArray());
        var moved = await Export(from).RunAsync(new MoveFolder(path), Nothing, Nothing, step =>
        {
            if (step.StartsWith("Comparing", StringComparison.Ordinal)) from.Documents.CommitAsync(stray.Place, [new Write.Create(stray)], default).Wait();
        }, default);
        Assert.Equal(["accounts, stray: 1 instead of 0."], moved.Differences);
        Assert.Empty((await Export(from).RunAsync(new MoveFolder(path), Nothing, Nothing, _ => { }, default)).Differences);
    }

    [Fact]
    public async Task What_is_counted_while_it_is_copied_is_found_however_late_the_progress_is_copied()
    {
        await using var from = await UsedAsync("memory");
        await from.SendAsync(Event("d", 4));
        var moved = await Export(from).RunAsync(new MoveFolder(path), Nothing, Nothing, step =>
        {
            if (step.StartsWith("claims", StringComparison.Ordinal)) from.FoldAsync().Wait();
        }, default);
        Assert.Contains(moved.Differences, d => d.Contains("were counted meanwhile", StringComparison.Ordinal));
        Assert.Null((await Installation.ReadAsync(from.Documents, default))!.Value.Installation.Held);
    }

    [Fact]
    public async Task An_export_that_was_let_go_meanwhile_does_not_hold_again()
    {
        await using var from = await UsedAsync("memory");
        await Assert.ThrowsAsync<InvalidOperationException>(() => Export(from).RunAsync(
            new MoveFolder(path), Nothing, async _ => await ImportInstallation.ReleaseAsync(from.Documents, default), _ => { }, default));
        Assert.Null((await Installation.ReadAsync(from.Documents, default))!.Value.Installation.Held);
    }

    [Fact]
    public async Task Another_export_of_the_same_installation_is_not_taken_for_the_one_that_was_imported()
    {
        await using var from = await UsedAsync("memory");
        await Export(from).RunAsync(new MoveFolder(path), Nothing, Nothing, _ => { }, default);
        await using var to = await Pipeline.StartAsync("memory");
        await Import(to).RunAsync(new MoveFolder(path), Nothing, _ => { }, dryRun: false, default);
        Assert.NotNull((await Import(to).RunAsync(new MoveFolder(path), Nothing, _ => { }, dryRun: false, default)).DoneBefore);
        await ImportInstallation.ReleaseAsync(from.Documents, default);
        await from.SendAsync(Event("d", 4));
        await from.FoldAsync();
        Directory.Delete(path, recursive: true);
        await Export(from).RunAsync(new MoveFolder(path), Nothing, Nothing, _ => { }, default);
        await Assert.ThrowsAsync<InvalidOperationException>(() => Import(to).RunAsync(new MoveFolder(path), Nothing, _ => { }, dryRun: false, default));
    }

    [Fact]
    public async Task A_walk_over_all_customers_begins_anew_and_counts_of_cost_stay_behind()
    {
        await using var from = await UsedAsync("memory");
        var walk = new Place(Container.Catalog, "alert-walk");
        var cost = new Place(Container.Catalog, "cost-day", "2026-03-01");
        await from.Documents.CommitAsync(walk, [new Write.Create(new Document(walk, "alert-walk", "alert-walk", """{"schema":1,"value":{"after":"a token of one store"}}"""u8.ToArray(), from.Clock.Now))], default);
        await from.Documents.CommitAsync(cost, [new Write.Create(new Document(cost, "cost-day", "cost-day", "{}"u8.ToArray()))], default);
        await Export(from).RunAsync(new MoveFolder(path), Nothing, Nothing, _ => { }, default);
        await using var to = await Pipeline.StartAsync("memory");
        Assert.Empty((await Import(to).RunAsync(new MoveFolder(path), Nothing, _ => { }, dryRun: false, default)).Differences);
        var moved = (await to.Documents.ReadAsync(walk, "alert-walk", default))!.Document;
        Assert.Equal(("""{"schema":1,"value":{}}""", from.Clock.Now), (System.Text.Encoding.UTF8.GetString(moved.Body.Span), moved.Due));
        Assert.Null(await to.Documents.ReadAsync(cost, "cost-day", default));
    }

    [Fact]
    public async Task A_server_changes_nothing_that_it_had_begun_before_the_hold()
    {
        await using var from = await UsedAsync("memory");
        var own = (await Installation.ReadAsync(from.Documents, default))!.Value.Installation;
        var server = new HeldDocuments(from.Documents, () => new Standstill(from.Documents, own, TimeProvider.System));
        Document Of(Container container) => new(new Place(container, "x"), "x", "x", default);
        await Export(from).RunAsync(
            new MoveFolder(path), Nothing,
            async _ =>
            {
                // What was taken is still counted; nobody bills.
                Assert.True((await server.CommitAsync(Of(Container.Usage).Place, [new Write.Upsert(Of(Container.Usage))], default)).Done);
                await Assert.ThrowsAsync<HeldException>(() => server.CommitAsync(Of(Container.Accounts).Place, [new Write.Upsert(Of(Container.Accounts))], default));
            },
            _ => { }, default);
        foreach (var container in Enum.GetValues<Container>())
            await Assert.ThrowsAsync<HeldException>(() => server.CommitAsync(Of(container).Place, [new Write.Upsert(Of(container))], default));
    }

    [Fact]
    public async Task A_damaged_part_is_refused_and_nothing_is_written()
    {
        await using var from = await UsedAsync("memory");
        await Export(from).RunAsync(new MoveFolder(path), Nothing, Nothing, _ => { }, default);
        var part = Directory.GetFiles(path, "*archive*").Single();
        var bytes = await File.ReadAllBytesAsync(part);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(part, bytes);
        await using var to = await Pipeline.StartAsync("memory");
        var fault = await Assert.ThrowsAsync<InvalidDataException>(() => Import(to).RunAsync(new MoveFolder(path), Nothing, _ => { }, dryRun: true, default));
        Assert.Contains("SHA-256", fault.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidDataException>(() => Import(to).RunAsync(new MoveFolder(path), Nothing, _ => { }, dryRun: false, default));
        Assert.Empty((await to.Documents.OfKindAsync(Container.Usage, null, null, 1, default)).Items);
        Assert.Null((await Installation.ReadAsync(to.Documents, default))!.Value.Installation.Held);
    }

    [Fact]
    public async Task Stores_in_use_an_unfinished_export_and_another_folder_are_refused()
    {
        await using var from = await UsedAsync("memory");
        await Assert.ThrowsAsync<InvalidDataException>(() => Import(from).RunAsync(new MoveFolder(path), Nothing, _ => { }, dryRun: false, default));
        await Assert.ThrowsAsync<IOException>(() => Export(from).RunAsync(new MoveFolder(path), Nothing, _ => throw new IOException("dead"), _ => { }, default));
        await Assert.ThrowsAsync<InvalidDataException>(() => Import(from).RunAsync(new MoveFolder(path), Nothing, _ => { }, dryRun: false, default));
        await Assert.ThrowsAsync<InvalidOperationException>(() => Export(from).RunAsync(new MoveFolder(path + "-other"), Nothing, Nothing, _ => { }, default));
        await Export(from).RunAsync(new MoveFolder(path), Nothing, Nothing, _ => { }, default);
        await using var used = await UsedAsync("memory");
        var before = (await used.DocumentsAsync("window")).Count;
        await Assert.ThrowsAsync<InvalidOperationException>(() => Import(used).RunAsync(new MoveFolder(path), Nothing, _ => { }, dryRun: false, default));
        Assert.Equal(before, (await used.DocumentsAsync("window")).Count);
    }

    [Fact]
    public async Task What_comes_to_a_server_that_started_in_the_middle_is_counted_by_every_meter()
    {
        await using var from = await UsedAsync("memory");
        await Export(from).RunAsync(new MoveFolder(path), Nothing, Nothing, _ => { }, default);
        await using var stores = await Pipeline.StartAsync("memory");
        await using var to = await stores.WithLogAsync("log-new");
        await Import(to).RunAsync(new MoveFolder(path), Nothing, step =>
        {
            if (step.StartsWith("claims", StringComparison.Ordinal)) to.RegisterAsync().Wait();
        }, dryRun: false, default);
        await to.RegisterAsync();
        await to.SendAsync(Event("d", 4));
        await to.FoldAsync();
        var meter = Assert.Single(await to.Catalog.AllAsync(default)).Meter;
        Assert.Equal(["2026-03-01T00:00:00Z: 4 10"], await to.UsageAsync(meter, "c:acme", Pipeline.At("2026-03-01T00:00:00Z"), Pipeline.At("2026-03-02T00:00:00Z")));
    }

    [Fact]
    public async Task A_server_that_knows_the_former_hash_key_stands_still()
    {
        await using var from = await UsedAsync("memory");
        await Export(from).RunAsync(new MoveFolder(path), Nothing, Nothing, _ => { }, default);
        await using var to = await Pipeline.StartAsync("memory");
        var former = (await Installation.ReadAsync(to.Documents, default))!.Value.Installation;
        await Import(to).RunAsync(new MoveFolder(path), Nothing, _ => { }, dryRun: false, default);
        Assert.Contains("restart", await new Standstill(to.Documents, former, TimeProvider.System).FoldReasonAsync(default), StringComparison.Ordinal);
        var now = (await Installation.ReadAsync(to.Documents, default))!.Value.Installation;
        Assert.Null(await new Standstill(to.Documents, now, TimeProvider.System).ReasonAsync(default));
    }

    private static async Task<Pipeline> UsedAsync(string stores)
    {
        var used = await Pipeline.StartAsync(stores);
        await used.MeterAsync(Aggregation.Sum, "tokens");
        await used.SendAsync(Event("a", 1), Event("b", 2));
        await used.SendAsync(Event("c", 3));
        await used.FoldAsync();
        return used;
    }

    // Each time the process dies one step later, until it comes to the end.
    private async Task<Moved> InStepsAsync(Pipeline from)
    {
        for (var steps = 0; ; steps++)
        {
            try
            {
                return await Export(from).RunAsync(new MoveFolder(path), Nothing, Nothing, DieAfter(steps), default);
            }
            catch (IOException)
            {
            }
        }
    }

    private async Task<Moved> IntoStepsAsync(Pipeline to)
    {
        for (var steps = 0; ; steps++)
        {
            try
            {
                return await Import(to).RunAsync(new MoveFolder(path), Nothing, DieAfter(steps), dryRun: false, default);
            }
            catch (IOException)
            {
            }
        }
    }

    private static SayStep DieAfter(int steps) => _ =>
    {
        if (steps-- == 0) throw new IOException("dead");
    };

    private static Task Nothing(CancellationToken stop) => Task.CompletedTask;

    private static ExportInstallation Export(Pipeline of) => new(of.Documents, of.Archive, of.Ledger, of.Clock);

    private static ImportInstallation Import(Pipeline of) => new(of.Documents, of.Archive, of.Ledger, of.Clock);

    private static string Event(string id, int tokens) =>
        $$"""{"transaction_id":"{{id}}","customer_id":"acme","event_type":"llm","timestamp":"2026-03-01T00:00:00Z","properties":{"tokens":"{{tokens}}"} }""";
}
