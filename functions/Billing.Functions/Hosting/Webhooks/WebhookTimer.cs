using Billing.UseCases.Moving;
using Billing.UseCases.Notifications;
using NodaTime;

namespace Billing.Functions.Hosting.Webhooks;

/// <summary>Delivers messages as real time passes, whatever the test clock says.</summary>
public sealed class WebhookTimer(DeliverMessages deliver, Standstill standstill, TimeProvider realTime, ILogger<WebhookTimer> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);

    /// <summary>Delivers what is due.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (await deliver.RunAsync(Instant.FromDateTimeOffset(realTime.GetUtcNow()), stop)) stop.ThrowIfCancellationRequested();
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
                log.LogError(fault, "Messages could not be delivered; the next try is in {Every}.", Every);
            }
        }
    }
}
