using NodaTime;

namespace Billing.UseCases.Clock;

/// <summary>What moves when the clock moves.</summary>
/// <param name="Drain">Completes when every event accepted so far is counted.</param>
/// <param name="NextDue">The earliest due of all work, past or future; null when nothing waits.</param>
/// <param name="RunDue">Does the work that is due now, or a part of it.</param>
public sealed record DueWork(
    Func<CancellationToken, Task> Drain,
    Func<CancellationToken, Task<Instant?>> NextDue,
    Func<CancellationToken, Task> RunDue)
{
    /// <summary>Nothing runs in the background: drained at once, never due.</summary>
    public static readonly DueWork None = new(_ => Task.CompletedTask, _ => Task.FromResult<Instant?>(null), _ => Task.CompletedTask);
}

/// <summary>Moves the clock forward the way time would have: stopping at each due on the way, in order.</summary>
public static class ClockRun
{
    /// <summary>So many runs at one instant without its due going away are a fault (work that never gets done).</summary>
    public const int MaxRunsAtOneInstant = 10_000;

    /// <summary>Runs everything due up to and at the target, each at its own time, and leaves the clock at the target.</summary>
    /// <remarks>
    /// Order: what was accepted before is drained at the old time; then for each due: clock, drain, work. Work that makes new work
    /// at or before the target has that done as well. The clock never goes back: a due in the past is done at the present time.
    /// Errors: throws when a due does not go away.
    /// </remarks>
    /// <param name="work">What to run.</param>
    /// <param name="now">Reads the clock.</param>
    /// <param name="set">Sets and stores the clock.</param>
    /// <param name="target">Not before now.</param>
    /// <param name="stop">Gives up between two steps; the same call again goes on.</param>
    public static async Task ToAsync(
        DueWork work, Func<Instant> now, Func<Instant, CancellationToken, Task> set, Instant target, CancellationToken stop)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(target, now());
        await work.Drain(stop);
        await RunUntilAsync(work, now, set, target, stop);
        if (now() < target) await set(target, stop);
        await work.Drain(stop);
        await work.RunDue(stop);
        await RunUntilAsync(work, now, set, target, stop);
    }

    private static async Task RunUntilAsync(
        DueWork work, Func<Instant> now, Func<Instant, CancellationToken, Task> set, Instant target, CancellationToken stop)
    {
        var runs = 0;
        while (await work.NextDue(stop) is { } due && due <= target)
        {
            stop.ThrowIfCancellationRequested();
            if (due > now())
            {
                await set(due, stop);
                runs = 0;
            }
            if (++runs > MaxRunsAtOneInstant)
                throw new InvalidOperationException($"Work due at {due} is still due after {MaxRunsAtOneInstant} runs at {now()}.");
            await work.Drain(stop);
            await work.RunDue(stop);
        }
    }
}
