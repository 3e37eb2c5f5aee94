using Billing.Domain.Invoicing;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Invoicing;

/// <summary>Has every final usage period rated once more from fresh reads, some time after its invoice.</summary>
/// <remarks>Usage that was folded while the invoice was being made is on no side of it that anyone could know; whatever differs then is late usage.</remarks>
public sealed class RateAgain(IDocumentStore store)
{
    private const int PageSize = 100;

    private readonly Accounts accounts = new(store);

    public async Task<Instant?> NextDueAsync(CancellationToken stop) =>
        await store.DueAsync(Container.Accounts, InvoiceDocuments.Kind, Instant.MaxValue, 1, stop) is [var first, ..] ? first.Document.Due : null;

    /// <summary>Queues the periods of invoices that are due by an instant.</summary>
    public async Task RunAsync(Instant at, CancellationToken stop)
    {
        while (await store.DueAsync(Container.Accounts, InvoiceDocuments.Kind, at, PageSize, stop) is { Count: > 0 } due)
        {
            foreach (var stored in due)
            {
                var invoice = stored.Value<InvoiceHeader>().Invoice;
                await accounts.ChangeAsync<bool>(
                    invoice.CustomerId,
                    async head =>
                    {
                        if (await store.ReadAsync(stored.Document.Place, stored.Document.Id, stop) is not { Document.Due: not null } now) return new AccountChange<bool>(false, null, []);
                        var write = new Write.Replace(now.Document with { Due = null }, now.ETag);
                        var counts = invoice is { Type: InvoiceType.Usage, Status: InvoiceStatus.Finalized };
                        return new AccountChange<bool>(true, counts ? head.WithLate([new LatePeriod(invoice.ContractId, invoice.Start)]) : head, [write]);
                    },
                    stop);
            }
        }
    }
}
