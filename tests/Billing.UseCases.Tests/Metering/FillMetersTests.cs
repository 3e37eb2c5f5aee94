using Billing.Domain.Metering;
using Billing.Domain.Metering.Windows;
using Billing.UseCases.Metering;
using NodaTime;
using Xunit;
using static Billing.UseCases.Tests.Metering.Pipeline;

namespace Billing.UseCases.Tests.Metering;

public sealed class FillMetersTests
{
    private static readonly Instant Day = At("2026-03-01T00:00:00Z");

    [Theory]
    [MemberData(nameof(Stores), MemberType = typeof(Pipeline))]
    public async Task A_filled_meter_is_the_meter_that_was_always_there(string store)
    {
        await using var pipeline = await StartAsync(store, partitions: 2);
        var (always, later) = (new List<Meter>(), new List<Meter>());
        foreach (var aggregation in Enum.GetValues<Aggregation>()) always.Add(await pipeline.MeterAsync(aggregation, aggregation == Aggregation.Count ? null : "n", ["g"]));
        await SendAsync(pipeline, 0);
        await pipeline.BuildDaysAsync(Day + Duration.FromDays(2));
        foreach (var aggregation in Enum.GetValues<Aggregation>()) later.Add(await pipeline.MeterAsync(aggregation, aggregation == Aggregation.Count ? null : "n", ["g"]));
        await SendAsync(pipeline, 1);
        await pipeline.FillAsync();
        await SendAsync(pipeline, 2);
        await CompareAsync(pipeline, always, later);
        await pipeline.BuildDaysAsync(pipeline.Clock.Now + Duration.FromDays(3));
        await CompareAsync(pipeline, always, later);
        Assert.All(await pipeline.Catalog.AllAsync(default), m => Assert.Null(m.Fill));
    }

    [Fact]
    public async Task A_backfill_makes_a_built_day_stale_even_on_that_day()
    {
        await using var pipeline = await StartAsync("memory");
        await pipeline.MeterAsync(Aggregation.Count);
        await pipeline.SendAsync(Event("1", "2026-03-01T10:00:00Z"));
        await pipeline.BuildDaysAsync(Day + Duration.FromDays(1));
        // This instance's clock is behind the log's: for it, the day has not ended yet.
        var meter = await pipeline.MeterAsync(Aggregation.Count);
        await pipeline.FoldAsync();
        pipeline.Clock.Now = Day + Duration.FromHours(23);
        await pipeline.FillAsync();
        Assert.Equal(["2026-03-01T00:00:00Z: 1 1"], await pipeline.UsageAsync(meter, "c:c", Day, Day + Duration.FromDays(1)));
    }

    [Fact]
    public async Task A_crash_between_catalog_and_markers_is_made_good_by_the_fill()
    {
        await using var pipeline = await StartAsync("memory", partitions: 2);
        await pipeline.SendAsync([.. Enumerable.Range(0, 20).Select(i => Event($"{i}", "2026-03-01T10:00:00Z", customer: $"c{i}"))]);
        await pipeline.FoldAsync();
        var meter = new Meter("11111111-0000-7000-8000-000000000001", Aggregation.Count, null, null, [], null, []);
        await pipeline.Catalog.TryWriteAsync(new MeterDocument { Meter = meter, Name = "m", Slug = "m", CreatedAt = Day, Fill = new MeterFill(new Dictionary<string, long>(), 0) }, null, default);
        await pipeline.FillAsync();
        await pipeline.FillAsync();
        Assert.Equal(["2026-03-01T00:00:00Z: 20 20"], await pipeline.UsageAsync(meter, "total", Day, Day + Duration.FromDays(1)));
    }

    [Fact]
    public async Task A_marker_of_no_catalogued_meter_counts_for_nothing()
    {
        await using var pipeline = await StartAsync("memory");
        await pipeline.AppendAsync("""{"marker":"22222222-0000-7000-8000-000000000001"}""", 0);
        Assert.Empty((await pipeline.FoldAsync()).Markers);
    }

    private static async Task SendAsync(Pipeline pipeline, int round)
    {
        var chance = new Random(round);
        for (var request = 0; request < 6; request++)
        {
            await pipeline.SendAsync([.. Enumerable.Range(0, 20).Select(i => Event(
                $"{chance.Next(100)}", $"2026-03-0{chance.Next(1, 3)}T{chance.Next(24):d2}:{chance.Next(60):d2}:00Z".Replace("03-02", "03-01", StringComparison.Ordinal),
                $$"""{"n":{{chance.Next(-5, 50)}},"g":"{{(chance.Next(40) == 0 ? new string('w', 600) : "g" + chance.Next(3))}}"}""", $"c{chance.Next(3)}"))]);
            if (chance.Next(2) == 0) await pipeline.FoldAsync();
        }
        await pipeline.FoldAsync();
    }

    private static async Task CompareAsync(Pipeline pipeline, List<Meter> always, List<Meter> later)
    {
        Instant[] minutes = [.. Enumerable.Range(0, 24 * 60 + 1).Select(m => Day + Duration.FromMinutes(m))];
        Instant[] quarters = [.. Enumerable.Range(0, 24 * 4 + 1).Select(q => Day + Duration.FromMinutes(15 * q))];
        Instant[] hours = [.. Enumerable.Range(0, 25).Select(h => Day + Duration.FromHours(h))];
        for (var i = 0; i < always.Count; i++)
        {
            foreach (var (key, bounds) in new[] { ("c:c0", minutes), ("c:c1", minutes), ("c:c2", hours), ("total", quarters), ("total", hours) })
            {
                var expected = (await pipeline.RowsAsync(always[i], 0, key, bounds)).Select(Describe).ToList();
                Assert.NotEmpty(expected);
                Assert.Equal(expected, (await pipeline.RowsAsync(later[i], 0, key, bounds)).Select(Describe));
            }
        }

        static string Describe(UsageRow row) => $"{row.Start} {row.Group[0]} {row.Value} {Describe2(row.State)}";

        static string Describe2(in CellState state) => $"{state.Count} {state.Value} {state.Latest} {string.Join(',', state.Elements?.Order() ?? Enumerable.Empty<UInt128>())}";
    }
}
