using Billing.Domain.Contracts;
using Billing.Domain.Values;
using FsCheck;
using FsCheck.Fluent;
using NodaTime;
using NodaTime.Text;
using Xunit;
using Interval = NodaTime.Interval;

namespace Billing.Domain.Tests.Values;

public class BillingCycleTests
{
    private static Instant At(string day) => InstantPattern.ExtendedIso.Parse(day.Contains('T') ? day + ":00:00Z" : day + "T00:00:00Z").Value;

    private static string Day(Instant at) => InstantPattern.CreateWithInvariantCulture(at.InUtc().Hour == 0 ? "yyyy-MM-dd" : "yyyy-MM-dd'T'HH").Format(at);

    [Theory]
    [InlineData(BillingFrequency.Monthly, "2026-01-31", "2026-01-31 2026-02-28 2026-03-31 2026-04-30 2026-05-31")]
    [InlineData(BillingFrequency.Monthly, "2024-01-30", "2024-01-30 2024-02-29 2024-03-30 2024-04-30 2024-05-30")]
    [InlineData(BillingFrequency.Quarterly, "2025-11-30", "2025-11-30 2026-02-28 2026-05-30 2026-08-30 2026-11-30")]
    [InlineData(BillingFrequency.Annual, "2024-02-29", "2024-02-29 2025-02-28 2026-02-28 2027-02-28 2028-02-29")]
    [InlineData(BillingFrequency.Monthly, "2023-12-31", "2023-12-31 2024-01-31 2024-02-29 2024-03-31 2024-04-30")] // over a leap day
    [InlineData(BillingFrequency.Monthly, "2026-12-31T23", "2026-12-31T23 2027-01-31T23 2027-02-28T23 2027-03-31T23 2027-04-30T23")]
    [InlineData(BillingFrequency.Quarterly, "2024-02-29", "2024-02-29 2024-05-29 2024-08-29 2024-11-29 2025-02-28")]
    [InlineData(BillingFrequency.Quarterly, "2023-08-31", "2023-08-31 2023-11-30 2024-02-29 2024-05-31 2024-08-31")] // 31, 30, 29, 31: never drifts
    [InlineData(BillingFrequency.Annual, "2025-08-31", "2025-08-31 2026-08-31 2027-08-31 2028-08-31 2029-08-31")]
    [InlineData(BillingFrequency.Annual, "2025-11-30", "2025-11-30 2026-11-30 2027-11-30 2028-11-30 2029-11-30")]
    [InlineData(BillingFrequency.Weekly, "2026-02-26", "2026-02-26 2026-03-05 2026-03-12 2026-03-19 2026-03-26")]
    [InlineData(BillingFrequency.Weekly, "2024-02-26", "2024-02-26 2024-03-04 2024-03-11 2024-03-18 2024-03-25")] // seven days with the leap day
    public void Periods_are_counted_from_the_anchor_and_come_back_to_its_day(BillingFrequency frequency, string anchor, string starts)
    {
        var cycle = new BillingCycle(At(anchor).InUtc().LocalDateTime, frequency);
        Assert.Equal(starts, string.Join(' ', Enumerable.Range(0, 5).Select(n => Day(cycle.StartOf(n)))));
    }

    [Theory]
    // A start in mid-month cuts the first period; the end cuts the last.
    [InlineData("FirstOfMonth", null, "2026-01-15", "2026-03-10", "2026-01-15..2026-02-01 2026-02-01..2026-03-01 2026-03-01..2026-03-10")]
    // The documented example: start 09-15 with anchor 09-10.
    [InlineData("CustomDate", "2024-09-10", "2024-09-15", "2024-12-10", "2024-09-15..2024-10-10 2024-10-10..2024-11-10 2024-11-10..2024-12-10")]
    [InlineData("CustomDate", "2024-09-20", "2024-09-15", "2024-11-01", "2024-09-15..2024-09-20 2024-09-20..2024-10-20 2024-10-20..2024-11-01")]
    [InlineData("CustomDate", "2026-05-31", "2026-01-31", "2026-04-15", "2026-01-31..2026-02-28 2026-02-28..2026-03-31 2026-03-31..2026-04-15")]
    // The 31st over a leap year's February, ended on the day of a bound: no period of no length follows.
    [InlineData("ContractStart", null, "2023-12-31", "2024-03-31", "2023-12-31..2024-01-31 2024-01-31..2024-02-29 2024-02-29..2024-03-31")]
    [InlineData("FirstOfMonth", null, "2026-01-31T23", "2026-02-01T01", "2026-01-31T23..2026-02-01 2026-02-01..2026-02-01T01")]
    [InlineData("ContractStart", null, "2026-01-31T13", "2026-04-01", "2026-01-31T13..2026-02-28T13 2026-02-28T13..2026-03-31T13 2026-03-31T13..2026-04-01")]
    public void A_contracts_periods_are_cut_by_its_start_and_end(string day, string? anchor, string start, string end, string periods)
    {
        var schedule = new UsageStatementSchedule(BillingFrequency.Monthly, Enum.Parse<StatementDay>(day), anchor is null ? null : At(anchor));
        Assert.Equal(periods, string.Join(' ', Periods(Contract(schedule, At(start), At(end))).Select(p => $"{Day(p.Start)}..{Day(p.End)}")));
    }

    [Fact]
    public void No_invoice_covers_usage_before_invoice_generation_starts()
    {
        var schedule = new UsageStatementSchedule(BillingFrequency.Monthly, InvoiceGenerationStartingAt: At("2026-03-01"));
        Assert.Equal(At("2026-03-01"), Contract(schedule, At("2026-01-01"), null).PeriodAfter(null)!.Value.Start);
    }

    [Fact]
    public void A_contract_that_was_extended_goes_on_where_it_was_billed()
    {
        var contract = Contract(new UsageStatementSchedule(BillingFrequency.Monthly), At("2026-01-01"), At("2026-06-01"));
        Assert.Equal(new Interval(At("2026-03-10"), At("2026-04-01")), contract.PeriodAfter(At("2026-03-10")));
    }

    [Fact]
    public void Periods_tile_ten_years_without_gap_or_overlap()
    {
        var cases = from day in Gen.Choose(0, 3000)
                    from hour in Gen.Choose(0, 23)
                    from frequency in Gen.Elements(Enum.GetValues<BillingFrequency>())
                    from fromStart in Gen.Elements(true, false)
                    select (start: At("2019-01-01") + Duration.FromDays(day) + Duration.FromHours(hour), frequency, fromStart);
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var end = (c.start.InUtc().LocalDateTime + Period.FromYears(10)).InUtc().ToInstant();
            var schedule = new UsageStatementSchedule(c.frequency, c.fromStart ? StatementDay.ContractStart : StatementDay.FirstOfMonth);
            var periods = Periods(Contract(schedule, c.start, end)).ToList();
            return periods[0].Start == c.start && periods[^1].End == end
                && periods.All(p => p.Duration > Duration.Zero && schedule.CycleOf(c.start).PeriodAt(p.Start).End >= p.End)
                && periods.Zip(periods.Skip(1)).All(p => p.First.End == p.Second.Start);
        }).QuickCheckThrowOnFailure();
    }

    private static Contract Contract(UsageStatementSchedule schedule, Instant start, Instant? end) =>
        new("c", "u", 1, start, end, null, schedule, null, null, null, AmountRounding.Exact, new Dictionary<string, string>(), start, null);

    private static IEnumerable<Interval> Periods(Contract contract)
    {
        for (var period = contract.PeriodAfter(null); period is { } p; period = contract.PeriodAfter(p.End)) yield return p;
    }
}
