using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Invoicing;

/// <summary>Accounts that could not be rated. They are left alone, and listed, until someone releases them.</summary>
public sealed class ParkedAccounts(IDocumentStore store, SettingsStore settings)
{
    private const string Kind = "parked";
    private const int ContractsPerCommit = 90;

    private readonly Accounts accounts = new(store);

    /// <summary>A page of parked accounts with their reasons.</summary>
    public Task<Listed<ParkedAccount>> ListAsync(string? after, int limit, CancellationToken stop) =>
        store.ListAsync<ParkedAccount>(Container.Accounts, Kind, _ => true, after, limit, stop);

    /// <summary>Lets an account's invoices go on; they are tried again at the next run. May be repeated; true when the account was parked.</summary>
    public async Task<Outcome<bool>> ReleaseAsync(string customerId, CancellationToken stop)
    {
        if (await accounts.CustomerAsync(customerId, stop) is null) return Customers.NotFound(customerId);
        var grace = (await settings.GetAsync(stop)).Grace;
        var place = Accounts.PlaceOf(customerId);
        var was = false;
        foreach (var chunk in (await ContractDocuments.AllAsync(store, customerId, stop)).Select(c => c.Value.Id).Chunk(ContractsPerCommit).DefaultIfEmpty([]))
        {
            var released = await accounts.ChangeAsync<bool>(
                customerId,
                async head =>
                {
                    var open = head with { Parked = null };
                    var writes = new List<Write>();
                    foreach (var id in chunk)
                    {
                        if (await ContractDocuments.FindAsync(store, customerId, id, stop) is not { } contract) continue;
                        writes.Add(new Write.Replace(ContractDocuments.Document(contract.Value, open, grace), contract.ETag));
                    }
                    if (await store.ReadAsync(place, Kind, stop) is { } stored) writes.Add(new Write.Delete(Kind, stored.ETag));
                    return new AccountChange<bool>(head.Parked is not null, open, writes);
                },
                stop);
            was |= released.Value;
        }
        return was;
    }

    /// <summary>Parks an account: the contract that failed is no longer due, and the others stop being due when their time comes.</summary>
    internal async Task<ParkedAccount> ParkAsync(string customerId, string contractId, string reason, Instant at, CancellationToken stop)
    {
        var place = Accounts.PlaceOf(customerId);
        var parked = new ParkedAccount(customerId, contractId, reason, at);
        await accounts.ChangeAsync<bool>(
            customerId,
            async head =>
            {
                var writes = new List<Write> { new Write.Upsert(place.Keep(Kind, Kind, head.Parked ?? parked)) };
                // As it is, byte for byte: what cannot be read is a reason to be parked.
                if (await store.ReadAsync(place, ContractDocuments.IdOf(contractId), stop) is { } stored)
                {
                    writes.Add(new Write.Replace(stored.Document with { Due = null }, stored.ETag));
                }
                return new AccountChange<bool>(true, head with { Parked = head.Parked ?? parked }, writes);
            },
            stop);
        return parked;
    }
}
