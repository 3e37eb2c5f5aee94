using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.UseCases.Credits;
using Billing.UseCases.Documents;
using Billing.UseCases.Invoicing;
using Billing.UseCases.Pricing;
using NodaTime;

namespace Billing.UseCases.Contracts;

/// <summary>A contract with all that is shown with it.</summary>
/// <param name="Contract">As it is, or as it was.</param>
/// <param name="Initial">As it was made.</param>
/// <param name="Commits">Its commits and credits: those that were added, grants that have started, and what it took over by renewal.</param>
/// <param name="InitialCommits">Those that it was made with.</param>
/// <param name="RenewedBy">Contracts that renew it.</param>
/// <param name="Children">Live contracts whose parent it is.</param>
/// <param name="Products">By id: those that its terms name.</param>
/// <param name="UnitNames">Of custom pricing units, by id.</param>
/// <param name="CurrencyId">Of the rate card.</param>
public sealed record ContractView(
    Contract Contract,
    Contract Initial,
    IReadOnlyList<Commit> Commits,
    IReadOnlyList<Commit> InitialCommits,
    IReadOnlyList<string> RenewedBy,
    IReadOnlyList<Contract> Children,
    IReadOnlyDictionary<string, Product> Products,
    IReadOnlyDictionary<string, string> UnitNames,
    string CurrencyId)
{
    /// <summary>By alias: what a spend tracker has counted in the billing period.</summary>
    public IReadOnlyDictionary<string, (Interval Period, decimal Amount)> Spent { get; init; } = new Dictionary<string, (Interval, decimal)>();
}

/// <summary>The edits of a contract with what they are shown with.</summary>
/// <param name="Edits">In the order in which they were made.</param>
/// <param name="Contract">As it is.</param>
public sealed record EditHistory(
    IReadOnlyList<ContractEdit> Edits, Contract Contract, IReadOnlyDictionary<string, Product> Products, IReadOnlyDictionary<string, string> UnitNames, string CurrencyId);

/// <summary>Reads contracts with their commits, as they are or as they were at a time.</summary>
public sealed class ReadContracts(IDocumentStore store, IClock clock, Products products, RateCards cards, PricingUnits units)
{
    private readonly Accounts accounts = new(store);

    /// <summary>One contract.</summary>
    /// <param name="asOf">What it was then: with the edits that were made up to this time.</param>
    public async Task<Outcome<ContractView>> GetAsync(string customerId, string contractId, Instant? asOf, CancellationToken stop)
    {
        var contracts = (await ContractDocuments.AllAsync(store, customerId, stop)).Select(c => c.Value).ToList();
        if (contracts.Find(c => c.Id == contractId) is not { } contract) return Contracts.NotFound(contractId);
        if (asOf < contract.CreatedAt) return new Refusal("not_made_yet", "The contract was made later.", "/as_of_date");
        return await ViewAsync(contract, contracts, await StoredAsync(customerId, stop), asOf, stop);
    }

    /// <summary>The contracts of a customer that fit, by start.</summary>
    public async Task<Outcome<ContractView[]>> ListAsync(string customerId, Func<Contract, bool> fits, CancellationToken stop)
    {
        var contracts = (await ContractDocuments.AllAsync(store, customerId, stop)).Select(c => c.Value).ToList();
        if (contracts.Count == 0 && await accounts.CustomerAsync(customerId, stop) is null) return Customers.NotFound(customerId);
        var stored = await StoredAsync(customerId, stop);
        var views = new List<ContractView>();
        foreach (var contract in contracts.Where(fits).OrderBy(c => c.StartingAt).ThenBy(c => c.Id, StringComparer.Ordinal))
            views.Add(await ViewAsync(contract, contracts, stored, null, stop));
        return views.ToArray();
    }

    /// <summary>The edits of a contract.</summary>
    public async Task<Outcome<EditHistory>> HistoryAsync(string customerId, string contractId, CancellationToken stop)
    {
        if (await ContractDocuments.FindAsync(store, customerId, contractId, stop) is not { } found) return Contracts.NotFound(contractId);
        var edits = await EditDocuments.AllAsync(store, customerId, contractId, stop);
        // What an edit added is named by terms of a contract that has nothing else.
        var added = edits.Select(e => found.Value with
        {
            Overrides = e.Overrides, RecurringCommits = e.RecurringCommits, ScheduledCharges = e.ScheduledCharges, Subscriptions = e.Subscriptions, SpendTrackers = e.SpendTrackers,
        }).ToList();
        var commits = edits.SelectMany(e => e.Commits).ToList();
        return new EditHistory(edits, found.Value, await ProductsAsync(added, commits, stop), await UnitsAsync(added, commits, stop), await CurrencyAsync(found.Value, stop));
    }

    private async Task<string> CurrencyAsync(Contract contract, CancellationToken stop) =>
        contract.RateCardId is { } card ? (await cards.GetAsync(card, stop)).Value.FiatCreditTypeId : Currencies.Usd.Id;

    private async Task<List<Commit>> StoredAsync(string customerId, CancellationToken stop) =>
        [.. (await CommitDocuments.AllAsync(store, customerId, stop)).Select(c => c.Value)];

    private async Task<ContractView> ViewAsync(Contract contract, List<Contract> contracts, List<Commit> stored, Instant? asOf, CancellationToken stop)
    {
        var now = asOf ?? clock.GetCurrentInstant();
        var initial = await ContractDocuments.VersionAsync(store, contract, 1, stop) ?? contract;
        var shown = asOf is null ? contract : await AsOfAsync(contract, asOf.Value, stop);
        var own = new List<Commit>();
        var all = ReadAccounts.AllCommits([.. contracts.Select(c => c.Id == contract.Id ? shown : c)], stored, now);
        foreach (var commit in all.Where(c => c.ContractId == contract.Id))
        {
            if (commit.CreatedAt > now || (IsDerived(commit) && commit.Access[0].StartingAt > now)) continue;
            own.Add(asOf is null ? commit : await AsOfAsync(commit, asOf.Value, stop));
        }
        var first = new List<Commit>();
        foreach (var commit in own.Where(c => c.CreatedAt == initial.CreatedAt && !IsDerived(c))) first.Add(await CommitDocuments.VersionAsync(store, commit, 1, stop) ?? commit);
        return new ContractView(
            shown, initial, own, first, [.. contracts.Where(c => c.Renewal?.FromContractId == contract.Id && c.CreatedAt <= now).Select(c => c.Id)],
            await new ChildContracts(store).OfAsync(contract.Id, stop),
            await ProductsAsync([shown, initial], own, stop), await UnitsAsync([shown, initial], own, stop), await CurrencyAsync(contract, stop))
        {
            Spent = shown.PeriodAt(now) is { } period
                ? shown.SpendTrackers.Where(t => t.ArchivedAt is null).ToDictionary(t => t.Alias, t => (period, t.Spent(contract.Id, all.Where(c => c.CreatedAt <= now), period)))
                : [],
        };
    }

    private static bool IsDerived(Commit commit) => commit.RecurringCommitId is not null || commit.RolledOver is not null;

    private async Task<Contract> AsOfAsync(Contract now, Instant at, CancellationToken stop)
    {
        var version = now;
        while (version.ChangedAt > at && version.Version > 1 && await ContractDocuments.VersionAsync(store, now, version.Version - 1, stop) is { } before) version = before;
        return version;
    }

    private async Task<Commit> AsOfAsync(Commit now, Instant at, CancellationToken stop)
    {
        var version = now;
        while (version.ChangedAt > at && version.Version > 1 && await CommitDocuments.VersionAsync(store, now, version.Version - 1, stop) is { } before) version = before;
        return version;
    }

    private async Task<Dictionary<string, Product>> ProductsAsync(IReadOnlyList<Contract> contracts, IEnumerable<Commit> commits, CancellationToken stop)
    {
        var named = contracts.SelectMany(c => ContractParts.Products(c)).Concat(commits.Select(c => c.ProductId));
        var found = new Dictionary<string, Product>(StringComparer.Ordinal);
        foreach (var id in named.Distinct(StringComparer.Ordinal))
            if ((await products.GetAsync(id, stop)).Is(out var product, out _)) found[id] = product;
        return found;
    }

    private Task<IReadOnlyDictionary<string, string>> UnitsAsync(IReadOnlyList<Contract> contracts, IEnumerable<Commit> commits, CancellationToken stop) =>
        units.NamesAsync(contracts.SelectMany(c => ContractParts.Units(c)).Concat(commits.Select(c => c.CreditTypeId)), stop);
}

/// <summary>What the terms of a contract name.</summary>
internal static class ContractParts
{
    /// <summary>Products that its terms are named by.</summary>
    public static IEnumerable<string> Products(Contract contract) =>
    [
        .. contract.Overrides.SelectMany(o => o.Scope.ProductIds),
        .. contract.RecurringCommits.Select(r => r.ProductId),
        .. contract.ScheduledCharges.Select(c => c.ProductId),
        .. contract.Subscriptions.Select(s => s.ProductId),
    ];

    /// <summary>Units of its amounts.</summary>
    public static IEnumerable<string> Units(Contract contract) =>
    [
        .. contract.Overrides.Select(o => (o.Change as OverrideChange.Overwrite)?.CreditTypeId).OfType<string>(),
        .. contract.RecurringCommits.Select(r => r.Access.CreditTypeId),
        .. contract.SpendTrackers.Select(t => t.CreditTypeId),
    ];
}
