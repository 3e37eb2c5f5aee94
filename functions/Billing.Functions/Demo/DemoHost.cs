using Billing.Functions.Hosting;
using Billing.UseCases.Clock;
using NodaTime;

namespace Billing.Functions.Demo;

/// <summary>The server's own parts on a folder and a clock of the demo, without a port to listen on.</summary>
internal sealed class DemoHost : IAsyncDisposable
{
    private readonly IHost host;

    private DemoHost(IHost host, DemoClock clock) => (this.host, Clock) = (host, clock);

    /// <summary>Moves time while events come in.</summary>
    public DemoClock Clock { get; }

    /// <summary>The clock of everything that is billed: the demo's, until it is set and stays with the store.</summary>
    public BillingClock BillingClock => Get<BillingClock>();

    public DueWork Work => Get<BackgroundWork>().Due;

    /// <summary>Ends when the user gives up (Ctrl-C).</summary>
    public CancellationToken Stopping => Get<IHostApplicationLifetime>().ApplicationStopping;

    public static async Task<DemoHost> StartAsync(string folder, Instant start, CancellationToken stop)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.SetMinimumLevel(LogLevel.Error).AddConsole(c => c.LogToStandardErrorThreshold = LogLevel.Trace);
        var settings = new Settings(folder, ApiKey: null, TestClock: true, BehindDays: 400, LogPartitions: 1);
        var clock = new DemoClock(start);
        builder.Services.AddCapabilities(settings, clock);
        var host = builder.Build();
        try
        {
            await host.StartAsync(stop);
        }
        catch
        {
            host.Dispose();
            throw;
        }
        return new DemoHost(host, clock);
    }

    public T Get<T>()
        where T : notnull => host.Services.GetRequiredService<T>();

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync(CancellationToken.None);
        if (host is IAsyncDisposable disposable) await disposable.DisposeAsync();
        else host.Dispose();
    }
}

/// <summary>The time of the demo: it stands where it was put last.</summary>
internal sealed class DemoClock(Instant start) : IClock
{
    private long ticks = start.ToUnixTimeTicks();

    public Instant GetCurrentInstant() => Instant.FromUnixTimeTicks(Volatile.Read(ref ticks));

    /// <summary>Puts the clock there, rounded up to 100 ns; forward only.</summary>
    public void MoveTo(Instant now)
    {
        var next = now.ToUnixTimeTicks();
        if (Instant.FromUnixTimeTicks(next) < now) next++;
        if (next > ticks) Volatile.Write(ref ticks, next);
    }
}
