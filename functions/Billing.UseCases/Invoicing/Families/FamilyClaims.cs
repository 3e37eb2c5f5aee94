using Billing.Domain.Invoicing;
using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;

namespace Billing.UseCases.Invoicing;

/// <summary>Which consolidated invoice an invoice is on, or is about to be on.</summary>
internal sealed record FamilyClaim(Constituent On);

/// <summary>Holds invoices for a consolidated invoice that is not made yet, so that none is voided in between: a document beside each, written before.</summary>
/// <remarks>
/// A claim counts while its consolidated invoice is final, or not there yet. It is fixed: the same run repeated makes the same claims and the same invoice.
/// It stops counting when that invoice is void, or can never come, because its contract is archived.
/// </remarks>
internal sealed class FamilyClaims(IDocumentStore store)
{
    private const string Kind = "family-claim";

    private readonly Accounts accounts = new(store);

    /// <summary>Why an invoice can be neither voided nor credited by itself now; null when it can.</summary>
    public async Task<Refusal?> HolderAsync(Invoice invoice, CancellationToken stop)
    {
        if (await FindAsync(invoice, stop) is not { Value.On: var on } || !await CountsAsync(on, stop)) return null;
        return await InvoiceDocuments.ReadAsync(store, on.CustomerId, on.InvoiceId, stop) is null
            ? new Refusal("being_consolidated", $"Invoice {invoice.Id} is just being put on a consolidated invoice of customer {on.CustomerId}; try again in a moment.", "/id", RefusalKind.Conflict)
            : new Refusal("on_consolidated_invoice", $"Invoice {invoice.Id} is on the consolidated invoice {on.InvoiceId} of customer {on.CustomerId}: that one is what is asked for. Credit it, or void it first.", "/id", RefusalKind.Conflict);
    }

    /// <summary>The write that holds an invoice of the account which is just being changed; null when another invoice holds it.</summary>
    public async Task<Write?> HoldAsync(Invoice invoice, Constituent on, CancellationToken stop)
    {
        if (await FindAsync(invoice, stop) is { Value.On: var other } && other != on && await CountsAsync(other, stop)) return null;
        return new Write.Upsert(Accounts.PlaceOf(invoice.CustomerId).Keep(IdOf(invoice.Id), Kind, new FamilyClaim(on)));
    }

    /// <summary>Holds an invoice of another account; false when it is not final any more, or another invoice holds it.</summary>
    public async Task<bool> HoldElsewhereAsync(Invoice invoice, Constituent on, CancellationToken stop)
    {
        var held = await accounts.ChangeAsync<bool>(
            invoice.CustomerId,
            async head =>
            {
                if ((await InvoiceDocuments.ReadAsync(store, invoice.CustomerId, invoice.Id, stop))?.Status != InvoiceStatus.Finalized) return new AccountChange<bool>(false, null, []);
                if ((await FindAsync(invoice, stop))?.Value.On == on) return new AccountChange<bool>(true, null, []);
                return await HoldAsync(invoice, on, stop) is { } write ? new AccountChange<bool>(true, head, [write]) : new AccountChange<bool>(false, null, []);
            },
            stop);
        return held.Value;
    }

    private async Task<bool> CountsAsync(Constituent on, CancellationToken stop) => await InvoiceDocuments.ReadAsync(store, on.CustomerId, on.InvoiceId, stop) is { } made
        ? made.Status != InvoiceStatus.Void
        : (await ContractDocuments.FindAsync(store, on.CustomerId, on.ContractId, stop))?.Value is { ArchivedAt: null };

    private Task<Found<FamilyClaim>?> FindAsync(Invoice invoice, CancellationToken stop) => store.FindAsync<FamilyClaim>(Accounts.PlaceOf(invoice.CustomerId), IdOf(invoice.Id), stop);

    private static string IdOf(string invoiceId) => "family-claim:" + LookupKey.Of(invoiceId);
}
