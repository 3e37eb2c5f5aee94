using System.Text;
using Billing.Domain.Metering.Events;
using NodaTime;
using NodaTime.Text;
using Xunit;

namespace Billing.Domain.Tests.Metering;

public sealed class EventTimeTests
{
    [Theory]
    [InlineData("2026-01-03T01:00:00Z", "2026-01-03T01:00:00Z")]
    [InlineData("2026-01-03t01:00:00z", "2026-01-03T01:00:00Z")]
    [InlineData("2026-01-03 01:00:00Z", "2026-01-03T01:00:00Z")]
    [InlineData("2026-01-03T01:00:00.25+02:00", "2026-01-02T23:00:00.25Z")]
    [InlineData("2026-01-03T01:00:00-05:30", "2026-01-03T06:30:00Z")]
    [InlineData("2026-01-03T01:00:00+23:59", "2026-01-02T01:01:00Z")]
    [InlineData("2026-01-03T01:00:00.123456789Z", "2026-01-03T01:00:00.1234567Z")]
    [InlineData("2026-01-03T01:00:00.99999999999999999999Z", "2026-01-03T01:00:00.9999999Z")]
    // A leap second is the last instant of its minute.
    [InlineData("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.9999999Z")]
    [InlineData("2016-12-31T23:59:60.5Z", "2016-12-31T23:59:59.9999999Z")]
    [InlineData("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z")]
    [InlineData("1969-12-31T23:59:59.9999999Z", "1969-12-31T23:59:59.9999999Z")]
    [InlineData("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z")]
    [InlineData("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.9999999Z")]
    public void A_time_with_its_zone_is_read(string text, string expected)
    {
        Assert.Null(EventTime.Read(Encoding.UTF8.GetBytes(text), out var ticks));
        Assert.Equal(InstantPattern.ExtendedIso.Parse(expected).Value, Instant.FromUnixTimeTicks(ticks));
    }

    [Theory]
    [InlineData("2026-01-03T01:00:00", "has no zone: add Z or an offset such as +01:00")]
    [InlineData("2026-01-03T01:00:00.5", "has no zone: add Z or an offset such as +01:00")]
    [InlineData("2026-01-03T01:00:00 Z", "has no zone that can be read: use Z or an offset such as +01:00")]
    [InlineData("2026-01-03T01:00:00+0100", "has no zone that can be read: use Z or an offset such as +01:00")]
    [InlineData("2026-01-03T01:00:00+01", "has no zone that can be read: use Z or an offset such as +01:00")]
    [InlineData("2026-01-03T01:00:00+24:00", "has no zone that can be read: use Z or an offset such as +01:00")]
    [InlineData("2026-01-03T01:00:00+01:60", "has no zone that can be read: use Z or an offset such as +01:00")]
    [InlineData("2026-01-03T01:00:00Zz", "has no zone that can be read: use Z or an offset such as +01:00")]
    [InlineData("2026-01-03T01:00:00.Z", "has a '.' without digits")]
    [InlineData("2026-02-29T00:00:00Z", "is not a date and time of the calendar")]
    [InlineData("2026-13-01T00:00:00Z", "is not a date and time of the calendar")]
    [InlineData("2026-00-01T00:00:00Z", "is not a date and time of the calendar")]
    [InlineData("2026-01-00T00:00:00Z", "is not a date and time of the calendar")]
    [InlineData("0000-01-01T00:00:00Z", "is not a date and time of the calendar")]
    [InlineData("2026-01-01T24:00:00Z", "is not a date and time of the calendar")]
    [InlineData("2026-01-01T00:60:00Z", "is not a date and time of the calendar")]
    [InlineData("2026-01-01T00:00:61Z", "is not a date and time of the calendar")]
    [InlineData("2026-01-03", "is not an RFC 3339 time such as 2026-01-03T01:00:00Z")]
    [InlineData("1767402000", "is not an RFC 3339 time such as 2026-01-03T01:00:00Z")]
    [InlineData("", "is not an RFC 3339 time such as 2026-01-03T01:00:00Z")]
    [InlineData("+026-01-03T01:00:00Z", "is not an RFC 3339 time such as 2026-01-03T01:00:00Z")]
    [InlineData("2026/01/03T01:00:00Z", "is not an RFC 3339 time such as 2026-01-03T01:00:00Z")]
    [InlineData("12026-01-03T01:00:00Z", "is not an RFC 3339 time such as 2026-01-03T01:00:00Z")]
    [InlineData("２０26-01-03T01:00:00Z", "is not an RFC 3339 time such as 2026-01-03T01:00:00Z")]
    public void Anything_else_is_told_what_is_wrong(string text, string complaint) =>
        Assert.Equal(complaint, EventTime.Read(Encoding.UTF8.GetBytes(text), out _));

    [Fact]
    public void Random_times_are_what_NodaTime_reads()
    {
        var chance = new Random(20_260_101);
        for (var i = 0; i < 20_000; i++)
        {
            var local = new LocalDateTime(chance.Next(1, 10_000), chance.Next(1, 13), 1, chance.Next(24), chance.Next(60), chance.Next(60))
                .PlusDays(chance.Next(28)).PlusTicks(chance.Next(10_000_000));
            var time = local.WithOffset(Offset.FromHoursAndMinutes(chance.Next(-17, 18), 0) + Offset.FromSeconds(60 * chance.Next(60)));
            var text = OffsetDateTimePattern.Rfc3339.Format(time);
            Assert.Null(EventTime.Read(Encoding.UTF8.GetBytes(text), out var ticks));
            // NodaTime's own range ends at year 9999 UTC; an offset may go past it.
            Assert.Equal(local.ToDateTimeUnspecified().Ticks - DateTime.UnixEpoch.Ticks - time.Offset.Ticks, ticks);
            if (local.Year is > 1 and < 9999) Assert.Equal(OffsetDateTimePattern.Rfc3339.Parse(text).Value.ToInstant().ToUnixTimeTicks(), ticks);
        }
    }
}
