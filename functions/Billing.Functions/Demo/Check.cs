using Billing.Domain.Invoicing;
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

    /// <summary>Every invoice against the tally by hand, priced the simple way; one for each customer and month.</summary>
    public static Check OfInvoices(Tallies byHand, TrafficPlan traffic, IReadOnlyList<IReadOnlyList<Invoice>> invoices)
    {
        var (wrong, sum, count) = (new List<string>(), 0m, 0);
        for (var customer = 0; customer < traffic.Customers.Count; customer++)
        {
            for (var month = 0; month < traffic.Months.Count - 1; month++)
            {
                var name = $"invoice of {traffic.Customers[customer]}, month {month + 1}";
                var expected = PriceList.CostOf(byHand.Of(customer, month));
                var found = invoices[customer].Where(i => i.Start == traffic.Months[month] && i.End == traffic.Months[month + 1]).ToList();
                if (found.Count == 1) Compare($"{name}, cents", expected, found[0].Total, wrong);
                else wrong.Add($"{name}: expected one final invoice, found {found.Count}");
                if (found.Any(i => i.Unrated.Count > 0)) wrong.Add($"{name}: some usage has no price");
                (sum, count) = (sum + expected, count + 1);
            }
        }
        Compare("sum of all invoices, cents", sum, invoices.Sum(c => c.Sum(i => i.Total)), wrong);
        return new Check($"{count:N0} invoices priced again by hand, together {Dollars.Exact(sum)}", wrong);
    }

    private static void Compare(string what, decimal expected, decimal found, List<string> wrong)
    {
        if (expected != found) wrong.Add($"{what}: expected {Digits(expected)}, found {Digits(found)}");
    }

    private static string Digits(decimal number) => number.ToString("0.############################", System.Globalization.CultureInfo.InvariantCulture);
}
