namespace Billing.Functions.Hosting.Access;

/// <summary>Lets those with the same key in one after another, in this process; different keys never wait for each other.</summary>
public sealed class KeyedTurns
{
    private readonly Dictionary<string, Turn> turns = [];

    private sealed class Turn : IDisposable
    {
        public readonly SemaphoreSlim Gate = new(1, 1);
        public int Users;

        public void Dispose() => Gate.Dispose();
    }

    /// <summary>Waits for the turn; disposing of the result ends it.</summary>
    public async Task<IDisposable> EnterAsync(string key, CancellationToken stop)
    {
        Turn turn;
        lock (turns)
        {
            if (!turns.TryGetValue(key, out turn!)) turns[key] = turn = new Turn();
            turn.Users++;
        }
        try
        {
            await turn.Gate.WaitAsync(stop);
        }
        catch
        {
            Leave(key, turn);
            throw;
        }
        return new Entered(this, key, turn);
    }

    private void Leave(string key, Turn turn)
    {
        lock (turns)
        {
            if (--turn.Users > 0) return;
            turns.Remove(key);
            turn.Dispose();
        }
    }

    private sealed class Entered(KeyedTurns all, string key, Turn turn) : IDisposable
    {
        public void Dispose()
        {
            turn.Gate.Release();
            all.Leave(key, turn);
        }
    }
}
