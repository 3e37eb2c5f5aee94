using Billing.Domain.Invoicing;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;
using Billing.UseCases.Spending;

namespace Billing.Functions.Hosting.Parts;

/// <summary>Registers what watches spend and balances, and whom it watches.</summary>
public static class SpendingParts
{
    public static void AddSpending(this IServiceCollection services)
    {
        services.AddSingleton<ReleasePayment>();
        services.AddSingleton<WatchUsage>();
        services.AddSingleton<Alerts>();
        services.AddSingleton<AlertWalk>();
        services.AddSingleton<EvaluateAlerts>();
        services.AddSingleton(all => all.GetRequiredService<EvaluateAlerts>().Watcher);
        services.AddSingleton<IsWatched>(all => async (id, stop) =>
            await all.GetRequiredService<EvaluateAlerts>().AreAnyAsync(id, stop)
            || (await ContractDocuments.AllAsync(all.GetRequiredService<IDocumentStore>(), id, stop)).Exists(c => Thresholds.AreWatched(c.Value)));
    }
}
