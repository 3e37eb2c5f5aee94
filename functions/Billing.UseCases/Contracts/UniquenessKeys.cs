using Billing.Domain.Values;
using Billing.UseCases.Documents;

namespace Billing.UseCases.Contracts;

/// <summary>What a uniqueness key was used for.</summary>
/// <param name="DocumentId">In the customer's partition.</param>
/// <param name="UsedBy">What is said of it: "contract 123".</param>
internal sealed record UniquenessClaim(string CustomerId, string DocumentId, string UsedBy);

/// <summary>Uniqueness keys: used once, for ever. A claim counts when its document exists; one that came to nothing is fenced and taken over.</summary>
internal sealed class UniquenessKeys(IDocumentStore store, Accounts accounts)
{
    private const string Kind = "uniqueness-key";

    /// <summary>Null when the key is this contract's; else the refusal.</summary>
    public Task<Refusal?> TakeAsync(string key, string customerId, string contractId, CancellationToken stop) =>
        TakeAsync("contract", key, new UniquenessClaim(customerId, ContractDocuments.IdOf(contractId), $"contract {contractId}"), stop);

    /// <summary>Null when the key is this document's; else the refusal.</summary>
    /// <param name="of">Whose keys: those of contracts and those of edits, say, are apart.</param>
    /// <param name="key">1 to 128 characters.</param>
    /// <param name="wanted">Who wants it.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<Refusal?> TakeAsync(string of, string key, UniquenessClaim wanted, CancellationToken stop)
    {
        if (key.Length is 0 or > 128) return new Refusal("bad_uniqueness_key", "A uniqueness key has 1 to 128 characters.", "/uniqueness_key");
        var place = new Place(Container.Catalog, Kind, LookupKey.Of($"{of}:{key}"));
        var claim = place.Keep(Kind, Kind, wanted);
        while (true)
        {
            var found = await store.FindAsync<UniquenessClaim>(place, Kind, stop);
            if (found?.Value.DocumentId == wanted.DocumentId) return null;
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
        await store.ReadAsync(Accounts.PlaceOf(claim.CustomerId), claim.DocumentId, stop) is not null;

    private static Refusal Taken(string key, UniquenessClaim claim) => new(
        "uniqueness_key_used", $"The uniqueness key '{key}' was used by {claim.UsedBy}.", "/uniqueness_key", RefusalKind.Conflict);
}
