using System.Globalization;
using Billing.Storage.Sqlite.Database;
using Billing.UseCases.Documents;
using Microsoft.Data.Sqlite;

namespace Billing.Storage.Sqlite.Documents;

/// <summary>Carries out commits on the writer thread, and gives out change numbers there.</summary>
/// <remarks>
/// All conditions are checked before the first write, so a conflict leaves nothing to undo. A change number is given out once, also
/// after a restart: a reader's cursor and an ETag must never meet an old number on a new document.
/// </remarks>
internal sealed class DocumentCommit(long lastChange)
{
    private const string Find = """
        SELECT row, change, kind = ?4 AND due IS ?5 FROM document WHERE container = ?1 AND place = ?2 AND id = ?3
        """;

    private const string Insert = """
        INSERT INTO document (container, place, id, kind, due, change, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        """;

    // Without kind and due in the list SQLite leaves their indexes alone.
    private const string UpdateBody = "UPDATE document SET change = ?2, body = ?3 WHERE row = ?1";
    private const string UpdateAll = "UPDATE document SET change = ?2, body = ?3, kind = ?4, due = ?5 WHERE row = ?1";
    private const string Delete = "DELETE FROM document WHERE row = ?1";

    private const string RememberChange = """
        INSERT INTO document_counter (only_row, change) VALUES (1, ?1) ON CONFLICT DO UPDATE SET change = excluded.change
        """;

    private const string Counted = "SELECT change FROM document_counter";

    // The next pair of kind and container, and its newest change: two seeks a pair, where max(change) would read the whole index.
    private const string NextKind = """
        SELECT kind, container FROM document WHERE (kind, container) > (?1, ?2) ORDER BY kind, container LIMIT 1
        """;

    private const string NewestOfKind = "SELECT max(change) FROM document WHERE kind = ?1 AND container = ?2";

    private static readonly CommitResult Empty = new(null, []);
    private long change = lastChange;

    /// <summary>A commit that goes on from the highest number ever given out in this database.</summary>
    public static DocumentCommit After(SqliteConnection connection)
    {
        var counted = connection.Prepare(Counted);
        var highest = counted.Step() ? counted.Integer(0) : 0;
        var (kind, container) = ("", -1L);
        while (true)
        {
            var next = connection.Prepare(NextKind).Bind(1, kind).Bind(2, container);
            if (!next.Step()) return new DocumentCommit(highest);
            (kind, container) = (next.Text(0), next.Integer(1));
            var newest = connection.Prepare(NewestOfKind).Bind(1, kind).Bind(2, container);
            newest.Step();
            highest = Math.Max(highest, newest.Integer(0));
        }
    }

    public CommitResult Run(SqliteConnection connection, Place place, IReadOnlyList<Write> writes)
    {
        if (writes.Count == 0) return Empty;
        var placeText = PlaceText.Of(place);
        Span<(long Row, bool SameKeys)> found = stackalloc (long, bool)[writes.Count];
        for (var at = 0; at < writes.Count; at++)
        {
            if (!Check(connection, place.Container, placeText, writes[at], out found[at])) return new CommitResult(at, []);
        }
        var etags = new string[writes.Count];
        var deleted = false;
        for (var at = 0; at < writes.Count; at++)
        {
            if (CommitLimits.DocumentOf(writes[at]) is { } document)
            {
                Store(connection, placeText, document, found[at].Row, found[at].SameKeys);
                etags[at] = DocumentRows.ETagOf(change);
            }
            else
            {
                connection.Prepare(Delete).Bind(1, found[at].Row).Execute();
                etags[at] = "";
                deleted = true;
            }
        }
        if (deleted) connection.Prepare(RememberChange).Bind(1, change).Execute();
        return new CommitResult(null, etags);
    }

    /// <summary>True when the write's condition holds; row 0 when the document is not there.</summary>
    private static bool Check(SqliteConnection connection, Container container, string place, Write write, out (long, bool) found)
    {
        var document = CommitLimits.DocumentOf(write);
        var find = connection.Prepare(Find).Bind(1, (long)container).Bind(2, place).Bind(3, write.Id)
            .Bind(4, document?.Kind ?? "").Bind(5, DueTicks.Of(document?.Due));
        var there = find.Step();
        var (row, current, sameKeys) = there ? (find.Integer(0), find.Integer(1), find.Integer(2) != 0) : (0, 0, false);
        find.Reset();
        found = (row, sameKeys);
        return write switch
        {
            Write.Create => !there,
            Write.Replace replace => there && IsETag(replace.ETag, current),
            Write.Delete delete => there && IsETag(delete.ETag, current),
            _ => true,
        };
    }

    private static bool IsETag(string etag, long change) =>
        long.TryParse(etag, NumberStyles.None, CultureInfo.InvariantCulture, out var given) && given == change;

    private void Store(SqliteConnection connection, string place, Document document, long row, bool sameKeys)
    {
        change++;
        if (row == 0)
            connection.Prepare(Insert).Bind(1, (long)document.Place.Container).Bind(2, place).Bind(3, document.Id).Bind(4, document.Kind)
                .Bind(5, DueTicks.Of(document.Due)).Bind(6, change).Bind(7, document.Body.Span).Execute();
        else if (sameKeys)
            connection.Prepare(UpdateBody).Bind(1, row).Bind(2, change).Bind(3, document.Body.Span).Execute();
        else
            connection.Prepare(UpdateAll).Bind(1, row).Bind(2, change).Bind(3, document.Body.Span).Bind(4, document.Kind)
                .Bind(5, DueTicks.Of(document.Due)).Execute();
    }
}
