using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace Billing.Storage.Sqlite.Database;

/// <summary>One database file: a single writer with group commit, and readers that never wait for it.</summary>
/// <remarks>
/// Durable: a write's task completes after fdatasync of the write-ahead log. A read is one snapshot and sees every write whose task has
/// completed. A second process on the same folder is refused; the lock ends with the process, however it ends.
/// </remarks>
public sealed class SqliteDatabase : IAsyncDisposable
{
    private const string FileName = "billing.db";
    private const long MaxLogBytes = 3 * SqlitePragmas.LogBytes;
    private readonly string folder;
    private readonly bool temporary;
    private readonly FileStream folderLock;
    private readonly PreparingConnection writer;
    private readonly GroupCommit group;
    private readonly WriteQueue queue = new();
    private readonly ConcurrentStack<PreparingConnection> readers = new();
    private readonly TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<Type, object> only = [];
    private volatile bool disposed;

    private SqliteDatabase(string folder, bool temporary)
    {
        this.folder = folder;
        this.temporary = temporary;
        folderLock = FolderLock.Take(folder);
        try
        {
            writer = SqlitePragmas.OpenWriter(File, durable: !temporary);
            SqliteSchema.Apply(writer);
        }
        catch
        {
            writer?.Dispose();
            folderLock.Dispose();
            throw;
        }
        group = new GroupCommit(writer);
        new Thread(WriteUntilClosed) { Name = "sqlite writer", IsBackground = true }.Start();
    }

    /// <summary>Transactions committed since opening: each is one fdatasync.</summary>
    public long Commits => group.Commits;

    /// <summary>The database's file.</summary>
    public string File => Path.Combine(folder, FileName);

    /// <summary>Opens or creates <c>{folder}/billing.db</c>; creates the folder.</summary>
    /// <exception cref="InvalidOperationException">Another process has the folder, or a newer version wrote the file.</exception>
    /// <exception cref="IOException">The folder can't be written, or the file is damaged or no database.</exception>
    public static SqliteDatabase Open(string folder)
    {
        var path = Path.GetFullPath(folder);
        try
        {
            return new(path, temporary: false);
        }
        catch (SqliteException fault)
        {
            throw new IOException($"The database '{Path.Combine(path, FileName)}' can't be opened: {fault.Message.TrimEnd('.')}. Put a copy in its place, or choose another folder.", fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"'{path}' can't be used as a data folder: {fault.Message}", fault);
        }
    }

    /// <summary>A private database in a folder of its own that is deleted at disposal; not durable, for tests.</summary>
    public static SqliteDatabase OpenTemporary() => new(Directory.CreateTempSubdirectory("billing-").FullName, temporary: true);

    /// <summary>Runs work on the writer thread and completes when its effects are durable; when it throws, nothing of it is kept.</summary>
    /// <remarks>
    /// Work is run in the order queued, together with what else waits, in one transaction. It must be quick and must not block or wait
    /// for other work. Memory it changes is not undone when the commit fails.
    /// </remarks>
    /// <exception cref="ObjectDisposedException">The database is closed.</exception>
    public Task<T> WriteAsync<T>(Func<SqliteConnection, T> work) => Enqueue(new QueuedWrite<T>(work, checksFirst: false));

    /// <summary>
    /// As <see cref="WriteAsync{T}"/>, for work that checks everything before its first write: a third cheaper. Should it throw after a
    /// write all the same, the whole transaction is undone and everyone in it is told.
    /// </summary>
    internal Task<T> WriteCheckedAsync<T>(Func<SqliteConnection, T> work) => Enqueue(new QueuedWrite<T>(work, checksFirst: true));

    /// <summary>Runs work on one snapshot, on the calling thread.</summary>
    /// <exception cref="ObjectDisposedException">The database is closed.</exception>
    public T Read<T>(Func<SqliteConnection, T> work)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (!readers.TryPop(out var reader)) reader = SqlitePragmas.OpenReader(File);
        var sound = false;
        try
        {
            reader.Run("BEGIN DEFERRED");
            try
            {
                return work(reader);
            }
            finally
            {
                reader.Settle();
                reader.Run("COMMIT");
                reader.Settle();
                sound = true;
            }
        }
        finally
        {
            if (sound && !disposed) readers.Push(reader);
            else reader.Dispose();
        }
    }

    /// <summary>The one object of its type for this database, created from the first reader's snapshot: numbers given out once live in it.</summary>
    internal T Only<T>(Func<SqliteConnection, T> create)
        where T : class
    {
        lock (only)
        {
            if (!only.TryGetValue(typeof(T), out var made)) only.Add(typeof(T), made = Read(create));
            return (T)made;
        }
    }

    /// <summary>Finishes what is queued, moves the log into the file and lets go of the folder.</summary>
    public async ValueTask DisposeAsync()
    {
        disposed = true;
        queue.Close();
        await stopped.Task;
    }

    private Task<T> Enqueue<T>(QueuedWrite<T> write)
    {
        queue.Add(write);
        return write.Answer;
    }

    private void WriteUntilClosed()
    {
        var taken = new List<QueuedWrite>();
        var nextLook = 0L;
        while (queue.Take(ref taken))
        {
            group.Run(taken);
            if (Environment.TickCount64 < nextLook) continue;
            nextLook = Environment.TickCount64 + 1_000;
            ShortenLog();
        }
        Close();
    }

    /// <summary>
    /// Overlapping reads can keep SQLite's own checkpoint from ever reaching the end of the log, which then grows without bound. Past
    /// three times its size the writer waits for the old snapshots to end and starts the log anew.
    /// </summary>
    private void ShortenLog()
    {
        var log = new FileInfo(File + "-wal");
        if (!log.Exists || log.Length < MaxLogBytes) return;
        try
        {
            writer.Run("PRAGMA wal_checkpoint(RESTART)");
        }
        catch (SqliteException)
        {
            // A checkpoint that fails loses nothing: the log is still there, and the next look tries again.
        }
    }

    private void Close()
    {
        try
        {
            while (readers.TryPop(out var reader)) reader.Dispose();
            writer.Dispose();
            folderLock.Dispose();
            if (temporary) Directory.Delete(folder, recursive: true);
            stopped.SetResult();
        }
        catch (Exception reason)
        {
            stopped.SetException(reason);
        }
    }
}
