namespace Billing.UseCases.Documents;

/// <summary>A value as it lies in a document, with the version of its shape.</summary>
/// <param name="Schema">Grows when the shape changes; older ones are upgraded when read.</param>
/// <param name="Value">The value.</param>
public sealed record Kept<T>(int Schema, T Value);

/// <summary>A value that was read, and what a write must present.</summary>
public sealed record Found<T>(T Value, string ETag);

/// <summary>A page of a list; <see cref="Next"/> is opaque and null at the end.</summary>
public sealed record Listed<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>Typed reads and writes of documents.</summary>
internal static class KeptDocuments
{
    public static Document Keep<T>(this Place place, string id, string kind, T value, NodaTime.Instant? due = null) =>
        new(place, id, kind, StoredJson.Write(new Kept<T>(1, value)), due);

    public static T Value<T>(this Stored stored) => StoredJson.Read<Kept<T>>(stored).Value;

    public static async Task<Found<T>?> FindAsync<T>(this IDocumentStore store, Place place, string id, CancellationToken stop) =>
        await store.ReadAsync(place, id, stop) is { } stored ? new Found<T>(stored.Value<T>(), stored.ETag) : null;

    /// <summary>One write; false when it met a conflict.</summary>
    public static async Task<bool> TryAsync(this IDocumentStore store, Place place, Write write, CancellationToken stop) =>
        (await store.CommitAsync(place, [write], stop)).Done;

    /// <summary>A page of a kind, with those left out that don't fit; it is short only at the end.</summary>
    public static async Task<Listed<T>> ListAsync<T>(
        this IDocumentStore store, Container container, string kind, Func<T, bool> fits, string? after, int limit, CancellationToken stop)
    {
        var items = new List<T>();
        do
        {
            var page = await store.OfKindAsync(container, kind, after, limit - items.Count, stop);
            items.AddRange(page.Items.Select(s => s.Value<T>()).Where(fits));
            after = page.Next;
        }
        while (after is not null && items.Count < limit);
        return new Listed<T>(items, after);
    }

    /// <summary>All documents of a range.</summary>
    public static async Task<List<Stored>> AllAsync(this IDocumentStore store, Place place, string from, string until, CancellationToken stop)
    {
        var all = new List<Stored>();
        while (true)
        {
            var page = await store.RangeAsync(place, from, until, 200, stop);
            all.AddRange(page.Items);
            if (page.Next is null || page.Items.Count == 0) return all;
            // '+' is the least character of an id, so this is the next id there can be.
            from = page.Items[^1].Document.Id + "+";
        }
    }
}
