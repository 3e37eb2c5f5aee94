using Billing.Testing;
using NodaTime;

namespace Billing.Simulation;

/// <summary>Decides who goes on next: every port call waits for its turn, and one at a time gets it, by chance from the seed.</summary>
/// <remarks>Continuations run inside <see cref="Run"/>, on one thread, so a seed always gives the same order.</remarks>
internal sealed class Turns(Random chance, ManualClock clock)
{
    private readonly List<TaskCompletionSource> waiting = [];

    /// <summary>Turns given so far.</summary>
    public int Count { get; private set; }

    /// <summary>A number that differs when any turn went to another one.</summary>
    public ulong Trace { get; private set; } = 17;

    public Task NextAsync()
    {
        var turn = new TaskCompletionSource();
        waiting.Add(turn);
        return turn.Task;
    }

    /// <summary>Gives turns until the work is done.</summary>
    public void Run(Task work, int maxTurns)
    {
        for (var left = maxTurns; !work.IsCompleted; left--)
        {
            if (waiting.Count == 0) throw new SimulationFailure("Nobody waits for a turn, and the work is not done.");
            if (left == 0) throw new SimulationFailure($"The work is not done after {maxTurns} turns.");
            var next = chance.Next(waiting.Count);
            Trace = unchecked(Trace * 31 + (ulong)next + (ulong)waiting.Count * 1_000);
            var turn = waiting[next];
            waiting[next] = waiting[^1];
            waiting.RemoveAt(waiting.Count - 1);
            Count++;
            clock.Now += Duration.FromMilliseconds(chance.Next(1_000));
            turn.SetResult();
        }
        work.GetAwaiter().GetResult();
    }
}

/// <summary>The pipeline did what it must not.</summary>
internal sealed class SimulationFailure(string message) : Exception(message);

/// <summary>What a store throws when it can't answer, or when its answer got lost.</summary>
internal sealed class StoreFailure(string message) : Exception(message);
