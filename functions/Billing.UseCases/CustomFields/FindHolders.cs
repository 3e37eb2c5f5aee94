using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.UseCases.Contracts;
using Billing.UseCases.Credits;
using Billing.UseCases.Documents;
using Billing.UseCases.Invoicing;
using Billing.UseCases.Metering;
using Billing.UseCases.Pricing;
using Billing.UseCases.Spending;

namespace Billing.UseCases.CustomFields;

/// <summary>Finds things by nothing but their entity and id.</summary>
/// <remarks>
/// Terms lie in their customer's partition under ids that do not name the customer. Whose they are is kept beside, and caught up with the changed
/// contracts and commits when it is asked for: who sets no fields of terms pays nothing.
/// </remarks>
internal sealed class FindHolders(IDocumentStore store)
{
    private const string OwnerKind = "term-owner";
    internal const string CursorKind = "term-owner-change";
    private const int PageSize = 200;

    /// <summary>The thing, strongly read; null when there is none.</summary>
    public async Task<FieldHolder?> FindAsync(FieldEntity entity, string id, CancellationToken stop)
    {
        if (await StoredAsync(entity, id, stop) is not { } stored) return null;
        return FieldHolders.In(entity, stored).FirstOrDefault(h => h.Id == id);
    }

    /// <summary>All things of an entity.</summary>
    public async IAsyncEnumerable<FieldHolder> AllAsync(FieldEntity entity, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
    {
        if (FieldHolders.DocumentsOf(entity) is not var (container, kind)) yield break;
        for (string? next = null; ;)
        {
            var page = await store.OfKindAsync(container, kind, next, PageSize, stop);
            foreach (var holder in page.Items.SelectMany(s => FieldHolders.In(entity, s))) yield return holder;
            if ((next = page.Next) is null) yield break;
        }
    }

    private async Task<Stored?> StoredAsync(FieldEntity entity, string id, CancellationToken stop)
    {
        switch (entity)
        {
            case FieldEntity.Customer: return await store.ReadAsync(Accounts.PlaceOf(id), Accounts.CustomerId, stop);
            case FieldEntity.Product or FieldEntity.ContractProduct: return await store.ReadAsync(Products.PlaceOf(id), Products.Kind, stop);
            case FieldEntity.RateCard: return await store.ReadAsync(RateCards.PlaceOf(id), RateCards.Kind, stop);
            case FieldEntity.BillableMetric: return DocumentId.IsValid(id) ? await store.ReadAsync(MeterCatalog.PlaceOf(id), MeterCatalog.Kind, stop) : null;
            case FieldEntity.Alert: return await AlertDocuments.ReadAsync(store, id, stop);
            case FieldEntity.Invoice:
                return await Owners.FindAsync(store, Owners.Invoice, id, stop) is { } payer ? await store.ReadAsync(Accounts.PlaceOf(payer), InvoiceDocuments.IdOf(id), stop) : null;
            default:
                if (FieldHolders.DocumentsOf(entity) is not var (_, kind)) return null;
                await CatchUpAsync(kind, stop);
                return (await store.FindAsync<TermOwner>(OwnerPlace(id), OwnerKind, stop))?.Value is { } owner
                    ? await store.ReadAsync(Accounts.PlaceOf(owner.CustomerId), owner.DocumentId, stop)
                    : null;
        }
    }

    private async Task CatchUpAsync(string kind, CancellationToken stop)
    {
        var place = new Place(Container.Catalog, CursorKind, kind);
        while (true)
        {
            var found = await store.FindAsync<string>(place, CursorKind, stop);
            var (changed, cursor) = await store.ChangesAsync(Container.Accounts, kind, found?.Value, PageSize, stop);
            if (changed.Count == 0) return;
            await Parallel.ForEachAsync(
                changed.SelectMany(Owned), stop,
                async (owned, token) => await store.TryAsync(OwnerPlace(owned.Id), new Write.Upsert(OwnerPlace(owned.Id).Keep(OwnerKind, OwnerKind, owned.Owner)), token));
            // The cursor last: what a crash leaves undone is done again.
            var next = place.Keep(CursorKind, CursorKind, cursor);
            await store.TryAsync(place, found is null ? new Write.Create(next) : new Write.Replace(next, found.ETag), stop);
        }
    }

    private static IEnumerable<(string Id, TermOwner Owner)> Owned(Stored stored)
    {
        var (customerId, terms) = stored.Document.Kind == CommitDocuments.Kind
            ? stored.Value<Commit>() is var commit ? (commit.CustomerId, [WantedFields.Of(commit)]) : default
            : stored.Value<Contract>() is var contract ? (contract.CustomerId, WantedFields.Of(contract)) : default;
        return terms.Select(t => (t.Id, new TermOwner(customerId, stored.Document.Id)));
    }

    private static Place OwnerPlace(string id) => new(Container.Catalog, OwnerKind, LookupKey.Of(id));

    /// <summary>Where a term lies.</summary>
    private sealed record TermOwner(string CustomerId, string DocumentId);
}
