using Billing.Domain.Metering;
using NodaTime;
using NodaTime.Text;
using Xunit;

namespace Billing.Domain.Tests.Metering;

/// <summary>Windows of a customer's zone where its clocks change.</summary>
public class UsageWindowsTests
{
    private static Instant At(string time) => InstantPattern.ExtendedIso.Parse(time + ":00Z").Value;

    private static DateTimeZone Zone(string id) => DateTimeZoneProviders.Tzdb[id];

    [Theory]
    [InlineData("Europe/Berlin", "2026-03-28T23:00", "2026-03-29T22:00", 23)] // +1 to +2 at 02:00
    [InlineData("Europe/Berlin", "2026-10-24T22:00", "2026-10-25T23:00", 25)] // +2 to +1 at 03:00
    [InlineData("America/New_York", "2026-03-08T05:00", "2026-03-09T04:00", 23)] // -5 to -4
    [InlineData("America/New_York", "2026-11-01T04:00", "2026-11-02T05:00", 25)]
    [InlineData("Australia/Lord_Howe", "2026-10-03T13:30", "2026-10-04T13:00", 23.5)] // +10:30 to +11: half an hour
    [InlineData("Australia/Lord_Howe", "2026-04-04T13:00", "2026-04-05T13:30", 24.5)]
    [InlineData("Asia/Beirut", "2026-03-28T22:00", "2026-03-29T21:00", 23)] // no midnight: the day begins at 01:00, +3
    [InlineData("America/Asuncion", "2023-10-01T04:00", "2023-10-02T03:00", 23)] // no midnight: the day begins at 01:00, -3
    [InlineData("America/Asuncion", "2023-03-25T03:00", "2023-03-26T04:00", 25)] // 23:00 to 24:00 twice
    [InlineData("Asia/Kolkata", "2026-03-28T18:30", "2026-03-29T18:30", 24)] // +5:30, never changes
    public void A_day_is_as_long_as_the_clocks_of_the_zone_make_it(string zone, string start, string end, double hours)
    {
        var middle = At(start) + Duration.FromHours(12);
        var day = UsageWindows.Bounds(middle, middle + Duration.FromMinutes(1), WindowSize.Day, Zone(zone), widen: true)!;
        Assert.Equal([At(start), At(end)], day);
        Assert.Equal(hours, (day[1] - day[0]).TotalHours);
    }

    [Theory]
    [InlineData("Europe/Berlin", "2026-02-28T23:00", "2026-03-31T22:00", 743)] // March: 31 x 24 - 1
    [InlineData("Europe/Berlin", "2026-09-30T22:00", "2026-10-31T23:00", 745)] // October: 31 x 24 + 1
    [InlineData("America/Asuncion", "2023-10-01T04:00", "2023-11-01T03:00", 743)] // begins at 01:00: its first day has no midnight
    [InlineData("Asia/Kolkata", "2024-01-31T18:30", "2024-02-29T18:30", 696)] // a leap year's February: 29 x 24
    public void A_month_is_from_the_start_of_its_first_day_to_that_of_the_next(string zone, string start, string end, double hours)
    {
        var middle = At(start) + Duration.FromDays(10);
        var month = UsageWindows.Bounds(middle, middle + Duration.FromHours(1), WindowSize.Month, Zone(zone), widen: true)!;
        Assert.Equal([At(start), At(end)], month);
        Assert.Equal(hours, (month[1] - month[0]).TotalHours);
    }

    [Theory]
    [InlineData("Europe/Berlin", "2026-03-28T23:00", "2026-03-29T22:00", 23)]
    [InlineData("Europe/Berlin", "2026-10-24T22:00", "2026-10-25T23:00", 25)]
    [InlineData("Asia/Beirut", "2026-03-28T22:00", "2026-03-29T21:00", 23)]
    [InlineData("Asia/Kolkata", "2026-03-28T18:30", "2026-03-29T18:30", 24)] // its hours begin at half hours of UTC
    public void Hours_of_a_day_tile_it_and_sum_to_the_whole(string zone, string start, string end, int hours)
    {
        var bounds = UsageWindows.Bounds(At(start), At(end), WindowSize.Hour, Zone(zone), widen: true)!;
        Assert.Equal((At(start), At(end), hours), (bounds[0], bounds[^1], bounds.Count - 1));
        Assert.All(bounds.Zip(bounds.Skip(1)), w => Assert.Equal(Duration.FromHours(1), w.Second - w.First));
        // One unit each quarter of an hour: 4 in every window, 4 x hours in all
        var uses = Enumerable.Range(0, hours * 4).Select(i => At(start) + Duration.FromMinutes(15 * i)).ToList();
        var windows = bounds.Zip(bounds.Skip(1)).Select(w => uses.Count(u => u >= w.First && u < w.Second)).ToList();
        Assert.All(windows, w => Assert.Equal(4, w));
        Assert.Equal(uses.Count, windows.Sum());
    }

    [Theory]
    [InlineData("Europe/Berlin", WindowSize.Day, 365)]
    [InlineData("Asia/Beirut", WindowSize.Day, 365)]
    [InlineData("Australia/Lord_Howe", WindowSize.Day, 365)]
    [InlineData("Australia/Lord_Howe", WindowSize.Month, 12)]
    public void Windows_of_a_year_tile_it_over_both_changes_of_the_clocks(string zone, WindowSize size, int count)
    {
        var start = Zone(zone).AtStartOfDay(new LocalDate(2026, 1, 1)).ToInstant();
        var end = Zone(zone).AtStartOfDay(new LocalDate(2027, 1, 1)).ToInstant();
        var bounds = UsageWindows.Bounds(start, end, size, Zone(zone), widen: true)!;
        Assert.Equal((start, end, count), (bounds[0], bounds[^1], bounds.Count - 1));
        Assert.All(bounds.Zip(bounds.Skip(1)), w => Assert.True(w.First < w.Second));
    }
}
