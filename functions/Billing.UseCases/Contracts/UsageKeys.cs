using Billing.Domain.Contracts;
using Billing.Domain.Values;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Contracts;

/// <summary>The lookup of a usage key.</summary>
/// <param name="Ownership">As far as it is settled.</param>
/// <param name="ClaimedBy">A customer for whom the key was taken before the customer's own documents said so.</param>
public sealed record KeyLookup(KeyOwnership Ownership, string? ClaimedBy)
{
    /// <summary>Whose the key is or may be.</summary>
    public string? Holder => ClaimedBy ?? Ownership.Owner;
}

/// <summary>Hears of keys that got or lost an owner, after the customer's documents and the lookups say so.</summary>
public delegate Task KeysSettled(IReadOnlyCollection<string> keys, CancellationToken stop);

/// <summary>Which customer a usage key belongs to.</summary>
/// <remarks>
/// A key is claimed in its lookup first, then the customer's documents are committed, then the lookup is settled. The customer's documents are the
/// truth: a holder that does not list the key (it crashed, gave up, or let it go without settling) is fenced, read once more, and then loses it.
/// Each claim writes the lookup, so whoever wants to settle or free it meanwhile meets a conflict.
/// </remarks>
public sealed class UsageKeys(IDocumentStore store, Accounts accounts, KeysSettled? settled = null)
{
    private const string Kind = "usage-key";
    private const int MaxSettleAttempts = 5;

    /// <summary>The customer who has the key now, or null.</summary>
    public async Task<string?> OwnerAsync(string key, CancellationToken stop) =>
        (await FindAsync(key, stop))?.Value.Holder is { } holder && await ListsAsync(holder, key, stop) ? holder : null;

    /// <summary>The customer whose the usage under a key at an instant is, or null.</summary>
    public async Task<Customer?> OwnerAtAsync(string key, Instant at, CancellationToken stop)
    {
        if (await FindAsync(key, stop) is not { } found) return null;
        foreach (var id in found.Value.Ownership.Spans.Select(s => s.CustomerId).Append(found.Value.ClaimedBy).OfType<string>().Distinct())
        {
            if (await accounts.CustomerAsync(id, stop) is { } customer
                && customer.Keys.Any(k => k.Key == key && !(at < k.From) && !(at >= k.Until))) return customer;
        }
        return null;
    }

    /// <summary>Claims keys for a customer. Errors: refused, naming the owner, when another customer has one.</summary>
    /// <returns>Every time in which the keys are the customer's.</returns>
    internal async Task<Outcome<List<OwnedKey>>> TakeAsync(string customerId, IReadOnlyList<string> keys, CancellationToken stop)
    {
        // First only look, so that a refusal leaves no claims behind.
        foreach (var key in keys)
        {
            if (await OwnerAsync(key, stop) is { } owner && owner != customerId) return KeyOwnership.Taken(key, owner);
        }
        var owned = new List<OwnedKey>();
        foreach (var key in keys)
        {
            if (!(await TakeAsync(customerId, key, stop)).Is(out var ownership, out var refusal)) return refusal;
            owned.AddRange(ownership.Of(customerId));
        }
        return owned;
    }

    /// <summary>Brings lookups in line with the customer's documents. What is not done here is done by the next claimant.</summary>
    internal async Task SettleAsync(string customerId, IReadOnlyCollection<string> keys, CancellationToken stop)
    {
        foreach (var key in keys)
        {
            for (var attempt = 0; attempt < MaxSettleAttempts && !await SettleAsync(customerId, key, stop); attempt++)
            {
                // Someone else wrote it meanwhile; read again.
            }
        }
        if (settled is not null) await settled(keys, stop);
    }

    private async Task<Outcome<KeyOwnership>> TakeAsync(string customerId, string key, CancellationToken stop)
    {
        while (true)
        {
            var found = await FindAsync(key, stop);
            var settled = found?.Value.Ownership ?? KeyOwnership.Unclaimed(key);
            if (found?.Value.Holder is { } holder && holder != customerId)
            {
                if (await ListsAsync(holder, key, stop)) return KeyOwnership.Taken(key, holder);
                await accounts.FenceAsync(holder, stop);
                var fenced = await accounts.CustomerAsync(holder, stop);
                if (fenced?.Owns(key) == true) return KeyOwnership.Taken(key, holder);
                settled = Released(settled, holder, fenced);
            }
            if (!settled.Claim(customerId).Is(out var claimed, out var refusal)) return refusal;
            if (await TryWriteAsync(new KeyLookup(settled, customerId), found, stop)) return claimed;
        }
    }

    private async Task<bool> SettleAsync(string customerId, string key, CancellationToken stop)
    {
        var found = await FindAsync(key, stop);
        if (found?.Value.Holder != customerId) return true;
        var customer = await accounts.CustomerAsync(customerId, stop);
        var lookup = found.Value;
        if (customer?.Owns(key) != true)
        {
            // A claim of the customer that is still on its way stays.
            return lookup.Ownership.Owner != customerId
                || await TryWriteAsync(lookup with { Ownership = Released(lookup.Ownership, customerId, customer) }, found, stop);
        }
        return (lookup.ClaimedBy is null && lookup.Ownership.Owner == customerId)
            || await TryWriteAsync(new KeyLookup(lookup.Ownership.Claim(customerId).Value, null), found, stop);
    }

    /// <summary>What the lookup says once a holder that does not list the key has let it go; a claim that came to nothing leaves no trace.</summary>
    private static KeyOwnership Released(KeyOwnership settled, string holder, Customer? customer) =>
        settled.Release(holder, customer?.Keys.Where(k => k.Key == settled.Key).Select(k => k.Until).DefaultIfEmpty().Max());

    private async Task<bool> ListsAsync(string customerId, string key, CancellationToken stop) =>
        (await accounts.CustomerAsync(customerId, stop))?.Owns(key) == true;

    private Task<Found<KeyLookup>?> FindAsync(string key, CancellationToken stop) => store.FindAsync<KeyLookup>(PlaceOf(key), Kind, stop);

    private Task<bool> TryWriteAsync(KeyLookup lookup, Found<KeyLookup>? found, CancellationToken stop)
    {
        var document = PlaceOf(lookup.Ownership.Key).Keep(Kind, Kind, lookup);
        return store.TryAsync(document.Place, found is null ? new Write.Create(document) : new Write.Replace(document, found.ETag), stop);
    }

    private static Place PlaceOf(string key) => new(Container.Catalog, Kind, LookupKey.Of(key));
}
