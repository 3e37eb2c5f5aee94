using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Access;

/// <summary>A store that tells the request in whose course a commit is made what it changed.</summary>
/// <remarks>Outside of a request that is recorded, it is the store behind it and nothing more. What was there before is read just before the commit.</remarks>
public sealed class RecordingDocuments(IDocumentStore inner) : IDocumentStore
{
    private static readonly AsyncLocal<RecordedChanges?> Current = new();

    /// <summary>Records the commits of whatever the caller calls from here on.</summary>
    public static RecordedChanges Begin() => Current.Value = new RecordedChanges();

    public Task<Stored?> ReadAsync(Place place, string id, CancellationToken stop) => inner.ReadAsync(place, id, stop);

    public Task<Page> RangeAsync(Place place, string from, string until, int limit, CancellationToken stop) => inner.RangeAsync(place, from, until, limit, stop);

    public Task<Page> OfKindAsync(Container container, string? kind, string? after, int limit, CancellationToken stop) => inner.OfKindAsync(container, kind, after, limit, stop);

    public Task<IReadOnlyList<Stored>> DueAsync(Container container, string kind, Instant at, int limit, CancellationToken stop) => inner.DueAsync(container, kind, at, limit, stop);

    public Task<Changes<Stored>> ChangesAsync(Container container, string kind, string? cursor, int limit, CancellationToken stop) => inner.ChangesAsync(container, kind, cursor, limit, stop);

    public Task<Changes<Changed>> ChangedAsync(Container container, string kind, string? cursor, int limit, CancellationToken stop) => inner.ChangedAsync(container, kind, cursor, limit, stop);

    public async Task<CommitResult> CommitAsync(Place place, IReadOnlyList<Write> writes, CancellationToken stop)
    {
        if (Current.Value is not { } recorded || place.Container == Container.Usage) return await inner.CommitAsync(place, writes, stop);
        var before = new Document?[writes.Count];
        for (var i = 0; i < writes.Count; i++)
        {
            if (writes[i] is Write.Delete || (writes[i] is Write.Replace or Write.Upsert && RecordedChanges.Tells(After(writes[i])!.Kind)))
                before[i] = (await inner.ReadAsync(place, writes[i].Id, stop))?.Document;
        }
        var done = await inner.CommitAsync(place, writes, stop);
        for (var i = 0; done.Done && i < writes.Count; i++)
            if ((After(writes[i]) ?? before[i]) is { } told && RecordedChanges.Tells(told.Kind)) recorded.Add(before[i], After(writes[i]));
        return done;
    }

    private static Document? After(Write write) => write switch
    {
        Write.Create create => create.Document,
        Write.Replace replace => replace.Document,
        Write.Upsert upsert => upsert.Document,
        _ => null,
    };
}
