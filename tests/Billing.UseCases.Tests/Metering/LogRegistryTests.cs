using System.Text;
using Billing.Domain.Metering;
using Billing.Testing;
using Billing.UseCases.Documents;
using Billing.UseCases.Metering;
using NodaTime;
using Xunit;
using static Billing.UseCases.Tests.Metering.Pipeline;

namespace Billing.UseCases.Tests.Metering;

/// <summary>Logs are registered, followed by others, and closed.</summary>
public sealed class LogRegistryTests
{
    private static readonly Instant Day = At("2026-03-01T00:00:00Z");
    private static readonly Instant NextDay = At("2026-03-02T00:00:00Z");

    [Fact]
    public async Task A_log_is_registered_once_and_its_partitions_may_grow()
    {
        await using var pipeline = await StartAsync("memory");
        var opened = pipeline.Clock.Now;
        pipeline.Clock.Now += Duration.FromDays(1);
        await pipeline.RegisterAsync();
        await pipeline.WithLogAsync(pipeline.Log.LogId, partitions: 3);
        var log = Assert.Single(await new LogRegistry(pipeline.Documents).AllAsync(default));
        Assert.Equal((pipeline.Log.LogId, opened, 3), (log.Id, log.OpenedAt, log.Partitions.Count));
        Assert.Null(log.Closed);
        await pipeline.RegisterAsync();
        Assert.Equal(3, (await new LogRegistry(pipeline.Documents).AllAsync(default))[0].Partitions.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("a:b")]
    [InlineData("a~b")]
    [InlineData("a b")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public async Task An_id_that_other_names_are_made_of_has_none_of_their_marks(string id)
    {
        await using var pipeline = await StartAsync("memory");
        await Assert.ThrowsAsync<ArgumentException>(() => pipeline.WithLogAsync(id));
        Assert.Single(await new LogRegistry(pipeline.Documents).AllAsync(default));
    }

    [Fact]
    public async Task Nothing_of_a_log_is_folded_before_it_is_registered()
    {
        await using var pipeline = await StartAsync("memory");
        await Assert.ThrowsAsync<InvalidOperationException>(() => pipeline.Record.FoldAsync(new LogPartition("other", 0), [new LogMessage(1, Day, "{}"u8.ToArray())], default));
        Assert.Empty((await pipeline.Rejected.ListAsync(null, 10, default)).Entries);
    }

    [Fact]
    public async Task A_log_that_was_in_use_before_begins_with_what_it_still_has()
    {
        await using var pipeline = await StartAsync("memory");
        var meter = await pipeline.MeterAsync(Aggregation.Sum, "n");
        var old = new InMemoryEventLog(pipeline.Clock, "old");
        for (var n = 1; n <= 5; n++) await old.AppendAsync([new NewMessage(0, Encoding.UTF8.GetBytes(Event($"{n}", null, $$"""{"n":{{n}}}""")), 1)], default);
        old.Lose(0, 1, 3);
        await new RegisterLog(pipeline.Documents, old, pipeline.Archive, pipeline.Catalog, pipeline.Clock).RunAsync(default);
        Assert.Equal((1, 3), (await new LogRegistry(pipeline.Documents).ReadAsync("old", default))!.Value.Log[0].Gaps is [var gap] ? (gap.First, gap.Last) : default);
        Assert.Equal((5, 2), (await pipeline.Record.FoldAsync(new LogPartition("old", 0), old.Read(0, 0), default)) is var p ? (p.Sequence, p.Counted) : default);
        // 4 + 5: the meter was there before the log, so it needs no marker in it.
        Assert.Equal(["2026-03-01T00:00:00Z: 2 9"], await pipeline.UsageAsync(meter, "c:c", Day, NextDay));
    }

    [Theory]
    [MemberData(nameof(Stores), MemberType = typeof(Pipeline))]
    public async Task Usage_of_a_log_and_of_the_one_after_it_adds_up_for_old_and_new_meters(string store)
    {
        await using var first = await StartAsync(store);
        var always = await first.MeterAsync(Aggregation.Sum, "n");
        await first.SendAsync(One("a", 1), One("b", 2));
        await first.FoldAsync();
        var second = await first.WithLogAsync("second", partitions: 2);
        // b came to the first log already.
        await second.SendAsync(One("b", 2), One("c", 4));
        await second.FoldAsync();
        Assert.Equal(["2026-03-01T00:00:00Z: 3 7"], await first.UsageAsync(always, "c:c", Day, NextDay));
        // A new meter is made on the second server; the first log takes no marker from it, so the meter waits until that log is closed.
        var later = await second.MeterAsync(Aggregation.Sum, "n");
        await second.FoldAsync();
        await second.FillAsync();
        Assert.NotNull((await second.Catalog.ReadAsync(later.Id, default))!.Value.Meter.Fill);
        Assert.Null((await second.Closing.RunAsync(first.Log.LogId, "Moved.", "me", default)).Refusal);
        await second.FillAsync();
        Assert.Null((await second.Catalog.ReadAsync(later.Id, default))!.Value.Meter.Fill);
        Assert.Equal(["2026-03-01T00:00:00Z: 3 7"], await first.UsageAsync(later, "c:c", Day, NextDay));
        var stats = await second.Stats.ReadAsync(default);
        Assert.Equal((4, 3, 1, 0), (stats.Accepted, stats.Counted, stats.Duplicate, stats.Pending));
        Assert.Equal(["a", "b", "b", "c"], (await second.Events.NewestAsync(null, _ => true, 100, 100, default)).Events.Select(e => e.Id).Order());
        Assert.Equal([("second", Verdict.Duplicate), (first.Log.LogId, Verdict.Fresh)], (await second.Events.ByIdAsync("", "b", default)).Select(e => (e.Partition.LogId, e.Verdict)).OrderBy(e => e.Verdict == Verdict.Fresh));
    }

    [Fact]
    public async Task A_list_of_events_goes_over_all_logs_page_by_page()
    {
        await using var first = await StartAsync("memory", partitions: 2);
        var second = await first.WithLogAsync("se.co-nd_2", partitions: 2);
        for (var i = 0; i < 20; i++)
        {
            first.Clock.Now += Duration.FromSeconds(1);
            await (i % 3 == 0 ? first : second).SendAsync(Event($"{i:d2}", null, customer: $"c{i % 7}"));
        }
        await first.FoldAsync();
        await second.FoldAsync();
        var ids = new List<string>();
        EventCursor? next = null;
        do
        {
            var page = await second.Events.NewestAsync(next, _ => true, 3, 100, default);
            ids.AddRange(page.Events.Select(e => e.Id));
            next = page.Next is { } cursor ? EventCursor.Parse(cursor.ToString()) : null;
        }
        while (next is not null);
        Assert.Equal(Enumerable.Range(0, 20).Reverse().Select(i => $"{i:d2}"), ids);
    }

    [Theory]
    [InlineData("")]
    [InlineData("log-1/0:1")]
    [InlineData("log-1/0:1.-2")]
    [InlineData("log-1/x:1.2")]
    [InlineData("1.2,3.4")]
    public void What_is_no_cursor_is_none(string text) => Assert.Null(EventCursor.Parse(text));

    [Fact]
    public async Task A_closed_log_ends_where_it_was_folded_to_and_no_longer_holds_back_the_cut()
    {
        await using var first = await StartAsync("memory");
        await first.SendAsync(One("a", 1));
        await first.FoldAsync();
        await first.SendAsync(One("b", 2));
        await first.ArchiveOnlyAsync(first.Messages());
        var second = await first.WithLogAsync("second");
        first.Clock.Now += Duration.FromHours(5);
        await second.Cut.TickAsync(first.Clock.Now, default);
        await second.FoldAsync();
        Assert.Equal(Day, await second.Cut.ReadAsync(default));
        var closed = (await second.Closing.RunAsync(first.Log.LogId, "Moved.", "me", default)).Value;
        // a, and b from the archive.
        Assert.Equal((2, new LogClosing(first.Clock.Now, "Moved.", "me")), (closed[0].End!.Value, closed.Closed!));
        Assert.Equal(first.Clock.Now, await second.Cut.ReadAsync(default));
        first.Clock.Now += Duration.FromHours(5);
        Assert.Equal(closed.Closed, (await second.Closing.RunAsync(first.Log.LogId, "Again.", "you", default)).Value.Closed);
        await Assert.ThrowsAsync<InvalidOperationException>(first.RegisterAsync);
    }

    [Fact]
    public async Task What_comes_after_the_end_of_a_log_is_not_counted_and_its_copy_in_the_next_log_is()
    {
        await using var first = await StartAsync("memory");
        var meter = await first.MeterAsync(Aggregation.Sum, "n");
        await first.SendAsync(One("a", 1));
        await first.FoldAsync();
        await first.SendAsync(One("b", 2), One("c", 4));
        // Claimed, and no more.
        var dying = first.NewRecord(archive: new InterruptedArchive(first.Archive, beforePut: () => throw new IOException("dead")));
        await Assert.ThrowsAsync<IOException>(() => dying.FoldAsync(first.Partition(), first.Messages(), default));
        var second = await first.WithLogAsync("second");
        Assert.Null((await second.Closing.RunAsync(first.Log.LogId, "Moved.", "me", default)).Refusal);
        var late = await Assert.ThrowsAsync<LogClosedException>(() => first.FoldAsync());
        Assert.Contains("ended at sequence 2", late.Message, StringComparison.Ordinal);
        await second.SendAsync(One("b", 2), One("a", 1));
        await second.FoldAsync();
        // 1 + 2
        Assert.Equal(["2026-03-01T00:00:00Z: 2 3"], await first.UsageAsync(meter, "c:c", Day, NextDay));
    }

    [Fact]
    public async Task A_log_is_not_closed_while_events_come_into_it_or_archived_ones_wait_behind_a_gap()
    {
        await using var first = await StartAsync("memory");
        Assert.Equal("log_in_use", (await first.Closing.RunAsync(first.Log.LogId, "Moved.", "me", default)).Refusal?.Code);
        for (var i = 1; i <= 3; i++) await first.SendAsync(One($"{i}", i));
        await first.Record.FoldAsync(first.Partition(), [.. first.Messages().Take(1)], default);
        // Message 3 was archived by an owner that had passed 2; then the progress was lost with the disk, and a copy of it restored.
        await first.Archive.PutIfAbsentAsync(ArchiveSegment.NameOf(first.Partition(), 3, 3), ArchiveSegment.Encode(
            [new ArchivedMessage(3, Day, first.Messages()[2].Body, new[] { Verdict.Fresh })], new MemoryStream()), default);
        var second = await first.WithLogAsync("second");
        Assert.Equal("log_has_gap", (await second.Closing.RunAsync(first.Log.LogId, "Moved.", "me", default)).Refusal?.Code);
        Assert.Null((await second.Gaps.RunAsync(first.Lost(2, 2), "me", default)).Refusal);
        Assert.Equal(3, (await second.Closing.RunAsync(first.Log.LogId, "Moved.", "me", default)).Value[0].End);
        Assert.Equal("log_not_found", (await second.Closing.RunAsync("third", "Moved.", "me", default)).Refusal?.Code);
        Assert.Equal("reason_invalid", (await second.Closing.RunAsync("third", "", "me", default)).Refusal?.Code);
    }

    [Fact]
    public async Task A_log_that_another_server_is_folding_just_now_is_not_closed_under_it()
    {
        await using var first = await StartAsync("memory");
        var second = await first.WithLogAsync("second");
        var sent = 0;
        var closing = new CloseLog(new InterruptedDocuments(first.Documents, async writes =>
        {
            // Before each write of the registry, the other server folds another message.
            if (writes is not [Write.Replace { Document.Kind: LogRegistry.Kind }]) return;
            await first.SendAsync(One($"{++sent}", 1));
            await first.FoldAsync();
        }), second.Log, first.Archive, first.NewRecord(), first.Clock);
        var refusal = (await closing.RunAsync(first.Log.LogId, "Moved.", "me", default)).Refusal;
        Assert.Equal("log_in_use", refusal?.Code);
        Assert.Contains("Another server", refusal!.Detail, StringComparison.Ordinal);
        Assert.True(sent > 4);
        Assert.Equal(sent, (await first.Stats.ReadAsync(default)).Counted);
        Assert.Equal(sent, (await second.Closing.RunAsync(first.Log.LogId, "Moved.", "me", default)).Value[0].End);
    }

    [Fact]
    public async Task A_meter_is_not_taken_for_filled_before_the_servers_own_log_is_registered()
    {
        await using var pipeline = await StartAsync("memory");
        var meter = await pipeline.MeterAsync(Aggregation.Count);
        var unregistered = new FillMeters(pipeline.Documents, new InMemoryEventLog(pipeline.Clock, "second"), pipeline.Archive, pipeline.Catalog, pipeline.Clock, Secret);
        await pipeline.FoldAsync();
        Assert.False(await unregistered.RunAsync(default));
        Assert.NotNull((await pipeline.Catalog.ReadAsync(meter.Id, default))!.Value.Meter.Fill);
    }

    private static string One(string id, int n) => Event(id, "2026-03-01T10:00:00Z", $$"""{"n":{{n}}}""");
}
