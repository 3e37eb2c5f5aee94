using Billing.UseCases.Idempotency;

namespace Billing.Functions.Hosting;

/// <summary>Forgets expired answers, every minute of real time.</summary>
public sealed class Housekeeping(StoredAnswers answers, TimeProvider realTime, ILogger<Housekeeping> log) : BackgroundService
{
    private const int PerStep = 100;
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, realTime);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                while (await answers.SweepAsync(PerStep, stoppingToken) == PerStep) stoppingToken.ThrowIfCancellationRequested();
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                log.LogError(fault, "Expired answers could not be forgotten; the next try is in a minute.");
            }
        }
    }
}
