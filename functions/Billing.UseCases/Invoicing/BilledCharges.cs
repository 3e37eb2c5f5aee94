using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;

namespace Billing.UseCases.Invoicing;

/// <summary>The charges of a contract that are on final invoices, so that none is billed twice: one document a contract, in the customer's partition.</summary>
internal static class BilledCharges
{
    private const string Kind = "billed-charges";

    public static async Task<(IReadOnlySet<string> Ids, string? ETag)> ReadAsync(IDocumentStore store, string customerId, string contractId, CancellationToken stop) =>
        await store.FindAsync<string[]>(Accounts.PlaceOf(customerId), IdOf(contractId), stop) is { } found
            ? (found.Value.ToHashSet(StringComparer.Ordinal), found.ETag)
            : (new HashSet<string>(), null);

    /// <summary>The write that adds charges to those billed, or takes them away; null when nothing changes.</summary>
    public static Write? Change(string customerId, string contractId, (IReadOnlySet<string> Ids, string? ETag) before, IReadOnlyList<string> ids, bool billed)
    {
        if (ids.Count == 0) return null;
        var document = Accounts.PlaceOf(customerId).Keep(IdOf(contractId), Kind, billed ? before.Ids.Union(ids).ToArray() : [.. before.Ids.Except(ids)]);
        return before.ETag is null ? new Write.Create(document) : new Write.Replace(document, before.ETag);
    }

    private static string IdOf(string contractId) => $"billed:{LookupKey.Of(contractId)}";
}
