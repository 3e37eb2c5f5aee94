namespace Billing.Simulation;

/// <summary>What goes wrong in one life of one instance. Once it was killed, none of its calls reaches a store again.</summary>
internal sealed class Faults(Random chance, Turns turns)
{
    /// <summary>How likely a call fails; 0 when the weather is fine.</summary>
    public double Rate { get; set; }

    public bool Killed { get; private set; }

    public Random Chance => chance;

    /// <summary>Kills the instance.</summary>
    public void Kill() => Killed = true;

    public bool Strikes() => chance.NextDouble() < Rate;

    /// <summary>A call: it may fail before it took effect, after it (the answer is lost), or the instance may die around it.</summary>
    /// <param name="name">For the failure's message.</param>
    /// <param name="effect">What the call does.</param>
    /// <param name="part">A part of the effect, after which the call fails; null when the call is all or nothing.</param>
    public async Task<T> CallAsync<T>(string name, Func<Task<T>> effect, Func<Task>? part = null)
    {
        await turns.NextAsync();
        if (Killed) throw new StoreFailure($"{name}: the instance is dead.");
        if (Strikes())
        {
            var kind = chance.Next(5);
            if (kind >= 3) Killed = true;
            if (kind is 0 or 3) throw new StoreFailure($"{name}: failed before it took effect.");
            if (kind == 1 && part is not null)
            {
                await part();
                throw new StoreFailure($"{name}: failed half-way.");
            }
            await effect();
            throw new StoreFailure($"{name}: the answer was lost.");
        }
        var answer = await effect();
        // The answer takes its time on the way; others go on.
        if (chance.Next(3) == 0) await turns.NextAsync();
        return Killed ? throw new StoreFailure($"{name}: the instance is dead.") : answer;
    }
}
