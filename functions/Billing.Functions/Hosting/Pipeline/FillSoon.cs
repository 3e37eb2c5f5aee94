namespace Billing.Functions.Hosting.Pipeline;

/// <summary>Counts what came before a new meter while its creator waits, so that the first question to it is answered whole.</summary>
/// <remarks>It waits two seconds at the most: a long archive goes on being counted behind the answer.</remarks>
public sealed class FillSoon(DueTimer timer, ILogger<FillSoon> log)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public async Task TryAsync(CancellationToken stop)
    {
        try
        {
            await timer.RunAsync(CancellationToken.None).WaitAsync(Patience, stop);
        }
        catch (TimeoutException)
        {
            // The work goes on; the metric says how far it has come.
        }
        catch (Exception fault) when (!stop.IsCancellationRequested)
        {
            log.LogWarning(fault, "A new meter is not filled yet; the timer tries again.");
        }
    }
}
