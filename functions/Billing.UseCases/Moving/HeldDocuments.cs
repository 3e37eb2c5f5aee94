using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Moving;

/// <summary>A change came too late: the installation is held.</summary>
public sealed class HeldException(string reason) : Exception(reason);

/// <summary>A server's document store, which changes nothing while the installation is held: also what was begun before anyone knew of the hold ends here.</summary>
/// <remarks>
/// While an installation is moved out, folds may go on until the hold is sealed; they write usage and the catalog. The installation's own document is
/// free, since it says what holds.
/// </remarks>
/// <param name="inner">The store.</param>
/// <param name="standstill">Says what may be changed; asked for with the first change, since it needs the store.</param>
public sealed class HeldDocuments(IDocumentStore inner, Func<Standstill> standstill) : IDocumentStore
{
    public Task<Stored?> ReadAsync(Place place, string id, CancellationToken stop) => inner.ReadAsync(place, id, stop);

    public Task<Page> RangeAsync(Place place, string from, string until, int limit, CancellationToken stop) => inner.RangeAsync(place, from, until, limit, stop);

    public Task<Page> OfKindAsync(Container container, string? kind, string? after, int limit, CancellationToken stop) => inner.OfKindAsync(container, kind, after, limit, stop);

    public Task<IReadOnlyList<Stored>> DueAsync(Container container, string kind, Instant at, int limit, CancellationToken stop) => inner.DueAsync(container, kind, at, limit, stop);

    public Task<Changes<Stored>> ChangesAsync(Container container, string kind, string? cursor, int limit, CancellationToken stop) => inner.ChangesAsync(container, kind, cursor, limit, stop);

    public Task<Changes<Changed>> ChangedAsync(Container container, string kind, string? cursor, int limit, CancellationToken stop) => inner.ChangedAsync(container, kind, cursor, limit, stop);

    public async Task<CommitResult> CommitAsync(Place place, IReadOnlyList<Write> writes, CancellationToken stop)
    {
        if (place != Metering.Installation.Place)
        {
            var reason = place.Container == Container.Accounts ? await standstill().ReasonAsync(stop) : await standstill().FoldReasonAsync(stop);
            if (reason is not null) throw new HeldException(reason);
        }
        return await inner.CommitAsync(place, writes, stop);
    }
}
