using Billing.Domain.Metering;
using Billing.Domain.Metering.Windows;
using Billing.UseCases.Documents;
using Billing.UseCases.Metering;
using NodaTime;
using Xunit;
using static Billing.UseCases.Tests.Metering.Pipeline;

namespace Billing.UseCases.Tests.Metering;

/// <summary>A batch that touches more windows than the cache may hold.</summary>
public sealed class FoldInPartsTests
{
    private const int Messages = 30;
    private static readonly Instant Day = At("2026-03-01T00:00:00Z");

    [Theory]
    [MemberData(nameof(Pipeline.Stores), MemberType = typeof(Pipeline))]
    public async Task It_is_folded_in_parts_and_counted_exactly(string store)
    {
        await using var pipeline = await StartAsync(store);
        var meter = await SendAsync(pipeline);
        await pipeline.NewRecord(cacheBytes: 2_000).FoldAsync(pipeline.Partition(), pipeline.Messages(), default);
        await CheckAsync(pipeline, meter);
        // Each part has a watermark of its own, and none is the whole batch's alone.
        var watermarks = (await pipeline.DocumentsAsync(WindowNames.WindowKind)).Select(d => WindowCodec.ReadHeader(d.Document.Body.Span).Watermark).Distinct().ToList();
        Assert.InRange(watermarks.Count, 5, Messages + 1);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(9)]
    [InlineData(40)]
    public async Task A_crash_between_two_parts_changes_nothing(int writesBefore)
    {
        await using var pipeline = await StartAsync("memory");
        var meter = await SendAsync(pipeline);
        var writes = 0;
        var dying = pipeline.NewRecord(new InterruptedDocuments(pipeline.Documents, all => all.OfType<Write.Create>().Any(w => w.Document.Kind == WindowNames.WindowKind) && ++writes > writesBefore
            ? throw new IOException("The machine is gone.") : Task.CompletedTask), cacheBytes: 2_000);
        await Assert.ThrowsAsync<IOException>(() => dying.FoldAsync(pipeline.Partition(), pipeline.Messages(), default));
        Assert.NotEmpty(await pipeline.DocumentsAsync(WindowNames.WindowKind));
        await pipeline.NewRecord(cacheBytes: 2_000).FoldAsync(pipeline.Partition(), pipeline.Messages(), default);
        await CheckAsync(pipeline, meter);
    }

    // Thirty messages; each has an event of ten customers, the hour after the last one's.
    private static async Task<Meter> SendAsync(Pipeline pipeline)
    {
        var meter = await pipeline.MeterAsync(Aggregation.Sum, "n");
        pipeline.Clock.Now = Day + Duration.FromHours(Messages);
        for (var message = 0; message < Messages; message++)
            await pipeline.SendAsync([.. Enumerable.Range(0, 10).Select(c => Event($"{message}-{c}", $"{Day + Duration.FromHours(message):g}", $$"""{"n":{{c + 1}}}""", $"c{c}"))]);
        return meter;
    }

    // Customer c has 30 × (c + 1); all have 30 × (1 + 2 + … + 10) = 1,650.
    private static async Task CheckAsync(Pipeline pipeline, Meter meter)
    {
        var (from, until) = (Day, Day + Duration.FromHours(Messages));
        for (var c = 0; c < 10; c++)
            Assert.Equal(30m * (c + 1), Assert.Single(await pipeline.RowsAsync(meter, 0, $"c:c{c}", from, until)).State.Result(Aggregation.Sum));
        var total = Assert.Single(await pipeline.RowsAsync(meter, 0, WindowNames.Total, from, until));
        Assert.Equal((300, 1_650m), (total.State.Count, total.State.Result(Aggregation.Sum)));
    }
}
