using Billing.Domain.Contracts;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Tests.Oracle;

/// <summary>Half-open, [Start, End).</summary>
internal sealed record Span(Instant Start, Instant End)
{
    public long Hours => (End - Start).ToInt64Nanoseconds() / 3_600_000_000_000;

    public bool Holds(Instant at) => Start <= at && at < End;
}

/// <summary>Periods of a calendar, counted on from an anchor one by one.</summary>
internal static class OracleCalendar
{
    private static readonly int[] MonthLengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

    /// <summary>The period of a cycle that an instant lies in.</summary>
    public static Span PeriodAt(Instant anchor, BillingFrequency frequency, Instant at)
    {
        var n = 0;
        while (Boundary(anchor, frequency, n) > at) n--;
        while (Boundary(anchor, frequency, n + 1) <= at) n++;
        return new Span(Boundary(anchor, frequency, n), Boundary(anchor, frequency, n + 1));
    }

    /// <summary>The n-th boundary: always from the anchor, so that a 31st comes back after a shorter month.</summary>
    public static Instant Boundary(Instant anchor, BillingFrequency frequency, int n) => frequency switch
    {
        BillingFrequency.Daily => anchor + Duration.FromHours(24 * n),
        BillingFrequency.Weekly => anchor + Duration.FromHours(24 * 7 * n),
        BillingFrequency.Monthly => PlusMonths(anchor, n),
        BillingFrequency.Quarterly => PlusMonths(anchor, 3 * n),
        BillingFrequency.Annual => PlusMonths(anchor, 12 * n),
        _ => throw new ArgumentOutOfRangeException(nameof(frequency)),
    };

    private static Instant PlusMonths(Instant from, int months)
    {
        var date = from.InUtc();
        var (year, month) = (date.Year, date.Month);
        for (; months > 0; months--) (year, month) = month == 12 ? (year + 1, 1) : (year, month + 1);
        for (; months < 0; months++) (year, month) = month == 1 ? (year - 1, 12) : (year, month - 1);
        var leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        var length = month == 2 && leap ? 29 : MonthLengths[month - 1];
        return Instant.FromUtc(year, month, Math.Min(date.Day, length), date.Hour, 0);
    }

    /// <summary>Where a contract's statements are counted from.</summary>
    public static Instant Anchor(Contract contract)
    {
        var start = contract.StartingAt.InUtc();
        return contract.UsageStatementSchedule.Day switch
        {
            StatementDay.FirstOfMonth => Instant.FromUtc(start.Year, start.Month, 1, 0, 0),
            StatementDay.ContractStart => contract.StartingAt,
            _ => contract.UsageStatementSchedule.BillingAnchorDate!.Value,
        };
    }

    /// <summary>The whole period of a contract's cycle that an instant lies in.</summary>
    public static Span WholePeriod(Contract contract, Instant at) => PeriodAt(Anchor(contract), contract.UsageStatementSchedule.Frequency, at);

    /// <summary>The usage periods of a contract that begin before an instant.</summary>
    public static IEnumerable<Span> Statements(Contract contract, Instant before)
    {
        var start = contract.StartingAt;
        if (contract.UsageStatementSchedule.InvoiceGenerationStartingAt is { } first && first > start) start = first;
        while (start < before && !(contract.EndingBefore <= start))
        {
            var end = Earlier(WholePeriod(contract, start).End, contract.EndingBefore);
            yield return new Span(start, end);
            start = end;
        }
    }

    public static Instant Earlier(Instant a, Instant? b) => b < a ? b.Value : a;

    public static Instant Later(Instant a, Instant b) => a > b ? a : b;
}
