using Billing.Domain.Contracts;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.UseCases.Credits;
using Billing.UseCases.CustomFields;
using Billing.UseCases.Documents;
using Billing.UseCases.Payments;
using NodaTime;

namespace Billing.UseCases.Contracts;

/// <summary>Contracts.</summary>
public sealed class Contracts(IDocumentStore store, IClock clock, Catalogs catalogs, Packages packages)
{
    /// <summary>Commits and credits of one creation: they are committed at once with the contract and what it renews.</summary>
    public const int MaxCommits = 80;

    private readonly Accounts accounts = new(store);
    private readonly UniquenessKeys uniqueness = new(store, new Accounts(store));
    private readonly FieldRules fields = new(store, clock);

    /// <summary>Makes a contract with its commits and credits. Errors: refused when a uniqueness key was used before, or a term cannot be kept.</summary>
    public async Task<Outcome<Contract>> CreateAsync(NewContract asked, IdSource ids, CancellationToken stop)
    {
        var id = ids.New();
        if (ids.Derived && await ContractDocuments.FindAsync(store, asked.CustomerId, id, stop) is { } made) return made.Value;
        if (!(await packages.UnpackAsync(asked, stop)).Is(out var wanted, out var refusal)) return refusal;
        if (!(await catalogs.CardAsync(wanted, stop)).Is(out var cardId, out refusal)) return refusal;
        var catalog = await catalogs.ReadAsync(cardId.Length == 0 ? null : cardId, MakeContract.Products(wanted), stop);
        var commits = await CommitDocuments.AllAsync(store, wanted.CustomerId, stop);
        var known = new KnownTerms(commits.Where(c => c.Value.ContractId is null).Select(c => c.Value.Id), [], []);
        if (!MakeContract.Of(wanted, id, catalog, known, clock.GetCurrentInstant(), ids.New).Is(out var contract, out refusal)) return refusal;
        var edit = ids.New();
        if (await new ChildContracts(store).AddAsync(contract.Contract, stop) is { } noChild) return noChild;
        // The list first: a name that points to no contract is passed over, a contract that no name points to would be missing.
        if (wanted.MadeOfPackage is { } package) await packages.ListAsync(package, wanted.CustomerId, id, stop);
        return await accounts.ChangeAsync<Contract>(
            wanted.CustomerId,
            async head =>
            {
                if (await accounts.CustomerAsync(wanted.CustomerId, stop) is not { } customer) return Customers.NotFound(wanted.CustomerId);
                if (await ContractDocuments.FindAsync(store, customer.Id, id, stop) is { } existing) return new AccountChange<Contract>(existing.Value, null, []);
                if (customer.ArchivedAt is not null) return Customers.Archived(customer.Id);
                if (BillingConfigurations.Check(customer, contract.Contract.BillingProvider) is { } unknown) return unknown;
                if (contract.Contract.UniquenessKey is { } key && await uniqueness.TakeAsync("contract", key, customer.Id, ContractDocuments.IdOf(id), stop) is { } used) return used;
                if (await fields.AdmitTermsAsync(contract.Contract, contract.Commits, stop) is { } notAdmitted) return notAdmitted;
                if (!(await RenewAsync(contract.Contract, edit, head, stop)).Is(out var renewed, out var notRenewed)) return notRenewed;
                List<Write> writes =
                [
                    new Write.Create(ContractDocuments.Document(contract.Contract)),
                    .. contract.Commits.Select(c => new Write.Create(CommitDocuments.Document(c))),
                    .. renewed,
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

    /// <summary>What a renewal changes of the contract before: it ends at the new start, and does not true up if that is to be removed.</summary>
    /// <param name="renewal">The new contract.</param>
    /// <param name="editId">Names the record of the change.</param>
    /// <param name="head">Of the account.</param>
    /// <param name="stop">Gives up.</param>
    private async Task<Outcome<List<Write>>> RenewAsync(Contract renewal, string editId, AccountHead head, CancellationToken stop)
    {
        if (renewal.Renewal is not { } from) return new List<Write>();
        const string Field = "/transition/from_contract_id";
        var contracts = await ContractDocuments.AllAsync(store, renewal.CustomerId, stop);
        if (contracts.Find(c => c.Value.Id == from.FromContractId) is not { } found) return NotFound(from.FromContractId) with { Field = Field };
        if (found.Value.ArchivedAt is not null) return new Refusal("contract_archived", $"Contract {from.FromContractId} is archived.", Field, RefusalKind.Conflict);
        if (contracts.Find(c => c.Value.ArchivedAt is null && c.Value.Renewal?.FromContractId == from.FromContractId) is { } other)
            return new Refusal("already_renewed", $"Contract {other.Value.Id} renews it.", Field, RefusalKind.Conflict);
        if (found.Value.StartingAt >= renewal.StartingAt) return new Refusal("renews_later_contract", "A renewal starts after the contract that it renews.", "/starting_at");
        if (EditContracts.CheckEnd(head, found.Value.Id, renewal.StartingAt, allowed: false, "/starting_at") is { } final) return final;
        var draft = new EditDraft(renewal.CustomerId, await EditContracts.ReadAsync(store, renewal.CustomerId, found, needsEntries: false, stop), clock.GetCurrentInstant());
        var ends = !(found.Value.EndingBefore <= renewal.StartingAt);
        if (ends) ContractEnd.Move(draft, renewal.StartingAt, isRenewal: true);
        if (from.Trueup == TrueupBehavior.Remove) ContractEnd.RemoveTrueups(draft);
        if (!draft.IsChanged) return new List<Write>();
        var asked = new EditContract(renewal.CustomerId, found.Value.Id) { UpdateContractEndDate = ends ? new Changed<Instant?>(renewal.StartingAt) : null };
        var record = new ContractEdit(editId, renewal.CustomerId, found.Value.Id, head.Version + 1, draft.Now, null, renewal.CreatedBy, asked);
        return (List<Write>)[.. draft.Writes(head.Version + 1), new Write.Create(EditDocuments.Document(record))];
    }

    internal static Refusal NotFound(string id) => new("contract_not_found", $"The customer has no contract with the id '{id}'.", "/contract_id", RefusalKind.NotFound);
}
