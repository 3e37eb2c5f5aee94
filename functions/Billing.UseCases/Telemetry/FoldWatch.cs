using System.Diagnostics;
using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.UseCases.Telemetry;

/// <summary>Tells what became of each batch, once its progress is written: a batch that fails and comes again is told of once.</summary>
/// <param name="clock">The one that enqueued times are of; null where nobody asks how fresh usage is.</param>
/// <param name="unusable">Is told of the partition and how many events of a batch can't be used, when there are any.</param>
public sealed class FoldWatch(IClock? clock = null, Action<LogPartition, long>? unusable = null)
{
    /// <summary>Folds a batch and watches it.</summary>
    /// <param name="before">The progress before it.</param>
    /// <param name="stretch">The batch.</param>
    /// <param name="delivered">The messages that the log delivered; they say where they come from.</param>
    /// <param name="fold">Answers the progress with it.</param>
    internal async Task<Progress> FoldAsync(Progress before, MessageStretch stretch, IReadOnlyList<LogMessage> delivered, Func<Task<Progress>> fold)
    {
        var since = Stopwatch.GetTimestamp();
        using var span = Spans.Fold(before.LogPartition, stretch, delivered);
        try
        {
            var after = await fold();
            Measures.Folded(before, after, Stopwatch.GetElapsedTime(since));
            if (clock is not null) Measures.Fresh(Behind(stretch, clock.GetCurrentInstant()), after.Partition);
            if (after.Rejected > before.Rejected) unusable?.Invoke(after.LogPartition, after.Rejected - before.Rejected);
            span?.Folded(before, after);
            return after;
        }
        catch (Exception fault)
        {
            span?.Failed(fault);
            throw;
        }
    }

    // Two machines have two clocks.
    private static TimeSpan Behind(MessageStretch stretch, Instant now) => Duration.Max(Duration.Zero, now - stretch.Messages[^1].EnqueuedAt).ToTimeSpan();
}
