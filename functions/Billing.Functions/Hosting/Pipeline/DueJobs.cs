using Billing.UseCases.Metering;
using Billing.UseCases.Moving;
using NodaTime;

namespace Billing.Functions.Hosting.Pipeline;

/// <summary>A kind of work that waits for its time.</summary>
/// <param name="Name">For the log.</param>
/// <param name="NextDue">The earliest due; null when nothing waits.</param>
/// <param name="Run">Does what is due at the cut, or a part of it.</param>
public sealed record DueJob(string Name, Func<CancellationToken, Task<Instant?>> NextDue, Func<Instant, CancellationToken, Task> Run);

/// <summary>All due work: of the usage first, so that what bills it reads it whole.</summary>
public sealed class DueJobs(IReadOnlyList<DueJob> jobs, IDelivery delivery, Cut cut, FillMeters fill, IClock clock)
{
    private static readonly Duration NearEnough = Duration.FromSeconds(1);

    /// <summary>The earliest due of all; null when nothing waits.</summary>
    public async Task<Instant?> NextDueAsync(CancellationToken stop)
    {
        Instant? next = null;
        foreach (var job in jobs)
            if (await job.NextDue(stop) is { } due && (next is null || due < next)) next = due;
        return next;
    }

    /// <summary>Does what is due now. Idle partitions are told the time first: nothing closes before the cut is past it.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        await FillAsync(stop);
        var now = clock.GetCurrentInstant();
        if (await NextDueAsync(stop) is not { } due || due > now) return;
        // What is due at once is due now; a log that takes messages is never quite there.
        if (await cut.ReadAsync(stop) < Instant.Max(due, now - NearEnough))
        {
            await cut.TickAsync(clock.GetCurrentInstant(), stop);
            await delivery.DrainAsync(stop);
        }
        var at = await cut.ReadAsync(stop);
        foreach (var job in jobs) await job.Run(at, stop);
    }

    /// <summary>Everything accepted so far is counted, also by the newest meters.</summary>
    public async Task DrainAsync(CancellationToken stop)
    {
        await delivery.DrainAsync(stop);
        await FillAsync(stop);
    }

    private async Task FillAsync(CancellationToken stop)
    {
        while (await fill.RunAsync(stop)) await delivery.DrainAsync(stop);
    }
}

/// <summary>Runs due work as real time passes. When the test clock stands, its moves run the work instead.</summary>
public sealed class DueTimer(DueJobs jobs, IDedupLedger ledger, UsageLimits limits, Standstill standstill, IClock clock, TimeProvider realTime, ILogger<DueTimer> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);
    private static readonly Duration SweepEvery = Duration.FromHours(1);
    private readonly SemaphoreSlim turn = new(1, 1);
    private Instant nextSweep = Instant.MinValue;

    /// <summary>Runs what is due, one caller at a time.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        await turn.WaitAsync(stop);
        try
        {
            await jobs.RunAsync(stop);
        }
        finally
        {
            turn.Release();
        }
    }

    public override void Dispose()
    {
        turn.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, realTime);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                if (await standstill.ReasonAsync(stoppingToken) is not null) continue;
                await RunAsync(stoppingToken);
                if (clock.GetCurrentInstant() >= nextSweep) await SweepAsync(stoppingToken);
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                log.LogError(fault, "Due work failed; the next try is in {Every}.", Every);
            }
        }
    }

    /// <summary>Forgets claims that have lived long enough.</summary>
    public async Task SweepAsync(CancellationToken stop)
    {
        var now = clock.GetCurrentInstant();
        await ledger.SweepAsync(now - limits.ClaimLife, stop);
        nextSweep = now + SweepEvery;
    }
}
