using System.Diagnostics;
using Billing.Functions.Demo;
using Billing.UseCases.Invoicing;
using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.Benchmarks.Invoices;

/// <summary>What an invoice costs when few events are behind it, and when many are: the same hours, other counts.</summary>
internal sealed class EventsMeasurement(DemoHost host, BilledCompany company, UsageDays days, Figures figures, CancellationToken stop)
{
    private const long Few = 1_000;
    private const long Many = 10_000_000;
    private const int Hours = BilledCompany.Days * 24;
    private const int Rounds = 400;

    // Later than all others: nothing of it is issued here.
    private static readonly Instant Month = Instant.FromUtc(2026, 9, 1, 0, 0);

    public async Task RunAsync()
    {
        var few = await CustomerAsync("few-events", Few);
        var many = await CustomerAsync("many-events", Many);
        var (one, other) = (new List<double>(), new List<double>());
        // In turn, so that whatever else the machine does weighs on both.
        for (var round = 0; round < Rounds; round++)
        {
            one.Add(await RateAsync(few, Few));
            other.Add(await RateAsync(many, Many));
        }
        figures.Add($"load and rate, {Few:N0} events in {Hours} hours of a product", Median(one), "ms");
        figures.Add($"load and rate, {Many:N0} events in the same hours", Median(other), "ms");
        figures.Add("ratio", Median(other) / Median(one), "", "does not grow", v => v < 1.1);
    }

    private async Task<string> CustomerAsync(string name, long events)
    {
        var id = await company.CustomerAsync(name, Month);
        await days.WriteAsync(WindowNames.KeyOf(name), Month, [company.Meters[0]], (_, hour) => (events / Hours + (hour < events % Hours ? 1 : 0), 1), stop);
        return id;
    }

    private async Task<double> RateAsync(string customerId, long events)
    {
        var start = Stopwatch.GetTimestamp();
        var invoices = await host.Get<IssueInvoices>().PreviewAsync(customerId, Month + Duration.FromDays(BilledCompany.Days + 1), stop);
        var took = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        var quantity = invoices.Single().Lines.Where(l => l.Quantity > 1).Sum(l => l.Quantity);
        figures.Check(quantity == events, $"{quantity} units were rated of {events}.");
        return took;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
