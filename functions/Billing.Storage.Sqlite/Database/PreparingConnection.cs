using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Billing.Storage.Sqlite.Database;

/// <summary>A connection that keeps its compiled statements by their text. Used by one thread at a time.</summary>
internal sealed class PreparingConnection(string connectionString) : SqliteConnection(connectionString)
{
    private readonly Dictionary<string, PreparedStatement> bySql = new(StringComparer.Ordinal);
    private readonly List<PreparedStatement> used = [];

    /// <summary>True while a transaction is open; SQLite itself ends one on a full disk or an I/O error.</summary>
    public bool InTransaction => raw.sqlite3_get_autocommit(Handle) == 0;

    /// <summary>Rows written since the connection was opened, undone ones included.</summary>
    public long RowsWritten => raw.sqlite3_total_changes(Handle);

    public PreparedStatement Prepared(string sql)
    {
        if (!bySql.TryGetValue(sql, out var statement))
        {
            statement = new PreparedStatement(Handle!, sql);
            bySql.Add(sql, statement);
        }
        if (statement.InUse)
        {
            statement.Reset();
            return statement;
        }
        statement.InUse = true;
        used.Add(statement);
        return statement;
    }

    public void Run(string sql) => Prepared(sql).Execute();

    /// <summary>Resets what the work left open; an open row would keep an old snapshot alive and the log from being reused.</summary>
    public void Settle()
    {
        foreach (var statement in used)
        {
            statement.ForgetBindings();
            statement.InUse = false;
        }
        used.Clear();
    }

    protected override void Dispose(bool disposing)
    {
        foreach (var statement in bySql.Values) statement.Close();
        bySql.Clear();
        used.Clear();
        base.Dispose(disposing);
    }
}
