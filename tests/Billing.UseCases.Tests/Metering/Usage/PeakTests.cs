using System.Globalization;
using Billing.Domain.Metering;
using Billing.UseCases.Metering;
using NodaTime;
using NodaTime.Text;
using Xunit;
using static Billing.UseCases.Tests.Metering.Pipeline;

namespace Billing.UseCases.Tests.Metering;

/// <summary>A MAX that is the sum of the peaks of its hours or days.</summary>
public sealed class PeakTests
{
    private static readonly Instant First = At("2026-03-01T00:00:00Z");

    [Theory]
    [MemberData(nameof(Pipeline.Stores), MemberType = typeof(Pipeline))]
    public async Task Peaks_of_days_are_added_up_for_each_group(string store)
    {
        await using var pipeline = await StartAsync(store);
        var days = await pipeline.MeterAsync(m => m with { BucketSize = BucketSize.Day }, Aggregation.Max, "seats", ["team"]);
        var hours = await pipeline.MeterAsync(m => m with { BucketSize = BucketSize.Hour }, Aggregation.Max, "seats");
        await pipeline.SendAsync(
            Event("1", "2026-03-01T00:00:00Z", """{"seats":3,"team":"a"}"""), Event("2", "2026-03-01T23:59:59Z", """{"seats":5,"team":"a"}"""),
            Event("3", "2026-03-01T23:10:00Z", """{"seats":2,"team":"b"}"""), Event("4", "2026-03-02T00:00:00Z", """{"seats":4,"team":"a"}"""));
        await pipeline.FoldAsync();
        foreach (var built in new[] { false, true })
        {
            if (built) Assert.True(await pipeline.BuildDaysAsync(First + Duration.FromDays(3)) > 0);
            // Team a: 5 + 4; team b: 2.
            Assert.Equal(["2026-03-01T00:00:00Z a: 3 9", "2026-03-01T00:00:00Z b: 1 2"], await pipeline.UsageAsync(days, "c:c", First, First + Duration.FromDays(3)));
            // Hours: 3 at midnight, 5 from 23:00, 4 at the next midnight.
            Assert.Equal(["2026-03-01T00:00:00Z: 4 12"], await pipeline.UsageAsync(hours, "c:c", First, First + Duration.FromDays(3)));
            // The first day counts where it begins, though its peak comes later.
            Assert.Equal(
                ["2026-03-01T00:00:00Z a: 2 5", "2026-03-01T00:00:00Z b: 1 2", "2026-03-02T00:00:00Z a: 1 4"],
                await pipeline.UsageAsync(days, "c:c", First, First + Duration.FromHours(10), First + Duration.FromDays(1), First + Duration.FromDays(2)));
            // All teams together: 5 + 4 again, the peak of a day whosever it is.
            var all = await pipeline.Reader.ReadAsync(new([new("c:c", First, First + Duration.FromDays(3))], [First, First + Duration.FromDays(3)]), new UsageQuery(days, 0, _ => []), default);
            Assert.Equal(9, all.Single().State.Result(Aggregation.Max));
        }
    }

    [Theory]
    [InlineData(BucketSize.Hour)]
    [InlineData(BucketSize.Day)]
    public async Task Parts_of_time_add_up_to_the_whole_and_to_a_plain_calculation(BucketSize size)
    {
        var chance = new Random(7);
        for (var again = 0; again < 25; again++)
        {
            var events = Enumerable.Range(0, chance.Next(40)).Select(_ => (chance.Next(3 * 24 * 60), chance.Next(-50, 51))).ToArray();
            var cuts = Enumerable.Range(0, chance.Next(6)).Select(_ => chance.Next(1, 3 * 24)).ToArray();
            Assert.True(await HoldsAsync(events, cuts, size), $"{size}: {string.Join(' ', events)} cut at {string.Join(' ', cuts)}");
        }
    }

    private static async Task<bool> HoldsAsync((int Minute, int Value)[] events, int[] cuts, BucketSize size)
    {
        await using var pipeline = await StartAsync("memory");
        var meter = await pipeline.MeterAsync(m => m with { BucketSize = size }, Aggregation.Max, "v");
        pipeline.Clock.Now = First + Duration.FromDays(2.5);
        await pipeline.SendAsync([.. events.Select((e, i) => Event(
            $"{i}", InstantPattern.General.Format(First + Duration.FromMinutes(e.Minute)), string.Create(CultureInfo.InvariantCulture, $$"""{"v":{{e.Value}}}""")))]);
        await pipeline.FoldAsync();
        var until = First + Duration.FromDays(3);
        Instant[] parts = [First, .. cuts.Distinct().Order().Select(h => First + Duration.FromHours(h)), until];
        var expected = events.GroupBy(e => e.Minute / (size == BucketSize.Day ? 1_440 : 60)).Sum(b => b.Max(e => e.Value));
        return Sum(await pipeline.RowsAsync(meter, 0, "c:c", First, until)) == expected && Sum(await pipeline.RowsAsync(meter, 0, "c:c", parts)) == expected;

        static decimal Sum(IEnumerable<UsageRow> rows) => rows.Sum(r => r.State.Result(Aggregation.Max));
    }
}
