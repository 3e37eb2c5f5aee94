using System.Globalization;
using Billing.Domain.Metering;
using Billing.UseCases.Metering;
using NodaTime;
using NodaTime.Text;
using Xunit;
using static Billing.UseCases.Tests.Metering.Pipeline;

namespace Billing.UseCases.Tests.Metering;

/// <summary>A TIME_WEIGHTED_SUM: events change a level, and the level × time is what was used.</summary>
public sealed class LevelTests
{
    private static readonly Instant First = At("2026-03-01T00:00:00Z");

    private static Task<Meter> DiskAsync(Pipeline pipeline, params string[][] groupings) => pipeline.MeterAsync(Aggregation.TimeWeightedSum, "gb", groupings);

    [Theory]
    [MemberData(nameof(Pipeline.Stores), MemberType = typeof(Pipeline))]
    public async Task A_level_stands_until_it_is_changed_and_counts_by_the_hour(string store)
    {
        await using var pipeline = await StartAsync(store);
        var disk = await DiskAsync(pipeline, ["zone"]);
        pipeline.Clock.Now = First + Duration.FromDays(2);
        await pipeline.SendAsync(
            Event("1", "2026-03-01T00:00:00Z", """{"gb":10,"zone":"a"}"""), Event("2", "2026-03-01T06:00:00Z", """{"gb":5,"zone":"a"}"""),
            Event("3", "2026-03-01T12:00:00Z", """{"gb":-3,"zone":"a"}"""), Event("4", "2026-03-01T23:00:36Z", """{"gb":100,"zone":"b"}"""), Event("5", "2026-03-02T23:00:36Z", """{"gb":-100,"zone":"b"}"""));
        await pipeline.FoldAsync();
        foreach (var built in new[] { false, true })
        {
            if (built) Assert.True(await pipeline.BuildDaysAsync(First + Duration.FromDays(3)) > 0);
            pipeline.Clock.Now = First + Duration.FromDays(2);
            // Zone a: 10 x 24 + 5 x 18 - 3 x 12 = 294, then 12 x 24 = 288. Zone b: 100 for 59 minutes and 24 seconds, and for the rest of 24 hours.
            Assert.Equal(
                ["03-01 a 294", "03-01 b 99", "03-02 a 288", "03-02 b 2301"],
                await SayAsync(pipeline, disk, First, First + Duration.FromDays(1), First + Duration.FromDays(2)));
            // Asked for later alone, the level is the one that stands; what has not passed yet has not accrued.
            Assert.Equal(["03-02 a 144", "03-02 b 1101"], await SayAsync(pipeline, disk, First + Duration.FromHours(36), First + Duration.FromDays(5)));
        }
    }

    [Fact]
    public async Task What_comes_late_counts_from_when_it_happened_in_every_window_after_it()
    {
        await using var pipeline = await StartAsync("memory");
        var disk = await DiskAsync(pipeline);
        pipeline.Clock.Now = First + Duration.FromDays(10);
        await pipeline.SendAsync(Event("1", "2026-03-03T00:00:00Z", """{"gb":1}"""));
        await pipeline.FoldAsync();
        await pipeline.SendAsync(Event("2", "2026-03-01T12:00:00Z", """{"gb":2}"""), Event("1", "2026-03-03T00:00:00Z", """{"gb":1}"""));
        await pipeline.FoldAsync();
        Assert.Equal(["03-01  24", "03-02  48", "03-03  72"], await SayAsync(pipeline, disk, First, First + Duration.FromDays(1), First + Duration.FromDays(2), First + Duration.FromDays(3)));
    }

    [Fact]
    public async Task A_key_that_moves_takes_its_level_along_and_the_customers_add_up_to_the_key()
    {
        await using var pipeline = await StartAsync("memory");
        var disk = await DiskAsync(pipeline);
        pipeline.Clock.Now = First + Duration.FromDays(10);
        await pipeline.SendAsync(Event("1", "2026-03-01T00:00:00Z", """{"gb":7}"""), Event("2", "2026-03-02T18:00:00Z", """{"gb":1}"""));
        await pipeline.FoldAsync();
        var moved = First + Duration.FromHours(36);
        Instant[] days = [First, First + Duration.FromDays(1), First + Duration.FromDays(2), First + Duration.FromDays(3)];
        // 7 x 24, 7 x 12 | 7 x 12 + 1 x 6, 8 x 24
        Assert.Equal([168m, 84m], await OfAsync(new KeySpan("c:c", Instant.MinValue, moved)));
        Assert.Equal([90m, 192m], await OfAsync(new KeySpan("c:c", moved, Instant.MaxValue)));
        Assert.Equal([168m, 174m, 192m], await OfAsync(new KeySpan("c:c", Instant.MinValue, moved), new KeySpan("c:c", moved, Instant.MaxValue)));

        async Task<IEnumerable<decimal>> OfAsync(params KeySpan[] keys) =>
            (await pipeline.Reader.ReadAsync(new UsageScope(keys, days), new UsageQuery(disk, 0, _ => []), default)).Select(r => r.Value).Where(v => v != 0);
    }

    [Fact]
    public async Task Parts_of_time_add_up_to_the_whole_and_to_the_level_minute_by_minute()
    {
        var chance = new Random(11);
        for (var again = 0; again < 60; again++)
        {
            var events = Enumerable.Range(0, chance.Next(30)).Select(_ => (Minute: 3 * chance.Next(20 * 72), Change: chance.Next(-50, 51))).ToArray();
            var cuts = Enumerable.Range(0, chance.Next(6)).Select(_ => chance.Next(1, 3 * 24)).Append(chance.Next(24)).ToArray();
            var now = 15 * chance.Next(4 * 24, 4 * 96);
            Assert.True(await HoldsAsync(events, cuts, now, again % 2 == 0), $"until {now}: {string.Join(' ', events)} cut at {string.Join(' ', cuts)}");
        }
    }

    private static async Task<bool> HoldsAsync((int Minute, int Change)[] events, int[] cuts, int now, bool build)
    {
        await using var pipeline = await StartAsync("memory");
        var disk = await DiskAsync(pipeline);
        pipeline.Clock.Now = First + Duration.FromDays(2.5);
        await pipeline.SendAsync([.. events.Select((e, i) => Event(
            $"{i}", InstantPattern.General.Format(First + Duration.FromMinutes(e.Minute)), string.Create(CultureInfo.InvariantCulture, $$"""{"gb":{{e.Change}}}""")))]);
        await pipeline.FoldAsync();
        if (build) _ = await pipeline.BuildDaysAsync(First + Duration.FromDays(4));
        pipeline.Clock.Now = First + Duration.FromMinutes(now);
        int[] hours = [.. cuts.Distinct().Order(), 3 * 24];
        var (level, expected) = (0, new decimal[hours.Length - 1]);
        var sorted = events.ToLookup(e => e.Minute, e => e.Change);
        for (var minute = 0; minute < Math.Min(now, hours[^1] * 60); minute++)
        {
            level += sorted[minute].Sum();
            for (var w = 0; w < expected.Length; w++)
                if (hours[w] * 60 <= minute && minute < hours[w + 1] * 60) expected[w] += level / 60m;
        }
        Instant[] parts = [.. hours.Select(h => First + Duration.FromHours(h))];
        var found = (await pipeline.RowsAsync(disk, 0, "c:c", parts)).ToDictionary(r => r.Window, r => r.Value);
        var whole = (await pipeline.RowsAsync(disk, 0, "c:c", parts[0], parts[^1])).Sum(r => r.Value);
        return expected.Select((e, w) => Math.Round(e, 10) == found.GetValueOrDefault(w)).All(same => same) && whole == found.Values.Sum();
    }

    private static async Task<string[]> SayAsync(Pipeline pipeline, Meter meter, params Instant[] bounds) =>
        [.. (await pipeline.RowsAsync(meter, 0, "c:c", bounds)).Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.Start.InUtc().Date.ToString("MM-dd", null)} {string.Join(',', r.Group)} {r.Value}"))];
}
