using Billing.Domain.Invoicing;
using Billing.Domain.Metering;
using Billing.Functions.Demo.Traffic;
using Billing.UseCases.Invoicing;
using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.Functions.Demo;

/// <summary>What the product says in the end.</summary>
/// <param name="Ingest">What became of the events.</param>
/// <param name="Usage">Read from the windows of each customer.</param>
/// <param name="TokensOfAll">By model, read from the windows of all customers together.</param>
/// <param name="Invoices">By customer: the final invoices, oldest first.</param>
internal sealed record Findings(
    IngestTotals Ingest, Tallies Usage, IReadOnlyDictionary<string, decimal> TokensOfAll, IReadOnlyList<IReadOnlyList<Invoice>> Invoices)
{
    /// <summary>Asks for all of it; more invoices than a page holds are not made by any demo.</summary>
    public static async Task<Findings> ReadAsync(DemoHost host, Company company, TrafficPlan traffic, Action<int> read, CancellationToken stop)
    {
        var (ask, invoices) = (host.Get<AskUsage>(), host.Get<Invoices>());
        var (usage, final) = (new Tallies(), new List<IReadOnlyList<Invoice>>());
        var byGroup = new UsageGrouping([Company.Model, Company.Region], new Dictionary<string, IReadOnlyList<string>>());
        for (var customer = 0; customer < company.Customers.Count; customer++)
        {
            var id = company.Customers[customer].Id;
            foreach (var (kind, meter) in company.TokenMeters)
            {
                foreach (var row in (await ask.OfCustomerAsync(meter, id, traffic.Months, byGroup, stop)).Value)
                    usage.Of(customer, row.Window).Add(new TokenGroup(row.Group[0]!, row.Group[1]!, kind), row.State.Result(Aggregation.Sum));
            }
            foreach (var row in (await ask.OfCustomerAsync(company.RequestMeter, id, traffic.Months, UsageGrouping.None, stop)).Value)
                usage.Of(customer, row.Window).Requests = row.State.Result(Aggregation.Count);
            var filter = new InvoiceFilter(InvoiceStatus.Finalized);
            final.Add((await invoices.ListAsync(id, filter, null, 100, stop)).Value.Items);
            read(customer + 1);
        }
        return new Findings(await host.Get<IngestStats>().ReadAsync(stop), usage, await OfAllAsync(ask, company, traffic.Months, stop), final);
    }

    private static async Task<Dictionary<string, decimal>> OfAllAsync(AskUsage ask, Company company, IReadOnlyList<Instant> months, CancellationToken stop)
    {
        var tokens = new Dictionary<string, decimal>(StringComparer.Ordinal);
        var byModel = new UsageGrouping([Company.Model], new Dictionary<string, IReadOnlyList<string>>());
        foreach (var meter in company.TokenMeters.Values)
        {
            foreach (var row in (await ask.OfAllAsync(meter, [months[0], months[^1]], byModel, stop)).Value)
                tokens[row.Group[0]!] = tokens.GetValueOrDefault(row.Group[0]!) + row.State.Result(Aggregation.Sum);
        }
        return tokens;
    }
}
