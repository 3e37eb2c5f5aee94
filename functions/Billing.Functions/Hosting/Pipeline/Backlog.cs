using System.Diagnostics;
using Billing.Domain.Values;

namespace Billing.Functions.Hosting.Pipeline;

/// <summary>What was accepted and waits to be counted. Past half a second's work ingest answers more slowly; past its bound it says "later" and takes nothing.</summary>
/// <remarks>
/// An overloaded server could accept events faster than it counts them, and every answer would be older than the one before. So a request waits until
/// the backlog is short again: producers that wait for their answers then send as fast as events are counted. It waits a second at most: a burst of
/// many producers is taken, since the log is on disk and costs no memory. The bound keeps a lasting overload from filling the disk.
/// </remarks>
public sealed class Backlog(IDelivery delivery, Settings settings)
{
    private const double SecondsOfWork = 0.4;
    private const long LeastBytes = 2 << 20;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    private readonly long maxBytes = (long)settings.MaxBacklogMb << 20;

    /// <summary>Waits for room; null when there is some, else the refusal.</summary>
    public async ValueTask<Refusal?> RoomAsync(CancellationToken stop)
    {
        var since = Stopwatch.GetTimestamp();
        while (true)
        {
            // Taken before the look, or a fold between the two would be missed.
            var folded = delivery.NextFoldAsync();
            var waiting = delivery.WaitingBytes;
            if (waiting <= Math.Min(Math.Max(LeastBytes, delivery.BytesPerSecond * SecondsOfWork), maxBytes)) return null;
            var left = LongestWait - Stopwatch.GetElapsedTime(since);
            if (left <= TimeSpan.Zero || delivery.StoppedBecause is not null)
                return waiting < maxBytes ? null : new Refusal(
                    "backlog_full", $"{waiting >> 20} MB of events wait to be counted. Nothing of this request was stored; send it again in some seconds.", null, RefusalKind.Overloaded);
            await Task.WhenAny(folded, Task.Delay(left, stop));
            stop.ThrowIfCancellationRequested();
        }
    }
}
