using Billing.Domain.CreditMemos;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;

namespace Billing.UseCases.CreditMemos;

/// <summary>How credit memos lie in their customer's partition: a document each.</summary>
internal static class CreditMemoDocuments
{
    private const string Kind = "credit-memo";
    private const string Prefix = "credit-memo:";

    public static string IdOf(string memoId) => Prefix + LookupKey.Of(memoId);

    public static Task<Found<CreditMemo>?> FindAsync(IDocumentStore store, string customerId, string memoId, CancellationToken stop) =>
        store.FindAsync<CreditMemo>(Accounts.PlaceOf(customerId), IdOf(memoId), stop);

    /// <summary>Every memo of a customer by number, void ones too.</summary>
    public static async Task<List<CreditMemo>> AllAsync(IDocumentStore store, string customerId, CancellationToken stop) =>
        [.. (await store.AllAsync(Accounts.PlaceOf(customerId), Prefix, Prefix + "~", stop)).Select(s => s.Value<CreditMemo>()).OrderBy(m => m.Number)];

    public static Document Document(CreditMemo memo) => Accounts.PlaceOf(memo.CustomerId).Keep(IdOf(memo.Id), Kind, memo);
}
