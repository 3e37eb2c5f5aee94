using NodaTime;

namespace Billing.UseCases.Documents;

/// <summary>The three containers of the data model (Cosmos containers; columns of one table when embedded).</summary>
public enum Container
{
    /// <summary>Windows and day documents, by (key, month).</summary>
    Usage,

    /// <summary>Everything of one customer, by (customer id).</summary>
    Accounts,

    /// <summary>Logs, meters, products, rate cards, lookups, keys, by (kind, owner id).</summary>
    Catalog,
}

/// <summary>A partition: the reach of one atomic commit.</summary>
public readonly record struct Place(Container Container, string First, string Second = "");

/// <summary>A document as it is stored.</summary>
/// <param name="Place">Its partition.</param>
/// <param name="Id">Unique in its partition: 1 to 255 of <c>A-Z a-z 0-9 . _ ~ : - = @ +</c>; see <see cref="DocumentId"/> for other text.</param>
/// <param name="Kind">What it is; <see cref="IDocumentStore.OfKindAsync"/> and changes select by it.</param>
/// <param name="Body">UTF-8 JSON, or bytes that don't start with '{' (windows).</param>
/// <param name="Due">When a timer must look at it; null for never.</param>
public sealed record Document(Place Place, string Id, string Kind, ReadOnlyMemory<byte> Body, Instant? Due = null);

/// <summary>A document that was read.</summary>
/// <param name="Document">The document.</param>
/// <param name="ETag">Changes with each write; never the same for two versions of a document.</param>
public sealed record Stored(Document Document, string ETag);

/// <summary>Where a document is that changed.</summary>
public readonly record struct Changed(Place Place, string Id);

/// <summary>What changed after a cursor.</summary>
/// <param name="Items">None: nothing had changed when it was asked.</param>
/// <param name="Cursor">Where to go on; of the same container and kind only.</param>
public sealed record Changes<T>(IReadOnlyList<T> Items, string Cursor);

/// <summary>One write of an atomic commit.</summary>
public abstract record Write(string Id)
{
    /// <summary>Fails when the id exists.</summary>
    public sealed record Create(Document Document) : Write(Document.Id);

    /// <summary>Fails when the document is not there with this ETag.</summary>
    public sealed record Replace(Document Document, string ETag) : Write(Document.Id);

    /// <summary>Writes whatever is there.</summary>
    public sealed record Upsert(Document Document) : Write(Document.Id);

    /// <summary>Fails when the document is not there with this ETag.</summary>
    public sealed record Delete(string Id, string ETag) : Write(Id);
}

/// <summary>What became of a commit: all writes or none.</summary>
/// <param name="ConflictIndex">The first write that failed on its ETag or existence; null when all were done.</param>
/// <param name="ETags">The new ETag of each write (empty for a delete); empty on conflict.</param>
public sealed record CommitResult(int? ConflictIndex, IReadOnlyList<string> ETags)
{
    public bool Done => ConflictIndex is null;
}

/// <summary>Documents in order, and where to go on; null when there is no more.</summary>
public sealed record Page(IReadOnlyList<Stored> Items, string? Next);

/// <summary>The document store port: point, range and kind reads; atomic commits in one partition with ETags; due; changes.</summary>
public interface IDocumentStore
{
    /// <summary>At most this many writes in one commit (a limit of Cosmos; every adapter enforces it).</summary>
    const int MaxWrites = 100;

    /// <summary>At most this many bytes of bodies in one commit (Cosmos: 2 MB in all, with room for the envelope and base64).</summary>
    const int MaxCommitBytes = 1_400_000;

    /// <summary>Reads one document, strongly; null when it is not there.</summary>
    Task<Stored?> ReadAsync(Place place, string id, CancellationToken stop);

    /// <summary>Reads the documents of a partition with <c>from ≤ id &lt; until</c> (ordinal), in order of id.</summary>
    Task<Page> RangeAsync(Place place, string from, string until, int limit, CancellationToken stop);

    /// <summary>Reads documents of a kind (null: of every kind) over all partitions, in a stable order; <paramref name="after"/> is a <see cref="Page.Next"/>.</summary>
    Task<Page> OfKindAsync(Container container, string? kind, string? after, int limit, CancellationToken stop);

    /// <summary>Reads documents of a kind whose due is at or before <paramref name="at"/>, earliest first.</summary>
    Task<IReadOnlyList<Stored>> DueAsync(Container container, string kind, Instant at, int limit, CancellationToken stop);

    /// <summary>
    /// Reads documents of a kind changed after a cursor (null: from the beginning), those of one partition in order of change; only the newest
    /// version of each. One that changes again comes again.
    /// </summary>
    Task<Changes<Stored>> ChangesAsync(Container container, string kind, string? cursor, int limit, CancellationToken stop);

    /// <summary>As <see cref="ChangesAsync"/>, without the bodies: only where the changed documents are.</summary>
    async Task<Changes<Changed>> ChangedAsync(Container container, string kind, string? cursor, int limit, CancellationToken stop)
    {
        var changes = await ChangesAsync(container, kind, cursor, limit, stop);
        return new([.. changes.Items.Select(s => new Changed(s.Document.Place, s.Document.Id))], changes.Cursor);
    }

    /// <summary>Commits all writes or none. Bounds: <see cref="MaxWrites"/>, <see cref="MaxCommitBytes"/>, each id once; more throws.</summary>
    Task<CommitResult> CommitAsync(Place place, IReadOnlyList<Write> writes, CancellationToken stop);
}
