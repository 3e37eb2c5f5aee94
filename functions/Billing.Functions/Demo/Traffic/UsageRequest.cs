using NodaTime;

namespace Billing.Functions.Demo.Traffic;

/// <summary>What a token is sold as.</summary>
internal enum TokenKind
{
    Input,
    CachedInput,
    Output,
}

/// <summary>What a token's price depends on.</summary>
internal readonly record struct TokenGroup(string Model, string Region, TokenKind Kind);

/// <summary>One request to a model: one usage event.</summary>
/// <param name="Id">The event's id, the same in every copy of it.</param>
/// <param name="Customer">Number of the customer, from 0.</param>
/// <param name="At">When it happened, in 100 ns.</param>
/// <param name="Model">The model asked.</param>
/// <param name="Region">Where it ran.</param>
/// <param name="Input">Tokens read anew.</param>
/// <param name="CachedInput">Tokens that were in the cache; 0 for none.</param>
/// <param name="Output">Tokens written.</param>
internal readonly record struct UsageRequest(string Id, int Customer, Instant At, string Model, string Region, long Input, long CachedInput, long Output);

/// <summary>Traffic to bill.</summary>
/// <param name="Customers">Their names, different from one another.</param>
/// <param name="Requests">In any order; no two have one id.</param>
internal sealed record TrafficPlan(IReadOnlyList<string> Customers, IReadOnlyList<UsageRequest> Requests)
{
    /// <summary>The firsts of the months, from that of the first request to that after the last: month n is [n, n + 1).</summary>
    public IReadOnlyList<Instant> Months { get; } = MonthsOf(Requests);

    /// <summary>Number of the month that an instant lies in.</summary>
    public int MonthOf(Instant at)
    {
        var month = 0;
        while (Months[month + 1] <= at) month++;
        return month;
    }

    private static List<Instant> MonthsOf(IReadOnlyList<UsageRequest> requests)
    {
        var first = requests.Min(r => r.At).InUtc().Date.With(DateAdjusters.StartOfMonth);
        var last = requests.Max(r => r.At);
        var months = new List<Instant> { first.AtStartOfDayInZone(DateTimeZone.Utc).ToInstant() };
        while (months[^1] <= last) months.Add(first.PlusMonths(months.Count).AtStartOfDayInZone(DateTimeZone.Utc).ToInstant());
        return months;
    }
}
