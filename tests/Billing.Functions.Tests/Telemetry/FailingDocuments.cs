using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.Functions.Tests.Telemetry;

/// <summary>Documents that can't be reached where the test says so.</summary>
internal sealed class FailingDocuments(IDocumentStore inner) : IDocumentStore
{
    /// <summary>Why a commit to a place fails; null for those that don't.</summary>
    public Func<Place, IReadOnlyList<Write>, string?> CommitFault { get; set; } = (_, _) => null;

    /// <summary>Why a document can't be read; null for those that can.</summary>
    public Func<Place, string?> ReadFault { get; set; } = _ => null;

    public Task<Stored?> ReadAsync(Place place, string id, CancellationToken stop) => ReadFault(place) is { } fault ? throw new IOException(fault) : inner.ReadAsync(place, id, stop);

    public Task<Page> RangeAsync(Place place, string from, string until, int limit, CancellationToken stop) => inner.RangeAsync(place, from, until, limit, stop);

    public Task<Page> OfKindAsync(Container container, string? kind, string? after, int limit, CancellationToken stop) => inner.OfKindAsync(container, kind, after, limit, stop);

    public Task<IReadOnlyList<Stored>> DueAsync(Container container, string kind, Instant at, int limit, CancellationToken stop) => inner.DueAsync(container, kind, at, limit, stop);

    public Task<Changes<Stored>> ChangesAsync(Container container, string kind, string? cursor, int limit, CancellationToken stop) => inner.ChangesAsync(container, kind, cursor, limit, stop);

    public Task<CommitResult> CommitAsync(Place place, IReadOnlyList<Write> writes, CancellationToken stop) =>
        CommitFault(place, writes) is { } fault ? throw new IOException(fault) : inner.CommitAsync(place, writes, stop);
}
