namespace Billing.Storage.Sqlite.Metering;

/// <summary>The newest sequence of a partition, and those who wait for the next.</summary>
internal sealed class LogTail(long last)
{
    private readonly Lock gate = new();
    private long last = last;
    private TaskCompletionSource? next;

    /// <summary>Moves the tail forward and wakes all who wait.</summary>
    public void Reached(long sequence)
    {
        TaskCompletionSource? woken;
        lock (gate)
        {
            if (sequence <= last) return;
            last = sequence;
            (woken, next) = (next, null);
        }
        woken?.SetResult();
    }

    /// <summary>Completes when the tail is past a sequence; at once when it already is.</summary>
    public async Task PastAsync(long sequence, CancellationToken stop)
    {
        while (true)
        {
            Task waiting;
            lock (gate)
            {
                if (last > sequence) return;
                next ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                waiting = next.Task;
            }
            await waiting.WaitAsync(stop);
        }
    }
}
