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

    /// <summary>A version of a contract, or null: the one that is in force, or one that was replaced.</summary>
    public static async Task<Contract?> VersionAsync(IDocumentStore store, Contract now, int version, CancellationToken stop) =>
        now.Version == version ? now : (await store.FindAsync<Contract>(Accounts.PlaceOf(now.CustomerId), PastIdOf(now.Id, version), stop))?.Value;

    private static string PastIdOf(string contractId, int version) => $"past-contract:{LookupKey.Of(contractId)}:{version:D6}";

    /// <summary>A version that was replaced, for rating a period again as it was.</summary>
    public static Write Past(Contract contract) => new Write.Create(Accounts.PlaceOf(contract.CustomerId)
        .Keep(PastIdOf(contract.Id, contract.Version), "past-contract", contract));
}
