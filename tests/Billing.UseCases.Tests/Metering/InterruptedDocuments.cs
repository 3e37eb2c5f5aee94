using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Tests.Metering;

/// <summary>A document store in which something happens just before each commit.</summary>
internal sealed class InterruptedDocuments(IDocumentStore inner, Func<IReadOnlyList<Write>, Task> beforeCommit) : IDocumentStore
{
    public Task<Stored?> ReadAsync(Place place, string id, CancellationToken stop) => inner.ReadAsync(place, id, stop);

    public Task<Page> RangeAsync(Place place, string from, string until, int limit, CancellationToken stop) => inner.RangeAsync(place, from, until, limit, stop);

    public Task<Page> OfKindAsync(Container container, string? kind, string? after, int limit, CancellationToken stop) => inner.OfKindAsync(container, kind, after, limit, stop);

    public Task<IReadOnlyList<Stored>> DueAsync(Container container, string kind, Instant at, int limit, CancellationToken stop) => inner.DueAsync(container, kind, at, limit, stop);

    public Task<Changes<Stored>> ChangesAsync(Container container, string kind, string? cursor, int limit, CancellationToken stop) => inner.ChangesAsync(container, kind, cursor, limit, stop);

    public async Task<CommitResult> CommitAsync(Place place, IReadOnlyList<Write> writes, CancellationToken stop)
    {
        await beforeCommit(writes);
        return await inner.CommitAsync(place, writes, stop);
    }
}
