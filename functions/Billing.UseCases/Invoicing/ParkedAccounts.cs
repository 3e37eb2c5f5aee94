using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;
using Billing.UseCases.Telemetry;
using NodaTime;

namespace Billing.UseCases.Invoicing;

/// <summary>Accounts that could not be billed. They are left alone, and listed, until someone releases them.</summary>
public sealed class ParkedAccounts(IDocumentStore store)
{
    private const string Kind = "parked";

    private readonly Accounts accounts = new(store);

    /// <summary>A page of parked accounts with their reasons.</summary>
    public Task<Listed<ParkedAccount>> ListAsync(string? after, int limit, CancellationToken stop) =>
        store.ListAsync<ParkedAccount>(Container.Accounts, Kind, _ => true, after, limit, stop);

    /// <summary>Lets an account's invoices go on; they are tried again at the next run. May be repeated; true when the account was parked.</summary>
    public async Task<Outcome<bool>> ReleaseAsync(string customerId, CancellationToken stop)
    {
        if (await accounts.CustomerAsync(customerId, stop) is null) return Customers.NotFound(customerId);
        var place = Accounts.PlaceOf(customerId);
        return await accounts.ChangeAsync<bool>(
            customerId,
            async head =>
            {
                if (head.Parked is null) return new AccountChange<bool>(false, null, []);
                List<Write> writes = await store.ReadAsync(place, Kind, stop) is { } stored ? [new Write.Delete(Kind, stored.ETag)] : [];
                return new AccountChange<bool>(true, head with { Parked = null }, writes);
            },
            stop);
    }

    /// <summary>Parks an account: nothing of it is due any more.</summary>
    internal async Task<ParkedAccount> ParkAsync(string customerId, string reason, Instant at, CancellationToken stop)
    {
        var parked = new ParkedAccount(customerId, reason, at);
        var isNew = await accounts.ChangeAsync<bool>(
            customerId,
            head => Task.FromResult<Outcome<AccountChange<bool>>>(new AccountChange<bool>(
                head.Parked is null, head with { Parked = head.Parked ?? parked }, [new Write.Upsert(Accounts.PlaceOf(customerId).Keep(Kind, Kind, head.Parked ?? parked))])),
            stop);
        if (isNew.Value) Measures.Parked();
        return parked;
    }
}
