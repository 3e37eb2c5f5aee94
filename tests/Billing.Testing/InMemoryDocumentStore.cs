using System.Globalization;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.Testing;

/// <summary>The document store in memory, with the same order, numbers and limits as the embedded one.</summary>
public sealed class InMemoryDocumentStore : IDocumentStore
{
    private readonly Lock gate = new();
    private readonly Dictionary<Place, SortedList<string, Row>> places = [];
    private readonly Dictionary<(Container Container, string Kind), KindIndex> kinds = [];
    private long change;
    private long lastRow;

    public Task<Stored?> ReadAsync(Place place, string id, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        lock (gate) return Task.FromResult(Find(place, id)?.Stored);
    }

    public Task<Page> RangeAsync(Place place, string from, string until, int limit, CancellationToken stop)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        stop.ThrowIfCancellationRequested();
        lock (gate)
        {
            var items = new List<Stored>();
            if (!places.TryGetValue(place, out var rows)) return Task.FromResult(new Page(items, null));
            for (var at = FirstAtOrAfter(rows.Keys, from); at < rows.Count; at++)
            {
                if (string.CompareOrdinal(rows.Keys[at], until) >= 0) break;
                if (items.Count == limit) return Task.FromResult(new Page(items, items[^1].Document.Id + "!"));
                items.Add(rows.Values[at].Stored);
            }
            return Task.FromResult(new Page(items, null));
        }
    }

    public Task<Page> OfKindAsync(Container container, string? kind, string? after, int limit, CancellationToken stop)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        stop.ThrowIfCancellationRequested();
        lock (gate)
        {
            var number = after is null ? 0 : long.Parse(after, NumberStyles.None, CultureInfo.InvariantCulture);
            var rows = (kind is null ? places.Where(p => p.Key.Container == container).SelectMany(p => p.Value.Values).Where(r => r.Number > number).OrderBy(r => r.Number)
                : kinds.TryGetValue((container, kind), out var index) ? index.AfterNumber(number) : []).Take(limit + 1).ToList();
            var next = rows.Count > limit ? rows[limit - 1].Number.ToString(CultureInfo.InvariantCulture) : null;
            return Task.FromResult(new Page([.. rows.Take(limit).Select(row => row.Stored)], next));
        }
    }

    public Task<IReadOnlyList<Stored>> DueAsync(Container container, string kind, Instant at, int limit, CancellationToken stop) =>
        ListAsync(container, kind, index => index.DueAt(at), limit, stop);

    public async Task<Changes<Stored>> ChangesAsync(Container container, string kind, string? cursor, int limit, CancellationToken stop)
    {
        var after = cursor is null ? 0 : long.Parse(cursor, NumberStyles.None, CultureInfo.InvariantCulture);
        var changed = await ListAsync(container, kind, index => index.AfterChange(after), limit, stop);
        return new(changed, changed.Count > 0 ? changed[^1].ETag : cursor ?? "0");
    }

    public Task<CommitResult> CommitAsync(Place place, IReadOnlyList<Write> writes, CancellationToken stop)
    {
        CommitLimits.Check(place, writes);
        stop.ThrowIfCancellationRequested();
        lock (gate)
        {
            for (var at = 0; at < writes.Count; at++)
            {
                if (!Holds(writes[at], Find(place, writes[at].Id))) return Task.FromResult(new CommitResult(at, []));
            }
            var etags = writes.Select(write => Apply(place, write)).ToList();
            return Task.FromResult(new CommitResult(null, etags));
        }
    }

    private static bool Holds(Write write, Row? row) => write switch
    {
        Write.Create => row is null,
        Write.Replace replace => row?.Stored.ETag == replace.ETag,
        Write.Delete delete => row?.Stored.ETag == delete.ETag,
        _ => true,
    };

    private static int FirstAtOrAfter(IList<string> ids, string from)
    {
        var (low, high) = (0, ids.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (string.CompareOrdinal(ids[middle], from) < 0) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    private static Instant? RoundedUp(Instant? due)
    {
        if (due is not { } at) return null;
        var floor = Instant.FromUnixTimeTicks(at.ToUnixTimeTicks());
        return floor < at ? floor + Duration.FromTicks(1) : floor;
    }

    private Task<IReadOnlyList<Stored>> ListAsync(
        Container container, string kind, Func<KindIndex, IEnumerable<Row>> select, int limit, CancellationToken stop)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        stop.ThrowIfCancellationRequested();
        lock (gate)
        {
            return Task.FromResult<IReadOnlyList<Stored>>(kinds.TryGetValue((container, kind), out var index)
                ? [.. select(index).Take(limit).Select(row => row.Stored)]
                : []);
        }
    }

    private Row? Find(Place place, string id) =>
        places.TryGetValue(place, out var rows) && rows.TryGetValue(id, out var row) ? row : null;

    private string Apply(Place place, Write write)
    {
        var old = Find(place, write.Id);
        if (old is not null)
        {
            places[place].Remove(write.Id);
            kinds[(place.Container, old.Stored.Document.Kind)].Remove(old);
        }
        if (CommitLimits.DocumentOf(write) is not { } document) return "";
        var etag = (++change).ToString(CultureInfo.InvariantCulture);
        var kept = document with { Body = document.Body.ToArray(), Due = RoundedUp(document.Due) };
        var row = new Row(old?.Number ?? ++lastRow, change, new Stored(kept, etag));
        if (!places.TryGetValue(place, out var rows)) places.Add(place, rows = new SortedList<string, Row>(StringComparer.Ordinal));
        rows.Add(write.Id, row);
        var key = (place.Container, document.Kind);
        if (!kinds.TryGetValue(key, out var index)) kinds.Add(key, index = new KindIndex());
        index.Add(row);
        return etag;
    }

    /// <summary>A document with the number of its first writing.</summary>
    private sealed record Row(long Number, long Change, Stored Stored);

    /// <summary>The documents of a kind in the three orders that are asked for.</summary>
    private sealed class KindIndex
    {
        private readonly NumberedRows byNumber = new();
        private readonly NumberedRows byChange = new();
        private readonly SortedSet<Row> byDue = new(Comparer<Row>.Create(static (a, b) =>
        {
            var due = a.Stored.Document.Due!.Value.CompareTo(b.Stored.Document.Due!.Value);
            if (due != 0) return due;
            var id = string.CompareOrdinal(a.Stored.Document.Id, b.Stored.Document.Id);
            return id != 0 ? id : a.Number.CompareTo(b.Number);
        }));

        public void Add(Row row)
        {
            byNumber.Add(row.Number, row);
            byChange.Add(row.Change, row);
            if (row.Stored.Document.Due is not null) byDue.Add(row);
        }

        public void Remove(Row row)
        {
            byNumber.Remove(row.Number);
            byChange.Remove(row.Change);
            if (row.Stored.Document.Due is not null) byDue.Remove(row);
        }

        public IEnumerable<Row> AfterNumber(long number) => byNumber.After(number);

        public IEnumerable<Row> AfterChange(long cursor) => byChange.After(cursor);

        public IEnumerable<Row> DueAt(Instant at) => byDue.TakeWhile(row => row.Stored.Document.Due <= at);
    }

    /// <summary>Rows by a number, readable from any number on.</summary>
    private sealed class NumberedRows
    {
        private readonly SortedSet<long> numbers = [];
        private readonly Dictionary<long, Row> rows = [];

        public void Add(long number, Row row)
        {
            numbers.Add(number);
            rows.Add(number, row);
        }

        public void Remove(long number)
        {
            numbers.Remove(number);
            rows.Remove(number);
        }

        public IEnumerable<Row> After(long number) =>
            number == long.MaxValue ? [] : numbers.GetViewBetween(number + 1, long.MaxValue).Select(at => rows[at]);
    }
}
