using Billing.Functions.Api.OpenMeter;
using Billing.Functions.Hosting.Pipeline;
using Billing.UseCases.Documents;
using Billing.UseCases.Metering;
using Billing.UseCases.Moving;
using Billing.UseCases.Telemetry;
using NodaTime;

namespace Billing.Functions.Hosting.Parts;

/// <summary>Registers metering: from the request to the windows, and back.</summary>
public static class MeteringParts
{
    private const int DaysPerStep = 500;
    private const long WindowCacheBytes = 48L << 20;

    public static void AddMetering(this IServiceCollection services, Settings settings)
    {
        services.AddSingleton(new UsageLimits(Duration.FromDays(settings.BehindDays)));
        services.AddSingleton(all => Installation
            .OpenAsync(all.GetRequiredService<IDocumentStore>(), all.GetRequiredService<UsageLimits>(), all.GetRequiredService<IClock>().GetCurrentInstant(), CancellationToken.None)
            .GetAwaiter().GetResult());
        services.AddSingleton<Standstill>();
        services.AddSingleton<MeterCatalog>();
        services.AddSingleton(WithSecret<AcceptUsage>);
        services.AddSingleton(Watch);
        services.AddSingleton(all => ActivatorUtilities.CreateInstance<RecordUsage>(all, all.GetRequiredService<Installation>().Secret, WindowCacheBytes / settings.LogPartitions));
        services.AddSingleton(WithSecret<UnclaimedUsage>);
        services.AddSingleton<UsageReader>();
        services.AddSingleton(WithSecret<FillMeters>);
        services.AddSingleton<Meters>();
        services.AddSingleton(WithSecret<FindEvents>);
        services.AddSingleton<IngestStats>();
        services.AddSingleton<RejectedUsage>();
        services.AddSingleton<KnownKeys>();
        services.AddSingleton<AskUsage>();
        services.AddSingleton<QueryParts>();
        services.AddSingleton<QueryMeter>();
        services.AddSingleton<Subjects>();
        services.AddSingleton<Cut>();
        services.AddSingleton<ProgressStore>();
        services.AddSingleton<RegisterLog>();
        services.AddSingleton<RecordGap>();
        services.AddSingleton<CloseLog>();
        services.AddSingleton<ListLogs>();
        services.AddSingleton(WithSecret<BuildDays>);
        services.AddSingleton(all => new DueJob(
            "days",
            all.GetRequiredService<BuildDays>().NextDueAsync,
            async (cut, stop) =>
            {
                while (await all.GetRequiredService<BuildDays>().RunAsync(cut, DaysPerStep, stop) == DaysPerStep) stop.ThrowIfCancellationRequested();
            }));
        services.AddSingleton<IReadOnlyList<DueJob>>(all => [.. all.GetServices<DueJob>()]);
        services.AddSingleton<DueJobs>();
        services.AddSingleton<FillSoon>();
        services.AddTimer<DueTimer>(settings);
    }

    private static FoldWatch Watch(IServiceProvider all)
    {
        var log = all.GetRequiredService<ILogger<FoldWatch>>();
        return new FoldWatch(all.GetRequiredService<IClock>(), (partition, count) =>
            log.LogWarning("{Count} events of partition {Partition} could not be used; GET /v1/ingest/rejected lists them.", count, partition.Number));
    }

    private static T WithSecret<T>(IServiceProvider all) => ActivatorUtilities.CreateInstance<T>(all, all.GetRequiredService<Installation>().Secret);
}
