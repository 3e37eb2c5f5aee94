using System.Diagnostics;
using System.Globalization;
using Billing.Domain.Invoicing;
using Billing.Functions.Demo;
using Billing.UseCases.Documents;
using Billing.UseCases.Invoicing;
using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.Benchmarks.Invoices;

/// <summary>Usage of a month by the hour for many customers, then their invoices: rated in memory, issued by a run, and each total held against plain sums.</summary>
internal sealed class InvoiceBenchmark(InvoiceOptions options, CancellationToken stop)
{
    private const double GoalInMemory = 2_000;
    private const double GoalIssued = 300;
    private const int Sample = 500;

    // Months of thirty days: customers begin in one of them, so that each part is due by itself.
    private static readonly Instant WarmUp = Instant.FromUtc(2025, 11, 1, 0, 0);
    private static readonly Instant April = Instant.FromUtc(2026, 4, 1, 0, 0);
    private static readonly Instant June = Instant.FromUtc(2026, 6, 1, 0, 0);
    private static readonly Duration UntilFinal = Duration.FromDays(BilledCompany.Days + 1);

    private readonly Figures figures = new();

    /// <returns>The exit code: 1 when a check failed.</returns>
    public async Task<int> RunAsync()
    {
        var folder = Directory.CreateTempSubdirectory("billing-invoices-");
        try
        {
            Console.WriteLine($"{DateTimeOffset.UtcNow:u}, {Environment.ProcessorCount} cores, .NET {Environment.Version}, {options.Customers:N0} customers, {options.Products} products");
            figures.Add("fdatasync of 30 KB appends", Probes.SyncsPerSecond(folder.FullName), "syncs/s");
            // The first start gives a store its horizon of usage: before it, nothing is counted.
            await using var host = await DemoHost.StartAsync(Path.Combine(folder.FullName, "store"), WarmUp - Duration.FromDays(1), stop);
            await MeasureAsync(host);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
        figures.Print();
        if (options.Json is { } file) figures.Save(file);
        return figures.Wrong.Count == 0 ? 0 : 1;
    }

    private async Task MeasureAsync(DemoHost host)
    {
        var company = new BilledCompany(host, options.Products, stop);
        await company.OpenAsync(WarmUp);
        var (store, start, bytes, made) = (host.Get<IDocumentStore>(), Stopwatch.GetTimestamp(), 0L, 0);
        var days = new UsageDays(store, host.Get<Installation>().Secret);
        var customers = new string[options.Customers + options.WarmUp];
        await Parallel.ForAsync(0, customers.Length, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = stop }, async (n, _) =>
        {
            customers[n] = await company.CustomerAsync(NameOf(n), MonthOf(n));
            Interlocked.Add(ref bytes, await days.WriteAsync(WindowNames.KeyOf(NameOf(n)), MonthOf(n), company.Meters, (p, hour) => (1, BilledCompany.Units(n, p, hour)), stop));
            if (Interlocked.Increment(ref made) % 1_000 == 0) Console.WriteLine($"  {made:N0} customers with their usage after {Stopwatch.GetElapsedTime(start).TotalSeconds:N0} s");
        });
        figures.Add("usage of a customer's month, as stored", bytes / 1024.0 / customers.Length, "KB");

        var splits = new SplitMeasurement(host, stop);
        var split = await splits.RunAsync([.. customers.Where((_, n) => MonthOf(n) == April).Take(Sample)], April + UntilFinal);
        figures.Add("an invoice: load of the account and its terms", split.Account, "ms");
        figures.Add("an invoice: load of its usage", split.Usage, "ms");
        figures.Add("an invoice: rate", split.Rate, "ms");
        foreach (var cores in new[] { 1, 2 })
        {
            using var held = new Cores(cores);
            figures.Add($"rated in memory, {Name(cores)}", splits.RatedPerSecond(cores), "invoices/s", $"{GoalInMemory:N0}", v => v >= GoalInMemory);
        }
        await BillAsync(host, WarmUp + UntilFinal);
        await IssueAsync(host, April, 1, split);
        await IssueAsync(host, June, 2, split);
        await CheckAsync(host, company, customers);
        await new EventsMeasurement(host, company, days, figures, stop).RunAsync();
    }

    private async Task IssueAsync(DemoHost host, Instant month, int cores, Split split)
    {
        // A contract is looked at when it begins; that is no part of its invoice.
        await BillAsync(host, month + Duration.FromHours(1));
        using var held = new Cores(cores);
        var (start, used) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        var issued = await BillAsync(host, month + UntilFinal);
        var (seconds, busy) = (Stopwatch.GetElapsedTime(start).TotalSeconds, (Environment.CpuUsage.TotalTime - used).TotalMilliseconds);
        var each = busy / issued;
        figures.Add($"issued end to end, {Name(cores)}", issued / seconds, "invoices/s", $"{GoalIssued:N0}", v => v >= GoalIssued);
        figures.Add($"issued end to end, {Name(cores)}: processor time of one", each, "ms");
        if (cores == 1) figures.Add("an invoice: save and the rest (processor time less load and rate)", each - split.Account - split.Usage - split.Rate, "ms");
    }

    /// <summary>Does what is due; answers how many invoices were issued.</summary>
    private async Task<int> BillAsync(DemoHost host, Instant at)
    {
        // The usage was written as the fold would have left it, so the cut is where the run wants it.
        var run = new BillAccounts(host.Get<IDocumentStore>(), host.Get<IssueInvoices>(), _ => Task.FromResult(at), host.Get<ParkedAccounts>());
        var done = await run.RunAsync(at, new IdSource(host.Clock), stop);
        figures.Check(done.Parked.Count + done.Waiting.Count == 0, $"Accounts were left: {string.Join("; ", done.Parked.Select(p => p.Reason).Concat(done.Waiting.Select(w => w.Reason)).Take(3))}");
        return done.Issued;
    }

    private async Task CheckAsync(DemoHost host, BilledCompany company, string[] customers)
    {
        var wrong = 0;
        for (var n = 0; n < customers.Length; n++)
        {
            var filter = new InvoiceFilter(Status: InvoiceStatus.Finalized, StartingOn: MonthOf(n), EndingBefore: MonthOf(n) + Duration.FromDays(BilledCompany.Days));
            var invoices = (await host.Get<UseCases.Invoicing.Invoices>().ListAsync(customers[n], filter, null, 10, stop)).Value.Items;
            if (invoices.Count != 1 || invoices[0].Total != company.Owed(n)) wrong++;
        }
        figures.Check(wrong == 0, $"{wrong} of {customers.Length} customers have another total than the plain sum, or not one invoice.");
    }

    private static string Name(int cores) => cores == 1 ? "one core" : "two cores";

    private Instant MonthOf(int customer) => customer >= options.Customers ? WarmUp : customer % 2 == 0 ? April : June;

    private static string NameOf(int customer) => string.Create(CultureInfo.InvariantCulture, $"customer-{customer}");
}
