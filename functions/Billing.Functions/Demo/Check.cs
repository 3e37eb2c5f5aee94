using Billing.Domain.Invoicing;
using Billing.Functions.Demo.Selling;
using Billing.Functions.Demo.Traffic;
using Billing.UseCases.Metering;

namespace Billing.Functions.Demo;

/// <summary>A comparison of what the product says with what the demo worked out for itself.</summary>
/// <param name="What">Such as <c>300 invoices priced again</c>.</param>
/// <param name="Differences">None when all is equal.</param>
internal sealed record Check(string What, IReadOnlyList<string> Differences)
{
    public bool Equal => Differences.Count == 0;

    /// <summary>No event is lost or counted twice.</summary>
    public static Check OfIngest(IngestTotals totals, TrafficPlan traffic, DeliveryPlan plan)
    {
        var wrong = new List<string>();
        Compare("accepted", plan.InOrder.Count, totals.Accepted, wrong);
        Compare("counted", traffic.Requests.Count, totals.Counted, wrong);
        Compare("duplicates", plan.Repeated, totals.Duplicate, wrong);
        Compare("duplicates with other content", 0, totals.Conflict, wrong);
        Compare("rejected", 0, totals.Rejected, wrong);
        Compare("pending", 0, totals.Pending, wrong);
        Compare("lost", 0, totals.Lost, wrong);
        Compare("values a meter could not read", 0, totals.Unreadable, wrong);
        return new Check($"{traffic.Requests.Count:N0} events counted once, though {plan.Repeated:N0} were sent twice", wrong);
    }

    /// <summary>Every sum of usage, and no other.</summary>
    public static Check OfUsage(Tallies byHand, Tallies read)
    {
        var (expected, found) = (byHand.Sums(), read.Sums());
        var wrong = new List<string>();
        foreach (var name in expected.Keys.Union(found.Keys).Order(StringComparer.Ordinal))
            Compare(name, expected.GetValueOrDefault(name), found.GetValueOrDefault(name), wrong);
        return new Check($"{expected.Count:N0} sums of usage (customer × model × region × kind of token, and requests)", wrong);
    }

    /// <summary>The sums over all customers, which the product keeps apart from the customers' own.</summary>
    public static Check OfAll(Tallies byHand, int customers, IReadOnlyDictionary<string, decimal> read)
    {
        var expected = Enumerable.Range(0, customers).SelectMany(byHand.ByModel).GroupBy(t => t.Key).ToDictionary(g => g.Key, g => g.Sum(t => t.Value));
        var wrong = new List<string>();
        foreach (var model in expected.Keys.Union(read.Keys).Order(StringComparer.Ordinal))
            Compare($"tokens of {model}", expected.GetValueOrDefault(model), read.GetValueOrDefault(model), wrong);
        return new Check($"{expected.Values.Sum():N0} tokens of all customers together", wrong);
    }

    /// <summary>Every invoice against the bill by hand: a usage invoice for each customer and month, and all others by customer.</summary>
    public static Check OfInvoices(IReadOnlyList<Bill> byHand, TrafficPlan traffic, IReadOnlyList<IReadOnlyList<Invoice>> invoices)
    {
        var (wrong, sum, count) = (new List<string>(), 0m, 0);
        for (var customer = 0; customer < traffic.Customers.Count; customer++)
        {
            var (bill, own, of) = (byHand[customer], invoices[customer], traffic.Customers[customer]);
            for (var month = 0; month < bill.Usage.Count; month++)
            {
                var name = $"invoice of {of}, month {month + 1}";
                var found = own.Where(i => i.Type == InvoiceType.Usage && i.Start == Deals.Month(traffic, month) && i.End == Deals.Month(traffic, month + 1)).ToList();
                if (found.Count == 1) Compare($"{name}, cents", bill.Usage[month], found[0].Total, wrong);
                else wrong.Add($"{name}: expected one final invoice, found {found.Count}");
                if (found.Any(i => i.Unrated.Count > 0)) wrong.Add($"{name}: some usage has no price");
            }
            Compare($"late usage of {of}, cents", bill.Late, own.SelectMany(i => i.Lines).Where(l => l.AdjustsPeriod is not null).Sum(l => l.Total), wrong);
            Compare($"purchases and seats of {of}, cents", bill.Scheduled, own.Where(i => i.Type != InvoiceType.Usage).Sum(i => i.Total), wrong);
            (sum, count) = (sum + bill.Usage.Sum() + bill.Scheduled, count + own.Count);
        }
        Compare("sum of all invoices, cents", sum, invoices.Sum(c => c.Sum(i => i.Total)), wrong);
        return new Check($"{count:N0} invoices priced again by hand, together {Dollars.Exact(sum)}", wrong);
    }

    /// <summary>Every customer's credits and commits: granted, drawn, expired and left.</summary>
    public static Check OfBalances(IReadOnlyList<Bill> byHand, TrafficPlan traffic, IReadOnlyList<Money> found)
    {
        var wrong = new List<string>();
        for (var customer = 0; customer < traffic.Customers.Count; customer++)
        {
            var (expected, read, of) = (byHand[customer].Balance, found[customer], traffic.Customers[customer]);
            Compare($"granted to {of}, cents", expected.Granted, read.Granted, wrong);
            Compare($"drawn by {of}, cents", expected.Drawn, read.Drawn, wrong);
            Compare($"expired of {of}, cents", expected.Expired, read.Expired, wrong);
            Compare($"left to {of}, cents", expected.Left, read.Left, wrong);
        }
        return new Check($"{4 * byHand.Count:N0} figures of balances, together {Dollars.Exact(byHand.Sum(b => b.Balance.Left))} left", wrong);
    }

    private static void Compare(string what, decimal expected, decimal found, List<string> wrong)
    {
        if (expected != found) wrong.Add($"{what}: expected {Digits(expected)}, found {Digits(found)}");
    }

    private static string Digits(decimal number) => number.ToString("0.############################", System.Globalization.CultureInfo.InvariantCulture);
}
