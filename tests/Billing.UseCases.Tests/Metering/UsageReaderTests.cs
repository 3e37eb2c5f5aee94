using System.Globalization;
using Billing.Domain.Metering;
using Billing.UseCases.Metering;
using NodaTime;
using NodaTime.Text;
using Xunit;
using static Billing.UseCases.Tests.Metering.Pipeline;

namespace Billing.UseCases.Tests.Metering;

/// <summary>Random events, read back in windows of many kinds and compared with a plain calculation over the events.</summary>
public sealed class UsageReaderTests
{
    private static readonly Instant First = At("2026-03-01T00:00:00Z");

    private sealed record Used(Instant Time, string Customer, string? A, string? B, decimal Value, string? User, int Order);

    public static TheoryData<string, bool> StoresAndDays => new() { { "memory", false }, { "memory", true }, { "sqlite", false }, { "sqlite", true } };

    [Theory]
    [MemberData(nameof(StoresAndDays))]
    public async Task Every_aggregation_grouping_and_window_is_what_a_plain_calculation_gives(string store, bool daysBuilt)
    {
        await using var pipeline = await StartAsync(store, partitions: 2);
        var meters = new List<Meter>();
        // Levels stand where there are no events: LevelTests.
        foreach (var aggregation in Enum.GetValues<Aggregation>().Where(a => a != Aggregation.TimeWeightedSum))
            meters.Add(await pipeline.MeterAsync(aggregation, aggregation == Aggregation.Count ? null : aggregation == Aggregation.Unique ? "u" : "v", ["a"], ["a", "b"], ["b"]));
        var events = await SendRandomAsync(pipeline, 500);
        if (daysBuilt)
        {
            Assert.True(await pipeline.BuildDaysAsync(First + Duration.FromDays(14)) > 20);
            // Late events make some of the days stale again.
            events.AddRange(await SendRandomAsync(pipeline, 60, firstOrder: 500));
        }
        foreach (var meter in meters)
            foreach (var key in new[] { "c:c0", "c:c1", "total" })
                foreach (var bounds in Bounds(key == "total"))
                    await CompareAsync(pipeline, meter, key, bounds, events);
    }

    [Fact]
    public async Task Usage_of_several_keys_in_parts_of_time_adds_up()
    {
        await using var pipeline = await StartAsync("memory");
        var meter = await pipeline.MeterAsync(Aggregation.Unique, "u");
        await pipeline.SendAsync(
            Event("1", "2026-03-01T10:00:00Z", """{"u":"x"}""", "old"), Event("2", "2026-03-01T10:30:00Z", """{"u":"y"}""", "old"),
            Event("3", "2026-03-01T10:29:59Z", """{"u":"z"}""", "new"), Event("4", "2026-03-01T10:30:00Z", """{"u":"x"}""", "new"));
        await pipeline.FoldAsync();
        var moved = At("2026-03-01T10:30:00Z");
        var bounds = new[] { First, First + Duration.FromDays(1) };
        foreach (var built in new[] { 0, 2 })
        {
            Assert.Equal(built, built == 0 ? 0 : await pipeline.BuildDaysAsync(First + Duration.FromDays(2)) - 1);
            var rows = await pipeline.Reader.ReadAsync(new([new("c:old", bounds[0], moved), new("c:new", moved, bounds[1])], bounds), new UsageQuery(meter, 0, g => g), default);
            // x of the old key before, x of the new key from then on: one user.
            Assert.Equal((1, 1m), (rows.Single().State.Count, rows.Single().State.Result(Aggregation.Unique)));
        }
    }

    [Fact]
    public async Task No_value_can_pass_for_another_group()
    {
        await using var pipeline = await StartAsync("memory");
        var meter = await pipeline.MeterAsync(Aggregation.Count, null, ["a", "b"]);
        string[] groups =
        [
            """{"a":"x"}""", """{"a":"x","b":""}""", """{"a":"x","b":"\u0000"}""", """{"a":"x\u0001","b":"y"}""", """{"a":"x","b":"\u0001y"}""", """{"a":"x\u0001\u0000"}""", """{"a":"1:x","b":"-"}""", """{"a":"1:x-"}""",
        ];
        await pipeline.SendAsync([.. groups.Select((g, i) => Event($"{i}", "2026-03-01T00:00:00Z", g))]);
        await pipeline.FoldAsync();
        var rows = await pipeline.RowsAsync(meter, 0, "c:c", First, First + Duration.FromDays(1));
        Assert.Equal(groups.Length, rows.Count);
        Assert.All(rows, r => Assert.Equal(1, r.State.Count));
    }

    private static async Task<List<Used>> SendRandomAsync(Pipeline pipeline, int count, int firstOrder = 0)
    {
        var chance = new Random(count);
        var events = new List<Used>();
        for (var i = 0; i < count; i++)
        {
            // Around both nights in which New York's clocks may be changed (8 March 2026), many at one instant.
            var time = First + Duration.FromMinutes(chance.Next(12 * 24 * 60) / (chance.Next(3) == 0 ? 97 : 1)) + Duration.FromSeconds(chance.Next(2) * 59);
            events.Add(new Used(time, $"c{chance.Next(2)}", chance.Next(4) == 0 ? null : $"a{chance.Next(3)}", chance.Next(3) == 0 ? null : $"b{chance.Next(2)}", chance.Next(-500, 5_000) / 100m, chance.Next(9) == 0 ? null : $"u{chance.Next(30)}", firstOrder + i));
        }
        foreach (var batch in events.Chunk(50))
        {
            // The log's time goes on with the events', within the day that they may be ahead.
            pipeline.Clock.Now = Instant.Max(pipeline.Clock.Now, batch.Max(e => e.Time) - Duration.FromHours(12));
            await pipeline.SendAsync([.. batch.Select(e => Event(
                $"{e.Order}", InstantPattern.General.Format(e.Time), $$"""{"v":{{e.Value.ToString(CultureInfo.InvariantCulture)}}{{Member("a", e.A)}}{{Member("b", e.B)}}{{Member("u", e.User)}}}""", e.Customer))]);
            await pipeline.FoldAsync();
        }
        return events;

        static string Member(string name, string? value) => value is null ? "" : $",\"{name}\":\"{value}\"";
    }

    private static IEnumerable<Instant[]> Bounds(bool quarterHours)
    {
        yield return [First, First + Duration.FromDays(14)];
        yield return [.. Enumerable.Range(0, 14 * 24).Select(h => First + Duration.FromHours(h))];
        yield return Days("Asia/Kolkata");
        yield return Days("America/New_York");
        yield return [First + Duration.FromMinutes(15 * 61), First + Duration.FromMinutes(15 * 62), First + Duration.FromMinutes(15 * 500), First + Duration.FromMinutes(15 * 501)];
        if (!quarterHours) yield return [.. Enumerable.Range(0, 600).Select(m => First + Duration.FromMinutes(m + 1))];
    }

    private static Instant[] Days(string zone) =>
        [.. Enumerable.Range(0, 13).Select(d => DateTimeZoneProviders.Tzdb[zone].AtStartOfDay(new LocalDate(2026, 3, 1).PlusDays(d)).ToInstant())];

    private static async Task CompareAsync(Pipeline pipeline, Meter meter, string key, Instant[] bounds, List<Used> events)
    {
        // Kept are (a, b) alone: the others are its subsets, and read by adding up.
        Assert.Single(meter.KeptGroupings);
        var projections = new Func<string?[], string?[]?>[] { g => g, g => [g[1]], g => g[0] == "a1" ? [] : null };
        // Asked together, as the products of a contract are.
        var read = await pipeline.Reader.ReadAsync(new([new(key, bounds[0], bounds[^1])], bounds), [.. projections.Select(p => new UsageQuery(meter, 0, p))], default);
        foreach (var (project, rows) in projections.Zip(read))
        {
            var expected = events
                .Where(e => (key == "total" || key == "c:" + e.Customer) && e.Time >= bounds[0] && e.Time < bounds[^1] && project([e.A, e.B]) is not null && (meter.Aggregation != Aggregation.Unique || e.User is not null))
                .GroupBy(e => (Array.FindLastIndex(bounds, b => b <= e.Time), string.Join('|', project([e.A, e.B])!.Select(v => v ?? "-"))))
                .ToDictionary(g => g.Key, g => (meter.Aggregation == Aggregation.Unique ? g.Select(e => e.User).Distinct().Count() : g.Count(), Result(meter.Aggregation, [.. g])));
            Assert.Equal(expected, rows.ToDictionary(r => (r.Window, string.Join('|', r.Group.Select(v => v ?? "-"))), r => ((int)r.State.Count, r.State.Result(meter.Aggregation))));
        }
    }

    private static decimal Result(Aggregation aggregation, List<Used> events) => aggregation switch
    {
        Aggregation.Count => events.Count,
        Aggregation.Sum => events.Sum(e => e.Value),
        Aggregation.Max => events.Max(e => e.Value),
        Aggregation.Min => events.Min(e => e.Value),
        Aggregation.Avg => decimal.Round(events.Sum(e => e.Value) / events.Count, 20, MidpointRounding.ToEven),
        Aggregation.Unique => events.Select(e => e.User).Distinct().Count(),
        _ => events.OrderBy(e => e.Time).ThenBy(e => Domain.Metering.Events.EventIdentity.Key(Secret, default, System.Text.Encoding.UTF8.GetBytes($"{e.Order}"))).Last().Value,
    };
}
