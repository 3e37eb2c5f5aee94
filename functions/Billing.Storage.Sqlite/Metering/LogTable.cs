using Billing.Storage.Sqlite.Database;
using Billing.UseCases.Metering;
using Microsoft.Data.Sqlite;
using NodaTime;

namespace Billing.Storage.Sqlite.Metering;

/// <summary>The statements of the log: messages under partition × 2^48 + sequence, and how far each partition has come.</summary>
internal static class LogTable
{
    private const int SequenceBits = 48;
    private const long MaxSequence = (1L << SequenceBits) - 1;
    private const int SliceBytes = 4_000_000;
    private const int SliceRows = 1_000;

    private const string Insert = "INSERT INTO log (position, enqueued, events, body) VALUES (?1, ?2, ?3, ?4)";
    private const string Position = "SELECT last_sequence, accepted_events, last_enqueued FROM log_position WHERE partition = ?1";

    private const string SavePosition = """
        INSERT INTO log_position (partition, last_sequence, accepted_events, last_enqueued) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT DO UPDATE SET
            last_sequence = excluded.last_sequence, accepted_events = excluded.accepted_events, last_enqueued = excluded.last_enqueued
        """;

    private const string From = "SELECT position, enqueued, body FROM log WHERE position > ?1 AND position <= ?2 ORDER BY position";

    private const string Next = "SELECT position FROM log WHERE position >= ?1 AND position <= ?2 ORDER BY position LIMIT 1";

    private const string Lengths = """
        SELECT position, length(body) FROM log WHERE position > ?1 AND position <= ?2 ORDER BY position LIMIT ?3
        """;

    private const string AllBytes = "SELECT coalesce(sum(length(body)), 0) FROM log";

    private const string Delete = "DELETE FROM log WHERE position > ?1 AND position <= ?2";

    /// <summary>Appends the messages; answers each touched partition with its newest sequence.</summary>
    /// <remarks>A partition's enqueued time never goes back, whatever the clock does.</remarks>
    public static IReadOnlyDictionary<int, long> Append(SqliteConnection connection, IReadOnlyList<NewMessage> messages, Instant now)
    {
        var ticks = now.ToUnixTimeTicks();
        var reached = new Dictionary<int, (long Sequence, long Events, long Enqueued)>();
        foreach (var message in messages)
        {
            if (!reached.TryGetValue(message.Partition, out var at))
            {
                at = PositionOf(connection, message.Partition);
                at.Enqueued = Math.Max(at.Enqueued, ticks);
            }
            at.Sequence++;
            at.Events += message.Events;
            connection.Prepare(Insert).Bind(1, Row(message.Partition, at.Sequence)).Bind(2, at.Enqueued).Bind(3, message.Events)
                .Bind(4, message.Body.Span).Execute();
            reached[message.Partition] = at;
        }
        foreach (var (partition, at) in reached)
            connection.Prepare(SavePosition).Bind(1, partition).Bind(2, at.Sequence).Bind(3, at.Events).Bind(4, at.Enqueued).Execute();
        return reached.ToDictionary(pair => pair.Key, pair => pair.Value.Sequence);
    }

    public static (long Sequence, long Events, long Enqueued) PositionOf(SqliteConnection connection, int partition)
    {
        var row = connection.Prepare(Position).Bind(1, partition);
        var position = row.Step() ? (row.Integer(0), row.Integer(1), row.Integer(2)) : (0, 0, long.MinValue);
        row.Reset();
        return position;
    }

    public static long? NextHeld(SqliteConnection connection, int partition, long from)
    {
        if (from > MaxSequence) return null;
        var row = connection.Prepare(Next).Bind(1, Row(partition, Math.Max(0, from))).Bind(2, Row(partition, MaxSequence));
        var next = row.Step() ? row.Integer(0) & MaxSequence : (long?)null;
        row.Reset();
        return next;
    }

    public static List<LogMessage> Read(SqliteConnection connection, int partition, long afterSequence, Memory<byte> buffer)
    {
        var rows = connection.Prepare(From).Bind(1, Row(partition, afterSequence)).Bind(2, Row(partition, MaxSequence));
        var messages = new List<LogMessage>();
        while (rows.Step())
        {
            var body = rows.BlobSpan(2);
            if (body.Length > buffer.Length && messages.Count == 0) throw new ArgumentException($"A message of {body.Length} bytes is larger than the buffer.");
            if (body.Length > buffer.Length) break;
            body.CopyTo(buffer.Span);
            messages.Add(new LogMessage(rows.Integer(0) & MaxSequence, Instant.FromUnixTimeTicks(rows.Integer(1)), buffer[..body.Length]));
            buffer = buffer[body.Length..];
        }
        rows.Reset();
        return messages;
    }

    /// <summary>Bytes of all bodies; their lengths stand in the rows, so no body is read.</summary>
    public static long Bytes(SqliteConnection connection)
    {
        var row = connection.Prepare(AllBytes);
        row.Step();
        return row.Integer(0);
    }

    /// <summary>Deletes the oldest messages up to a sequence, as many as the writer can spare the time for; answers their bytes, and true when none is left.</summary>
    public static (long Bytes, bool IsLast) ForgetSlice(SqliteConnection connection, int partition, long throughSequence)
    {
        var (first, through) = (Row(partition, 0), Row(partition, Math.Min(throughSequence, MaxSequence)));
        var rows = connection.Prepare(Lengths).Bind(1, first).Bind(2, through).Bind(3, SliceRows);
        var (last, bytes, count) = (first, 0L, 0);
        while (bytes < SliceBytes && rows.Step())
        {
            last = rows.Integer(0);
            bytes += rows.Integer(1);
            count++;
        }
        rows.Reset();
        connection.Prepare(Delete).Bind(1, first).Bind(2, last).Execute();
        return (bytes, bytes < SliceBytes && count < SliceRows);
    }

    private static long Row(int partition, long sequence) => sequence is >= 0 and <= MaxSequence
        ? ((long)partition << SequenceBits) + sequence
        : throw new ArgumentOutOfRangeException(nameof(sequence), sequence, "A sequence has 48 bits.");
}
