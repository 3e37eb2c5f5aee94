using System.Diagnostics;
using Billing.Storage.Sqlite.Metering;
using Billing.UseCases.Documents;
using Billing.UseCases.Metering;
using Billing.UseCases.Moving;

namespace Billing.Functions.Hosting.Pipeline;

/// <summary>How the pump gathers messages before they are folded: the larger a batch, the fewer document writes an event costs.</summary>
/// <param name="MaxWait">A message waits at most this long for company: from the last batch's reading on, so that one after a pause does not wait at all.</param>
/// <param name="MaxBytes">Bodies of one partition that are folded at once; their decoded form takes about three times as much.</param>
public sealed record BatchSettings(TimeSpan MaxWait, int MaxBytes)
{
    private const int AllPartitionsBytes = 8 << 20;

    /// <summary>What all partitions hold at once is the same, however many there are.</summary>
    public static BatchSettings For(int partitions) => new(TimeSpan.FromMilliseconds(200), Math.Max(IEventLog.MaxMessageBytes, AllPartitionsBytes / partitions));
}

/// <summary>Delivers the embedded log to the fold, each partition in order and at least once; the host's trigger does this on Azure.</summary>
public sealed class LogPump(SqliteEventLog eventLog, RegisterLog register, RecordUsage record, Standstill standstill, IDocumentStore documents, BatchSettings batches, ILogger<LogPump> log) : BackgroundService, IDelivery
{
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(5);

    private readonly ProgressStore progressStore = new(documents);
    private readonly string?[] stopped = new string?[eventLog.Partitions];
    private readonly double[] bytesPerSecond = new double[eventLog.Partitions];
    private TaskCompletionSource hurry = Signal();
    private TaskCompletionSource folding = Signal();
    private long foldedBytes;
    private volatile bool running;
    private int draining;

    public string? StoppedBecause => running ? Array.Find(stopped, s => s is not null) : "Folding has not started yet.";

    public long WaitingBytes => eventLog.WaitingBytes - Interlocked.Read(ref foldedBytes);

    public double BytesPerSecond => bytesPerSecond.Sum();

    public Task NextFoldAsync() => Volatile.Read(ref folding).Task;

    public async Task DrainAsync(CancellationToken stop)
    {
        Interlocked.Increment(ref draining);
        hurry.TrySetResult();
        try
        {
            for (var partition = 0; partition < eventLog.Partitions; partition++)
            {
                var last = (await eventLog.PositionAsync(partition, stop)).LastSequence;
                while ((await progressStore.ReadAsync(new(eventLog.LogId, partition), stop)).Progress.Sequence < last) await Task.Delay(2, stop);
            }
        }
        finally
        {
            Interlocked.Decrement(ref draining);
        }
    }

    /// <summary>Registers the log, then starts folding it. Errors: throws when the log was closed.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await register.RunAsync(cancellationToken);
        }
        catch (HeldException)
        {
            // Nothing is folded either, until the command that holds the installation has ended and this is started anew.
        }
        await base.StartAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        running = true;
        return Task.WhenAll(Enumerable.Range(0, eventLog.Partitions).Select(p => Task.Run(() => PumpAsync(p, stoppingToken), stoppingToken)));
    }

    private async Task PumpAsync(int partition, CancellationToken stop)
    {
        var backOff = FirstBackOff;
        var buffer = new byte[batches.MaxBytes];
        while (!stop.IsCancellationRequested)
        {
            try
            {
                // No hold begins while this process has the folder: once it may fold, it may.
                if (await standstill.FoldReasonAsync(stop) is { } reason)
                {
                    stopped[partition] = reason;
                    await Task.Delay(LongestBackOff, stop);
                    continue;
                }
                await StepAsync(partition, buffer, stop);
                backOff = FirstBackOff;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (StaleFoldException stale)
            {
                log.LogWarning("Partition {Partition} is folded again: {Reason}", partition, stale.Message);
            }
            catch (Exception fault)
            {
                stopped[partition] = fault is LogGapException or LogClosedException
                    ? fault.Message
                    : $"Partition {eventLog.LogId}/{partition} could not be folded; the server's log says why. It is tried again and again.";
                log.LogError(fault, "Partition {Partition} could not be folded; the next try is in {BackOff}.", partition, backOff);
                await Task.Delay(backOff, stop);
                backOff = backOff * 2 < LongestBackOff ? backOff * 2 : LongestBackOff;
            }
        }
    }

    private async Task StepAsync(int partition, byte[] buffer, CancellationToken stop)
    {
        var of = new LogPartition(eventLog.LogId, partition);
        // What an earlier life archived and did not fold comes first, and what was declared lost is passed.
        var folded = (await record.FoldAsync(of, [], stop)).Sequence;
        if ((await eventLog.PositionAsync(partition, stop)).LastSequence <= folded) stopped[partition] = null;
        var full = false;
        var lastRead = 0L;
        var forgetting = Task.CompletedTask;
        while (true)
        {
            await eventLog.WaitAsync(partition, folded, stop);
            if (!full) await GatherAsync(lastRead, stop);
            lastRead = Stopwatch.GetTimestamp();
            var messages = eventLog.Read(partition, folded, buffer);
            if (messages.Count == 0) throw new LogGapException(of, folded + 1, (await eventLog.PositionAsync(partition, stop)).LastSequence + 1);
            var bytes = messages.Sum(m => (long)m.Body.Length);
            full = bytes > batches.MaxBytes / 2;
            folded = (await record.FoldAsync(of, messages, stop)).Sequence;
            Folded(partition, bytes, Stopwatch.GetElapsedTime(lastRead));
            // The next batch does not wait until the log is rid of this one.
            await forgetting;
            forgetting = ForgetAsync(partition, folded, bytes);
            stopped[partition] = null;
        }
    }

    private void Folded(int partition, long bytes, TimeSpan took)
    {
        Interlocked.Add(ref foldedBytes, bytes);
        var now = bytes / Math.Max(took.TotalSeconds, 1e-6);
        bytesPerSecond[partition] = bytesPerSecond[partition] == 0 ? now : (bytesPerSecond[partition] * 3 + now) / 4;
        Interlocked.Exchange(ref folding, Signal()).TrySetResult();
    }

    private async Task ForgetAsync(int partition, long throughSequence, long bytes)
    {
        try
        {
            await eventLog.ForgetAsync(partition, throughSequence);
        }
        finally
        {
            Interlocked.Add(ref foldedBytes, -bytes);
        }
    }

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Waits for company, unless someone waits for the log to be drained.
    private async Task GatherAsync(long lastRead, CancellationToken stop)
    {
        var wait = lastRead == 0 ? TimeSpan.Zero : batches.MaxWait - Stopwatch.GetElapsedTime(lastRead);
        if (wait <= TimeSpan.Zero || Volatile.Read(ref draining) > 0) return;
        var signal = hurry;
        if (signal.Task.IsCompleted)
        {
            Interlocked.CompareExchange(ref hurry, Signal(), signal);
            signal = hurry;
        }
        if (Volatile.Read(ref draining) > 0) return;
        await Task.WhenAny(Task.Delay(wait, stop), signal.Task);
        stop.ThrowIfCancellationRequested();
    }
}
