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
/// <param name="ContractId">The child's.</param>
/// <param name="HeadVersion">Of the parent's account. A draw counts only while it stands there.</param>
/// <param name="Commits">As the child sees them.</param>
/// <param name="Segments">Sums of what was posted, by segment.</param>
public sealed record SharedCommits(string CustomerId, string ContractId, long HeadVersion, IReadOnlyList<Commit> Commits, IReadOnlyDictionary<string, SegmentTotals> Segments);

/// <summary>Reads what members of a family must know of one another.</summary>
internal sealed class ReadFamilies(IDocumentStore store)
{
    private readonly Accounts accounts = new(store);
    private readonly ChildContracts children = new(store);

    /// <summary>What a child may draw on; null when there is nothing.</summary>
    /// <remarks>Neither promises (postpaid) nor what follows from another contract's end (rollovers that are not settled).</remarks>
    public async Task<SharedCommits?> SharedAsync(Contract child, Instant now, CancellationToken stop)
    {
        var (customerId, parentId) = (child.Hierarchy!.ParentCustomerId!, child.Hierarchy.ParentContractId!);
        // The head first: whatever changes while we read makes a draw fail.
        var head = await accounts.HeadAsync(customerId, stop);
        var contracts = (await ContractDocuments.AllAsync(store, customerId, stop)).Select(c => c.Value).ToList();
        var stored = (await CommitDocuments.AllAsync(store, customerId, stop)).Select(c => c.Value).ToList();
        var shared = ReadAccounts.AllCommits(contracts, stored, now)
            .Where(c => c.Type != CommitType.Postpaid && c.IsFor(parentId) && c.IsForChild(child.Id) && !(c.RolledOver is not null && c.Version == Rollovers.Derived))
            .Select(c => c.SharedWith(child.Id)).ToList();
        if (shared.Count == 0) return null;
        var (ledger, _) = await LedgerDocuments.TotalsAsync(store, customerId, stop);
        return new SharedCommits(customerId, child.Id, head.Version, shared, shared.SelectMany(c => c.Access).DistinctBy(a => a.Id).ToDictionary(a => a.Id, a => ledger.Of(a.Id), StringComparer.Ordinal));
    }

    /// <summary>Periods of children that may draw on commits, and are not billed or were voided.</summary>
    public async Task<IReadOnlyList<(string ContractId, Instant Start)>> OpenAsync(IReadOnlyList<Contract> contracts, IReadOnlyList<Commit> commits, CancellationToken stop)
    {
        if (!commits.Any(c => c.ChildAccess.All || c.ChildAccess.ContractIds.Count > 0)) return [];
        var open = new List<(string, Instant)>();
        foreach (var parent in contracts.Where(c => c.ArchivedAt is null))
        foreach (var child in await children.OfAsync(parent.Id, stop))
        {
            var progress = (await accounts.HeadAsync(child.CustomerId, stop)).Of(child.Id, InvoiceType.Usage);
            if (child.PeriodAfter(progress.BilledThrough) is { } next) open.Add((child.Id, next.Start));
            open.AddRange(progress.Voided.Select(v => (child.Id, v.Start)));
        }
        return open;
    }
}
