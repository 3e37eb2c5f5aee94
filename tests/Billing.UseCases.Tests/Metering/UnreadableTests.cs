using Billing.Domain.Metering;
using NodaTime;
using Xunit;
using static Billing.UseCases.Tests.Metering.Pipeline;

namespace Billing.UseCases.Tests.Metering;

public sealed class UnreadableTests
{
    private static readonly Instant Day = At("2026-03-01T00:00:00Z");
    private static readonly Instant NextDay = At("2026-03-02T00:00:00Z");

    [Theory]
    [MemberData(nameof(Stores), MemberType = typeof(Pipeline))]
    public async Task What_a_meter_cannot_read_is_listed_and_the_event_stays_accepted(string store)
    {
        await using var pipeline = await StartAsync(store);
        var sum = await pipeline.MeterAsync(Aggregation.Sum, "n", ["g"]);
        var count = await pipeline.MeterAsync(Aggregation.Count);
        var wide = new string('w', 513);
        await pipeline.SendAsync(
            Event("1", "2026-03-01T00:00:00Z", """{"n":1}"""), Event("2", "2026-03-01T00:00:00Z", """{"n":"many"}"""), Event("3", "2026-03-01T00:00:00Z"),
            Event("4", "2026-03-01T00:00:00Z", $$"""{"n":1,"g":"{{wide}}"}"""), Event("5", "2026-03-01T00:00:00Z", $$"""{"n":1,"g":"{{wide[1..]}}"}"""), Event("6", "2026-03-01T00:00:00Z", """{"n":1.0000000000005}"""));
        var progress = await pipeline.FoldAsync();
        Assert.Equal((6, 3, 1, 0), (progress.Counted, progress.Unreadable, progress.Rounded, progress.Rejected));
        // 1 + 1.0000000000005, of which the tie goes down to the even …000.
        Assert.Equal(["2026-03-01T00:00:00Z -: 2 2", $"2026-03-01T00:00:00Z {wide[1..]}: 1 1"], await pipeline.UsageAsync(sum, "c:c", Day, NextDay));
        Assert.Equal(["2026-03-01T00:00:00Z: 6 6"], await pipeline.UsageAsync(count, "c:c", Day, NextDay));
        var listed = (await pipeline.Rejected.ListAsync(null, 10, default)).Entries;
        Assert.Equal(
            [(1, "The value is not a number that the meter can read: plain decimal, below 10^15, not closer to zero than 10^-12."), (2, "The meter's value property is absent."), (3, "A group value is longer than 512 bytes.")],
            listed.Select(e => (e.Index, e.Reason)));
        Assert.All(listed, e => Assert.Equal(("unreadable", sum.Id), (e.Kind, e.MeterId)));
    }

    [Fact]
    public async Task What_a_new_meter_cannot_read_of_the_past_is_listed_with_the_same_particulars()
    {
        await using var pipeline = await StartAsync("memory");
        await pipeline.SendAsync(Event("good", null, """{"n":1}"""), Event("bad", null, """{"n":"many"}""", customer: "acme"));
        await pipeline.FoldAsync();
        var meter = await pipeline.MeterAsync(Aggregation.Sum, "n");
        await pipeline.FillAsync();
        var listed = Assert.Single((await pipeline.Rejected.ListAsync(null, 10, default)).Entries);
        Assert.Equal(("unreadable", 1L, 1, meter.Id, "bad", "acme"), (listed.Kind, listed.Sequence, listed.Index, listed.MeterId!, listed.Id!, listed.Key!));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(100)]
    public async Task Pages_of_the_list_have_every_entry_once_newest_first(int page)
    {
        await using var pipeline = await StartAsync("memory");
        for (var minute = 0; minute < 5; minute++)
        {
            pipeline.Clock.Now += Duration.FromMinutes(1);
            await pipeline.AppendAsync("[{},{},{}]", 3);
            await pipeline.FoldAsync();
        }
        var all = new List<(long, int)>();
        for (string? next = null; ;)
        {
            (var entries, next) = await pipeline.Rejected.ListAsync(next, page, default);
            Assert.True(entries.Count <= page);
            all.AddRange(entries.Select(e => (e.Sequence, e.Index)));
            if (next is null) break;
        }
        Assert.Equal([(5, 0), (5, 1), (5, 2), (4, 0), (4, 1), (4, 2), (3, 0), (3, 1), (3, 2), (2, 0), (2, 1), (2, 2), (1, 0), (1, 1), (1, 2)], all);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("-1@rejected/x")]
    [InlineData("0@log-00000000/0/0000000000000001-0000000000000001")]
    [InlineData("7@rejected/nothing")]
    public async Task A_page_that_was_never_given_reads_nothing_else(string after)
    {
        await using var pipeline = await StartAsync("memory");
        await pipeline.AppendAsync("{}", 1);
        await pipeline.FoldAsync();
        Assert.True((await pipeline.Rejected.ListAsync(after, 10, default)).Entries.Count <= 1);
    }

    [Theory]
    [MemberData(nameof(Stores), MemberType = typeof(Pipeline))]
    public async Task No_message_stops_a_partition(string store)
    {
        await using var pipeline = await StartAsync(store);
        await pipeline.MeterAsync(Aggregation.Sum, "$.a.b", [.. Enumerable.Range(0, 200).Select(i => new[] { $"g{i}" })]);
        var wide = string.Join(',', Enumerable.Range(0, 200).Select(i => $"\"g{i}\":\"{new string('w', 512)}\""));
        string[] bodies =
        [
            "", "null", "[[[[", "{\"marker\":\"no-such-meter\"}", "[{\"marker\":\"tick\"}]", "{\"marker\":\"/?#\"}", new string('[', 100_000),
            Event("1", null, """{"a":{"\ud800":1,"\ud800":2}}"""), Event("2", null, """{"a":{"b":"\udfff"}}"""), Event("3", null, """{"a":{"b":1e41}}"""),
            Event("4", null, $$"""{"a":{"b":1},{{wide}}}"""), Event("5", null, """{"a":{"b":{"c":[]}}}"""), Event("6", "0001-01-01T00:00:00+23:59"), Event("7", null, """{"a":[{"b":1}]}"""),
        ];
        foreach (var body in bodies) await pipeline.AppendAsync(body, 1);
        var progress = await pipeline.FoldAsync();
        Assert.Equal(bodies.Length + 1, progress.Sequence);
        // Counted: 4, 5 and 7. No events: the two markers that are messages of their own.
        Assert.Equal((3, 9), (progress.Counted, progress.Rejected));
    }
}
