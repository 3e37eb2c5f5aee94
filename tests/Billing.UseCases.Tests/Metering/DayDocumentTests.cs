using Billing.Domain.Metering;
using Billing.UseCases.Documents;
using Billing.UseCases.Metering;
using NodaTime;
using Xunit;
using static Billing.UseCases.Tests.Metering.Pipeline;

namespace Billing.UseCases.Tests.Metering;

public sealed class DayDocumentTests
{
    private static readonly Instant Day = At("2026-03-01T00:00:00Z");
    private static readonly Instant NextDay = At("2026-03-02T00:00:00Z");

    [Theory]
    [MemberData(nameof(Stores), MemberType = typeof(Pipeline))]
    public async Task A_day_is_built_when_the_cut_is_past_its_end_and_then_answers_alone(string store)
    {
        await using var pipeline = await StartAsync(store);
        var meter = await pipeline.MeterAsync(Aggregation.Sum, "n");
        await pipeline.SendAsync(Event("1", "2026-03-01T10:20:00Z", """{"n":1}"""), Event("2", "2026-03-01T11:20:00Z", """{"n":2}"""));
        await pipeline.FoldAsync();
        Assert.Equal(0, await pipeline.BuildDaysAsync(NextDay - Duration.FromTicks(1)));
        // The customer's and the total's.
        Assert.Equal(2, await pipeline.BuildDaysAsync(NextDay));
        Assert.Null(await pipeline.Days.NextDueAsync(default));
        await DeleteHoursAsync(pipeline);
        Assert.Equal(["2026-03-01T00:00:00Z: 2 3"], await pipeline.UsageAsync(meter, "c:c", Day, NextDay));
        Assert.Equal(["2026-03-01T11:00:00Z: 1 2"], await pipeline.UsageAsync(meter, "total", Day + Duration.FromHours(11), NextDay));
    }

    [Theory]
    [MemberData(nameof(Stores), MemberType = typeof(Pipeline))]
    public async Task A_late_event_is_read_at_once_and_makes_its_day_due_again(string store)
    {
        await using var pipeline = await StartAsync(store);
        var meter = await pipeline.MeterAsync(Aggregation.Sum, "n");
        await pipeline.SendAsync(Event("1", "2026-03-01T10:20:00Z", """{"n":1}"""));
        await pipeline.FoldAsync();
        await pipeline.BuildDaysAsync(NextDay + Duration.FromHours(1));
        // Into an hour that is there, and into a new one.
        await pipeline.SendAsync(Event("2", "2026-03-01T10:21:00Z", """{"n":2}"""), Event("3", "2026-03-01T03:00:00Z", """{"n":4}"""));
        await pipeline.FoldAsync();
        Assert.Equal(["2026-03-01T00:00:00Z: 3 7"], await pipeline.UsageAsync(meter, "c:c", Day, NextDay));
        Assert.Equal(0, await pipeline.Days.RunAsync(await pipeline.Cut.ReadAsync(default), 10, default));
        Assert.Equal(2, await pipeline.BuildDaysAsync(NextDay + Duration.FromHours(2)));
        await DeleteHoursAsync(pipeline);
        Assert.Equal(["2026-03-01T00:00:00Z: 3 7"], await pipeline.UsageAsync(meter, "c:c", Day, NextDay));
        Assert.Equal(2, (await pipeline.DocumentsAsync(WindowNames.DayPartKind)).Count);
    }

    [Fact]
    public async Task An_event_whose_enqueued_time_steps_back_over_midnight_makes_the_day_stale()
    {
        await using var pipeline = await StartAsync("memory");
        var meter = await pipeline.MeterAsync(Aggregation.Count);
        await pipeline.SendAsync(Event("1", "2026-03-01T10:00:00Z"));
        await pipeline.FoldAsync();
        Assert.Equal(2, await pipeline.BuildDaysAsync(NextDay));
        await pipeline.SendAsync(Event("2", "2026-03-01T10:00:00Z"));
        // As a hub may: the message after the tick of midnight bears a time before it.
        var late = pipeline.Messages().Skip(3).Select(m => m with { EnqueuedAt = NextDay - Duration.FromSeconds(1) }).ToList();
        Assert.Equal(NextDay, (await pipeline.Record.FoldAsync(pipeline.Partition(), late, default)).MaxEnqueued);
        Assert.Equal(["2026-03-01T00:00:00Z: 2 2"], await pipeline.UsageAsync(meter, "c:c", Day, NextDay));
    }

    [Theory]
    [MemberData(nameof(Stores), MemberType = typeof(Pipeline))]
    public async Task A_day_of_many_groups_is_split_and_read_from_its_parts(string store)
    {
        await using var pipeline = await StartAsync(store);
        var meter = await pipeline.MeterAsync(Aggregation.Sum, "n", ["g"]);
        await pipeline.SendAsync([.. Enumerable.Range(0, 9_000).Select(i => Event($"{i}", $"2026-03-01T{i % 24:d2}:00:00Z", $$"""{"n":{{i}},"g":"group-{{i % 4_500}}"}"""))]);
        await pipeline.FoldAsync();
        await pipeline.BuildDaysAsync(NextDay);
        Assert.True((await pipeline.DocumentsAsync(WindowNames.DayPartKind)).Count >= 4);
        await DeleteHoursAsync(pipeline);
        foreach (var key in new[] { "c:c", "total" })
        {
            var rows = await pipeline.RowsAsync(meter, 0, key, Day, NextDay);
            Assert.Equal(4_500, rows.Count);
            // Group 7 has the events 7 and 4,507.
            Assert.Equal(4_514m, rows.Single(r => r.Group[0] == "group-7").State.Result(Aggregation.Sum));
            // 0 + 1 + … + 8,999
            Assert.Equal(40_495_500m, rows.Sum(r => r.State.Result(Aggregation.Sum)));
        }
    }

    [Fact]
    public async Task Two_builders_of_one_day_leave_one_whole_day()
    {
        await using var pipeline = await StartAsync("memory");
        var meter = await pipeline.MeterAsync(Aggregation.Count);
        await pipeline.SendAsync(Event("1", "2026-03-01T10:00:00Z"));
        await pipeline.FoldAsync();
        await pipeline.Cut.TickAsync(NextDay, default);
        pipeline.Clock.Now = NextDay;
        await pipeline.Cut.TickAsync(NextDay, default);
        await pipeline.FoldAsync();
        // The second builds all days while the first is about to write its first header.
        var second = new BuildDays(pipeline.Documents, Secret);
        var once = false;
        var slow = new InterruptedDocuments(pipeline.Documents, async writes =>
        {
            if (once || writes is not [Write.Replace]) return;
            once = true;
            await second.RunAsync(NextDay, 10, default);
        });
        await new BuildDays(slow, Secret).RunAsync(NextDay, 10, default);
        Assert.True(once);
        await DeleteHoursAsync(pipeline);
        Assert.Equal(["2026-03-01T00:00:00Z: 1 1"], await pipeline.UsageAsync(meter, "c:c", Day, NextDay));
    }

    // What is read after this comes from day documents alone.
    private static async Task DeleteHoursAsync(Pipeline pipeline)
    {
        foreach (var hour in await pipeline.DocumentsAsync(WindowNames.WindowKind))
            await pipeline.Documents.CommitAsync(hour.Document.Place, [new Write.Delete(hour.Document.Id, hour.ETag)], default);
    }
}
