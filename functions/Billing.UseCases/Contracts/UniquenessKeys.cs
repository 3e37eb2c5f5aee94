using Billing.Domain.Values;
using Billing.UseCases.Documents;

namespace Billing.UseCases.Contracts;

/// <summary>What a uniqueness key was used for.</summary>
/// <param name="DocumentId">In the customer's partition.</param>
internal sealed record UniquenessClaim(string CustomerId, string DocumentId);

/// <summary>Uniqueness keys: used once for each kind of thing, for ever. A claim counts when its document exists; one that came to nothing is fenced and taken over.</summary>
internal sealed class UniquenessKeys(IDocumentStore store, Accounts accounts)
{
    private const string Kind = "uniqueness-key";

    /// <summary>Null when the key is this document's; else the refusal.</summary>
    /// <param name="of">What kind of thing: "contract", "commit", "edit".</param>
    public async Task<Refusal?> TakeAsync(string of, string key, string customerId, string documentId, CancellationToken stop)
    {
        if (key.Length is 0 or > 128) return new Refusal("bad_uniqueness_key", "A uniqueness key has 1 to 128 characters.", "/uniqueness_key");
        var place = new Place(Container.Catalog, Kind, LookupKey.Of(of + ":" + key));
        var claim = place.Keep(Kind, Kind, new UniquenessClaim(customerId, documentId));
        while (true)
        {
            var found = await store.FindAsync<UniquenessClaim>(place, Kind, stop);
            if (found?.Value.DocumentId == documentId) return null;
            if (found is not null)
            {
                if (await UsedAsync(found.Value, stop)) return Taken(of, key, found.Value);
                await accounts.FenceAsync(found.Value.CustomerId, stop);
                if (await UsedAsync(found.Value, stop)) return Taken(of, key, found.Value);
            }
            if (await store.TryAsync(place, found is null ? new Write.Create(claim) : new Write.Replace(claim, found.ETag), stop)) return null;
        }
    }

    private async Task<bool> UsedAsync(UniquenessClaim claim, CancellationToken stop) =>
        await store.ReadAsync(Accounts.PlaceOf(claim.CustomerId), claim.DocumentId, stop) is not null;

    private static Refusal Taken(string of, string key, UniquenessClaim claim) => new(
        "uniqueness_key_used", $"The uniqueness key '{key}' was used by {of} {claim.DocumentId[(claim.DocumentId.IndexOf(':', StringComparison.Ordinal) + 1)..]}.", "/uniqueness_key", RefusalKind.Conflict);
}
