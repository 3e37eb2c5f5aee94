using Billing.Domain.Values;
using Billing.UseCases.Documents;

namespace Billing.UseCases.Contracts;

/// <summary>What a uniqueness key was used for.</summary>
internal sealed record UniquenessClaim(string CustomerId, string ContractId);

/// <summary>Uniqueness keys of contracts: used once, for ever. A claim counts when its contract exists; one that came to nothing is fenced and taken over.</summary>
internal sealed class UniquenessKeys(IDocumentStore store, Accounts accounts)
{
    private const string Kind = "uniqueness-key";

    /// <summary>Null when the key is this contract's; else the refusal.</summary>
    public async Task<Refusal?> TakeAsync(string key, string customerId, string contractId, CancellationToken stop)
    {
        var place = new Place(Container.Catalog, Kind, LookupKey.Of("contract:" + key));
        var claim = place.Keep(Kind, Kind, new UniquenessClaim(customerId, contractId));
        while (true)
        {
            var found = await store.FindAsync<UniquenessClaim>(place, Kind, stop);
            if (found?.Value.ContractId == contractId) return null;
            if (found is not null)
            {
                if (await UsedAsync(found.Value, stop)) return Taken(key, found.Value);
                await accounts.FenceAsync(found.Value.CustomerId, stop);
                if (await UsedAsync(found.Value, stop)) return Taken(key, found.Value);
            }
            if (await store.TryAsync(place, found is null ? new Write.Create(claim) : new Write.Replace(claim, found.ETag), stop)) return null;
        }
    }

    private async Task<bool> UsedAsync(UniquenessClaim claim, CancellationToken stop) =>
        await store.ReadAsync(Accounts.PlaceOf(claim.CustomerId), ContractDocuments.IdOf(claim.ContractId), stop) is not null;

    private static Refusal Taken(string key, UniquenessClaim claim) => new(
        "uniqueness_key_used", $"The uniqueness key '{key}' was used by contract {claim.ContractId}.", "/uniqueness_key", RefusalKind.Conflict);
}
