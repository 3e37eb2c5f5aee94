using System.Diagnostics;
using Billing.Domain.Invoicing;
using Billing.Domain.Pricing;
using Billing.Functions.Demo;
using Billing.UseCases.Documents;
using Billing.UseCases.Invoicing;
using NodaTime;

namespace Billing.Benchmarks.Invoices;

/// <summary>Milliseconds of one invoice, one after the other.</summary>
internal sealed record Split(double Account, double Usage, double Rate);

/// <summary>Where the time of an invoice goes, and how fast rating is when everything is in memory.</summary>
internal sealed class SplitMeasurement(DemoHost host, CancellationToken stop)
{
    private static readonly TimeSpan Lasting = TimeSpan.FromSeconds(3);

    private readonly List<(Account Account, Statement Statement)> loaded = [];
    private readonly Dictionary<string, IReadOnlyList<UsageQuantity>> usages = [];
    private Instant at;

    /// <summary>Loads and rates invoices without issuing them; the first pass warms up.</summary>
    public async Task<Split> RunAsync(IReadOnlyList<string> customers, Instant until)
    {
        at = until;
        var split = new Split(0, 0, 0);
        for (var pass = 0; pass < 2; pass++)
        {
            loaded.Clear();
            var start = Stopwatch.GetTimestamp();
            foreach (var customer in customers)
            {
                var account = (await host.Get<ReadAccounts>().ReadAsync(customer, null, at, stop))!;
                loaded.Add((account, AccountRating.Open(account.Contracts, at)[0]));
            }
            var terms = Next(ref start, customers.Count);
            var metered = host.Get<MeteredUsage>();
            var reading = new ReadAccounts(host.Get<IDocumentStore>(), host.Get<ContractTerms>(), async (id, products, segments, cancel) => usages[id] = await metered.ReadAsync(id, products, segments, cancel));
            foreach (var (account, statement) in loaded) _ = await reading.UsageAsync(statement, Instant.MaxValue, stop);
            var usage = Next(ref start, customers.Count);
            Rate();
            split = new Split(terms, usage, Next(ref start, customers.Count));
        }
        return split;
    }

    /// <summary>Invoices rated a second from what was loaded, on so many threads.</summary>
    public double RatedPerSecond(int threads)
    {
        var (start, rated) = (Stopwatch.GetTimestamp(), 0L);
        var all = Enumerable.Range(0, threads).Select(_ => new Thread(() =>
        {
            for (; Stopwatch.GetElapsedTime(start) < Lasting; Interlocked.Add(ref rated, loaded.Count)) Rate();
        })).ToList();
        all.ForEach(t => t.Start());
        all.ForEach(t => t.Join());
        return rated / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private void Rate()
    {
        foreach (var (account, statement) in loaded)
        {
            _ = AccountRating.Rate([statement], _ => usages[account.Customer.Id], account.Ledger, Instant.MaxValue, at);
        }
    }

    private static double Next(ref long start, int count)
    {
        var milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds / count;
        start = Stopwatch.GetTimestamp();
        return milliseconds;
    }
}
