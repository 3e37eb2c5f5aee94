using Billing.Domain.Contracts;
using Billing.Domain.Invoicing;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Contracts;

/// <summary>How contracts lie in their customer's partition.</summary>
public static class ContractDocuments
{
    public const string Kind = "contract";

    private const string Prefix = "contract:";

    public static string IdOf(string contractId) => Prefix + LookupKey.Of(contractId);

    /// <summary>Customer and contract of a document, also when its body cannot be read; both ids are UUIDs, which escaping leaves as they are.</summary>
    public static (string CustomerId, string ContractId) IdsOf(Document document) => (document.Place.First, document.Id[Prefix.Length..]);

    public static Task<Found<Contract>?> FindAsync(IDocumentStore store, string customerId, string contractId, CancellationToken stop) =>
        store.FindAsync<Contract>(Accounts.PlaceOf(customerId), IdOf(contractId), stop);

    public static async Task<List<Found<Contract>>> AllAsync(IDocumentStore store, string customerId, CancellationToken stop) =>
        [.. (await store.AllAsync(Accounts.PlaceOf(customerId), Prefix, Prefix + "~", stop)).Select(s => new Found<Contract>(s.Value<Contract>(), s.ETag))];

    /// <summary>The contract's document, due when its next period can become final; never while the account is parked.</summary>
    public static Document Document(Contract contract, AccountHead head, Duration grace)
    {
        var open = contract.ArchivedAt is null && head.Parked is null;
        var next = open ? contract.PeriodAfter(head.Of(contract.Id, InvoiceType.Usage).BilledThrough) : null;
        return Accounts.PlaceOf(contract.CustomerId).Keep(IdOf(contract.Id), Kind, contract, next is { } period ? contract.FinalAt(period, grace) : null);
    }

    /// <summary>A version that was replaced, for rating a period again as it was.</summary>
    public static Write Past(Contract contract) => new Write.Create(Accounts.PlaceOf(contract.CustomerId)
        .Keep($"past-contract:{LookupKey.Of(contract.Id)}:{contract.Version:D6}", "past-contract", contract));
}
