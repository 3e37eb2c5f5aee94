using Billing.Domain.Credits;
using Billing.Domain.Invoicing;
using Billing.Functions.Demo.Selling;
using Billing.Functions.Demo.Traffic;
using Billing.UseCases.Credits;
using Billing.UseCases.Invoicing;
using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.Functions.Demo;

/// <summary>What the product says in the end.</summary>
/// <param name="Ingest">What became of the events.</param>
/// <param name="Usage">Read from the windows of each customer.</param>
/// <param name="TokensOfAll">By model, read from the windows of all customers together.</param>
/// <param name="Invoices">By customer: the final invoices, oldest first.</param>
/// <param name="Balances">By customer: the sums of the ledger.</param>
internal sealed record Findings(
    IngestTotals Ingest, Tallies Usage, IReadOnlyDictionary<string, decimal> TokensOfAll, IReadOnlyList<IReadOnlyList<Invoice>> Invoices, IReadOnlyList<Money> Balances)
{
    private const int AtOnce = 4;

    /// <summary>Asks for all of it; more invoices than a page holds are not made by any demo.</summary>
    public static async Task<Findings> ReadAsync(DemoHost host, Company company, TrafficPlan traffic, Action<int> read, CancellationToken stop)
    {
        var (usage, final, money, done) = (new Tallies(), new IReadOnlyList<Invoice>[company.Customers.Count], new Money[company.Customers.Count], 0);
        await Parallel.ForAsync(0, final.Length, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stop }, async (customer, step) =>
        {
            var id = company.Customers[customer].Id;
            var rows = await UsageAsync(host.Get<AskUsage>(), company, id, traffic.Months, step);
            final[customer] = (await host.Get<Invoices>().ListAsync(id, new InvoiceFilter(InvoiceStatus.Finalized), null, 100, step)).Value.Items;
            money[customer] = await MoneyAsync(host.Get<Billing.UseCases.Credits.Balances>(), id, step);
            lock (usage)
            {
                foreach (var (month, group, quantity) in rows) Take(usage.Of(customer, month), group, quantity);
            }
            read(Interlocked.Increment(ref done));
        });
        return new Findings(
            await host.Get<IngestStats>().ReadAsync(stop), usage, await OfAllAsync(host.Get<AskUsage>(), company, traffic.Months, stop), final, money);

        static void Take(Tally tally, TokenGroup? group, decimal quantity)
        {
            if (group is { } tokens) tally.Add(tokens, quantity);
            else tally.Requests += quantity;
        }
    }

    private static async Task<Money> MoneyAsync(Billing.UseCases.Credits.Balances balances, string customerId, CancellationToken stop)
    {
        var all = (await balances.ListAsync(customerId, new BalanceFilter(), withDrafts: false, withLedger: true, stop)).Value;
        decimal Sum(LedgerEntryType type) => all.SelectMany(b => b.Ledger ?? []).Where(e => e.Type == type).Sum(e => e.Amount);
        return new Money(Sum(LedgerEntryType.SegmentStart), -Sum(LedgerEntryType.AutomatedInvoiceDeduction), -Sum(LedgerEntryType.Expiration), all.Sum(b => b.Left));
    }

    // A customer's sums; no group: requests.
    private static async Task<List<(int Month, TokenGroup? Group, decimal Quantity)>> UsageAsync(
        AskUsage ask, Company company, string customerId, IReadOnlyList<Instant> months, CancellationToken stop)
    {
        var sums = new List<(int, TokenGroup?, decimal)>();
        var byGroup = new UsageGrouping([Company.Model, Company.Region], UsageGrouping.None.Only);
        foreach (var (kind, meter) in company.TokenMeters)
        {
            var rows = (await ask.OfCustomerAsync(meter, customerId, months, byGroup, stop)).Value;
            sums.AddRange(rows.Select(r => (r.Window, (TokenGroup?)new TokenGroup(r.Group[0]!, r.Group[1]!, kind), r.Value)));
        }
        var requests = (await ask.OfCustomerAsync(company.RequestMeter, customerId, months, UsageGrouping.None, stop)).Value;
        sums.AddRange(requests.Select(r => (r.Window, (TokenGroup?)null, r.Value)));
        return sums;
    }

    private static async Task<Dictionary<string, decimal>> OfAllAsync(AskUsage ask, Company company, IReadOnlyList<Instant> months, CancellationToken stop)
    {
        var tokens = new Dictionary<string, decimal>(StringComparer.Ordinal);
        var byModel = new UsageGrouping([Company.Model], UsageGrouping.None.Only);
        foreach (var meter in company.TokenMeters.Values)
        {
            foreach (var row in (await ask.OfAllAsync(meter, [months[0], months[^1]], byModel, stop)).Value)
                tokens[row.Group[0]!] = tokens.GetValueOrDefault(row.Group[0]!) + row.Value;
        }
        return tokens;
    }
}
