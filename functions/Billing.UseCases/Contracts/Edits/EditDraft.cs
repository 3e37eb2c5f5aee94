using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Invoicing;
using Billing.Domain.Values;
using Billing.UseCases.Credits;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Contracts;

/// <summary>What an edit reads of an account.</summary>
/// <param name="Contract">Null: a commit of the customer's is edited.</param>
/// <param name="Commits">Every one of the customer that is stored.</param>
/// <param name="Entries">Of the ledger; read only for edits of access.</param>
/// <param name="Billed">Charges of the contract on final invoices.</param>
internal sealed record EditedAccount(
    Found<Contract>? Contract, IReadOnlyList<Found<Commit>> Commits, LedgerTotals Ledger, string? LedgerETag, IReadOnlyList<LedgerEntry> Entries, IReadOnlySet<string> Billed);

/// <summary>An account while an edit changes it. Nothing is written before all of it is known to be right.</summary>
internal sealed class EditDraft
{
    private readonly Dictionary<string, Commit> changed = new(StringComparer.Ordinal);
    private readonly List<Commit> added = [];
    private readonly List<LedgerEntry> entries = [];
    private readonly HashSet<string> settled = new(StringComparer.Ordinal);
    private readonly HashSet<string> reopened = new(StringComparer.Ordinal);
    private readonly IReadOnlyList<Commit> grants;
    private readonly string customerId;

    public EditDraft(string customerId, EditedAccount account, Instant now)
    {
        (this.customerId, Account, Now, Contract) = (customerId, account, now, account.Contract?.Value);
        var stored = account.Commits.Select(c => c.Value.Id).ToHashSet(StringComparer.Ordinal);
        grants = Contract is null ? [] : [.. Grants.Of(Contract, now).Where(g => !stored.Contains(g.Id))];
    }

    public EditedAccount Account { get; }

    public Instant Now { get; }

    /// <summary>As it will be; null when none is edited.</summary>
    public Contract? Contract { get; set; }

    /// <summary>The commits and credits of the contract as they will be, those that are stored only.</summary>
    public IEnumerable<Commit> Stored => Account.Commits.Select(c => changed.GetValueOrDefault(c.Value.Id) ?? c.Value).Where(c => c.ContractId == Contract?.Id).Concat(added);

    /// <summary>Grants that have started and follow from the contract as it was.</summary>
    public IEnumerable<Commit> StartedGrants => grants.Where(g => !changed.ContainsKey(g.Id));

    /// <summary>A commit or credit as it will be; null when there is none.</summary>
    public Commit? Find(string id) =>
        changed.GetValueOrDefault(id) ?? Account.Commits.FirstOrDefault(c => c.Value.Id == id)?.Value ?? grants.FirstOrDefault(g => g.Id == id);

    /// <summary>Changes a commit; a grant that followed from the contract is kept by itself from now on.</summary>
    public void Change(Commit commit) => changed[commit.Id] = commit with { ChangedAt = Now };

    /// <summary>The commits and credits that the edit makes.</summary>
    public IReadOnlyList<Commit> Added => added;

    public void Add(IEnumerable<Commit> commits) => added.AddRange(commits);

    public void Post(LedgerEntry entry) => entries.Add(entry);

    public void Settle(string segmentId) => settled.Add(segmentId);

    public void Reopen(string segmentId) => reopened.Add(segmentId);

    /// <summary>What was posted against a segment, with what this edit posts.</summary>
    public decimal Posted(string segmentId) => Exact.Sum(entries.Where(e => e.SegmentId == segmentId).Select(e => e.Amount).Prepend(Account.Ledger.Of(segmentId).Posted));

    /// <summary>True when final invoices that were not voided drew on a segment.</summary>
    public bool IsDrawn(string segmentId) =>
        Exact.Sum(Account.Entries.Where(e => e.SegmentId == segmentId && e.Type is (LedgerEntryType.AutomatedInvoiceDeduction or LedgerEntryType.Credited)).Select(e => e.Amount)) != 0;

    public bool IsSettled(string segmentId) => settled.Contains(segmentId) || (Account.Ledger.Of(segmentId).IsSettled && !reopened.Contains(segmentId));

    /// <summary>True when there is something to write.</summary>
    public bool IsChanged => Contract != Account.Contract?.Value || changed.Count + added.Count > 0;

    /// <summary>The contract with the version that it gets.</summary>
    public Contract? Next() => Contract is null ? null : Contract with { Version = Account.Contract!.Value.Version + 1, ChangedAt = Now };

    /// <summary>The writes of it all, but for the record of the edit.</summary>
    /// <param name="headVersion">Of the head that they are committed with.</param>
    public IEnumerable<Write> Writes(long headVersion)
    {
        if (Next() is { } next)
        {
            yield return ContractDocuments.Past(Account.Contract!.Value);
            yield return new Write.Replace(ContractDocuments.Document(next), Account.Contract.ETag);
        }
        foreach (var commit in added) yield return new Write.Create(CommitDocuments.Document(commit));
        foreach (var commit in changed.Values)
        {
            if (Account.Commits.FirstOrDefault(c => c.Value.Id == commit.Id) is { } before)
            {
                yield return CommitDocuments.Past(before.Value);
                yield return new Write.Replace(CommitDocuments.Document(commit with { Version = before.Value.Version + 1 }), before.ETag);
            }
            else
            {
                yield return new Write.Create(CommitDocuments.Document(commit with { Version = Grants.Derived + 1 }));
            }
        }
        foreach (var write in LedgerDocuments.Post(customerId, Account.Ledger, Account.LedgerETag, new Posting(entries, [.. settled], [.. reopened]), headVersion)) yield return write;
    }
}
