using Billing.Domain.CreditMemos;
using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;

namespace Billing.UseCases.CreditMemos;

/// <summary>Reads credit memos.</summary>
public sealed class ReadCreditMemos(IDocumentStore store)
{
    private readonly Accounts accounts = new(store);

    /// <summary>One memo.</summary>
    public async Task<Outcome<CreditMemo>> GetAsync(string customerId, string memoId, CancellationToken stop) =>
        await CreditMemoDocuments.FindAsync(store, customerId, memoId, stop) is { } found ? found.Value : NotFound(memoId);

    /// <summary>A page of a customer's memos by number, void ones too.</summary>
    /// <param name="invoiceId">Null: of all invoices.</param>
    public async Task<Outcome<Listed<CreditMemo>>> ListAsync(string customerId, string? invoiceId, string? after, int limit, CancellationToken stop)
    {
        if (await accounts.CustomerAsync(customerId, stop) is null) return Customers.NotFound(customerId);
        var memos = await CreditMemoDocuments.AllAsync(store, customerId, stop);
        return Pages.After([.. memos.Where(m => invoiceId is null || m.InvoiceId == invoiceId)], m => m.Id, after, limit);
    }

    /// <summary>A customer's memos by invoice.</summary>
    public async Task<ILookup<string, CreditMemo>> ByInvoiceAsync(string customerId, CancellationToken stop) =>
        (await CreditMemoDocuments.AllAsync(store, customerId, stop)).ToLookup(m => m.InvoiceId, StringComparer.Ordinal);

    internal static Refusal NotFound(string id) => new("credit_memo_not_found", $"The customer has no credit memo with the id '{id}'.", "/id", RefusalKind.NotFound);
}
