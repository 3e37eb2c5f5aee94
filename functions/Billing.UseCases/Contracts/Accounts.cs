using Billing.Domain.Contracts;
using Billing.Domain.Values;
using Billing.UseCases.Documents;
using Billing.UseCases.Notifications;
using NodaTime;

namespace Billing.UseCases.Contracts;

/// <summary>What a decision wants to commit; no writes and no new head: nothing is to be done.</summary>
internal sealed record AccountChange<T>(T Result, AccountHead? Head, IReadOnlyList<Write> Writes)
{
    /// <summary>When billing must look at the account; unless it says so itself, at once, since any change may make something due.</summary>
    public Instant? Due { get; init; } = Accounts.AtOnce;

    /// <summary>What others shall hear of it, beside what follows from the documents that it writes.</summary>
    public IReadOnlyList<Message> Messages { get; init; } = [];
}

/// <summary>The one way to change a customer's documents.</summary>
public sealed class Accounts(IDocumentStore store)
{
    internal const string CustomerId = "customer";
    internal const string HeadId = "head";

    /// <summary>The due of an account that billing must look at whatever the time.</summary>
    internal static readonly Instant AtOnce = Instant.FromUnixTimeTicks(0);
    private const int MaxAttempts = 100;

    /// <summary>One customer's partition.</summary>
    internal static Place PlaceOf(string customerId) => new(Container.Accounts, LookupKey.Of(customerId));

    /// <summary>The customer, or null.</summary>
    public async Task<Customer?> CustomerAsync(string customerId, CancellationToken stop) =>
        (await store.FindAsync<Customer>(PlaceOf(customerId), CustomerId, stop))?.Value;

    /// <summary>Who an invoice of a contract is for: the customer, or whose contract pays.</summary>
    internal async Task<Customer> BuyerAsync(Customer customer, Contract contract, CancellationToken stop) =>
        contract.Hierarchy is { Payer: Payer.Parent, ParentCustomerId: { } payer } ? await CustomerAsync(payer, stop) ?? customer : customer;

    /// <summary>The customer's head; an empty one when there is none.</summary>
    public async Task<AccountHead> HeadAsync(string customerId, CancellationToken stop) =>
        (await store.FindAsync<AccountHead>(PlaceOf(customerId), HeadId, stop))?.Value ?? New(customerId);

    /// <summary>Reads the head, lets decide, and commits the writes together with the new head; on conflict it starts over.</summary>
    /// <remarks>The decision may run many times: it must read afresh each time and draw no ids.</remarks>
    internal async Task<Outcome<T>> ChangeAsync<T>(
        string customerId, Func<AccountHead, Task<Outcome<AccountChange<T>>>> decide, CancellationToken stop)
    {
        var place = PlaceOf(customerId);
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var found = await store.FindAsync<AccountHead>(place, HeadId, stop);
            var head = found?.Value ?? New(customerId);
            if (!(await decide(head)).Is(out var change, out var refusal)) return refusal;
            if (change.Head is null) return change.Result;
            // A parked account is left alone.
            var due = change.Head.Parked is null ? change.Due : null;
            var next = place.Keep(HeadId, HeadId, change.Head with { Version = head.Version + 1 }, due);
            List<Write> writes = [found is null ? new Write.Create(next) : new Write.Replace(next, found.ETag), .. change.Writes];
            List<Message> messages = [.. TermMessages.Of(customerId, head.Version + 1, change.Writes), .. change.Messages];
            if (messages.Count > 0) writes.Add(new Write.Create(Outbox.Document(new OutboxEntry(customerId, head.Version + 1, messages))));
            if ((await store.CommitAsync(place, writes, stop)).Done) return change.Result;
        }
        throw new TimeoutException($"Customer {customerId} is being changed by too many at once.");
    }

    /// <summary>Makes every change that has begun for a customer fail and start over. A customer that does not exist yet gets a head, to the same end.</summary>
    internal async Task FenceAsync(string customerId, CancellationToken stop) =>
        await ChangeAsync(customerId, head => Task.FromResult<Outcome<AccountChange<bool>>>(new AccountChange<bool>(true, head, [])), stop);

    private static AccountHead New(string customerId) => new(customerId, 0, 1, []);
}
