using System.Globalization;
using Billing.Storage.Sqlite.Database;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.Storage.Sqlite.Documents;

/// <summary>The document store in one table.</summary>
/// <remarks>
/// A document's ETag is its change number. Order of kind queries: as the documents were first written, which later writes don't move.
/// A due is kept in ticks of 100 ns, rounded up.
/// </remarks>
public sealed class SqliteDocumentStore : IDocumentStore
{
    private const string One =
        "SELECT " + DocumentRows.Columns + " FROM document WHERE container = ?1 AND place = ?2 AND id = ?3";

    private const string Range = "SELECT " + DocumentRows.Columns + """
         FROM document WHERE container = ?1 AND place = ?2 AND id >= ?3 AND id < ?4 ORDER BY id LIMIT ?5
        """;

    private const string OfKind = "SELECT " + DocumentRows.Columns + """
         FROM document INDEXED BY document_kind WHERE kind = ?1 AND container = ?2 AND row > ?3 ORDER BY row LIMIT ?4
        """;

    private const string OfEveryKind = "SELECT " + DocumentRows.Columns + """
         FROM document WHERE container = ?1 AND row > ?2 ORDER BY row LIMIT ?3
        """;

    private const string Due = "SELECT " + DocumentRows.Columns + """
         FROM document INDEXED BY document_due WHERE kind = ?1 AND container = ?2 AND due <= ?3 ORDER BY due, id, row LIMIT ?4
        """;

    private const string Changes = "SELECT " + DocumentRows.Columns + """
         FROM document INDEXED BY document_change WHERE kind = ?1 AND container = ?2 AND change > ?3 ORDER BY change LIMIT ?4
        """;

    private const string ChangedPlaces = """
        SELECT place, id, change FROM document INDEXED BY document_change WHERE kind = ?1 AND container = ?2 AND change > ?3 ORDER BY change LIMIT ?4
        """;

    private readonly SqliteDatabase database;
    private readonly DocumentCommit commit;

    public SqliteDocumentStore(SqliteDatabase database)
    {
        this.database = database;
        commit = database.Only(DocumentCommit.After);
    }

    public Task<Stored?> ReadAsync(Place place, string id, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        return Task.FromResult(database.Read(connection =>
        {
            var row = connection.Prepare(One).Bind(1, (long)place.Container).Bind(2, PlaceText.Of(place)).Bind(3, id);
            return row.Step() ? DocumentRows.Read(row, place) : null;
        }));
    }

    public Task<Page> RangeAsync(Place place, string from, string until, int limit, CancellationToken stop)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        stop.ThrowIfCancellationRequested();
        return Task.FromResult(database.Read(connection =>
        {
            var rows = connection.Prepare(Range).Bind(1, (long)place.Container).Bind(2, PlaceText.Of(place))
                .Bind(3, from).Bind(4, until).Bind(5, limit + 1L);
            var items = new List<Stored>();
            while (rows.Step())
            {
                // '!' sorts below every character of an id: nothing lies between the last id and the next start.
                if (items.Count == limit) return new Page(items, items[^1].Document.Id + "!");
                items.Add(DocumentRows.Read(rows, place));
            }
            return new Page(items, null);
        }));
    }

    public Task<Page> OfKindAsync(Container container, string? kind, string? after, int limit, CancellationToken stop)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        stop.ThrowIfCancellationRequested();
        var afterRow = after is null ? 0 : long.Parse(after, NumberStyles.None, CultureInfo.InvariantCulture);
        return Task.FromResult(database.Read(connection =>
        {
            var rows = kind is null
                ? connection.Prepare(OfEveryKind).Bind(1, (long)container).Bind(2, afterRow).Bind(3, limit + 1L)
                : connection.Prepare(OfKind).Bind(1, kind).Bind(2, (long)container).Bind(3, afterRow).Bind(4, limit + 1L);
            var items = new List<Stored>();
            var last = afterRow;
            while (rows.Step())
            {
                if (items.Count == limit) return new Page(items, last.ToString(CultureInfo.InvariantCulture));
                items.Add(DocumentRows.Read(rows, container));
                last = DocumentRows.Row(rows);
            }
            return new Page(items, null);
        }));
    }

    public Task<IReadOnlyList<Stored>> DueAsync(Container container, string kind, Instant at, int limit, CancellationToken stop) =>
        ListAsync(Due, container, kind, at.ToUnixTimeTicks(), limit, stop);

    public async Task<Changes<Stored>> ChangesAsync(Container container, string kind, string? cursor, int limit, CancellationToken stop)
    {
        var changed = await ListAsync(Changes, container, kind, ChangeOf(cursor), limit, stop);
        return new(changed, changed.Count > 0 ? changed[^1].ETag : cursor ?? "0");
    }

    public Task<Changes<Changed>> ChangedAsync(Container container, string kind, string? cursor, int limit, CancellationToken stop)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        stop.ThrowIfCancellationRequested();
        return Task.FromResult(database.Read(connection =>
        {
            var last = ChangeOf(cursor);
            var rows = connection.Prepare(ChangedPlaces).Bind(1, kind).Bind(2, (long)container).Bind(3, last).Bind(4, (long)limit);
            var items = new List<Changed>();
            for (; rows.Step(); last = rows.Integer(2)) items.Add(new Changed(PlaceText.Parse(container, rows.Text(0)), rows.Text(1)));
            return new Changes<Changed>(items, DocumentRows.ETagOf(last));
        }));
    }

    public Task<CommitResult> CommitAsync(Place place, IReadOnlyList<Write> writes, CancellationToken stop)
    {
        CommitLimits.Check(place, writes);
        stop.ThrowIfCancellationRequested();
        return database.WriteCheckedAsync(connection => commit.Run(connection, place, writes));
    }

    private static long ChangeOf(string? cursor) => cursor is null ? 0 : long.Parse(cursor, NumberStyles.None, CultureInfo.InvariantCulture);

    private Task<IReadOnlyList<Stored>> ListAsync(
        string sql, Container container, string kind, long bound, int limit, CancellationToken stop)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        stop.ThrowIfCancellationRequested();
        return Task.FromResult(database.Read<IReadOnlyList<Stored>>(connection =>
        {
            var rows = connection.Prepare(sql).Bind(1, kind).Bind(2, (long)container).Bind(3, bound).Bind(4, limit);
            var items = new List<Stored>();
            while (rows.Step()) items.Add(DocumentRows.Read(rows, container));
            return items;
        }));
    }
}
