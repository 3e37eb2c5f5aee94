using Billing.Domain.Contracts;
using Billing.Domain.Invoicing;
using Billing.Domain.Values;
using Billing.UseCases.Credits;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Contracts;

/// <summary>Contracts.</summary>
public sealed class Contracts(IDocumentStore store, IClock clock, Catalogs catalogs)
{
    /// <summary>Commits and credits of one creation: they are committed at once with the contract and what it renews.</summary>
    public const int MaxCommits = 80;

    private readonly Accounts accounts = new(store);
    private readonly UniquenessKeys uniqueness = new(store, new Accounts(store));

    /// <summary>Makes a contract with its commits and credits. Errors: refused when a uniqueness key was used before, or a term cannot be kept.</summary>
    public async Task<Outcome<Contract>> CreateAsync(NewContract wanted, IdSource ids, CancellationToken stop)
    {
        var id = ids.New();
        if (ids.Derived && await ContractDocuments.FindAsync(store, wanted.CustomerId, id, stop) is { } made) return made.Value;
        if (!(await catalogs.CardAsync(wanted, stop)).Is(out var cardId, out var refusal)) return refusal;
        var catalog = await catalogs.ReadAsync(cardId.Length == 0 ? null : cardId, MakeContract.Products(wanted), stop);
        var commits = await CommitDocuments.AllAsync(store, wanted.CustomerId, stop);
        var known = new KnownTerms(commits.Where(c => c.Value.ContractId is null).Select(c => c.Value.Id), [], []);
        if (!MakeContract.Of(wanted, id, catalog, known, clock.GetCurrentInstant(), ids.New).Is(out var contract, out refusal)) return refusal;
        return await accounts.ChangeAsync<Contract>(
            wanted.CustomerId,
            async head =>
            {
                if (await accounts.CustomerAsync(wanted.CustomerId, stop) is not { } customer) return Customers.NotFound(wanted.CustomerId);
                if (await ContractDocuments.FindAsync(store, customer.Id, id, stop) is { } existing) return new AccountChange<Contract>(existing.Value, null, []);
                if (customer.ArchivedAt is not null) return Customers.Archived(customer.Id);
                if (contract.Contract.UniquenessKey is { } key && await uniqueness.TakeAsync("contract", key, customer.Id, ContractDocuments.IdOf(id), stop) is { } used) return used;
                List<Write> writes =
                [
                    new Write.Create(ContractDocuments.Document(contract.Contract)),
                    .. contract.Commits.Select(c => new Write.Create(CommitDocuments.Document(c))),
                ];
                return AccountWrites.Check(writes) is { } large ? large : new AccountChange<Contract>(contract.Contract, head, writes);
            },
            stop);
    }

    /// <summary>One contract.</summary>
    public async Task<Outcome<Contract>> GetAsync(string customerId, string contractId, CancellationToken stop) =>
        await ContractDocuments.FindAsync(store, customerId, contractId, stop) is { } found ? found.Value : NotFound(contractId);

    /// <summary>All contracts of a customer, by start.</summary>
    public async Task<Outcome<Contract[]>> ListAsync(string customerId, bool includeArchived, CancellationToken stop)
    {
        if (await accounts.CustomerAsync(customerId, stop) is null) return Customers.NotFound(customerId);
        var all = await ContractDocuments.AllAsync(store, customerId, stop);
        return all.Select(c => c.Value).Where(c => includeArchived || c.ArchivedAt is null)
            .OrderBy(c => c.StartingAt).ThenBy(c => c.Id, StringComparer.Ordinal).ToArray();
    }

    /// <summary>The usage period that a customer is in now, of the contract that started last; null without a contract in force.</summary>
    public async Task<Interval?> CurrentPeriodAsync(string customerId, CancellationToken stop)
    {
        var now = clock.GetCurrentInstant();
        return (await ContractDocuments.AllAsync(store, customerId, stop)).Select(c => c.Value)
            .Where(c => c.ArchivedAt is null && c.PeriodAt(now) is not null)
            .OrderByDescending(c => c.StartingAt).ThenBy(c => c.Id, StringComparer.Ordinal)
            .FirstOrDefault()?.PeriodAt(now);
    }

    /// <summary>Ends a contract earlier or later, or takes its end away.</summary>
    /// <param name="allowBeforeFinalized">True: it may end inside a period that is final; that invoice stays as it is.</param>
    public async Task<Outcome<Contract>> UpdateEndDateAsync(
        string customerId, string contractId, Instant? endingBefore, bool allowBeforeFinalized, CancellationToken stop)
    {
        return await accounts.ChangeAsync<Contract>(
            customerId,
            async head =>
            {
                if (await ContractDocuments.FindAsync(store, customerId, contractId, stop) is not { } found) return NotFound(contractId);
                if (found.Value.EndingBefore == endingBefore) return new AccountChange<Contract>(found.Value, null, []);
                if (found.Value.ArchivedAt is not null)
                {
                    return new Refusal("contract_archived", $"Contract {contractId} is archived.", "/contract_id", RefusalKind.Conflict);
                }
                var changed = found.Value with { EndingBefore = endingBefore, Version = found.Value.Version + 1 };
                if (changed.Check() is { } refusal) return refusal;
                if (!allowBeforeFinalized && endingBefore < head.Of(contractId, InvoiceType.Usage).BilledThrough)
                {
                    return new Refusal(
                        "ends_before_finalized_invoice", "A final invoice goes beyond this end; set allow_ending_before_finalized_invoice to end there nevertheless.", "/ending_before", RefusalKind.Conflict);
                }
                return new AccountChange<Contract>(
                    changed, head, [ContractDocuments.Past(found.Value), new Write.Replace(ContractDocuments.Document(changed), found.ETag)]);
            },
            stop);
    }

    internal static Refusal NotFound(string id) => new("contract_not_found", $"The customer has no contract with the id '{id}'.", "/contract_id", RefusalKind.NotFound);
}
