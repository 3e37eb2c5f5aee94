using Billing.Storage.Sqlite.Database;
using Billing.UseCases.Metering;
using Billing.UseCases.Telemetry;
using Microsoft.Data.Sqlite;
using NodaTime;

namespace Billing.Storage.Sqlite.Metering;

/// <summary>The event log in a table: sequences per partition from 1, without gaps, never given out twice.</summary>
/// <remarks>Enqueued times have ticks of 100 ns and never go back within a partition.</remarks>
public sealed class SqliteEventLog : IEventLog
{
    private const string HighestPartition = "SELECT max(partition) FROM log_position";

    /// <summary>Most partitions of a log; they share a 63-bit row number with the sequence.</summary>
    public const int MaxPartitions = 32_767;

    private readonly SqliteDatabase database;
    private readonly IClock clock;
    private readonly LogTail[] tails;
    private readonly MessageOrigins origins;
    private long waitingBytes;

    /// <param name="database">Where the log is kept.</param>
    /// <param name="clock">Gives the enqueued time.</param>
    /// <param name="logId">Of <see cref="LogIdentity.ReadOrCreateAsync"/>.</param>
    /// <param name="partitions">May grow from one opening to the next, never shrink.</param>
    /// <exception cref="InvalidOperationException">The database holds another log, or messages in higher partitions.</exception>
    public SqliteEventLog(SqliteDatabase database, IClock clock, string logId, int partitions)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(partitions, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(partitions, MaxPartitions);
        (this.database, this.clock, LogId, Partitions) = (database, clock, logId, partitions);
        origins = new MessageOrigins(partitions);
        tails = database.Read(connection => Open(connection, logId, partitions));
        waitingBytes = database.Read(LogTable.Bytes);
    }

    public string LogId { get; }

    public int Partitions { get; }

    /// <summary>Bodies of all messages that are not forgotten: what waits to be folded, and little more.</summary>
    public long WaitingBytes => Interlocked.Read(ref waitingBytes);

    public async Task AppendAsync(IReadOnlyList<NewMessage> messages, CancellationToken stop)
    {
        MessageLimits.Check(messages, Partitions);
        stop.ThrowIfCancellationRequested();
        if (messages.Count == 0) return;
        // The clock is read by the writer, so that times are in the order of the sequences.
        var origin = Spans.Here;
        var reached = await database.WriteAsync(connection =>
        {
            var newest = LogTable.Append(connection, messages, clock.GetCurrentInstant());
            // Before the commit: from there on the messages can be read.
            if (origin != default) origins.Remember(messages, newest, origin);
            return newest;
        });
        Interlocked.Add(ref waitingBytes, messages.Sum(m => (long)m.Body.Length));
        foreach (var (partition, sequence) in reached) tails[partition].Reached(sequence);
    }

    public Task<long?> NextHeldAsync(int partition, long from, CancellationToken stop)
    {
        CheckPartition(partition);
        stop.ThrowIfCancellationRequested();
        return Task.FromResult(database.Read(connection => LogTable.NextHeld(connection, partition, from)));
    }

    public Task<LogPosition> PositionAsync(int partition, CancellationToken stop)
    {
        CheckPartition(partition);
        stop.ThrowIfCancellationRequested();
        var (sequence, events, _) = database.Read(connection => LogTable.PositionOf(connection, partition));
        return Task.FromResult(new LogPosition(sequence, events));
    }

    /// <summary>The next messages after a sequence, in order, as many as the buffer takes; the bodies lie in it.</summary>
    /// <param name="partition">Number of the partition.</param>
    /// <param name="afterSequence">The last one that was read.</param>
    /// <param name="buffer">At least as large as one message; the same again and again, so that reading makes no garbage.</param>
    /// <remarks>Errors: throws when the next message alone is larger.</remarks>
    public IReadOnlyList<LogMessage> Read(int partition, long afterSequence, Memory<byte> buffer)
    {
        CheckPartition(partition);
        var messages = database.Read(connection => LogTable.Read(connection, partition, afterSequence, buffer));
        return Spans.AreHeard ? [.. messages.Select(m => origins.Marked(partition, m))] : messages;
    }

    /// <summary>Completes when the partition has a message after the sequence; at once when it already has.</summary>
    public Task WaitAsync(int partition, long afterSequence, CancellationToken stop)
    {
        CheckPartition(partition);
        return tails[partition].PastAsync(afterSequence, stop);
    }

    /// <summary>Deletes messages up to a sequence (inclusive), in slices that other writers pass between; the file reuses their space.</summary>
    public async Task ForgetAsync(int partition, long throughSequence)
    {
        CheckPartition(partition);
        ArgumentOutOfRangeException.ThrowIfNegative(throughSequence);
        while (true)
        {
            var (bytes, isLast) = await database.WriteAsync(connection => LogTable.ForgetSlice(connection, partition, throughSequence));
            Interlocked.Add(ref waitingBytes, -bytes);
            if (isLast) return;
        }
    }

    /// <summary>Counts anew what waits, after a reset has taken it away.</summary>
    public async Task RecountAsync() => Interlocked.Exchange(ref waitingBytes, await database.WriteAsync(LogTable.Bytes));

    private static LogTail[] Open(SqliteConnection connection, string logId, int partitions)
    {
        if (LogIdentity.Find(connection) is { } known && known != logId)
            throw new InvalidOperationException($"The database holds the log '{known}', not '{logId}'.");
        var highest = connection.Prepare(HighestPartition);
        if (highest.Step() && !highest.IsNull(0) && highest.Integer(0) >= partitions)
            throw new InvalidOperationException(
                $"The log '{logId}' has messages in partition {highest.Integer(0)}; it can't be opened with {partitions} partitions.");
        var tails = new LogTail[partitions];
        for (var partition = 0; partition < partitions; partition++)
            tails[partition] = new LogTail(LogTable.PositionOf(connection, partition).Sequence);
        return tails;
    }

    private void CheckPartition(int partition)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(partition);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(partition, Partitions);
    }
}
