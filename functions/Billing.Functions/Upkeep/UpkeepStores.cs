using Billing.Functions.Hosting;
using Billing.Functions.Hosting.Pipeline;
using Billing.UseCases.Documents;
using Billing.UseCases.Metering;
using Billing.UseCases.Moving;
using NodaTime;

namespace Billing.Functions.Upkeep;

/// <summary>The server's own parts on the stores that the settings name, with nothing running.</summary>
internal sealed class UpkeepStores : IAsyncDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    // A commit that was begun before the hold was known, with all its tries.
    private static readonly TimeSpan LongestFold = 2 * Standstill.Life + TimeSpan.FromMinutes(2);

    private readonly IHost host;
    private readonly Settings settings;
    private readonly TimeProvider realTime = TimeProvider.System;

    private UpkeepStores(IHost host, Settings settings) => (this.host, this.settings) = (host, settings);

    /// <summary>Opens the stores.</summary>
    /// <exception cref="InvalidOperationException">They are in use by a server, or not there.</exception>
    public static UpkeepStores Open(IReadOnlyList<string> args, IClock realClock, bool mustExist)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddEnvironmentVariables().AddCommandLine([.. args]);
        builder.Logging.SetMinimumLevel(LogLevel.Error).AddConsole(c => c.LogToStandardErrorThreshold = LogLevel.Trace);
        var settings = Settings.From(builder.Configuration);
        if (mustExist && settings.Azure is null && !Directory.Exists(settings.DataFolder))
            throw new InvalidOperationException($"There is no data folder {settings.DataFolder}. Name it with BILLING_DATA, or the stores in Azure with BILLING_COSMOS and the others.");
        builder.Services.AddCapabilities(settings, realClock);
        return new UpkeepStores(builder.Build(), settings);
    }

    public T Get<T>()
        where T : notnull => host.Services.GetRequiredService<T>();

    /// <summary>A use case on the stores.</summary>
    public T Make<T>() => ActivatorUtilities.CreateInstance<T>(host.Services);

    public Task LoadClockAsync(CancellationToken stop) => Get<BillingClock>().LoadAsync(stop);

    /// <summary>Completes when every instance of the app has looked at the installation again. The embedded store has no other process.</summary>
    public Task HeardAsync(CancellationToken stop) => settings.Azure is null ? Task.CompletedTask : Task.Delay(2 * Standstill.Life, realTime, stop);

    /// <summary>Makes the windows anew.</summary>
    public async Task<Rebuilt> RebuildAsync(YearMonth? from, bool dryRun, SayStep say, CancellationToken stop)
    {
        // Asked for below, it would be made.
        if (await Installation.ReadAsync(Get<IDocumentStore>(), stop) is null) throw new InvalidOperationException("The stores hold no installation: there is nothing to rebuild.");
        return await ActivatorUtilities.CreateInstance<RebuildWindows>(host.Services, Get<Installation>().Secret).RunAsync(
            from, settings.Azure is null ? HeardAsync : token => Task.Delay(LongestFold, realTime, token), dryRun, say, stop);
    }

    /// <summary>Completes when everything in the log is counted: here when it is embedded, by the function app in Azure.</summary>
    /// <exception cref="InvalidOperationException">It is not being counted.</exception>
    public async Task DrainAsync(SayStep say, CancellationToken stop)
    {
        var pump = settings.Azure is null ? (IHostedService)Get<IDelivery>() : null;
        if (pump is not null) await pump.StartAsync(stop);
        try
        {
            var (before, since) = (long.MaxValue, realTime.GetTimestamp());
            while (await WaitingAsync(stop) is > 0 and var waiting)
            {
                if (waiting < before) (before, since) = (waiting, realTime.GetTimestamp());
                say(FormattableString.Invariant($"{waiting:N0} messages wait to be counted."));
                if (realTime.GetElapsedTime(since) > Patience) throw new InvalidOperationException(Stuck(waiting));
                await Task.Delay(Every, realTime, stop);
            }
        }
        finally
        {
            if (pump is not null) await pump.StopAsync(CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (host is IAsyncDisposable disposable) await disposable.DisposeAsync();
        else host.Dispose();
    }

    private string Stuck(long waiting) => settings.Azure is null
        ? $"{waiting} messages can't be counted: {Get<IDelivery>().StoppedBecause ?? "the log says nothing of why."} The installation stays held; 'release' lets it go."
        : $"{waiting} messages wait in the event hub and get no fewer. The function app must run, and who sends to the hub directly must stop. The installation stays held; 'release' lets it go.";

    private async Task<long> WaitingAsync(CancellationToken stop)
    {
        var log = Get<IEventLog>();
        long waiting = 0;
        for (var partition = 0; partition < log.Partitions; partition++)
        {
            var (progress, _) = await Get<ProgressStore>().ReadAsync(new LogPartition(log.LogId, partition), stop);
            waiting += Math.Max(0, (await log.PositionAsync(partition, stop)).LastSequence - progress.Sequence);
        }
        return waiting;
    }
}
