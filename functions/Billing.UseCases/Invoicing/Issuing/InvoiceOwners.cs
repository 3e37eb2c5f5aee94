using Billing.UseCases.Documents;

namespace Billing.UseCases.Invoicing;

/// <summary>Whose an invoice is, for calls that name nothing but its id (catalog, kind "invoice-owner").</summary>
/// <remarks>Written before the invoice, so that none is without; one that came to nothing points to an invoice that is not there.</remarks>
internal static class InvoiceOwners
{
    private const string Kind = "invoice-owner";

    public static async Task SetAsync(IDocumentStore store, string invoiceId, string customerId, CancellationToken stop) =>
        await store.TryAsync(PlaceOf(invoiceId), new Write.Upsert(PlaceOf(invoiceId).Keep(Kind, Kind, customerId)), stop);

    /// <summary>The customer's id, or null.</summary>
    public static async Task<string?> FindAsync(IDocumentStore store, string invoiceId, CancellationToken stop) =>
        (await store.FindAsync<string>(PlaceOf(invoiceId), Kind, stop))?.Value;

    private static Place PlaceOf(string invoiceId) => new(Container.Catalog, Kind, LookupKey.Of(invoiceId));
}
