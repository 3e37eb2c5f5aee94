using System.Text;
using Billing.Domain.Metering;
using Billing.Domain.Values;
using Billing.Testing;
using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.Simulation;

/// <summary>One simulated life of an installation: everything in it follows from the seed.</summary>
internal sealed class Run
{
    private const int MaxTurnsPerPhase = 2_000_000;
    private static readonly HashKey Secret = new(0x0706050403020100, 0x0f0e0d0c0b0a0908);

    private readonly Random chance;
    private readonly ManualClock clock = new(Instant.FromUtc(2026, 1, 30, 18, 0));
    private readonly UsageLimits limits = new(Duration.FromHours(48));
    private readonly Turns turns;
    private readonly Stores stores;
    private readonly Traffic traffic;
    private readonly List<Meter> meters = [];
    private double rate;
    private bool working;

    private Run(int seed)
    {
        chance = new Random(seed);
        turns = new Turns(chance, clock);
        traffic = new Traffic(chance);
        stores = new Stores(new InMemoryDocumentStore(), new InMemoryDedupLedger(), new InMemoryArchive(), new InMemoryEventLog(clock, partitions: 1 + chance.Next(3)));
    }

    /// <summary>Runs a seed; null when all is well, else what is wrong.</summary>
    public static string? Try(int seed)
    {
        try
        {
            Trace(seed);
            return null;
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            return failure is SimulationFailure ? failure.Message : failure.ToString();
        }
    }

    /// <summary>Runs a seed; answers a number that tells runs apart.</summary>
    public static ulong Trace(int seed)
    {
        // Continuations must run inside the turns, never on a test runner's context.
        SynchronizationContext.SetSynchronizationContext(null);
        var run = new Run(seed);
        new RegisterLog(run.stores.Documents, run.stores.Log, run.stores.Archive, new MeterCatalog(run.stores.Documents), run.clock).RunAsync(default).GetAwaiter().GetResult();
        var phases = 1 + run.chance.Next(4);
        for (var phase = 1; phase <= phases; phase++) run.Phase(last: phase == phases);
        return run.turns.Trace;
    }

    private void Phase(bool last)
    {
        rate = chance.Next(5) == 0 ? 0 : chance.NextDouble() * 0.06;
        working = true;
        turns.Run(WorkAsync(), MaxTurnsPerPhase);
        rate = 0;
        // Past the end of every day that can have usage, so that all days are built.
        clock.Now += last ? Duration.FromHours(24 + 24) : Duration.FromHours(chance.Next(30));
        turns.Run(SettleAsync(last), MaxTurnsPerPhase);
        if (last) turns.Run(DeliverAllAgainAsync(), MaxTurnsPerPhase);
    }

    private async Task WorkAsync()
    {
        var hosts = Enumerable.Range(0, 1 + chance.Next(3)).Select(_ => HostAsync()).ToList();
        var sources = Enumerable.Range(0, 1 + chance.Next(2)).Select(_ => ProduceAsync(5 + chance.Next(15))).ToList();
        sources.Add(MeterAsync(1 + chance.Next(3)));
        sources.Add(PassTimeAsync(chance.Next(12)));
        await Task.WhenAll(sources);
        working = false;
        await Task.WhenAll(hosts);
    }

    private Instance NewInstance() =>
        new(stores, new Faults(chance, turns) { Rate = rate }, clock, limits, Secret, chance.Next(2) == 0 ? 96L << 20 : chance.Next(20_000));

    private async Task ProduceAsync(int requests)
    {
        while (requests-- > 0)
        {
            for (var wait = chance.Next(60); wait > 0; wait--) await turns.NextAsync();
            var instance = NewInstance();
            if (chance.Next(5) == 0)
            {
                var message = traffic.NewMessage(clock.Now);
                var events = OracleEvent.ReadMessage(message, clock.Now, limits.Behind, out _).Count;
                await stores.Log.AppendAsync([new NewMessage(chance.Next(stores.Log.Partitions), message, events)], default);
                continue;
            }
            var (body, shape) = traffic.NewRequest(clock.Now);
            for (var tries = 1 + chance.Next(4); tries > 0; tries--)
            {
                try
                {
                    if (!(await instance.Accept.AcceptAsync(body, shape, default)).Is(out _, out var refusal) && refusal.Code != "event_time_out_of_range")
                        throw new SimulationFailure($"A good request was refused: {refusal}\n{Encoding.UTF8.GetString(body)}");
                    break;
                }
                catch (StoreFailure)
                {
                    // The producer does not know whether it was taken, and sends it again, at once or much later.
                    instance = NewInstance();
                    if (chance.Next(3) == 0) clock.Now += Duration.FromHours(chance.Next(20));
                }
            }
        }
    }

    private async Task MeterAsync(int count)
    {
        for (; count > 0; count--)
        {
            for (var wait = chance.Next(200); wait > 0; wait--) await turns.NextAsync();
            var meter = traffic.NewMeter(meters.Count + 1);
            meters.Add(meter);
            var document = new MeterDocument { Meter = meter, Name = meter.Id, Slug = meter.Id, CreatedAt = clock.Now, Fill = new MeterFill(new Dictionary<string, long>(), 0) };
            for (var stored = false; !stored;)
            {
                var instance = NewInstance();
                try
                {
                    // A conflict says that an earlier try was stored, its answer lost.
                    await instance.Meters.TryWriteAsync(document, null, default);
                    stored = true;
                    if (chance.Next(4) > 0) await instance.Fill.MarkAsync(meter.Id, default);
                }
                catch (StoreFailure)
                {
                }
            }
        }
    }

    private async Task PassTimeAsync(int leaps)
    {
        for (; leaps > 0; leaps--)
        {
            for (var wait = chance.Next(150); wait > 0; wait--) await turns.NextAsync();
            clock.Now += Duration.FromMinutes(chance.Next(8 * 60));
        }
    }

    private async Task HostAsync()
    {
        while (working)
        {
            var instance = NewInstance();
            var next = new long[stores.Log.Partitions];
            while (working && !instance.Faults.Killed && chance.Next(40) > 0)
            {
                await turns.NextAsync();
                try
                {
                    await StepAsync(instance, next);
                }
                catch (Exception failure) when (failure is StoreFailure or StaleFoldException)
                {
                }
                catch (LogGapException)
                {
                    Array.Clear(next);
                }
            }
            instance.Faults.Kill();
        }
    }

    private async Task StepAsync(Instance instance, long[] next)
    {
        switch (chance.Next(16))
        {
            case 0: await instance.Fill.RunAsync(default); break;
            case 1: await instance.Days.RunAsync(await instance.Cut.ReadAsync(default), 1 + chance.Next(10), default); break;
            case 2: await instance.Cut.TickAsync(clock.Now, default); break;
            case 3 when meters.Count > 0: await ReadSomethingAsync(instance); break;
            default:
                var number = chance.Next(next.Length);
                var messages = stores.Log.Read(number, next[number], 1 + chance.Next(chance.Next(4) == 0 ? 40 : 6));
                if (messages.Count == 0) break;
                var progress = await instance.Record.FoldAsync(new LogPartition(stores.Log.LogId, number), messages, default);
                // The host's own checkpoint may lag: what it delivers next begins anywhere before the progress.
                next[number] = chance.Next(4) == 0 ? chance.NextInt64(progress.Sequence + 1) : progress.Sequence;
                break;
        }
    }

    // What is read in the middle is checked for nothing but that it can be read.
    private async Task ReadSomethingAsync(Instance instance)
    {
        var meter = meters[chance.Next(meters.Count)];
        var bounds = new[] { Instant.FromUtc(2026, 1, 28, 0, 0), Instant.FromUtc(2026, 2, 20, 0, 0) };
        await instance.Reader.ReadAsync(new UsageScope([new KeySpan("total", bounds[0], bounds[1])], bounds), new UsageQuery(meter, 0, g => g), default);
    }

    private async Task SettleAsync(bool last)
    {
        var instance = NewInstance();
        for (var waiting = true; waiting;)
        {
            await instance.Cut.TickAsync(clock.Now, default);
            await DrainAsync(instance);
            waiting = await instance.Fill.RunAsync(default);
            // Markers that were appended just now.
            await DrainAsync(instance);
        }
        // Days that the backfill made stale are due a little later.
        clock.Now += Duration.FromMinutes(10);
        await instance.Cut.TickAsync(clock.Now, default);
        await DrainAsync(instance);
        var cut = await instance.Cut.ReadAsync(default);
        while (await instance.Days.RunAsync(cut, 10, default) > 0)
        {
        }
        var comparison = new Comparison(stores, meters, limits, Secret, chance);
        await comparison.CheckAsync(NewInstance());
        if (last) await comparison.CheckDaysAsync();
    }

    private async Task DrainAsync(Instance instance)
    {
        for (var number = 0; number < stores.Log.Partitions; number++)
        {
            var partition = new LogPartition(stores.Log.LogId, number);
            var progress = new Progress { LogId = partition.LogId, Partition = number };
            while (stores.Log.Read(number, progress.Sequence, 1 + chance.Next(50)) is { Count: > 0 } messages) progress = await instance.Record.FoldAsync(partition, messages, default);
        }
    }

    // All of the log once more, to an instance that knows nothing: nothing may change.
    private async Task DeliverAllAgainAsync()
    {
        await DrainAsync(NewInstance());
        await new Comparison(stores, meters, limits, Secret, chance).CheckAsync(NewInstance());
    }
}
