using Billing.Domain.Contracts;
using Billing.Domain.CreditMemos;
using Billing.Domain.Credits;
using Billing.Domain.Invoicing;
using Billing.Domain.Values;
using Billing.UseCases.CreditMemos;
using Billing.UseCases.Documents;
using Billing.UseCases.Invoicing;
using NodaTime;

namespace Billing.UseCases.Contracts;

/// <summary>Archives contracts that were made in error: no more invoices, and what is left of their commits and credits is gone.</summary>
public sealed class ArchiveContracts(IDocumentStore store, IClock clock, InvoiceChanges invoices)
{
    private readonly Accounts accounts = new(store);

    /// <summary>Archives a contract. May be repeated.</summary>
    /// <param name="voidInvoices">True: its final invoices are voided first; false: they stay as they are.</param>
    public async Task<Outcome<Contract>> ArchiveAsync(string customerId, string contractId, bool voidInvoices, CancellationToken stop)
    {
        if (await ContractDocuments.FindAsync(store, customerId, contractId, stop) is null) return Contracts.NotFound(contractId);
        if (voidInvoices)
        {
            var final = (await InvoiceDocuments.HeadersAsync(store, customerId, stop)).Select(h => h.Invoice).Where(i => i.ContractId == contractId && i.Status == InvoiceStatus.Finalized).ToList();
            var memos = await CreditMemoDocuments.AllAsync(store, customerId, stop);
            // All or none: nothing is voided when one can't be.
            if (final.Select(i => Crediting.CheckVoid(i, memos)).OfType<Refusal>().FirstOrDefault() is { } credited) return credited;
            foreach (var invoice in final)
            {
                if ((await invoices.VoidAsync(invoice.Id, stop)).Refusal is { } refusal) return refusal;
            }
        }
        while (true)
        {
            var more = false;
            var archived = await accounts.ChangeAsync<Contract>(
                customerId,
                async head =>
                {
                    var now = clock.GetCurrentInstant();
                    var contract = (await ContractDocuments.FindAsync(store, customerId, contractId, stop))!;
                    var step = ArchiveStep.Of(customerId, [contract], c => c.ContractId == contractId, await EditContracts.ReadAsync(store, customerId, null, needsEntries: false, stop), head, now);
                    more = step.More;
                    var result = contract.Value with { ArchivedAt = contract.Value.ArchivedAt ?? now };
                    return step.Writes.Count == 0 ? new AccountChange<Contract>(result, null, []) : new AccountChange<Contract>(result, head, step.Writes);
                },
                stop);
            if (!more) return archived;
        }
    }
}

/// <summary>A part of an archival that fits into one commit.</summary>
/// <param name="More">True when more is to be archived after it.</param>
internal sealed record ArchiveStep(IReadOnlyList<Write> Writes, bool More)
{
    /// <summary>Of contracts and commits, each takes two writes; the ledger takes two, the head one.</summary>
    private const int MaxChanges = 46;

    /// <summary>The next step. Contracts first, so that no invoice is made while their commits go.</summary>
    /// <param name="customerId">Whose.</param>
    /// <param name="contracts">To archive.</param>
    /// <param name="isGone">Which stored commits and credits go with them.</param>
    /// <param name="account">As it is.</param>
    /// <param name="head">Of the account.</param>
    /// <param name="now">When.</param>
    public static ArchiveStep Of(string customerId, IReadOnlyList<Found<Contract>> contracts, Func<Commit, bool> isGone, EditedAccount account, AccountHead head, Instant now)
    {
        var open = contracts.Where(c => c.Value.ArchivedAt is null).ToList();
        var stored = account.Commits.Select(c => c.Value.Id).ToHashSet(StringComparer.Ordinal);
        // A grant that invoices drew on is kept with what it was used for; one that was not follows from a contract that is no more.
        var grants = contracts.SelectMany(c => Grants.Of(c.Value, c.Value.ArchivedAt ?? now)).Where(g => !stored.Contains(g.Id) && g.Access.Any(a => account.Ledger.Of(a.Id).Posted != 0));
        var commits = account.Commits.Select(c => c.Value).Where(c => c.ArchivedAt is null && isGone(c)).Concat(grants).ToList();
        var archived = open.Take(MaxChanges).ToList();
        var closed = commits.Take(MaxChanges - archived.Count).ToList();
        var draft = new EditDraft(customerId, account, now);
        foreach (var commit in closed) EditCommits.Close(draft, commit);
        return new ArchiveStep(
            [
                .. archived.SelectMany<Found<Contract>, Write>(c =>
                [
                    ContractDocuments.Past(c.Value),
                    new Write.Replace(ContractDocuments.Document(c.Value with { ArchivedAt = now, ChangedAt = now, Version = c.Value.Version + 1 }), c.ETag),
                ]),
                .. draft.Writes(head.Version + 1),
            ],
            archived.Count < open.Count || closed.Count < commits.Count);
    }
}
