using Billing.Functions.Hosting.Pipeline;
using Billing.Storage.Sqlite.Claims;
using Billing.Storage.Sqlite.Database;
using Billing.Storage.Sqlite.Documents;
using Billing.Storage.Sqlite.Metering;
using Billing.UseCases.Access;
using Billing.UseCases.Clock;
using Billing.UseCases.Documents;
using Billing.UseCases.Invoicing;
using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.Functions.Hosting;

/// <summary>Chooses the adapters behind the ports; no other file names one.</summary>
public static class Storage
{
    // What a reset keeps: keys, the installation's own secret, and the clock.
    private static readonly string[] KeptByReset = [ApiKeys.Kind, Installation.Kind, "clock"];

    public static void AddStorage(this IServiceCollection services, Settings settings)
    {
        services.AddSingleton(_ => SqliteDatabase.Open(settings.DataFolder));
        services.AddSingleton<IDocumentStore>(all => new RecordingDocuments(ActivatorUtilities.CreateInstance<SqliteDocumentStore>(all)));
        services.AddSingleton<IArchive, SqliteArchive>();
        services.AddSingleton(all => new SqliteDedupLedger(all.GetRequiredService<SqliteDatabase>()));
        services.AddSingleton<IDedupLedger>(all => all.GetRequiredService<SqliteDedupLedger>());
        services.AddSingleton(all =>
        {
            var database = all.GetRequiredService<SqliteDatabase>();
            return new SqliteEventLog(database, all.GetRequiredService<IClock>(), LogIdentity.ReadOrCreateAsync(database).GetAwaiter().GetResult(), settings.LogPartitions);
        });
        services.AddSingleton<IEventLog>(all => all.GetRequiredService<SqliteEventLog>());
        services.AddSingleton<Backlog>();
        services.AddSingleton(BatchSettings.For(settings.LogPartitions));
        services.AddSingleton<LogPump>();
        services.AddHostedService(all => all.GetRequiredService<LogPump>());
        services.AddSingleton(all => new BackgroundWork(
            new DueWork(all.GetRequiredService<DueJobs>().DrainAsync, all.GetRequiredService<DueJobs>().NextDueAsync, all.GetRequiredService<DueTimer>().RunAsync),
            (now, stop) => EmptyAsync(all, now, stop),
            StoreIsOpen: async stop => await all.GetRequiredService<IDocumentStore>().ReadAsync(new Place(Container.Catalog, "health"), "none", stop) is null,
            PipelineStopped: () => all.GetRequiredService<LogPump>().StoppedBecause));
    }

    private static async Task EmptyAsync(IServiceProvider all, Instant now, CancellationToken stop)
    {
        var log = all.GetRequiredService<SqliteEventLog>();
        await SqliteReset.EmptyAsync(all.GetRequiredService<SqliteDatabase>(), KeptByReset);
        await log.RecountAsync();
        await all.GetRequiredService<SqliteDedupLedger>().ClearAsync();
        await Installation.OpenAsync(all.GetRequiredService<IDocumentStore>(), all.GetRequiredService<UsageLimits>(), now, stop);
        all.GetRequiredService<RecordUsage>().Clear();
        all.GetRequiredService<UnclaimedUsage>().Clear();
        all.GetRequiredService<FillMeters>().Clear();
        all.GetRequiredService<MeterCatalog>().Clear();
        all.GetRequiredService<AuditLog>().Clear();
        all.GetRequiredService<ContractTerms>().Clear();
        // The log goes on after the messages that are gone; its progress is past them before anyone asks for it.
        await all.GetRequiredService<RegisterLog>().RunAsync(stop);
        for (var partition = 0; partition < log.Partitions; partition++) await all.GetRequiredService<RecordUsage>().FoldAsync(new LogPartition(log.LogId, partition), [], stop);
    }
}
