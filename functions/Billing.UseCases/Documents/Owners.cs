namespace Billing.UseCases.Documents;

/// <summary>Whose a thing is, for calls that name nothing but its id (catalog, a kind for each kind of thing).</summary>
/// <remarks>Written before the thing, so that none is without; one that came to nothing points to a thing that is not there.</remarks>
internal static class Owners
{
    public const string Invoice = "invoice-owner";

    /// <summary>Of what a threshold bought, by its workflow: the commit's id.</summary>
    public const string Gate = "gate-owner";

    public static async Task SetAsync(IDocumentStore store, string kind, string id, string customerId, CancellationToken stop) =>
        await store.TryAsync(PlaceOf(kind, id), new Write.Upsert(PlaceOf(kind, id).Keep(kind, kind, customerId)), stop);

    /// <summary>The customer's id, or null.</summary>
    public static async Task<string?> FindAsync(IDocumentStore store, string kind, string id, CancellationToken stop) =>
        (await store.FindAsync<string>(PlaceOf(kind, id), kind, stop))?.Value;

    private static Place PlaceOf(string kind, string id) => new(Container.Catalog, kind, LookupKey.Of(id));
}
