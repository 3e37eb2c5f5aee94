using Billing.Storage.Sqlite.Database;
using Billing.UseCases.Metering;

namespace Billing.Storage.Sqlite.Metering;

/// <summary>The archive in a table. Names are ASCII, so that SQLite's order of bytes is the ordinal order.</summary>
public sealed class SqliteArchive(SqliteDatabase database) : IArchive
{
    private const string Put = "INSERT INTO archive (name, content) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING RETURNING 1";
    private const string Get = "SELECT content FROM archive WHERE name = ?1";
    private const string FromPrefix = "SELECT name FROM archive WHERE name >= ?1 ORDER BY name LIMIT ?2";
    private const string AfterName = "SELECT name FROM archive WHERE name > ?1 ORDER BY name LIMIT ?2";

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The name is not 1 to 1,024 printable ASCII characters.</exception>
    public Task<bool> PutIfAbsentAsync(string name, ReadOnlyMemory<byte> content, CancellationToken stop)
    {
        ArchiveName.Check(name);
        stop.ThrowIfCancellationRequested();
        return database.WriteAsync(connection =>
        {
            var put = connection.Prepare(Put).Bind(1, name).Bind(2, content.Span);
            var stored = put.Step();
            put.Reset();
            return stored;
        });
    }

    public Task<ReadOnlyMemory<byte>?> GetAsync(string name, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        return Task.FromResult(database.Read<ReadOnlyMemory<byte>?>(connection =>
        {
            var row = connection.Prepare(Get).Bind(1, name);
            return row.Step() ? new ReadOnlyMemory<byte>(row.Blob(0)) : default(ReadOnlyMemory<byte>?);
        }));
    }

    public Task<IReadOnlyList<string>> ListAsync(string prefix, string? after, int limit, CancellationToken stop)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        stop.ThrowIfCancellationRequested();
        var fromAfter = after is not null && string.CompareOrdinal(after, prefix) >= 0;
        return Task.FromResult(database.Read<IReadOnlyList<string>>(connection =>
        {
            var rows = connection.Prepare(fromAfter ? AfterName : FromPrefix).Bind(1, fromAfter ? after! : prefix).Bind(2, limit);
            var names = new List<string>();
            while (rows.Step())
            {
                var name = rows.Text(0);
                if (!name.StartsWith(prefix, StringComparison.Ordinal)) break;
                names.Add(name);
            }
            return names;
        }));
    }
}
