using Billing.Domain.Metering;
using Billing.Domain.Metering.Windows;
using Billing.UseCases.Documents;
using Billing.UseCases.Metering;
using NodaTime;
using Xunit;
using static Billing.UseCases.Tests.Metering.Pipeline;

namespace Billing.UseCases.Tests.Metering;

public sealed class LargeWindowTests
{
    private static readonly Instant Day = At("2026-03-01T00:00:00Z");
    private static readonly Instant NextHour = At("2026-03-01T01:00:00Z");

    [Theory]
    [InlineData("memory", 100_000)]
    [InlineData("sqlite", 20_000)]
    public async Task A_hundred_thousand_groups_in_one_hour_are_exact(string store, int groups)
    {
        await using var pipeline = await StartAsync(store);
        var meter = await pipeline.MeterAsync(Aggregation.Sum, "n", ["g"]);
        await SendInBatchesAsync(pipeline, groups, i => $$"""{"n":{{i}},"g":"group-{{i}}"}""");
        foreach (var key in new[] { "c:c", "total" })
        {
            var rows = await pipeline.RowsAsync(meter, 0, key, Day, NextHour);
            Assert.Equal(groups, rows.Count);
            Assert.All(rows, r => Assert.Equal(r.Group[0], $"group-{r.State.Result(Aggregation.Sum):0}"));
        }
        await CheckDocumentsAsync(pipeline);
    }

    [Theory]
    [InlineData("memory", 200_000)]
    [InlineData("sqlite", 40_000)]
    public async Task Two_hundred_thousand_different_values_are_counted_exactly(string store, int values)
    {
        await using var pipeline = await StartAsync(store);
        var meter = await pipeline.MeterAsync(Aggregation.Unique, "u");
        // The last tenth has come before.
        await SendInBatchesAsync(pipeline, values + values / 10, i => $$"""{"u":{{i % values}}}""");
        foreach (var key in new[] { "c:c", "total" })
        {
            var row = Assert.Single(await pipeline.RowsAsync(meter, 0, key, Day, NextHour));
            Assert.Equal((values, values), (row.State.Count, row.State.Result(Aggregation.Unique)));
        }
        await CheckDocumentsAsync(pipeline);
    }

    [Fact]
    public async Task One_value_in_many_groups_is_spread_like_many_values_in_one()
    {
        await using var pipeline = await StartAsync("memory");
        var meter = await pipeline.MeterAsync(Aggregation.Unique, "u", ["g"]);
        await SendInBatchesAsync(pipeline, 20_000, i => $$"""{"u":"the only one","g":"group-{{i}}"}""");
        var rows = await pipeline.RowsAsync(meter, 0, "c:c", Day, NextHour);
        Assert.Equal(20_000, rows.Count);
        Assert.All(rows, r => Assert.Equal((1, 1m), (r.State.Count, r.State.Result(Aggregation.Unique))));
        await CheckDocumentsAsync(pipeline);
    }

    [Fact]
    public async Task An_owner_who_fell_behind_cannot_make_a_split_window_again()
    {
        await using var pipeline = await StartAsync("memory");
        var meter = await pipeline.MeterAsync(Aggregation.Unique, "u");
        await pipeline.SendAsync([.. Enumerable.Range(0, 1_000).Select(i => Event($"first-{i}", "2026-03-01T00:00:00Z", $$"""{"u":"{{i}}"}"""))]);
        for (var more = 0; more < 8; more++)
            await pipeline.SendAsync([.. Enumerable.Range(0, 1_000).Select(i => Event($"{more}-{i}", "2026-03-01T00:00:00Z", $$"""{"u":"{{more}} {{i}}"}"""))]);
        // The slow owner has folded the first messages and is about to create the window, when another folds everything, and splits it.
        var once = false;
        var slow = pipeline.NewRecord(new InterruptedDocuments(pipeline.Documents, async writes =>
        {
            if (once || !writes.OfType<Write.Create>().Any(w => w.Document.Kind == WindowNames.WindowKind)) return;
            once = true;
            await pipeline.Record.FoldAsync(pipeline.Partition(), [.. pipeline.Messages().Take(3)], default);
            await pipeline.Record.FoldAsync(pipeline.Partition(), pipeline.Messages(), default);
        }));
        await Assert.ThrowsAsync<StaleFoldException>(() => slow.FoldAsync(pipeline.Partition(), [.. pipeline.Messages().Take(2)], default));
        Assert.True(once);
        await pipeline.FoldAsync();
        foreach (var key in new[] { "c:c", "total" })
        {
            var row = Assert.Single(await pipeline.RowsAsync(meter, 0, key, Day, NextHour));
            Assert.Equal((9_000, 9_000m), (row.State.Count, row.State.Result(Aggregation.Unique)));
        }
        await CheckDocumentsAsync(pipeline);
    }

    private static async Task SendInBatchesAsync(Pipeline pipeline, int count, Func<int, string> properties)
    {
        for (var from = 0; from < count; from += 1_000)
        {
            await pipeline.SendAsync([.. Enumerable.Range(from, Math.Min(1_000, count - from)).Select(i => Event($"{i}", "2026-03-01T00:30:00Z", properties(i)))]);
            // Batches of ten messages, so that documents grow and are split one after the other.
            if (from % 10_000 == 9_000) await FoldNewAsync(pipeline);
        }
        var progress = await FoldNewAsync(pipeline);
        Assert.Equal(count, progress.Counted);
    }

    private static async Task<Progress> FoldNewAsync(Pipeline pipeline)
    {
        var (progress, _) = await new ProgressStore(pipeline.Documents).ReadAsync(pipeline.Partition(), default);
        return await pipeline.Record.FoldAsync(pipeline.Partition(), pipeline.Messages(0, progress.Sequence), default);
    }

    private static async Task CheckDocumentsAsync(Pipeline pipeline)
    {
        var windows = await pipeline.DocumentsAsync(WindowNames.WindowKind);
        Assert.All(windows, w => Assert.True(w.Document.Body.Length <= 65_536));
        Assert.True(windows.Count > 4);
        foreach (var window in windows.GroupBy(w => (w.Document.Place, w.Document.Id[..w.Document.Id.LastIndexOf(':')])))
            Assert.True(HashRange.Tile([.. window.Select(w => WindowNames.RangeOfId(w.Document.Id))]));
    }
}
