using Billing.Functions.Hosting.Pipeline;
using Billing.Functions.Hosting.Triggers;
using Billing.Storage.Azure;
using Billing.Storage.Azure.Claims;
using Billing.Storage.Azure.Documents;
using Billing.Storage.Azure.Metering;
using Billing.UseCases.Access;
using Billing.UseCases.Cost;
using Billing.UseCases.Documents;
using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.Functions.Hosting;

/// <summary>The adapters in Azure: Cosmos DB, Table and Blob storage, Event Hubs.</summary>
internal static class AzureStorage
{
    public static void AddAzureStorage(this IServiceCollection services, AzureServices azure, Settings settings)
    {
        services.AddSingleton(all => CosmosAccount.Open(azure.Cosmos, all.GetRequiredService<BilledUnits>()));
        services.AddSingleton(all => new RecordingDocuments(ActivatorUtilities.CreateInstance<CosmosDocumentStore>(all)));
        services.AddSingleton(all => new BlobArchive(azure.Blobs, all.GetRequiredService<BilledUnits>()));
        services.AddSingleton<IArchive>(all => all.GetRequiredService<BlobArchive>());
        services.AddSingleton(all => new TableDedupLedger(azure.Tables, all.GetRequiredService<BilledUnits>()));
        services.AddSingleton<IDedupLedger>(all => all.GetRequiredService<TableDedupLedger>());
        services.AddSingleton(all => EventHubsLog.OpenAsync(
            azure.EventHubs, azure.Hub, () => settings.TestClock ? all.GetRequiredService<IClock>().GetCurrentInstant() : null, all.GetRequiredService<TimeProvider>(),
            CancellationToken.None).GetAwaiter().GetResult());
        services.AddSingleton<IEventLog>(all => all.GetRequiredService<EventHubsLog>());
        services.AddSingleton<RefreshLog>(all => all.GetRequiredService<EventHubsLog>().RefreshAsync);
        services.AddSingleton<TriggeredDelivery>();
        services.AddSingleton<IDelivery>(all => all.GetRequiredService<TriggeredDelivery>());
        services.AddHostedService(all => all.GetRequiredService<TriggeredDelivery>());
        services.AddSingleton<EmptyStores>(all => stop => EmptyAsync(all, stop));
    }

    // The hub keeps its messages: who goes on does so after the last of them.
    private static async Task EmptyAsync(IServiceProvider all, CancellationToken stop)
    {
        await AzureReset.EmptyAsync(all.GetRequiredService<Microsoft.Azure.Cosmos.Database>(), Storage.KeptByReset, stop);
        await all.GetRequiredService<TableDedupLedger>().SweepAsync(Instant.MaxValue, stop);
        await all.GetRequiredService<BlobArchive>().ClearAsync(stop);
        var log = all.GetRequiredService<IEventLog>();
        var now = all.GetRequiredService<IClock>().GetCurrentInstant();
        var partitions = new List<RegisteredPartition>();
        for (var partition = 0; partition < log.Partitions; partition++)
        {
            var last = (await log.PositionAsync(partition, stop)).LastSequence;
            partitions.Add(last == 0 ? RegisteredPartition.Open : new RegisteredPartition(null, [new RecordedGap(1, last, "They were there before the reset.", null, now, "reset")]));
        }
        await new LogRegistry(all.GetRequiredService<IDocumentStore>()).TryWriteAsync(new RegisteredLog(log.LogId, now, null, partitions, []), null, stop);
    }
}
