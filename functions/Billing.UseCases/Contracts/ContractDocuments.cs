using Billing.Domain.Contracts;
using Billing.UseCases.Documents;

namespace Billing.UseCases.Contracts;

/// <summary>How contracts lie in their customer's partition.</summary>
public static class ContractDocuments
{
    public const string Kind = "contract";

    private const string Prefix = "contract:";

    public static string IdOf(string contractId) => Prefix + LookupKey.Of(contractId);

    public static Task<Found<Contract>?> FindAsync(IDocumentStore store, string customerId, string contractId, CancellationToken stop) =>
        store.FindAsync<Contract>(Accounts.PlaceOf(customerId), IdOf(contractId), stop);

    public static async Task<List<Found<Contract>>> AllAsync(IDocumentStore store, string customerId, CancellationToken stop) =>
        [.. (await store.AllAsync(Accounts.PlaceOf(customerId), Prefix, Prefix + "~", stop)).Select(s => new Found<Contract>(s.Value<Contract>(), s.ETag))];

    public static Document Document(Contract contract) => Accounts.PlaceOf(contract.CustomerId).Keep(IdOf(contract.Id), Kind, contract);

    /// <summary>A version that was replaced, for rating a period again as it was.</summary>
    public static Write Past(Contract contract) => new Write.Create(Accounts.PlaceOf(contract.CustomerId)
        .Keep($"past-contract:{LookupKey.Of(contract.Id)}:{contract.Version:D6}", "past-contract", contract));
}
