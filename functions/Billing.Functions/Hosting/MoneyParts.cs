using Billing.Domain.Metering;
using Billing.Domain.Pricing;
using Billing.Functions.Api;
using Billing.Functions.Hosting.Pipeline;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;
using Billing.UseCases.Invoicing;
using Billing.UseCases.Metering;
using Billing.UseCases.Pricing;
using NodaTime;

namespace Billing.Functions.Hosting;

/// <summary>Registers prices, contracts and invoices, and what they ask of metering.</summary>
public static class MoneyParts
{
    /// <summary>Needs a <see cref="ReadUsage"/> beside what is registered here.</summary>
    public static void AddMoney(this IServiceCollection services)
    {
        services.AddSingleton<ReadMetrics>(all => (ids, stop) => MetricsAsync(all.GetRequiredService<MeterCatalog>(), ids, stop));
        services.AddSingleton<ReadCut>(all => all.GetRequiredService<Cut>().ReadAsync);
        services.AddSingleton<Products>();
        services.AddSingleton<RateCards>();
        services.AddSingleton<Rates>();
        services.AddSingleton<SettingsStore>();
        services.AddSingleton<Accounts>();
        services.AddSingleton<Customers>();
        services.AddSingleton<Contracts>();
        services.AddSingleton<PeriodRating>();
        services.AddSingleton<ParkedAccounts>();
        services.AddSingleton<Invoices>();
        services.AddSingleton<FinalizeInvoices>();
        services.AddSingleton(all => new DueJob(
            "invoices",
            all.GetRequiredService<FinalizeInvoices>().NextDueAsync,
            async (at, stop) => await all.GetRequiredService<FinalizeInvoices>().RunDueInvoicesAsync(at, new IdSource(all.GetRequiredService<IClock>()), stop)));
    }

    public static void MapMoney(this IEndpointRouteBuilder app)
    {
        CustomersApi.Map(app);
        ProductsApi.Map(app);
        RateCardsApi.Map(app);
        RatesApi.Map(app);
        ContractsApi.Map(app);
        InvoicesApi.Map(app);
    }

    private static async Task<IReadOnlyList<PricedMetric>> MetricsAsync(MeterCatalog meters, IReadOnlyCollection<string> ids, CancellationToken stop)
    {
        var metrics = new List<PricedMetric>();
        foreach (var id in ids)
        {
            if (await meters.ReadAsync(id, stop) is not { } found) continue;
            var meter = found.Meter.Meter;
            var whole = meter.Aggregation is Aggregation.Max or Aggregation.Min or Aggregation.Avg or Aggregation.Unique;
            var keys = meter.Groupings.Select(g => (IReadOnlyList<string>)[.. g.Select(d => d.Name)]).ToList();
            metrics.Add(new PricedMetric(id, whole, keys, found.Meter.ArchivedAt is not null));
        }
        return metrics;
    }
}
