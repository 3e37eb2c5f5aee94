using Microsoft.Data.Sqlite;

namespace Billing.Storage.Sqlite.Database;

/// <summary>How connections are set up.</summary>
internal static class SqlitePragmas
{
    private const int PageBytes = 8_192;
    private const int CheckpointPages = 16_000;

    /// <summary>The size the write-ahead log is cut back to: one checkpoint's worth.</summary>
    public const long LogBytes = (long)PageBytes * CheckpointPages;

    /// <summary>The connection that writes; <paramref name="durable"/> false skips fdatasync.</summary>
    public static PreparingConnection OpenWriter(string file, bool durable) => Open(file, SqliteOpenMode.ReadWriteCreate,
        // The time-out comes first: the change to WAL may meet a lock that a killed process left to be recovered.
        $"""
        PRAGMA busy_timeout = 10000;
        PRAGMA page_size = {PageBytes};
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = {(durable ? "FULL" : "OFF")};
        PRAGMA wal_autocheckpoint = {CheckpointPages};
        PRAGMA journal_size_limit = {LogBytes};
        PRAGMA temp_store = MEMORY;
        PRAGMA cache_size = -32768;
        PRAGMA secure_delete = OFF;
        """);

    /// <summary>A connection that reads snapshots.</summary>
    public static PreparingConnection OpenReader(string file) => Open(file, SqliteOpenMode.ReadOnly,
        """
        PRAGMA busy_timeout = 10000;
        PRAGMA temp_store = MEMORY;
        PRAGMA cache_size = -2048;
        PRAGMA query_only = ON;
        """);

    private static PreparingConnection Open(string file, SqliteOpenMode mode, string pragmas)
    {
        var connection = new PreparingConnection(
            new SqliteConnectionStringBuilder { DataSource = file, Mode = mode, Pooling = false }.ToString());
        try
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = pragmas;
            command.ExecuteNonQuery();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
