using Billing.Domain.Metering;
using Billing.UseCases.Metering;
using NodaTime;
using Xunit;
using static Billing.UseCases.Tests.Metering.Pipeline;

namespace Billing.UseCases.Tests.Metering;

public sealed class ExactlyOnceTests
{
    private static readonly Instant Day = At("2026-03-01T00:00:00Z");
    private static readonly Instant NextDay = At("2026-03-02T00:00:00Z");

    [Theory]
    [MemberData(nameof(Stores), MemberType = typeof(Pipeline))]
    public async Task One_id_is_one_fact_whenever_and_however_it_comes_again(string store)
    {
        await using var pipeline = await StartAsync(store);
        var meter = await pipeline.MeterAsync(Aggregation.Sum, "n");
        await pipeline.SendAsync(Event("a", "2026-03-01T00:00:00Z", """{"n":1}"""), Event("a", "2026-03-01T00:00:00Z", """{"n":1}"""));
        // The same fact: members in another order, the id escaped, the zone written otherwise, in another request.
        await pipeline.SendAsync("""{"properties":{"n":1},"event_type":"call","timestamp":"2026-03-01T05:30:00+05:30","transaction_id":"\u0061","customer_id":"c"}""");
        // The same id with another day, without time, with another body: conflicts, not counted.
        await pipeline.SendAsync(Event("a", "2026-02-28T00:00:00Z", """{"n":1}"""), Event("a", null, """{"n":1}"""), Event("a", "2026-03-01T00:00:00Z", """{"n":2}"""));
        var progress = await pipeline.FoldAsync();
        Assert.Equal((6, 1, 5, 3, 0), (progress.Folded, progress.Counted, progress.Duplicate, progress.Conflict, progress.Rejected));
        Assert.Equal(["2026-02-20T00:00:00Z: 1 1"], await pipeline.UsageAsync(meter, "c:c", Day - Duration.FromDays(9), NextDay));
        var listed = (await pipeline.Rejected.ListAsync(null, 100, default)).Entries;
        Assert.Equal([("conflict", 4L, 0, "a"), ("conflict", 4L, 1, "a"), ("conflict", 4L, 2, "a")], listed.Select(e => (e.Kind, e.Sequence, e.Index, e.Id!)));
    }

    [Theory]
    [MemberData(nameof(Stores), MemberType = typeof(Pipeline))]
    public async Task Accepted_is_counted_plus_duplicate_plus_rejected_plus_pending(string store)
    {
        await using var pipeline = await StartAsync(store);
        await pipeline.MeterAsync(Aggregation.Count);
        await pipeline.SendAsync(Event("1", null), Event("2", null), Event("2", null));
        await pipeline.AppendAsync("not json", 1);
        await pipeline.AppendAsync($"[{Event("3", null)},{{}},{Event("4", "2020-01-01T00:00:00Z")},{Event("2", null, """{"x":1}""")}]", 4);
        await pipeline.SendAsync(Event("5", null), Event("6", null));
        foreach (var (messages, counted, duplicate, conflict, rejected) in new[] { (2, 2, 1, 0, 0), (3, 2, 1, 0, 1), (4, 3, 2, 1, 3), (5, 5, 2, 1, 3) })
        {
            var progress = await pipeline.Record.FoldAsync(pipeline.Partition(), [.. pipeline.Messages().Take(messages)], default);
            Assert.Equal((counted, duplicate, conflict, rejected), (progress.Counted, progress.Duplicate, progress.Conflict, progress.Rejected));
            var pending = (messages < 5 ? 2 : 0) + (messages < 4 ? 4 : 0) + (messages < 3 ? 1 : 0);
            // 3 + 1 + 4 + 2
            Assert.Equal(10, progress.Folded + pending);
            Assert.Equal(10, (await pipeline.Log.PositionAsync(0, default)).AcceptedEvents!.Value);
        }
    }

    [Theory]
    [MemberData(nameof(Stores), MemberType = typeof(Pipeline))]
    public async Task A_replay_counts_once_and_changes_nothing(string store)
    {
        await using var pipeline = await StartAsync(store);
        var meter = await pipeline.MeterAsync(Aggregation.Count);
        for (var i = 0; i < 9; i++) await pipeline.SendAsync(Event($"{i}", "2026-03-01T00:00:00Z"));
        var messages = pipeline.Messages();
        // Batches that overlap, one that is all old, and another owner.
        foreach (var (skip, take) in new[] { (0, 4), (2, 4), (0, 6), (5, 5) }) await pipeline.Record.FoldAsync(pipeline.Partition(), [.. messages.Skip(skip).Take(take)], default);
        var progress = await pipeline.NewRecord().FoldAsync(pipeline.Partition(), messages, default);
        Assert.Equal((10, 9, 0), (progress.Sequence, progress.Counted, progress.Duplicate));
        Assert.Equal(["2026-03-01T00:00:00Z: 9 9"], await pipeline.UsageAsync(meter, "c:c", Day, NextDay));
    }

    [Theory]
    [MemberData(nameof(Stores), MemberType = typeof(Pipeline))]
    public async Task A_gap_stops_the_partition_and_changes_nothing(string store)
    {
        await using var pipeline = await StartAsync(store);
        var meter = await pipeline.MeterAsync(Aggregation.Count);
        for (var i = 0; i < 3; i++) await pipeline.SendAsync(Event($"{i}", "2026-03-01T00:00:00Z"));
        var messages = pipeline.Messages();
        await Assert.ThrowsAsync<LogGapException>(() => pipeline.Record.FoldAsync(pipeline.Partition(), [.. messages.Skip(1)], default));
        await Assert.ThrowsAsync<LogGapException>(() => pipeline.Record.FoldAsync(pipeline.Partition(), [messages[0], messages[2]], default));
        Assert.Empty(await pipeline.UsageAsync(meter, "c:c", Day, NextDay));
        Assert.Equal(3, (await pipeline.FoldAsync()).Counted);
    }

    [Theory]
    [MemberData(nameof(Stores), MemberType = typeof(Pipeline))]
    public async Task Two_partitions_claim_one_id_once(string store)
    {
        await using var pipeline = await StartAsync(store, partitions: 2);
        var meter = await pipeline.MeterAsync(Aggregation.Count);
        // Another customer, so perhaps another partition; the id is the fact's, whoever it is said of.
        await pipeline.SendAsync([.. Enumerable.Range(0, 40).Select(i => Event("same", "2026-03-01T00:00:00Z", customer: $"c{i}"))]);
        await pipeline.FoldAsync();
        Assert.Equal(["2026-03-01T00:00:00Z: 1 1"], await pipeline.UsageAsync(meter, "total", Day, NextDay));
        // A second message for each partition that got any; the first of them is the fact.
        Assert.True(pipeline.Messages(0).Count == 2 && pipeline.Messages(1).Count == 2);
    }

    [Theory]
    [MemberData(nameof(Stores), MemberType = typeof(Pipeline))]
    public async Task Odd_keys_are_keys(string store)
    {
        await using var pipeline = await StartAsync(store);
        var meter = await pipeline.MeterAsync(Aggregation.Count);
        string[] keys = ["total", "c:total", "a\\u0000b", "a", "é/\\\\?#", "😀", " ", "c"];
        await pipeline.SendAsync([.. keys.Select((k, i) => Event($"{i}", "2026-03-01T00:00:00Z", customer: k))]);
        await pipeline.FoldAsync();
        foreach (var key in keys.Select(k => System.Text.Json.JsonSerializer.Deserialize<string>($"\"{k}\"")!))
            Assert.Equal(["2026-03-01T00:00:00Z: 1 1"], await pipeline.UsageAsync(meter, WindowNames.KeyOf(key), Day, NextDay));
        Assert.Equal(["2026-03-01T00:00:00Z: 8 8"], await pipeline.UsageAsync(meter, WindowNames.Total, Day, NextDay));
        Assert.Equal(8, (await new KnownKeys(pipeline.Documents).ListAsync(null, 100, default)).Keys.Count);
    }

    [Fact]
    public async Task A_request_is_taken_whole_or_refused_by_its_first_bad_event()
    {
        await using var pipeline = await StartAsync("memory");
        foreach (var (bad, at) in new[]
        {
            (Event("x", "2027-04-01T00:00:00Z"), "/1/timestamp"), (Event("x", "2026-03-02T00:00:00.0000001Z"), "/1/timestamp"), (Event("x", "9999-12-31T23:59:59Z"), "/1/timestamp"),
            (Event("x", "2025-01-24T23:59:59Z"), "/1/timestamp"), (Event("", null), "/1/transaction_id"),
        })
        {
            var answer = await pipeline.Accept.AcceptAsync(System.Text.Encoding.UTF8.GetBytes($"[{Event("1", null)},{bad},{{}}]"), Domain.Metering.Events.EventShape.Metronome, default);
            Assert.Equal(at, answer.Refusal?.Field);
        }
        Assert.Equal(0, (await pipeline.Log.PositionAsync(0, default)).LastSequence);
        // Exactly a day ahead and exactly 400 days behind are taken: 2026-03-01 less 400 days.
        await pipeline.SendAsync(Event("1", "2026-03-02T00:00:00Z"), Event("2", "2025-01-25T00:00:00Z"));
        Assert.Equal(2, (await pipeline.FoldAsync()).Counted);
    }
}
