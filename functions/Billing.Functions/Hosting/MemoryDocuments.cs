using System.Globalization;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.Functions.Hosting;

/// <summary>Documents in memory: gone when the process ends.</summary>
internal sealed class MemoryDocuments : IDocumentStore
{
    private readonly Lock gate = new();
    private readonly Dictionary<(Place Place, string Id), Stored> all = [];
    private long change;

    /// <summary>Removes all documents but those of one kind.</summary>
    public void EmptyBut(string kind)
    {
        lock (gate)
            foreach (var (key, stored) in all)
                if (stored.Document.Kind != kind) all.Remove(key);
    }

    public Task<Stored?> ReadAsync(Place place, string id, CancellationToken stop)
    {
        lock (gate) return Task.FromResult(all.GetValueOrDefault((place, id)));
    }

    public Task<Page> RangeAsync(Place place, string from, string until, int limit, CancellationToken stop) =>
        Task.FromResult(PageOf(
            s => s.Document.Place == place && string.CompareOrdinal(s.Document.Id, from) >= 0 && string.CompareOrdinal(s.Document.Id, until) < 0,
            s => s.Document.Id,
            limit));

    public Task<Page> OfKindAsync(Container container, string kind, string? after, int limit, CancellationToken stop) =>
        Task.FromResult(PageOf(
            s => s.Document.Place.Container == container && s.Document.Kind == kind && string.CompareOrdinal(Key(s), after ?? "") >= 0, Key, limit));

    public Task<IReadOnlyList<Stored>> DueAsync(Container container, string kind, Instant at, int limit, CancellationToken stop)
    {
        lock (gate)
            return Task.FromResult<IReadOnlyList<Stored>>([.. OfKind(container, kind)
                .Where(s => s.Document.Due <= at).OrderBy(s => s.Document.Due).ThenBy(s => s.Change).Take(limit)]);
    }

    public Task<IReadOnlyList<Stored>> ChangesAsync(Container container, string kind, long cursor, int limit, CancellationToken stop)
    {
        lock (gate)
            return Task.FromResult<IReadOnlyList<Stored>>([.. OfKind(container, kind).Where(s => s.Change > cursor).OrderBy(s => s.Change).Take(limit)]);
    }

    public Task<CommitResult> CommitAsync(Place place, IReadOnlyList<Write> writes, CancellationToken stop)
    {
        lock (gate)
        {
            for (var i = 0; i < writes.Count; i++)
                if (!Fits(place, writes[i])) return Task.FromResult(new CommitResult(i, []));
            return Task.FromResult(new CommitResult(null, [.. writes.Select(w => Do(place, w))]));
        }
    }

    private static string Key(Stored stored) => $"{stored.Document.Place.First}\n{stored.Document.Place.Second}\n{stored.Document.Id}";

    private IEnumerable<Stored> OfKind(Container container, string kind) =>
        all.Values.Where(s => s.Document.Place.Container == container && s.Document.Kind == kind);

    private Page PageOf(Func<Stored, bool> wanted, Func<Stored, string> key, int limit)
    {
        lock (gate)
        {
            var found = all.Values.Where(wanted).OrderBy(key, StringComparer.Ordinal).Take(limit + 1).ToList();
            return new Page([.. found.Take(limit)], found.Count > limit ? key(found[limit]) : null);
        }
    }

    private bool Fits(Place place, Write write)
    {
        var there = all.GetValueOrDefault((place, write.Id));
        return write switch
        {
            Write.Create => there is null,
            Write.Replace replace => there?.ETag == replace.ETag,
            Write.Delete delete => there?.ETag == delete.ETag,
            Write.Upsert => true,
            _ => throw new ArgumentOutOfRangeException(nameof(write), write, "Unknown write."),
        };
    }

    private string Do(Place place, Write write)
    {
        var document = write switch
        {
            Write.Create create => create.Document,
            Write.Replace replace => replace.Document,
            Write.Upsert upsert => upsert.Document,
            _ => null,
        };
        if (document is null)
        {
            all.Remove((place, write.Id));
            return "";
        }
        change++;
        var etag = change.ToString(CultureInfo.InvariantCulture);
        all[(place, write.Id)] = new Stored(document, etag, change);
        return etag;
    }
}
