namespace Billing.Storage.Sqlite.Database;

/// <summary>Empties a database for a test that starts from nothing.</summary>
public static class SqliteReset
{
    /// <summary>Removes all documents but those of some kinds, the archive and the log's messages. Sequences and change numbers go on.</summary>
    public static Task EmptyAsync(SqliteDatabase database, IReadOnlyCollection<string> keptKinds) => database.WriteAsync(connection =>
    {
        var kinds = new List<string>();
        var rows = connection.Prepare("SELECT DISTINCT kind FROM document");
        while (rows.Step()) kinds.Add(rows.Text(0));
        // A change number is never given out twice, though the rows that had it are gone.
        connection.Prepare("INSERT INTO document_counter (only_row, change) SELECT 1, coalesce(max(change), 0) FROM document WHERE true ON CONFLICT DO UPDATE SET change = max(change, excluded.change)").Execute();
        foreach (var kind in kinds.Except(keptKinds)) connection.Prepare("DELETE FROM document WHERE kind = ?1").Bind(1, kind).Execute();
        connection.Prepare("DELETE FROM archive").Execute();
        connection.Prepare("DELETE FROM log").Execute();
        connection.Prepare("UPDATE log_position SET accepted_events = 0, last_enqueued = ?1").Bind(1, long.MinValue).Execute();
        return true;
    });
}
