using Microsoft.Data.Sqlite;

namespace Billing.Storage.Sqlite.Database;

/// <summary>Compiled statements of a connection that <see cref="SqliteDatabase"/> handed to a piece of work.</summary>
public static class SqliteStatements
{
    /// <summary>The compiled statement of this text, from the connection's cache; write the text as a constant, each distinct text stays.</summary>
    public static PreparedStatement Prepare(this SqliteConnection connection, string sql) =>
        ((PreparingConnection)connection).Prepared(sql);
}
