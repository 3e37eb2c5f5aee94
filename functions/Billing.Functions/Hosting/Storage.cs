using Billing.Functions.Hosting.Pipeline;
using Billing.UseCases.Access;
using Billing.UseCases.Clock;
using Billing.UseCases.Cost;
using Billing.UseCases.Documents;
using Billing.UseCases.Invoicing;
using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.Functions.Hosting;

/// <summary>Takes everything out of the stores but what <see cref="Storage.KeptByReset"/> names.</summary>
public delegate Task EmptyStores(CancellationToken stop);

/// <summary>Chooses the adapters behind the ports, and what is the same for all of them.</summary>
public static class Storage
{
    /// <summary>Kinds that a reset keeps: keys, the installation's own secret, and the clock.</summary>
    internal static readonly string[] KeptByReset = [ApiKeys.Kind, Installation.Kind, "clock"];

    public static void AddStorage(this IServiceCollection services, Settings settings)
    {
        if (settings.Azure is { } azure) services.AddAzureStorage(azure, settings);
        else services.AddEmbeddedStorage(settings);
        services.AddSingleton<IDocumentStore>(all => all.GetRequiredService<RecordingDocuments>());
        services.AddSingleton<BilledUnits>();
        services.AddSingleton<CostDays>();
        services.AddSingleton<Backlog>();
        services.AddSingleton(all => new BackgroundWork(
            new DueWork(all.GetRequiredService<DueJobs>().DrainAsync, all.GetRequiredService<DueJobs>().NextDueAsync, all.GetRequiredService<DueTimer>().RunAsync),
            (now, stop) => EmptyAsync(all, now, stop),
            StoreIsOpen: async stop => await all.GetRequiredService<IDocumentStore>().ReadAsync(new Place(Container.Catalog, "health", "none"), "none", stop) is null,
            PipelineStopped: () => all.GetRequiredService<IDelivery>().StoppedBecause));
    }

    /// <summary>A timer that runs by itself, unless the Functions host says when.</summary>
    public static void AddTimer<T>(this IServiceCollection services, Settings settings)
        where T : class, IHostedService
    {
        services.AddSingleton<T>();
        if (settings.Azure is null) services.AddHostedService(all => all.GetRequiredService<T>());
    }

    private static async Task EmptyAsync(IServiceProvider all, Instant now, CancellationToken stop)
    {
        await all.GetRequiredService<EmptyStores>()(stop);
        await Installation.OpenAsync(all.GetRequiredService<IDocumentStore>(), all.GetRequiredService<UsageLimits>(), now, stop);
        all.GetRequiredService<RecordUsage>().Clear();
        all.GetRequiredService<UnclaimedUsage>().Clear();
        all.GetRequiredService<FillMeters>().Clear();
        all.GetRequiredService<MeterCatalog>().Clear();
        all.GetRequiredService<AuditLog>().Clear();
        all.GetRequiredService<ContractTerms>().Clear();
        // The log goes on after the messages that are gone; its progress is past them before anyone asks for it.
        await all.GetRequiredService<RegisterLog>().RunAsync(stop);
        var log = all.GetRequiredService<IEventLog>();
        for (var partition = 0; partition < log.Partitions; partition++) await all.GetRequiredService<RecordUsage>().FoldAsync(new LogPartition(log.LogId, partition), [], stop);
    }
}
