using Billing.Functions.Hosting.Pipeline;
using Billing.Storage.Sqlite.Claims;
using Billing.Storage.Sqlite.Database;
using Billing.Storage.Sqlite.Documents;
using Billing.Storage.Sqlite.Metering;
using Billing.UseCases.Access;
using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.Functions.Hosting;

/// <summary>The adapters on one machine: a file.</summary>
internal static class EmbeddedStorage
{
    public static void AddEmbeddedStorage(this IServiceCollection services, Settings settings)
    {
        services.AddSingleton(_ => SqliteDatabase.Open(settings.DataFolder));
        services.AddSingleton(all => new RecordingDocuments(ActivatorUtilities.CreateInstance<SqliteDocumentStore>(all)));
        services.AddSingleton<IArchive, SqliteArchive>();
        services.AddSingleton(all => new SqliteDedupLedger(all.GetRequiredService<SqliteDatabase>()));
        services.AddSingleton<IDedupLedger>(all => all.GetRequiredService<SqliteDedupLedger>());
        services.AddSingleton(all =>
        {
            var database = all.GetRequiredService<SqliteDatabase>();
            return new SqliteEventLog(database, all.GetRequiredService<IClock>(), LogIdentity.ReadOrCreateAsync(database).GetAwaiter().GetResult(), settings.LogPartitions);
        });
        services.AddSingleton<IEventLog>(all => all.GetRequiredService<SqliteEventLog>());
        services.AddSingleton(BatchSettings.For(settings.LogPartitions));
        services.AddSingleton<LogPump>();
        services.AddSingleton<IDelivery>(all => all.GetRequiredService<LogPump>());
        services.AddHostedService(all => all.GetRequiredService<LogPump>());
        services.AddSingleton<EmptyStores>(all => stop => EmptyAsync(all, stop));
    }

    private static async Task EmptyAsync(IServiceProvider all, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        await SqliteReset.EmptyAsync(all.GetRequiredService<SqliteDatabase>(), Storage.KeptByReset);
        await all.GetRequiredService<SqliteEventLog>().RecountAsync();
        await all.GetRequiredService<SqliteDedupLedger>().ClearAsync();
    }
}
