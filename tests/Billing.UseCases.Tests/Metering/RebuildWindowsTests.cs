using Billing.Domain.Metering;
using Billing.UseCases.Documents;
using Billing.UseCases.Metering;
using NodaTime;
using Xunit;

namespace Billing.UseCases.Tests.Metering;

/// <summary>Windows from the archive alone, as they were.</summary>
public sealed class RebuildWindowsTests
{
    private static readonly Instant March = Pipeline.At("2026-03-01T00:00:00Z");
    private static readonly Instant May = Pipeline.At("2026-05-01T00:00:00Z");

    [Theory]
    [MemberData(nameof(Pipeline.Stores), MemberType = typeof(Pipeline))]
    public async Task What_was_counted_before_and_after_its_meters_is_the_same_whatever_of_it_was_lost(string stores)
    {
        await using var pipeline = await UsedAsync(stores);
        var before = await AllAsync(pipeline);
        Assert.Contains("c:acme sum: 2026-03-01T00:00:00Z: 80 3240", before);
        foreach (var lost in (string[][])[["window", "window-split", "day", "day-part"], ["window"], ["day"], []])
        {
            foreach (var kind in lost)
                foreach (var document in await pipeline.DocumentsAsync(kind))
                    await pipeline.Documents.CommitAsync(document.Document.Place, [new Write.Delete(document.Document.Id, document.ETag)], default);
            // One that a fold made again, with a watermark that says it has all.
            if (lost.Length == 4) await SendAsync(pipeline, "late", 1, "2026-03-01T00:30:00Z");
            if (lost.Length == 4)
                for (var p = 0; p < 2; p++) await pipeline.NewRecord().FoldAsync(pipeline.Partition(p), pipeline.Messages(p), default);
            var rebuilt = await Rebuild(pipeline).RunAsync(null, _ => Task.CompletedTask, dryRun: false, _ => { }, default);
            Assert.True(rebuilt.Messages > 0);
            await pipeline.BuildDaysAsync(pipeline.Clock.Now + Duration.FromHours(1));
            if (lost.Length == 4)
                before = [.. before.Select(l => l.Replace("sum: 2026-03-01T00:00:00Z: 80 3240", "sum: 2026-03-01T00:00:00Z: 81 3241", StringComparison.Ordinal)
                    .Replace("calls: 2026-03-01T00:00:00Z: 80 80", "calls: 2026-03-01T00:00:00Z: 81 81", StringComparison.Ordinal))];
            Assert.Equal(before, await AllAsync(pipeline));
        }
        // It goes on.
        await SendAsync(pipeline, "new", 5, "2026-03-20T00:00:00Z");
        for (var p = 0; p < 2; p++) await pipeline.NewRecord().FoldAsync(pipeline.Partition(p), pipeline.Messages(p), default);
        Assert.NotEqual(before, await AllAsync(pipeline));
    }

    [Fact]
    public async Task Broken_off_anywhere_it_ends_the_same_and_stands_still_until_then()
    {
        await using var pipeline = await UsedAsync("memory");
        var before = await AllAsync(pipeline);
        var failed = 0;
        for (var writes = 0; ; writes++)
        {
            var left = writes;
            var dying = new InterruptedDocuments(pipeline.Documents, _ => left-- > 0 ? Task.CompletedTask : throw new IOException("dead"));
            try
            {
                await Rebuild(pipeline, dying).RunAsync(null, _ => Task.CompletedTask, dryRun: false, _ => { }, default);
                break;
            }
            catch (IOException)
            {
                failed++;
                var (installation, _) = (await Installation.ReadAsync(pipeline.Documents, default))!.Value;
                Assert.Equal(writes == 0, installation.Held is null);
            }
        }
        Assert.True(failed > 3);
        Assert.Null((await Installation.ReadAsync(pipeline.Documents, default))!.Value.Installation.Held);
        Assert.Equal(before, await AllAsync(pipeline));
    }

    [Fact]
    public async Task Where_the_archive_lacks_messages_nothing_is_removed_and_later_months_can_be_made_anew()
    {
        await using var pipeline = await UsedAsync("memory");
        var archive = (Billing.Testing.InMemoryArchive)pipeline.Archive;
        var first = (await archive.ListAsync($"{pipeline.Partition()}/", null, 1, default))[0];
        archive.Remove(first);
        var before = await AllAsync(pipeline);
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => Rebuild(pipeline).RunAsync(null, _ => Task.CompletedTask, dryRun: false, _ => { }, default));
        Assert.Contains("lacks sequence 1", refused.Message, StringComparison.Ordinal);
        Assert.Null((await Installation.ReadAsync(pipeline.Documents, default))!.Value.Installation.Held);
        Assert.Equal(before, await AllAsync(pipeline));
        // The oldest message that is left came on March 10: what is of March may be missing, what is of April is not.
        await Assert.ThrowsAsync<InvalidOperationException>(() => Rebuild(pipeline).RunAsync(new YearMonth(2026, 3), _ => Task.CompletedTask, dryRun: true, _ => { }, default));
        var rebuilt = await Rebuild(pipeline).RunAsync(new YearMonth(2026, 4), _ => Task.CompletedTask, dryRun: false, _ => { }, default);
        Assert.True(rebuilt.Removed > 0);
        Assert.Equal(before, await AllAsync(pipeline));
    }

    [Fact]
    public async Task A_rebuild_that_was_broken_off_goes_on_with_its_months_alone()
    {
        await using var pipeline = await UsedAsync("memory");
        var before = await AllAsync(pipeline);
        var left = 12;
        var dying = new InterruptedDocuments(pipeline.Documents, _ => left-- > 0 ? Task.CompletedTask : throw new IOException("dead"));
        await Assert.ThrowsAsync<IOException>(() => Rebuild(pipeline, dying).RunAsync(null, _ => Task.CompletedTask, dryRun: false, _ => { }, default));
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => Rebuild(pipeline).RunAsync(new YearMonth(2026, 4), _ => Task.CompletedTask, dryRun: false, _ => { }, default));
        Assert.Contains("with no --from", refused.Message, StringComparison.Ordinal);
        await Rebuild(pipeline).RunAsync(null, _ => Task.CompletedTask, dryRun: false, _ => { }, default);
        Assert.Equal(before, await AllAsync(pipeline));
    }

    [Fact]
    public async Task A_meter_that_is_made_in_the_last_moment_leaves_the_installation_as_it_was()
    {
        await using var pipeline = await UsedAsync("memory");
        var before = await AllAsync(pipeline);
        await Assert.ThrowsAsync<InvalidOperationException>(() => Rebuild(pipeline).RunAsync(null, _ => pipeline.MeterAsync(Aggregation.Max, "tokens"), dryRun: false, _ => { }, default));
        Assert.Null((await Installation.ReadAsync(pipeline.Documents, default))!.Value.Installation.Held);
        Assert.Equal(before, (await AllAsync(pipeline)).Take(before.Count));
    }

    [Fact]
    public async Task A_dry_run_counts_and_writes_nothing()
    {
        await using var pipeline = await UsedAsync("memory");
        var documents = (await pipeline.Documents.OfKindAsync(Container.Usage, null, null, 10_000, default)).Items.Select(i => i.ETag).ToList();
        var rebuilt = await Rebuild(pipeline).RunAsync(null, _ => Task.CompletedTask, dryRun: true, _ => { }, default);
        Assert.Equal(documents.Count, rebuilt.Removed);
        Assert.Equal(documents, (await pipeline.Documents.OfKindAsync(Container.Usage, null, null, 10_000, default)).Items.Select(i => i.ETag));
        Assert.Null((await Installation.ReadAsync(pipeline.Documents, default))!.Value.Installation.Held);
    }

    // 80 events of March come before the meter of sums is made, 80 in April after it; some are sent twice.
    private static async Task<Pipeline> UsedAsync(string stores)
    {
        var pipeline = await Pipeline.StartAsync(stores, partitions: 2);
        await pipeline.MeterAsync(Aggregation.Count);
        pipeline.Clock.Now = Pipeline.At("2026-03-10T00:00:00Z");
        for (var n = 1; n <= 80; n++) await SendAsync(pipeline, $"m{n}", n, $"2026-03-{n % 8 + 1:00}T{n % 24:00}:00:00Z");
        await SendAsync(pipeline, "m1", 1, "2026-03-02T01:00:00Z");
        await pipeline.FoldAsync();
        await pipeline.MeterAsync(Aggregation.Sum, "tokens");
        await pipeline.FoldAsync();
        await pipeline.FillAsync();
        pipeline.Clock.Now = Pipeline.At("2026-04-10T00:00:00Z");
        for (var n = 81; n <= 160; n++) await SendAsync(pipeline, $"m{n}", n, $"2026-04-{n % 8 + 1:00}T{n % 24:00}:00:00Z");
        await SendAsync(pipeline, "m2", 2, "2026-03-03T02:00:00Z");
        await pipeline.FoldAsync();
        await pipeline.BuildDaysAsync(Pipeline.At("2026-04-11T00:00:00Z"));
        return pipeline;
    }

    private static async Task<List<string>> AllAsync(Pipeline pipeline)
    {
        var rows = new List<string>();
        foreach (var (meter, name) in (await pipeline.Catalog.AllAsync(default)).Select(m => (m.Meter, m.Meter.Aggregation == Aggregation.Sum ? "sum" : "calls")))
            foreach (var key in (string[])["c:acme", "total"])
                foreach (var row in await pipeline.UsageAsync(meter, key, March, Pipeline.At("2026-04-01T00:00:00Z"), May)) rows.Add($"{key} {name}: {row}");
        return rows;
    }

    private static Task SendAsync(Pipeline pipeline, string id, int tokens, string time) => pipeline.SendAsync(
        $$"""{"transaction_id":"{{id}}","customer_id":"acme","event_type":"llm","timestamp":"{{time}}","properties":{"tokens":"{{tokens}}"} }""");

    private static RebuildWindows Rebuild(Pipeline of, IDocumentStore? documents = null) => new(documents ?? of.Documents, of.Archive, new MeterCatalog(documents ?? of.Documents), of.Clock, Pipeline.Secret);
}
