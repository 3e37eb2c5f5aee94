using Billing.UseCases.Documents;
using Billing.UseCases.Metering;
using NodaTime;
using Xunit;
using static Billing.UseCases.Tests.Metering.Pipeline;

namespace Billing.UseCases.Tests.Metering;

/// <summary>Counted events of keys that no customer has.</summary>
public sealed class UnclaimedUsageTests
{
    [Theory]
    [MemberData(nameof(Stores), MemberType = typeof(Pipeline))]
    public async Task Events_of_keys_that_nobody_has_are_counted_once_however_they_are_delivered(string store)
    {
        await using var pipeline = await StartAsync(store, partitions: 2);
        pipeline.Owned.Add("acme");
        var began = pipeline.Clock.Now;
        await pipeline.SendAsync(From("1", "new"), From("2", "acme"), From("3", "new"), From("3", "new"), From("4", "é/\\\\?#"));
        await pipeline.AppendAsync($"[{{}},{From("5", "new")},{From("1", "new", """{"x":1}""")}]", 3);
        await pipeline.FoldAsync();
        pipeline.Clock.Now += Duration.FromHours(1);
        await pipeline.SendAsync(From("6", "new"));
        for (var partition = 0; partition < 2; partition++)
        {
            await pipeline.NewRecord().FoldAsync(pipeline.Partition(partition), [.. pipeline.Messages(partition).Take(2)], default);
            await pipeline.NewRecord().FoldAsync(pipeline.Partition(partition), pipeline.Messages(partition), default);
        }
        // Of "new" 1, 3, 5 and 6 are counted, though no meter takes them; the copies are not.
        var listed = (await pipeline.Unclaimed.ListAsync(null, 10, default)).Items.OrderByDescending(k => k.Events).ToList();
        Assert.Equal([new UnclaimedKey("new", 4, began, pipeline.Clock.Now), new UnclaimedKey("é/\\?#", 1, began, began)], listed);
        Assert.Equal((5, 6), (await pipeline.Stats.ReadAsync(default)) is var s ? (s.NoCustomer, s.Counted) : default);
    }

    [Fact]
    public async Task A_fold_that_is_repeated_after_a_crash_counts_once()
    {
        await using var pipeline = await StartAsync("memory");
        await pipeline.SendAsync(From("1", "new"));
        await pipeline.SendAsync(From("2", "new"));
        // It dies when it is about to write its progress.
        var dying = pipeline.NewRecord(new InterruptedDocuments(pipeline.Documents, writes =>
            writes[0].Id == "progress" ? throw new IOException("dead") : Task.CompletedTask));
        await Assert.ThrowsAsync<IOException>(() => dying.FoldAsync(pipeline.Partition(), [.. pipeline.Messages().Take(1)], default));
        await Assert.ThrowsAsync<IOException>(() => dying.FoldAsync(pipeline.Partition(), pipeline.Messages(), default));
        await pipeline.FoldAsync();
        Assert.Equal(2, await pipeline.Unclaimed.EventsAsync(default));
    }

    [Fact]
    public async Task A_key_that_is_claimed_is_unclaimed_no_longer_and_one_that_is_let_go_counts_from_then_on()
    {
        await using var pipeline = await StartAsync("memory");
        await SendAndFoldAsync(pipeline, "1", "2");
        Assert.Equal(2, await pipeline.Unclaimed.EventsAsync(default));
        pipeline.Owned.Add("c");
        Assert.Equal(0, await pipeline.Unclaimed.EventsAsync(default));
        await pipeline.Unclaimed.SettledAsync(["c"], default);
        await SendAndFoldAsync(pipeline, "3");
        pipeline.Owned.Remove("c");
        Assert.Equal(0, await pipeline.Unclaimed.EventsAsync(default));
        await pipeline.Unclaimed.SettledAsync(["c"], default);
        await SendAndFoldAsync(pipeline, "4");
        Assert.Equal(1, await pipeline.Unclaimed.EventsAsync(default));
    }

    [Fact]
    public async Task An_instance_that_was_not_told_looks_again_after_five_minutes()
    {
        await using var pipeline = await StartAsync("memory");
        pipeline.Owned.Add("c");
        await SendAndFoldAsync(pipeline, "1");
        pipeline.Owned.Remove("c");
        pipeline.Clock.Now += Duration.FromMinutes(5) - Duration.FromTicks(1);
        await SendAndFoldAsync(pipeline, "2");
        Assert.Equal(0, await pipeline.Unclaimed.EventsAsync(default));
        pipeline.Clock.Now += Duration.FromTicks(1);
        await SendAndFoldAsync(pipeline, "3", "4");
        Assert.Equal(2, await pipeline.Unclaimed.EventsAsync(default));
    }

    [Fact]
    public async Task A_key_that_is_claimed_while_its_events_are_being_counted_leaves_nothing_behind()
    {
        await using var pipeline = await StartAsync("memory");
        // The fold has found no owner and is about to write, when the key is claimed and the claimant looks for what there is.
        UnclaimedUsage? unclaimed = null;
        var record = new RecordUsage(pipeline.Documents, pipeline.Ledger, pipeline.Archive, pipeline.Catalog, unclaimed = pipeline.NewUnclaimed(new InterruptedDocuments(pipeline.Documents, async writes =>
        {
            if (writes is not [Write.Create] || !pipeline.Owned.Add("c")) return;
            await pipeline.Unclaimed.SettledAsync(["c"], default);
        })), UsageLimits.Default, Secret);
        await pipeline.SendAsync(From("1", "c"));
        await record.FoldAsync(pipeline.Partition(), pipeline.Messages(), default);
        Assert.Contains("c", pipeline.Owned);
        pipeline.Owned.Clear();
        Assert.Equal(0, await pipeline.Unclaimed.EventsAsync(default));
    }

    [Fact]
    public async Task Who_is_slow_to_remember_an_owner_does_not_remember_one_who_let_the_key_go()
    {
        await using var pipeline = await StartAsync("memory");
        UnclaimedUsage? unclaimed = null;
        var let = false;
        // The owner was read, and lets the key go before that is remembered.
        unclaimed = pipeline.NewUnclaimed(isOwned: async (key, stop) =>
        {
            if (let) return false;
            let = true;
            await unclaimed!.SettledAsync([key], stop);
            return true;
        });
        var record = new RecordUsage(pipeline.Documents, pipeline.Ledger, pipeline.Archive, pipeline.Catalog, unclaimed, UsageLimits.Default, Secret);
        await pipeline.SendAsync(From("1", "c"));
        await record.FoldAsync(pipeline.Partition(), pipeline.Messages(), default);
        await pipeline.SendAsync(From("2", "c"));
        await record.FoldAsync(pipeline.Partition(), pipeline.Messages(), default);
        Assert.Equal(1, await unclaimed.EventsAsync(default));
    }

    [Fact]
    public async Task A_thousand_owned_keys_cost_neither_a_read_nor_a_write_a_batch()
    {
        await using var pipeline = await StartAsync("memory");
        var (asked, written) = (0, 0);
        var unclaimed = pipeline.NewUnclaimed(
            new InterruptedDocuments(pipeline.Documents, _ => { written++; return Task.CompletedTask; }), (_, _) => { asked++; return Task.FromResult(true); });
        var record = new RecordUsage(pipeline.Documents, pipeline.Ledger, pipeline.Archive, pipeline.Catalog, unclaimed, UsageLimits.Default, Secret);
        for (var batch = 0; batch < 5; batch++)
        {
            await pipeline.SendAsync([.. Enumerable.Range(0, 1_000).Select(i => From($"{batch}-{i}", $"c{i}"))]);
            await record.FoldAsync(pipeline.Partition(), pipeline.Messages(), default);
            Assert.Equal((1_000, 0), (asked, written));
        }
    }

    [Fact]
    public async Task Pages_have_every_unclaimed_key_once()
    {
        await using var pipeline = await StartAsync("memory");
        await pipeline.SendAsync([.. Enumerable.Range(0, 25).Select(i => From($"{i}", $"c{i}"))]);
        await pipeline.FoldAsync();
        pipeline.Owned.UnionWith(Enumerable.Range(0, 25).Where(i => i % 3 == 0).Select(i => $"c{i}"));
        var keys = new List<string>();
        for (string? next = null; ;)
        {
            var page = await pipeline.Unclaimed.ListAsync(next, 4, default);
            keys.AddRange(page.Items.Select(k => k.Key));
            if ((next = page.Next) is null) break;
            Assert.Equal(4, page.Items.Count);
        }
        // 25 less the nine of 0, 3, …, 24
        Assert.Equal(16, keys.Distinct().Count());
        Assert.Equal(16, keys.Count);
    }

    private static async Task SendAndFoldAsync(Pipeline pipeline, params string[] ids)
    {
        await pipeline.SendAsync([.. ids.Select(id => From(id, "c"))]);
        await pipeline.FoldAsync();
    }

    private static string From(string id, string customer, string properties = "{}") => Event(id, null, properties, customer);
}
