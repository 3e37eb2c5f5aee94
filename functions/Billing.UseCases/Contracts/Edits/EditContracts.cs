using Billing.Domain.Contracts;
using Billing.Domain.Invoicing;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.UseCases.Credits;
using Billing.UseCases.CustomFields;
using Billing.UseCases.Documents;
using Billing.UseCases.Payments;
using Billing.UseCases.Invoicing;
using NodaTime;

namespace Billing.UseCases.Contracts;

/// <summary>Edits contracts, and commits and credits by themselves. Each edit is a new version of what it changes, and is recorded in the same commit.</summary>
public sealed class EditContracts(IDocumentStore store, IClock clock, Catalogs catalogs)
{
    private readonly Accounts accounts = new(store);
    private readonly UniquenessKeys uniqueness = new(store, new Accounts(store));
    private readonly FieldRules fields = new(store, clock);

    /// <summary>Does all that an edit asks for, or nothing.</summary>
    public async Task<Outcome<ContractEdit>> EditAsync(EditContract wanted, IdSource ids, CancellationToken stop)
    {
        var id = ids.New();
        if (await ContractDocuments.FindAsync(store, wanted.CustomerId, wanted.ContractId, stop) is not { } found) return Contracts.NotFound(wanted.ContractId);
        if (wanted.AddBillingProviderConfigurationUpdate?.BillingProviderConfiguration is { BillingProviderConfigurationId: { } configuration } && await accounts.CustomerAsync(wanted.CustomerId, stop) is { } customer
            && BillingConfigurations.Check(customer, new BillingProvider(configuration, null, null)) is { } unknown) return unknown.Under("/add_billing_provider_configuration_update");
        var kept = new[] { found.Value.PrepaidThreshold?.Commit, found.Value.SpendThreshold?.Commit }.OfType<ThresholdCommit>()
            .SelectMany(c => c.Scope.ProductIds.Concat(c.Scope.Specifiers.Select(s => s.ProductId).OfType<string>()).Append(c.ProductId)).ToHashSet(StringComparer.Ordinal);
        var catalog = await catalogs.ReadAsync(found.Value.RateCardId, wanted.Products().Concat(kept), stop) with { Kept = kept };
        return await ChangeAsync(
            wanted.CustomerId, wanted.ContractId, id, wanted, wanted.UniquenessKey, needsEntries: wanted is not { UpdateCommits: null, UpdateCredits: null, ArchiveCommits: null, ArchiveCredits: null }, new DrawnIds(ids),
            (draft, head, newId) => Apply(draft, wanted, head, catalog, newId), stop);
    }

    /// <summary>Ends a contract earlier or later, or takes its end away.</summary>
    /// <param name="allowBeforeFinalized">True: it may end inside a period that is final; that invoice stays as it is.</param>
    public async Task<Outcome<Contract>> UpdateEndDateAsync(
        string customerId, string contractId, Instant? endingBefore, bool allowBeforeFinalized, string? by, IdSource ids, CancellationToken stop)
    {
        if (await ContractDocuments.FindAsync(store, customerId, contractId, stop) is not { } found) return Contracts.NotFound(contractId);
        if (found.Value.EndingBefore == endingBefore) return found.Value;
        var asked = new EditContract(customerId, contractId) { By = by, UpdateContractEndDate = new Changed<Instant?>(endingBefore), AllowContractEndingBeforeFinalizedInvoice = allowBeforeFinalized };
        if ((await EditAsync(asked, ids, stop)).Refusal is { } refusal)
            return refusal with { Field = refusal.Field?.Replace("/update_contract_end_date", "/ending_before", StringComparison.Ordinal) };
        return (await ContractDocuments.FindAsync(store, customerId, contractId, stop))!.Value;
    }

    /// <summary>Changes one commit or credit of a contract or of the customer.</summary>
    /// <param name="asked">Names the customer, and either a commit or a credit.</param>
    /// <param name="by">Name of the API key that asks.</param>
    /// <param name="ids">Of the request.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<Outcome<ContractEdit>> EditCommitAsync(CommitUpdate asked, string? by, IdSource ids, CancellationToken stop)
    {
        var id = ids.New();
        if (asked.CustomerId is not { } customerId) return new Refusal("customer_id_missing", "Name the customer.", "/customer_id");
        var update = asked with { CustomerId = null };
        var isCredit = update.CreditId is not null;
        if (!(await ContractOfAsync(customerId, update.CommitId ?? update.CreditId ?? "", isCredit, stop)).Is(out var contractId, out var refusal)) return refusal;
        if (await ContractsAsync(customerId, update, stop) is { } unknown) return unknown;
        var catalog = await catalogs.ReadAsync(null, update.Products(), stop);
        var edit = new EditContract(customerId, contractId) { By = by, UpdateCommits = isCredit ? null : [update], UpdateCredits = isCredit ? [update] : null };
        return await ChangeAsync(
            customerId, contractId, id, edit, null, needsEntries: true, new DrawnIds(ids),
            (draft, _, newId) => EditCommits.Update(draft, update, isCredit, Frame(draft, catalog, by, newId)) is { } wrong ? wrong : new AddedTerms([], [], [], [], [], [], []), stop);
    }

    /// <summary>Archives one commit or credit of a contract or of the customer.</summary>
    public async Task<Outcome<ContractEdit>> ArchiveCommitAsync(string customerId, string commitId, bool isCredit, string? by, IdSource ids, CancellationToken stop)
    {
        var id = ids.New();
        if (!(await ContractOfAsync(customerId, commitId, isCredit, stop)).Is(out var contractId, out var refusal)) return refusal;
        var asked = new EditContract(customerId, contractId) { By = by, ArchiveCommits = isCredit ? null : [new TermId(commitId)], ArchiveCredits = isCredit ? [new TermId(commitId)] : null };
        return await ChangeAsync(
            customerId, contractId, id, asked, null, needsEntries: true, new DrawnIds(ids),
            (draft, _, _) => EditCommits.Archive(draft, commitId, isCredit) is { } wrong ? wrong : new AddedTerms([], [], [], [], [], [], []), stop);
    }

    /// <summary>Takes the usage of some values of a group key from an hour on.</summary>
    public async Task<Outcome<ContractEdit>> SetUsageFilterAsync(string customerId, string contractId, UsageFilter filter, string? by, IdSource ids, CancellationToken stop)
    {
        var id = ids.New();
        if (await ContractDocuments.FindAsync(store, customerId, contractId, stop) is not { } found) return Contracts.NotFound(contractId);
        var catalog = await catalogs.ReadAsync(found.Value.RateCardId, [], stop);
        return await ChangeAsync(
            customerId, contractId, id, new EditContract(customerId, contractId) { By = by }, null, needsEntries: false, new DrawnIds(ids),
            (draft, _, _) =>
            {
                if (filter.StartingAt < draft.Contract!.StartingAt) return new Refusal("starts_before_contract", "A usage filter starts with the contract or later.", "/starting_at");
                draft.Contract = draft.Contract with { UsageFilters = [.. draft.Contract.UsageFilters.Where(f => f.StartingAt != filter.StartingAt).Append(filter).OrderBy(f => f.StartingAt)] };
                return ReadTerms.Check(draft.Contract, catalog, "") is { } wrong
                    ? wrong with { Field = wrong.Field?.Replace("/usage_filter", "", StringComparison.Ordinal) }
                    : new AddedTerms([], [], [], [], [], [], []);
            },
            stop, [filter]);
    }

    /// <summary>The refusal of an end before a final invoice's, or null.</summary>
    internal static Refusal? CheckEnd(AccountHead head, string contractId, Instant? end, bool allowed, string field) => !allowed && end < head.Of(contractId, InvoiceType.Usage).BilledThrough
        ? new Refusal("ends_before_finalized_invoice", "A final invoice goes beyond this end; allow it, and that invoice stays as it is.", field, RefusalKind.Conflict)
        : null;

    /// <summary>What of an account an edit reads, after its head.</summary>
    internal static async Task<EditedAccount> ReadAsync(IDocumentStore store, string customerId, Found<Contract>? contract, bool needsEntries, CancellationToken stop)
    {
        var (ledger, etag) = await LedgerDocuments.TotalsAsync(store, customerId, stop);
        return new EditedAccount(
            contract, await CommitDocuments.AllAsync(store, customerId, stop), ledger, etag, needsEntries ? await LedgerDocuments.EntriesAsync(store, customerId, stop) : [],
            contract is null ? new HashSet<string>() : (await BilledCharges.ReadAsync(store, customerId, contract.Value.Id, stop)).Ids);
    }

    private async Task<Outcome<ContractEdit>> ChangeAsync(
        string customerId, string contractId, string id, EditContract asked, string? uniquenessKey, bool needsEntries, DrawnIds ids,
        Func<EditDraft, AccountHead, Func<string>, Outcome<AddedTerms>> apply, CancellationToken stop, IReadOnlyList<UsageFilter>? filters = null) =>
        await accounts.ChangeAsync<ContractEdit>(
            customerId,
            async head =>
            {
                if (await store.FindAsync<ContractEdit>(Accounts.PlaceOf(customerId), EditDocuments.IdOf(contractId, id), stop) is { } done) return new AccountChange<ContractEdit>(done.Value, null, []);
                var contract = contractId.Length == 0 ? null : await ContractDocuments.FindAsync(store, customerId, contractId, stop);
                if (contract?.Value.ArchivedAt is not null) return new Refusal("contract_archived", $"Contract {contractId} is archived.", "/contract_id", RefusalKind.Conflict);
                ids.Again();
                var draft = new EditDraft(customerId, await ReadAsync(store, customerId, contract, needsEntries, stop), clock.GetCurrentInstant());
                if (!apply(draft, head, ids.New).Is(out var added, out var refusal)) return refusal;
                if (await fields.AdmitTermsAsync(draft.Contract, draft.Added, stop) is { } notAdmitted) return notAdmitted;
                if (uniquenessKey is { } key
                    && await uniqueness.TakeAsync("edit", key, customerId, EditDocuments.IdOf(contractId, id), stop) is { } used) return used;
                var edit = new ContractEdit(id, customerId, contractId, head.Version + 1, draft.Now, uniquenessKey, asked.By, asked.WithoutAdded())
                {
                    Commits = added.Commits,
                    Overrides = added.Overrides,
                    RecurringCommits = added.RecurringCommits,
                    ScheduledCharges = added.ScheduledCharges,
                    ProfessionalServices = added.ProfessionalServices,
                    Subscriptions = added.Subscriptions,
                    SpendTrackers = added.SpendTrackers,
                    UsageFilters = filters ?? [],
                };
                List<Write> writes = [.. draft.Writes(head.Version + 1), new Write.Create(EditDocuments.Document(edit))];
                return AccountWrites.Check(writes) is { } large ? large : new AccountChange<ContractEdit>(edit, head, writes);
            },
            stop);

    /// <summary>All that an edit asks for, in the order: terms that are added, changes, archivals, the end.</summary>
    private static Outcome<AddedTerms> Apply(EditDraft draft, EditContract wanted, AccountHead head, Catalog catalog, Func<string> newId)
    {
        var frame = Frame(draft, catalog, wanted.By, newId);
        if (!ReadTerms.Read(wanted.Lists(), "add_", frame).Is(out var added, out var refusal)) return refusal;
        draft.Add(added.Commits);
        draft.Contract = added.To(draft.Contract!) with
        {
            Name = wanted.UpdateContractName is null ? draft.Contract!.Name : wanted.UpdateContractName.Value,
            NetPaymentTermsDays = wanted.UpdateNetPaymentTermsDays is null ? draft.Contract!.NetPaymentTermsDays : wanted.UpdateNetPaymentTermsDays.Value,
        };
        var wrong = EditTerms.Thresholds(draft, wanted, catalog)
            ?? Provider(draft, wanted.AddBillingProviderConfigurationUpdate)
            ?? ReadLists.Each(wanted.UpdateCommits, "/update_commits", u => EditCommits.Update(draft, u, false, frame))
            ?? ReadLists.Each(wanted.UpdateCredits, "/update_credits", u => EditCommits.Update(draft, u, true, frame))
            ?? ReadLists.Each(wanted.UpdateScheduledCharges, "/update_scheduled_charges", u => EditPayments.Charge(draft, u, frame))
            ?? ReadLists.Each(wanted.UpdateSubscriptions, "/update_subscriptions", u => EditSubscriptions.Update(draft, u, newId))
            ?? ReadLists.Each(wanted.UpdateRecurringCommits, "/update_recurring_commits", u => EditTerms.Recurring(draft, u, false))
            ?? ReadLists.Each(wanted.UpdateRecurringCredits, "/update_recurring_credits", u => EditTerms.Recurring(draft, u, true))
            ?? ReadLists.Each(wanted.ArchiveCommits, "/archive_commits", a => EditCommits.Archive(draft, a.Id, false))
            ?? ReadLists.Each(wanted.ArchiveCredits, "/archive_credits", a => EditCommits.Archive(draft, a.Id, true))
            ?? ReadLists.Each(wanted.ArchiveScheduledCharges, "/archive_scheduled_charges", a => EditPayments.Archive(draft, a.Id))
            ?? ReadLists.Each(wanted.ArchiveSpendTrackers, "/archive_spend_trackers", a => EditTerms.ArchiveTracker(draft, a))
            ?? ReadLists.Each(wanted.RemoveOverrides, "/remove_overrides", a => EditTerms.RemoveOverride(draft, a.Id))
            ?? End(draft, wanted, head)
            ?? ReadTerms.Check(draft.Contract!, catalog, "add_");
        return wrong is null ? added : wrong;
    }

    private static Refusal? End(EditDraft draft, EditContract wanted, AccountHead head)
    {
        if (wanted.UpdateContractEndDate is not { } end) return null;
        var wrong = Hours.Check(end.Value, "/update_contract_end_date") ?? Hours.CheckOrder(draft.Contract!.StartingAt, end.Value, "/update_contract_end_date")
            ?? CheckEnd(head, draft.Contract.Id, end.Value, wanted.AllowContractEndingBeforeFinalizedInvoice ?? true, "/update_contract_end_date");
        if (wrong is null) ContractEnd.Move(draft, end.Value, isRenewal: false);
        return wrong;
    }

    private static Refusal? Provider(EditDraft draft, BillingProviderUpdate? update)
    {
        if (update is null) return null;
        const string At = "/add_billing_provider_configuration_update";
        if (draft.Contract!.BillingProvider is not null) return new Refusal("billing_provider_exists", "The contract has a billing provider.", At, RefusalKind.Conflict);
        if (!MakeContract.Provider(update.BillingProviderConfiguration).Is(out var provider, out var refusal)) return refusal.Under(At);
        draft.Contract = draft.Contract with { BillingProvider = provider[0] };
        return null;
    }

    private static TermsFrame Frame(EditDraft draft, Catalog catalog, string? by, Func<string> newId)
    {
        var contract = draft.Contract;
        var known = new KnownTerms(
            draft.Stored.Concat(draft.StartedGrants).Concat(draft.Account.Commits.Select(c => c.Value).Where(c => c.ContractId is null)).Select(c => c.Id),
            contract?.RecurringCommits ?? [], contract?.Subscriptions ?? []);
        return new TermsFrame(
            contract?.CustomerId ?? "", contract?.Id, contract?.StartingAt ?? draft.Now, contract?.EndingBefore, contract?.MultiplierPrioritization ?? default, catalog, known, draft.Now, by, newId);
    }

    /// <summary>The contract that a commit belongs to; empty when it is the customer's.</summary>
    private async Task<Outcome<string>> ContractOfAsync(string customerId, string commitId, bool isCredit, CancellationToken stop)
    {
        if (await accounts.CustomerAsync(customerId, stop) is null) return Customers.NotFound(customerId);
        if (await CommitDocuments.FindAsync(store, customerId, commitId, stop) is { } stored) return stored.Value.ContractId ?? "";
        var now = clock.GetCurrentInstant();
        return (await ContractDocuments.AllAsync(store, customerId, stop)).FirstOrDefault(c => Grants.Of(c.Value, now).Any(g => g.Id == commitId)) is { } contract
            ? contract.Value.Id
            : new Refusal("commit_not_found", $"The customer has no {(isCredit ? "credit" : "commit")} '{commitId}'.", isCredit ? "/credit_id" : "/commit_id", RefusalKind.NotFound);
    }

    private async Task<Refusal?> ContractsAsync(string customerId, CommitUpdate update, CancellationToken stop)
    {
        foreach (var (id, field) in (update.ApplicableContractIds?.Value ?? []).Select((c, i) => (c, $"/applicable_contract_ids/{i}")).Concat(update.InvoiceContractId is { } invoiced ? [(invoiced, "/invoice_contract_id")] : []))
            if (await ContractDocuments.FindAsync(store, customerId, id, stop) is null) return Contracts.NotFound(id) with { Field = field };
        return null;
    }
}
