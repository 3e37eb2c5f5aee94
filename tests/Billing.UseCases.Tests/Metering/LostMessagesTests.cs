using System.Text;
using Billing.Domain.Metering;
using Billing.Domain.Values;
using Billing.Testing;
using Billing.UseCases.Documents;
using Billing.UseCases.Metering;
using NodaTime;
using Xunit;
using static Billing.UseCases.Tests.Metering.Pipeline;

namespace Billing.UseCases.Tests.Metering;

/// <summary>Messages that the log does not deliver: from the archive when it has them, declared lost when nobody has.</summary>
public sealed class LostMessagesTests
{
    private static readonly Instant Day = At("2026-03-01T00:00:00Z");
    private static readonly Instant NextDay = At("2026-03-02T00:00:00Z");

    [Theory]
    [MemberData(nameof(Stores), MemberType = typeof(Pipeline))]
    public async Task Missing_messages_are_folded_from_the_archive_with_the_verdicts_they_have_there(string store)
    {
        await using var pipeline = await StartAsync(store);
        var meter = await pipeline.MeterAsync(Aggregation.Sum, "n");
        await pipeline.SendAsync(One("a", 1));
        await pipeline.FoldAsync();
        await pipeline.SendAsync(One("b", 2), One("a", 1));
        await pipeline.AppendAsync($"[{One("b", 3)},{{}},{One("c", 4)}]", 3);
        await pipeline.ArchiveOnlyAsync(pipeline.Messages());
        await pipeline.LoseAsync(3, 4);
        await pipeline.SendAsync(One("c", 4), One("d", 5));
        var progress = await pipeline.FoldAsync();
        // Counted: a, b, c, d. Duplicates: a again, b with other content, c again. {} is no event.
        Assert.Equal((5, 4, 3, 1, 1), (progress.Sequence, progress.Counted, progress.Duplicate, progress.Conflict, progress.Rejected));
        // 1 + 2 + 4 + 5
        Assert.Equal(["2026-03-01T00:00:00Z: 4 12"], await pipeline.UsageAsync(meter, "c:c", Day, NextDay));
        Assert.Equal(
            [("rejected", 4L, 1), ("conflict", 4L, 0)],
            (await pipeline.Rejected.ListAsync(null, 10, default)).Entries.Select(e => (e.Kind, e.Sequence, e.Index)));
    }

    [Theory]
    [MemberData(nameof(Stores), MemberType = typeof(Pipeline))]
    public async Task What_is_archived_is_folded_when_it_is_asked_for_though_nothing_is_delivered(string store)
    {
        await using var pipeline = await StartAsync(store);
        var meter = await pipeline.MeterAsync(Aggregation.Sum, "n");
        for (var i = 1; i <= 3; i++) await pipeline.SendAsync(One($"{i}", i));
        // Two tries that overlap: the second got further.
        await pipeline.ArchiveOnlyAsync([.. pipeline.Messages().Take(3)]);
        await pipeline.ArchiveOnlyAsync(pipeline.Messages());
        await pipeline.LoseAsync(1, 4);
        var progress = await pipeline.Record.FoldAsync(pipeline.Partition(), [], default);
        Assert.Equal((4, 3), (progress.Sequence, progress.Counted));
        // 1 + 2 + 3
        Assert.Equal(["2026-03-01T00:00:00Z: 3 6"], await pipeline.UsageAsync(meter, "c:c", Day, NextDay));
        Assert.Equal(progress, await pipeline.Record.FoldAsync(pipeline.Partition(), [], default) with { Markers = progress.Markers });
    }

    [Fact]
    public async Task A_verdict_in_the_archive_stands_though_the_limits_have_changed()
    {
        await using var pipeline = await StartAsync("memory");
        await pipeline.MeterAsync(Aggregation.Count);
        await pipeline.AppendAsync(Event("old", "2020-01-01T00:00:00Z"), 1);
        await pipeline.ArchiveOnlyAsync(pipeline.Messages());
        var generous = pipeline.NewRecord(limits: new UsageLimits(Duration.FromDays(36_500)));
        Assert.Equal((0, 1), ((await generous.FoldAsync(pipeline.Partition(), [], default)) is var p ? p.Counted : -1, p.Rejected));
        Assert.Equal("The time lay outside the limits of then.", Assert.Single((await pipeline.Rejected.ListAsync(null, 10, default)).Entries).Reason);
    }

    [Theory]
    [MemberData(nameof(Stores), MemberType = typeof(Pipeline))]
    public async Task What_nobody_has_stops_the_partition_until_it_is_declared_lost(string store)
    {
        await using var pipeline = await StartAsync(store);
        var meter = await pipeline.MeterAsync(Aggregation.Sum, "n");
        for (var i = 1; i <= 6; i++) await pipeline.SendAsync(One($"{i}", i), One($"{i} again", i));
        // The meter's marker is 1, the requests are 2 to 7.
        await pipeline.Record.FoldAsync(pipeline.Partition(), [.. pipeline.Messages().Take(3)], default);
        await pipeline.LoseAsync(4, 5);
        await Assert.ThrowsAsync<LogGapException>(() => pipeline.FoldAsync());
        Assert.Equal(["2026-03-01T00:00:00Z: 4 6"], await pipeline.UsageAsync(meter, "c:c", Day, NextDay));
        Assert.Null((await pipeline.Gaps.RunAsync(pipeline.Lost(4, 5, events: 3), "me", default)).Refusal);
        Assert.Equal(5, (await pipeline.Record.FoldAsync(pipeline.Partition(), [], default)).Sequence);
        // Of 12, 4 are counted and 3 are known to be lost.
        Assert.Equal((12, 4, 3, 5), (await pipeline.Stats.ReadAsync(default)) is var s ? (s.Accepted, s.Counted, s.Lost, s.Pending) : default);
        Assert.Equal((7, 8), ((await pipeline.FoldAsync()) is var p ? p.Sequence : -1, p.Counted));
        // Folded to the end, the count itself says how many are missing: 12 - 8.
        Assert.Equal((12, 8, 4, 0), (await pipeline.Stats.ReadAsync(default)) is var t ? (t.Accepted, t.Counted, t.Lost, t.Pending) : default);
        // 2 × (1 + 2 + 5 + 6)
        Assert.Equal(["2026-03-01T00:00:00Z: 8 28"], await pipeline.UsageAsync(meter, "c:c", Day, NextDay));
    }

    [Theory]
    [InlineData(2, 3, "messages_folded")]
    [InlineData(3, 4, "messages_folded")]
    [InlineData(4, 4, "messages_archived")]
    [InlineData(5, 6, "messages_archived")]
    [InlineData(6, 7, "messages_in_log")]
    [InlineData(8, 9, "messages_to_come")]
    [InlineData(0, 3, "gap_invalid")]
    [InlineData(4, 3, "gap_invalid")]
    public async Task What_is_counted_or_can_still_be_is_not_lost(long first, long last, string code)
    {
        foreach (var store in new[] { "memory", "sqlite" })
        {
            await using var pipeline = await StartAsync(store);
            for (var i = 1; i <= 8; i++) await pipeline.SendAsync(One($"{i}", i));
            // 1 to 3 are folded, 4 and 5 archived, 6 is gone, 7 and 8 are in the log.
            await pipeline.Record.FoldAsync(pipeline.Partition(), [.. pipeline.Messages().Take(3)], default);
            await pipeline.ArchiveOnlyAsync([.. pipeline.Messages().Take(5)]);
            await pipeline.LoseAsync(1, 6);
            var refusal = (await pipeline.Gaps.RunAsync(pipeline.Lost(first, last), "me", default)).Refusal;
            Assert.Equal(code, refusal?.Code);
            Assert.Equal(code == "gap_invalid" ? RefusalKind.Invalid : RefusalKind.Conflict, refusal!.Kind);
            var log = Assert.Single(await new LogRegistry(pipeline.Documents).AllAsync(default));
            Assert.Empty(log.Proposed);
            Assert.Empty(log[0].Gaps);
            Assert.Null((await pipeline.Gaps.RunAsync(pipeline.Lost(6, 6), "me", default)).Refusal);
            Assert.Equal((8, 7), (await pipeline.FoldAsync()) is var p ? (p.Sequence, p.Counted) : default);
        }
    }

    [Fact]
    public async Task A_gap_is_recorded_once_and_overlaps_no_other()
    {
        await using var pipeline = await StartAsync("memory");
        for (var i = 1; i <= 9; i++) await pipeline.SendAsync(One($"{i}", i));
        await pipeline.LoseAsync(1, 9);
        var gap = (await pipeline.Gaps.RunAsync(pipeline.Lost(4, 6, events: 2), "me", default)).Value;
        Assert.Equal((4, 6, "The disk broke.", 2, pipeline.Clock.Now, "me"), (gap.First, gap.Last, gap.Reason, gap.Events!.Value, gap.At, gap.By));
        pipeline.Clock.Now += Duration.FromDays(1);
        Assert.Equal(gap, (await pipeline.Gaps.RunAsync(pipeline.Lost(4, 6, events: 5), "you", default)).Value);
        foreach (var (first, last) in new[] { (1, 4), (5, 5), (6, 9), (1, 9) })
            Assert.Equal("gap_overlaps", (await pipeline.Gaps.RunAsync(pipeline.Lost(first, last), "me", default)).Refusal?.Code);
        Assert.Null((await pipeline.Gaps.RunAsync(pipeline.Lost(7, 9), "me", default)).Refusal);
        Assert.Null((await pipeline.Gaps.RunAsync(pipeline.Lost(1, 3), "me", default)).Refusal);
        Assert.Equal(9, (await pipeline.Record.FoldAsync(pipeline.Partition(), [], default)).Sequence);
        Assert.Equal("log_not_found", (await pipeline.Gaps.RunAsync(pipeline.Lost(1, 3, log: "other"), "me", default)).Refusal?.Code);
        Assert.Equal("partition_unknown", (await pipeline.Gaps.RunAsync(pipeline.Lost(1, 3, partition: 1), "me", default)).Refusal?.Code);
        Assert.Equal("reason_invalid", (await pipeline.Gaps.RunAsync(pipeline.Lost(1, 3) with { Reason = " " }, "me", default)).Refusal?.Code);
    }

    [Theory]
    [MemberData(nameof(Stores), MemberType = typeof(Pipeline))]
    public async Task A_copy_of_a_lost_event_is_counted_and_one_that_was_judged_before_is_not(string store)
    {
        await using var pipeline = await StartAsync(store, partitions: 2);
        var meter = await pipeline.MeterAsync(Aggregation.Sum, "n");
        await pipeline.FoldAsync();
        // Both partitions have their marker as message 1. "a" and "b" are claimed by message 2 of partition 0, which vanishes before it is archived.
        await pipeline.Log.AppendAsync([Message(0, One("a", 1), One("b", 2)), Message(1, One("b", 2))], default);
        await DieBeforeArchivingAsync(pipeline, 0);
        await pipeline.Record.FoldAsync(pipeline.Partition(1), pipeline.Messages(1), default);
        await pipeline.LoseAsync(2, 2);
        Assert.Null((await pipeline.Gaps.RunAsync(pipeline.Lost(2, 2), "me", default)).Refusal);
        await pipeline.Log.AppendAsync([Message(0, One("a", 1)), Message(1, One("a", 1))], default);
        await pipeline.Record.FoldAsync(pipeline.Partition(), pipeline.Messages(), default);
        var other = await pipeline.Record.FoldAsync(pipeline.Partition(1), pipeline.Messages(1), default);
        Assert.Equal((0, 2), (other.Counted, other.Duplicate));
        Assert.Equal(["2026-03-01T00:00:00Z: 1 1"], await pipeline.UsageAsync(meter, "total", Day, NextDay));
        // b came again before it was lost, and stays a duplicate; once more, and it is counted.
        await pipeline.Log.AppendAsync([Message(1, One("b", 2))], default);
        Assert.Equal(1, (await pipeline.Record.FoldAsync(pipeline.Partition(1), pipeline.Messages(1), default)).Counted);
        Assert.Equal(["2026-03-01T00:00:00Z: 2 3"], await pipeline.UsageAsync(meter, "total", Day, NextDay));
        var copies = await pipeline.Events.ByIdAsync("", "b", default);
        Assert.Equal([(1, 4L, Verdict.Fresh), (1, 2L, Verdict.Duplicate)], copies.Select(c => (c.Partition.Number, c.Sequence, c.Verdict)));
    }

    [Fact]
    public async Task Messages_that_come_back_after_they_were_declared_lost_are_passed()
    {
        await using var pipeline = await StartAsync("memory");
        var meter = await pipeline.MeterAsync(Aggregation.Sum, "n");
        for (var i = 1; i <= 3; i++) await pipeline.SendAsync(One($"{i}", i));
        var all = pipeline.Messages();
        await pipeline.LoseAsync(3, 3);
        Assert.Null((await pipeline.Gaps.RunAsync(pipeline.Lost(3, 3), "me", default)).Refusal);
        Assert.Equal((4, 2), (await pipeline.Record.FoldAsync(pipeline.Partition(), all, default)) is var p ? (p.Sequence, p.Counted) : default);
        // 1 + 3
        Assert.Equal(["2026-03-01T00:00:00Z: 2 4"], await pipeline.UsageAsync(meter, "c:c", Day, NextDay));
        // The same event as message 3 had, sent again.
        await pipeline.SendAsync(One("2", 2));
        await pipeline.FoldAsync();
        Assert.Equal(["2026-03-01T00:00:00Z: 3 6"], await pipeline.UsageAsync(meter, "c:c", Day, NextDay));
    }

    [Fact]
    public async Task A_slow_fold_meets_the_gap_that_was_recorded_meanwhile_and_counts_nothing_of_it()
    {
        await using var pipeline = await StartAsync("memory");
        var meter = await pipeline.MeterAsync(Aggregation.Sum, "n");
        for (var i = 1; i <= 4; i++) await pipeline.SendAsync(One($"{i}", i));
        // It has claimed 1 to 4 and is about to archive them, when 3 is gone from the log and declared lost.
        var slow = pipeline.NewRecord(archive: new InterruptedArchive(pipeline.Archive, beforePut: async () =>
        {
            await pipeline.LoseAsync(3, 3);
            Assert.Null((await pipeline.Gaps.RunAsync(pipeline.Lost(3, 3), "me", default)).Refusal);
        }));
        await Assert.ThrowsAsync<StaleFoldException>(() => slow.FoldAsync(pipeline.Partition(), pipeline.Messages(), default));
        Assert.Empty(await pipeline.UsageAsync(meter, "c:c", Day, NextDay));
        await pipeline.SendAsync(One("2", 2));
        await pipeline.FoldAsync();
        // 1 + 3 + 4, and 2 as it came again
        Assert.Equal(["2026-03-01T00:00:00Z: 4 10"], await pipeline.UsageAsync(meter, "c:c", Day, NextDay));
        // A new meter counts the same from the archive, which has what the slow one put there too late.
        var later = await pipeline.MeterAsync(Aggregation.Sum, "n");
        await pipeline.FoldAsync();
        await pipeline.FillAsync();
        Assert.Equal(["2026-03-01T00:00:00Z: 4 10"], await pipeline.UsageAsync(later, "c:c", Day, NextDay));
        Assert.Equal([6, 5, 4, 2], (await pipeline.Events.NewestAsync(null, e => true, 100, 100, default)).Events.Select(e => e.Sequence).Order().Reverse());
    }

    [Fact]
    public async Task A_fold_that_has_archived_withdraws_the_proposal_of_a_gap()
    {
        await using var pipeline = await StartAsync("memory");
        await pipeline.SendAsync(One("1", 1));
        await pipeline.LoseAsync(1, 1);
        var asked = false;
        // The operator has proposed the gap and looked into the archive, when a fold that had the message all along puts it there.
        var operating = new RecordGap(new InterruptedDocuments(pipeline.Documents, async writes =>
        {
            if (asked || writes is not [Write.Replace { Document.Kind: LogRegistry.Kind } write] || !Encoding.UTF8.GetString(write.Document.Body.Span).Contains("broke", StringComparison.Ordinal)) return;
            asked = true;
            await pipeline.Record.FoldAsync(pipeline.Partition(), ((InMemoryEventLog)pipeline.Log).Everything(0), default);
        }), pipeline.Log, pipeline.Archive, pipeline.NewRecord(), pipeline.Clock);
        Assert.Equal("messages_folded", (await operating.RunAsync(pipeline.Lost(1, 1), "me", default)).Refusal?.Code);
        Assert.True(asked);
        Assert.Equal(1, (await pipeline.Stats.ReadAsync(default)).Counted);
        Assert.Empty((await new LogRegistry(pipeline.Documents).AllAsync(default))[0][0].Gaps);
    }

    private static async Task DieBeforeArchivingAsync(Pipeline pipeline, int partition)
    {
        var dying = pipeline.NewRecord(archive: new InterruptedArchive(pipeline.Archive, beforePut: () => throw new IOException("dead")));
        await Assert.ThrowsAsync<IOException>(() => dying.FoldAsync(pipeline.Partition(partition), pipeline.Messages(partition), default));
    }

    private static NewMessage Message(int partition, params string[] events) =>
        new(partition, Encoding.UTF8.GetBytes($"[{string.Join(',', events)}]"), events.Length);

    private static string One(string id, int n) => Event(id, "2026-03-01T10:00:00Z", $$"""{"n":{{n}}}""");
}
