using System.Security.Cryptography;
using Billing.Storage.Sqlite.Database;
using Microsoft.Data.Sqlite;

namespace Billing.Storage.Sqlite.Metering;

/// <summary>The id of the log in a database: made once, <c>log-</c> and 8 hexadecimal digits, then always the same.</summary>
public static class LogIdentity
{
    private const string Select = "SELECT id FROM log_identity";
    private const string Insert = "INSERT INTO log_identity (only_row, id) VALUES (1, ?1)";

    /// <summary>The id; made and kept when the database has none yet.</summary>
    public static Task<string> ReadOrCreateAsync(SqliteDatabase database) => database.WriteAsync(connection =>
    {
        if (Find(connection) is { } known) return known;
        var made = $"log-{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
        connection.Prepare(Insert).Bind(1, made).Execute();
        return made;
    });

    internal static string? Find(SqliteConnection connection)
    {
        var row = connection.Prepare(Select);
        var id = row.Step() ? row.Text(0) : null;
        row.Reset();
        return id;
    }
}
