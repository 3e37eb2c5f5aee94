using Microsoft.Data.Sqlite;

namespace Billing.Storage.Sqlite.Database;

/// <summary>One queued piece of work; its caller hears of it after the commit.</summary>
/// <param name="checksFirst">It throws before it has changed anything, or because the store itself failed; it needs no savepoint.</param>
internal abstract class QueuedWrite(bool checksFirst)
{
    public bool ChecksFirst => checksFirst;

    /// <summary>Runs on the writer thread; what it throws goes to its caller alone.</summary>
    public abstract void Run(SqliteConnection connection);

    /// <summary>The commit is durable.</summary>
    public abstract void Complete();

    /// <summary>Nothing of it was kept.</summary>
    public abstract void Fail(Exception reason);
}

/// <inheritdoc/>
internal sealed class QueuedWrite<T>(Func<SqliteConnection, T> work, bool checksFirst) : QueuedWrite(checksFirst)
{
    private readonly TaskCompletionSource<T> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? result;

    public Task<T> Answer => answer.Task;

    public override void Run(SqliteConnection connection) => result = work(connection);

    public override void Complete() => answer.TrySetResult(result!);

    public override void Fail(Exception reason) => answer.TrySetException(reason);
}

/// <summary>What waits for the writer: many callers add, one thread takes.</summary>
internal sealed class WriteQueue
{
    private readonly object gate = new();
    private List<QueuedWrite> waiting = [];
    private bool closed;

    /// <summary>Errors: <see cref="ObjectDisposedException"/> after closing.</summary>
    public void Add(QueuedWrite write)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, typeof(SqliteDatabase));
            waiting.Add(write);
            if (waiting.Count == 1) Monitor.Pulse(gate);
        }
    }

    /// <summary>Waits for work and swaps all of it into an empty list; false when closed and drained.</summary>
    public bool Take(ref List<QueuedWrite> taken)
    {
        taken.Clear();
        lock (gate)
        {
            while (waiting.Count == 0)
            {
                if (closed) return false;
                Monitor.Wait(gate);
            }
            (waiting, taken) = (taken, waiting);
            return true;
        }
    }

    /// <summary>True for the caller that closed it.</summary>
    public bool Close()
    {
        lock (gate)
        {
            if (closed) return false;
            closed = true;
            Monitor.PulseAll(gate);
            return true;
        }
    }
}
