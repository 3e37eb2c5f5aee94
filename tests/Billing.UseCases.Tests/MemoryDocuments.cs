using System.Globalization;
using System.Text;
using System.Text.Json;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Tests;

/// <summary>A document store in memory with the port's limits. <see cref="BeforeCommit"/> and <see cref="AfterCommit"/> let a test crash or interfere between two steps.</summary>
internal sealed class MemoryDocuments : IDocumentStore
{
    private readonly SortedDictionary<(Place Place, string Id), Stored> documents = new(Comparer<(Place Place, string Id)>.Create((a, b) =>
    {
        var order = a.Place.Container.CompareTo(b.Place.Container);
        if (order == 0) order = string.CompareOrdinal(a.Place.First, b.Place.First);
        if (order == 0) order = string.CompareOrdinal(a.Place.Second, b.Place.Second);
        return order == 0 ? string.CompareOrdinal(a.Id, b.Id) : order;
    }));

    private readonly Lock gate = new();
    private long change;

    public Func<IReadOnlyList<Write>, Task>? BeforeCommit { get; set; }

    public Action<IReadOnlyList<Write>>? AfterCommit { get; set; }

    public IEnumerable<Document> All(string kind) => Now().Select(s => s.Document).Where(d => d.Kind == kind);

    public Task<Stored?> ReadAsync(Place place, string id, CancellationToken stop)
    {
        lock (gate) return Task.FromResult(documents.GetValueOrDefault((place, Valid(id))));
    }

    public Task<Page> RangeAsync(Place place, string from, string until, int limit, CancellationToken stop)
    {
        var all = Now().Where(d => d.Document.Place == place && string.CompareOrdinal(d.Document.Id, Valid(from)) >= 0 && string.CompareOrdinal(d.Document.Id, Valid(until)) < 0)
            .Take(limit + 1).ToList();
        return Task.FromResult(new Page([.. all.Take(limit)], all.Count > limit ? all[limit].Document.Id : null));
    }

    public Task<Page> OfKindAsync(Container container, string? kind, string? after, int limit, CancellationToken stop)
    {
        var skip = after is null ? 0 : int.Parse(after, CultureInfo.InvariantCulture);
        var all = Now().Where(d => d.Document.Place.Container == container && (kind is null || d.Document.Kind == kind)).Skip(skip).ToList();
        return Task.FromResult(new Page([.. all.Take(limit)], all.Count > limit ? (skip + limit).ToString(CultureInfo.InvariantCulture) : null));
    }

    public Task<IReadOnlyList<Stored>> DueAsync(Container container, string kind, Instant at, int limit, CancellationToken stop) =>
        Task.FromResult<IReadOnlyList<Stored>>([.. Now().Where(d => d.Document.Place.Container == container && d.Document.Kind == kind && d.Document.Due <= at)
            .OrderBy(d => d.Document.Due).Take(limit)]);

    public Task<Changes<Stored>> ChangesAsync(Container container, string kind, string? cursor, int limit, CancellationToken stop) =>
        throw new NotSupportedException("No test asks for changes.");

    public async Task<CommitResult> CommitAsync(Place place, IReadOnlyList<Write> writes, CancellationToken stop)
    {
        if (BeforeCommit is { } before) await before(writes);
        if (writes.Count is 0 or > IDocumentStore.MaxWrites) throw new ArgumentException($"{writes.Count} writes in one commit.");
        if (writes.Sum(w => Body(w)?.Body.Length ?? 0) > IDocumentStore.MaxCommitBytes) throw new ArgumentException("The commit is too large.");
        if (writes.Select(w => w.Id).Distinct().Count() != writes.Count) throw new ArgumentException("An id is there twice.");
        CommitResult done;
        lock (gate) done = Commit(place, writes);
        if (done.Done) AfterCommit?.Invoke(writes);
        return done;
    }

    private List<Stored> Now()
    {
        lock (gate) return [.. documents.Values];
    }

    private CommitResult Commit(Place place, IReadOnlyList<Write> writes)
    {
        for (var i = 0; i < writes.Count; i++)
        {
            var there = documents.GetValueOrDefault((place, Valid(writes[i].Id)));
            var fits = writes[i] switch
            {
                Write.Create => there is null,
                Write.Replace replace => there?.ETag == replace.ETag,
                Write.Delete delete => there?.ETag == delete.ETag,
                _ => true,
            };
            if (!fits) return new CommitResult(i, []);
        }
        return new CommitResult(null, [.. writes.Select(w => Apply(place, w))]);
    }

    private string Apply(Place place, Write write)
    {
        if (Body(write) is not { } document)
        {
            documents.Remove((place, write.Id));
            return "";
        }
        if (document.Place != place) throw new ArgumentException("A commit stays in one partition.");
        JsonDocument.Parse(Encoding.UTF8.GetString(document.Body.Span)).Dispose();
        var stored = new Stored(document, $"\"{++change}\"");
        documents[(place, document.Id)] = stored;
        return stored.ETag;
    }

    private static Document? Body(Write write) => write switch
    {
        Write.Create create => create.Document,
        Write.Replace replace => replace.Document,
        Write.Upsert upsert => upsert.Document,
        _ => null,
    };

    private static string Valid(string id) => DocumentId.IsValid(id) ? id : throw new ArgumentException($"'{id}' is no document id.");
}
