using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Invoicing;
using Billing.UseCases.Contracts;
using Billing.UseCases.Credits;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Invoicing;

/// <summary>What a child's contract may draw on of its parent's, as it was at one version of the parent's account.</summary>
/// <param name="CustomerId">The parent's.</param>
/// <param name="ParentContractId">The parent's contract.</param>
/// <param name="ContractId">The child's.</param>
/// <param name="HeadVersion">Of the parent's account. A draw counts only while it stands there.</param>
/// <param name="Commits">As the child sees them.</param>
/// <param name="Segments">Sums of what was posted, by segment.</param>
public sealed record SharedCommits(string CustomerId, string ParentContractId, string ContractId, long HeadVersion, IReadOnlyList<Commit> Commits, IReadOnlyDictionary<string, SegmentTotals> Segments);

/// <summary>Reads what members of a family must know of one another.</summary>
internal sealed class ReadFamilies(IDocumentStore store)
{
    private readonly Accounts accounts = new(store);
    private readonly ChildContracts children = new(store);

    /// <summary>What a child may draw on; null when there is nothing.</summary>
    /// <remarks>Not what follows from another contract's end (rollovers that are not settled).</remarks>
    public async Task<SharedCommits?> SharedAsync(Contract child, Instant now, CancellationToken stop)
    {
        var (customerId, parentId) = (child.Hierarchy!.ParentCustomerId!, child.Hierarchy.ParentContractId!);
        // The head first: whatever changes while we read makes a draw fail.
        var head = await accounts.HeadAsync(customerId, stop);
        var contracts = (await ContractDocuments.AllAsync(store, customerId, stop)).Select(c => c.Value).ToList();
        var stored = (await CommitDocuments.AllAsync(store, customerId, stop)).Select(c => c.Value).ToList();
        var shared = ReadAccounts.AllCommits(contracts, stored, now)
            .Where(c => c.IsFor(parentId) && c.IsForChild(child.Id) && !(c.RolledOver is not null && c.Version == Rollovers.Derived))
            .Select(c => c.SharedWith(child.Id)).ToList();
        if (shared.Count == 0) return null;
        var (ledger, _) = await LedgerDocuments.TotalsAsync(store, customerId, stop);
        return new SharedCommits(customerId, parentId, child.Id, head.Version, shared, shared.SelectMany(c => c.Access).DistinctBy(a => a.Id).ToDictionary(a => a.Id, a => ledger.Of(a.Id), StringComparer.Ordinal));
    }

    /// <summary>The customers whose commits a customer's contracts may draw on, beside its own.</summary>
    public async Task<IEnumerable<string>> PoolsAsync(string customerId, CancellationToken stop) =>
        (await ContractDocuments.AllAsync(store, customerId, stop)).Select(c => c.Value)
            .Where(c => c is { ArchivedAt: null, Hierarchy.ParentContractId: not null }).Select(c => c.Hierarchy!.ParentCustomerId!);

    /// <summary>The other customers whose open statements draw on the same commits: of a parent its children, of a child its parent and that one's other children.</summary>
    public async Task<IReadOnlyList<string>> RelativesAsync(Account account, CancellationToken stop)
    {
        var parents = account.Shared.Select(s => s.ParentContractId).Concat(account.Commits.Any(c => c.IsForChildren) ? account.Contracts.Select(c => c.Terms.Contract.Id) : []);
        var relatives = account.Shared.Select(s => s.CustomerId).ToList();
        foreach (var parent in parents.Distinct()) relatives.AddRange((await children.OfAsync(parent, stop)).Select(c => c.CustomerId));
        return [.. relatives.Distinct().Where(id => id != account.Customer.Id)];
    }

    /// <summary>Periods of children that may draw on commits, and are not billed or were voided.</summary>
    public async Task<IReadOnlyList<ChildPeriod>> OpenAsync(IReadOnlyList<Contract> contracts, IReadOnlyList<Commit> commits, CancellationToken stop)
    {
        if (!commits.Any(c => c.IsForChildren)) return [];
        var open = new List<ChildPeriod>();
        foreach (var parent in contracts.Where(c => c.ArchivedAt is null))
        foreach (var child in await children.OfAsync(parent.Id, stop))
        {
            var progress = (await accounts.HeadAsync(child.CustomerId, stop)).Of(child.Id, InvoiceType.Usage);
            if (child.PeriodAfter(progress.BilledThrough) is { } next) open.Add(new ChildPeriod(parent.Id, child.Id, next.Start, IsVoided: false));
            open.AddRange(progress.Voided.Select(v => new ChildPeriod(parent.Id, child.Id, v.Start, IsVoided: true)));
        }
        return open;
    }
}
