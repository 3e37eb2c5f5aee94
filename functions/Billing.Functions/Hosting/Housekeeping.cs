using Billing.UseCases.Idempotency;
using Billing.UseCases.Moving;

namespace Billing.Functions.Hosting;

/// <summary>Forgets expired answers, every minute of real time.</summary>
public sealed class Housekeeping(StoredAnswers answers, Standstill standstill, TimeProvider realTime, ILogger<Housekeeping> log) : BackgroundService
{
    private const int PerStep = 100;
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    /// <summary>Forgets what has expired.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (await answers.SweepAsync(PerStep, stop) == PerStep) stop.ThrowIfCancellationRequested();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, realTime);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                if (await standstill.ReasonAsync(stoppingToken) is null) await RunAsync(stoppingToken);
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                log.LogError(fault, "Expired answers could not be forgotten; the next try is in a minute.");
            }
        }
    }
}
