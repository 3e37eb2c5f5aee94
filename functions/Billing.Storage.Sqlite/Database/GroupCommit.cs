using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace Billing.Storage.Sqlite.Database;

/// <summary>Runs queued work on the one writing connection: many pieces, one transaction, one fdatasync.</summary>
/// <remarks>
/// Each piece has its own savepoint, or changes nothing before it throws, so one that throws is undone alone. Callers hear nothing before the commit is durable. When the
/// commit itself fails (a full disk), every piece of the transaction fails with that reason and nothing of it is kept.
/// </remarks>
internal sealed class GroupCommit(PreparingConnection connection)
{
    private const int MaxPieces = 4_096;
    private readonly List<(QueuedWrite Write, Exception? Reason)> ran = [];
    private long commits;

    /// <summary>Transactions committed since the database was opened.</summary>
    public long Commits => Interlocked.Read(ref commits);

    public void Run(List<QueuedWrite> writes)
    {
        var all = CollectionsMarshal.AsSpan(writes);
        for (var at = 0; at < all.Length; at += MaxPieces) RunTransaction(all.Slice(at, Math.Min(MaxPieces, all.Length - at)));
    }

    private void RunTransaction(ReadOnlySpan<QueuedWrite> writes)
    {
        ran.Clear();
        try
        {
            connection.Run("BEGIN IMMEDIATE");
            if (writes.Length == 1) RunAlone(writes[0]);
            else
                foreach (var write in writes) RunAmongOthers(write);
            connection.Settle();
            if (connection.InTransaction) connection.Run("COMMIT");
            Interlocked.Increment(ref commits);
        }
        catch (Exception reason)
        {
            FailAll(writes, reason);
            return;
        }
        foreach (var (write, reason) in ran)
        {
            if (reason is null) write.Complete();
            else write.Fail(reason);
        }
    }

    private void RunAlone(QueuedWrite write)
    {
        try
        {
            write.Run(connection);
            ran.Add((write, null));
        }
        catch (Exception reason)
        {
            ran.Add((write, reason));
            connection.Settle();
            if (connection.InTransaction) connection.Run("ROLLBACK");
        }
    }

    private void RunAmongOthers(QueuedWrite write)
    {
        if (!write.ChecksFirst)
        {
            RunInSavepoint(write);
            return;
        }
        var before = connection.RowsWritten;
        try
        {
            write.Run(connection);
            ran.Add((write, null));
        }
        catch (Exception reason) when (connection.InTransaction && connection.RowsWritten == before)
        {
            ran.Add((write, reason));
        }
    }

    private void RunInSavepoint(QueuedWrite write)
    {
        connection.Run("SAVEPOINT piece");
        try
        {
            write.Run(connection);
            ran.Add((write, null));
        }
        catch (Exception reason)
        {
            // SQLite has undone the whole transaction: the pieces before this one are gone with it.
            if (!connection.InTransaction) throw;
            ran.Add((write, reason));
            connection.Settle();
            connection.Run("ROLLBACK TO piece");
        }
        connection.Run("RELEASE piece");
    }

    private void FailAll(ReadOnlySpan<QueuedWrite> writes, Exception reason)
    {
        try
        {
            connection.Settle();
            if (connection.InTransaction) connection.Run("ROLLBACK");
        }
        catch (SqliteException)
        {
            // The transaction stays open: every later one is refused at its start and tells its callers, and nothing is kept.
        }
        foreach (var write in writes) write.Fail(reason);
    }
}
