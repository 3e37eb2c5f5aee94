using System.Collections.Concurrent;
using Billing.Functions.Hosting.Pipeline;
using Billing.UseCases.Metering;
using Billing.UseCases.Moving;

namespace Billing.Functions.Hosting.Triggers;

/// <summary>Delivery by the Functions host: it brings the batches, to this process or another, and this is what is known of it here.</summary>
public sealed class TriggeredDelivery(IEventLog eventLog, RegisterLog register, ProgressStore progress, Settings settings, TimeProvider realTime) : IHostedService, IDelivery
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ConcurrentDictionary<int, string> stopped = new();

    public string? StoppedBecause => stopped.Values.FirstOrDefault();

    // The hub takes what comes, and says itself when it is too much: nobody here waits for room.
    public long WaitingBytes => 0;

    public double BytesPerSecond => 0;

    public Task NextFoldAsync() => Task.CompletedTask;

    /// <summary>A batch was folded, or why it was not.</summary>
    public void Folded(int partition, string? stoppedBecause)
    {
        if (stoppedBecause is null) stopped.TryRemove(partition, out _);
        else stopped[partition] = stoppedBecause;
    }

    // What bills goes by what has been folded, so giving up only means doing less this time. The test clock does not move before all is counted.
    public async Task DrainAsync(CancellationToken stop)
    {
        var since = realTime.GetTimestamp();
        for (var partition = 0; partition < eventLog.Partitions; partition++)
        {
            var last = (await eventLog.PositionAsync(partition, stop)).LastSequence;
            while ((await progress.ReadAsync(new(eventLog.LogId, partition), stop)).Progress.Sequence < last)
            {
                if (!settings.TestClock && realTime.GetElapsedTime(since) > Patience) return;
                await Task.Delay(LookAgain, realTime, stop);
            }
        }
    }

    /// <summary>Registers the log; while the installation is held, its first batch does. Errors: throws when it was closed.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await register.RunAsync(cancellationToken);
        }
        catch (HeldException)
        {
            // Questions are answered meanwhile.
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
