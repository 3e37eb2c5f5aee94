using Billing.Functions.Demo.Traffic;
using NodaTime;

namespace Billing.Functions.Demo.Selling;

/// <summary>A customer's prepaid and free money in all.</summary>
/// <remarks>Invariant: granted = drawn + expired + left.</remarks>
internal sealed record Money(decimal Granted, decimal Drawn, decimal Expired, decimal Left);

/// <summary>What a customer's bill must be.</summary>
/// <param name="Usage">Totals of the usage invoices, by month; the month after the last is the one that carries late usage.</param>
/// <param name="Scheduled">Sum of all other invoices: purchases of commits, top-ups, seats.</param>
/// <param name="Late">Part of the last usage invoice that is for the month before.</param>
/// <param name="Balance">At the end.</param>
internal sealed record Bill(IReadOnlyList<decimal> Usage, decimal Scheduled, decimal Late, Money Balance);

/// <summary>Every customer's bill worked out from the requests themselves.</summary>
/// <remarks>Units: cents of the dollar. Nothing here uses the product's own pricing.</remarks>
internal static class ByHand
{
    private const int MonthsOfYear = 12;
    private const int MonthsOfQuarter = 3;

    /// <summary>By customer.</summary>
    /// <param name="traffic">All of it.</param>
    /// <param name="heldBack">Positions of requests that came after their invoice.</param>
    /// <param name="until">When the books are looked at.</param>
    public static IReadOnlyList<Bill> Bills(TrafficPlan traffic, IReadOnlySet<int> heldBack, Instant until)
    {
        var all = Costs(traffic, _ => true);
        var inTime = Costs(traffic, i => !heldBack.Contains(i));
        return [.. Enumerable.Range(0, traffic.Customers.Count).Select(c => Of(traffic, Deals.PlanOf(c), all[c], inTime[c], until))];
    }

    private static Bill Of(TrafficPlan traffic, Plan plan, decimal[] all, decimal[] inTime, Instant until)
    {
        var late = all.Sum() - inTime.Sum();
        var granted = plan switch { Plan.SelfServe => Deals.FreeCredit, Plan.Enterprise => Deals.YearlyCommit, _ => Deals.WalletAtFirst };
        var open = plan == Plan.SelfServe ? 1 : MonthsOfYear;
        var left = granted;
        var usage = new List<decimal>();
        for (var month = 0; month < inTime.Length; month++)
        {
            var paid = month < open ? Math.Min(left, inTime[month]) : 0;
            left -= paid;
            usage.Add(inTime[month] - paid);
        }
        // Late usage is on the next invoice; the free credit is for one month, and no other customer has any.
        usage.Add(late);
        var drawn = granted - left;
        // Nothing is left of what ended before the last period that is billed.
        var expired = open <= inTime.Length ? left : 0;
        left -= expired;
        if (plan != Plan.Wallet) return new Bill(usage, plan == Plan.Enterprise ? Enterprise(traffic, until) : 0, late, new Money(granted, drawn, expired, left));
        // Looked at when the last month is final.
        var topUp = left <= Deals.TopUpBelow ? Deals.TopUpTo - left : 0;
        return new Bill(usage, Deals.WalletAtFirst + topUp, late, new Money(granted + topUp, drawn, expired, left + topUp));
    }

    /// <summary>A quarter of the year's commit each quarter, and seats at the start of each month; those that are added cost the rest of theirs.</summary>
    private static decimal Enterprise(TrafficPlan traffic, Instant until)
    {
        var cents = 0m;
        for (var quarter = 0; quarter < Deals.QuartersOfYear; quarter++)
            if (Deals.Month(traffic, quarter * MonthsOfQuarter) <= until) cents += Deals.YearlyCommit / Deals.QuartersOfYear;
        for (var month = 0; Deals.Month(traffic, month) <= until; month++)
            cents += (month == 0 ? Deals.SeatsAtFirst : Deals.SeatsLater) * Deals.SeatPrice;
        var days = (Deals.Month(traffic, 1) - traffic.Months[0]).Days;
        var each = decimal.Round(Deals.SeatPrice * (days - 14) / days, 20, MidpointRounding.ToEven);
        return cents + (Deals.SeatsLater - Deals.SeatsAtFirst) * each;
    }

    /// <summary>By customer and month: what the usage costs before anything pays for it.</summary>
    private static decimal[][] Costs(TrafficPlan traffic, Func<int, bool> counts)
    {
        var months = traffic.Months.Count - 1;
        var costs = traffic.Customers.Select(_ => new decimal[months]).ToArray();
        var requests = traffic.Customers.Select(_ => new int[months]).ToArray();
        var change = Deals.Change(traffic);
        for (var i = 0; i < traffic.Requests.Count; i++)
        {
            if (!counts(i)) continue;
            var request = traffic.Requests[i];
            var month = traffic.MonthOf(request.At);
            var cents = request.Input * Price(TokenKind.Input) + request.CachedInput * Price(TokenKind.CachedInput) + request.Output * Price(TokenKind.Output);
            var share = Deals.PlanOf(request.Customer) == Plan.Enterprise && Deals.Discounted.Contains(request.Model) ? Deals.Multiplier : 1;
            costs[request.Customer][month] += cents * share / 1_000_000;
            requests[request.Customer][month]++;

            decimal Price(TokenKind kind) => PriceList.CentsPerMillion(new TokenGroup(request.Model, request.Region, kind), request.At >= change);
        }
        for (var customer = 0; customer < costs.Length; customer++)
            for (var month = 0; month < months; month++) costs[customer][month] += PriceList.CostOfRequests(requests[customer][month]);
        return costs;
    }
}
