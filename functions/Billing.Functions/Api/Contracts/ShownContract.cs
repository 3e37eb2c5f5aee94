using System.Globalization;
using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Billing.UseCases.Credits;
using NodaTime;

namespace Billing.Functions.Api.Contracts;

/// <summary>When usage invoices end.</summary>
internal sealed record ShownStatement(BillingFrequency Frequency, Instant BillingAnchorDate);

/// <summary>A contract that renews another.</summary>
internal sealed record ShownTransition(TransitionType Type, string FromContractId, string ToContractId);

/// <summary>A usage filter and when it holds.</summary>
internal sealed record ShownUsageFilter(string GroupKey, IReadOnlyList<string> GroupValues, Instant StartingAt, Instant? EndingBefore);

/// <summary>Whether lists were cut; they never are.</summary>
internal sealed record ShownHasMore(bool Commits, bool Credits);

/// <summary>A contract.</summary>
internal sealed record ShownContract(
    string Id,
    string CustomerId,
    Instant StartingAt,
    Instant? EndingBefore,
    Instant CreatedAt,
    string CreatedBy,
    ShownStatement UsageStatementSchedule,
    IReadOnlyList<ShownCommit> Commits,
    IReadOnlyList<ShownCommit> Credits,
    IReadOnlyList<ShownOverride> Overrides,
    IReadOnlyList<ShownCharge> ScheduledCharges,
    IReadOnlyList<ShownTransition> Transitions,
    IReadOnlyList<ShownUsageFilter> UsageFilter,
    IReadOnlyList<ShownSubscription> Subscriptions,
    IReadOnlyList<ShownRecurring> RecurringCommits,
    IReadOnlyList<ShownRecurring> RecurringCredits,
    IReadOnlyDictionary<string, string> CustomFields)
{
    public string? Name { get; init; }

    public string? RateCardId { get; init; }

    public string? PackageId { get; init; }

    public int? NetPaymentTermsDays { get; init; }

    public MultiplierPrioritization MultiplierOverridePrioritization { get; init; }

    public IReadOnlyList<ShownCharge>? Discounts { get; init; }

    public IReadOnlyList<ShownProfessionalService>? ProfessionalServices { get; init; }

    public IReadOnlyList<ShownSpendTracker>? SpendTrackers { get; init; }

    public NewThreshold? PrepaidBalanceThresholdConfiguration { get; init; }

    public NewThreshold? SpendThresholdConfiguration { get; init; }

    public ShownHierarchy? HierarchyConfiguration { get; init; }

    public ChargesOnUsageInvoices? ScheduledChargesOnUsageInvoices { get; init; }

    public NewBillingProvider? BillingProviderConfiguration { get; init; }

    public ShownHasMore HasMore { get; init; } = new(false, false);

    public decimal? TotalContractValue { get; init; }

    public string? SalesforceOpportunityId { get; init; }

    public string? NetsuiteSalesOrderId { get; init; }

    public string? UniquenessKey { get; init; }

    public Instant? ArchivedAt { get; init; }

    /// <summary>What all usage of a statement period costs at the least.</summary>
    public decimal? Minimum { get; init; }

    /// <summary>What it costs at the most.</summary>
    public decimal? Maximum { get; init; }

    public LateUsagePolicy? LateUsagePolicy { get; init; }

    public AmountRounding? Rounding { get; init; }

    /// <summary>Shows a contract.</summary>
    /// <param name="view">The contract.</param>
    /// <param name="now">Products, periods and quantities are shown as they are then.</param>
    /// <param name="balances">By commit; null: they are not asked for.</param>
    public static ShownContract Of(ContractView view, Instant now, IReadOnlyDictionary<string, Balance>? balances = null)
    {
        var (c, names) = (view.Contract, new ShownNames(view.Products, view.UnitNames, now));
        var commits = view.Commits.Select(m => ShownCommit.Of(m, c.RecurringCommits.FirstOrDefault(r => r.Id == m.RecurringCommitId), names).With(balances?.GetValueOrDefault(m.Id))).ToList();
        return new ShownContract(
            c.Id, c.CustomerId, c.StartingAt, c.EndingBefore, c.CreatedAt, c.CreatedBy ?? "system",
            new ShownStatement(c.UsageStatementSchedule.Frequency, c.UsageStatementSchedule.CycleOf(c.StartingAt).Anchor.InUtc().ToInstant()),
            [.. commits.Where(m => m.Type != CommitType.Credit)], [.. commits.Where(m => m.Type == CommitType.Credit)],
            [.. c.Overrides.Select(o => ShownOverride.Of(o, names, view.CurrencyId))], [.. Charges(c, ScheduledKind.Charge).Select(s => ShownCharge.Of(s, names))],
            TransitionsOf(view), FiltersOf(c), [.. c.Subscriptions.Select(s => ShownSubscription.Of(s, c, names, view.CurrencyId))],
            [.. c.RecurringCommits.Where(r => r.Type != CommitType.Credit).Select(r => ShownRecurring.Of(r, c.Id, names))],
            [.. c.RecurringCommits.Where(r => r.Type == CommitType.Credit).Select(r => ShownRecurring.Of(r, c.Id, names))], c.CustomFields)
        {
            Name = c.Name,
            RateCardId = c.RateCardId,
            PackageId = c.PackageId,
            NetPaymentTermsDays = c.NetPaymentTermsDays,
            MultiplierOverridePrioritization = c.MultiplierPrioritization,
            Discounts = ShownCommit.Some([.. Charges(c, ScheduledKind.Discount).Select(s => ShownCharge.Of(s, names))]),
            ProfessionalServices = ShownCommit.Some([.. c.ProfessionalServices.Select(ShownProfessionalService.Of)]),
            SpendTrackers = ShownCommit.Some([.. c.SpendTrackers.Where(t => t.ArchivedAt is null).Select(t => ShownSpendTracker.Of(t, view))]),
            PrepaidBalanceThresholdConfiguration = c.PrepaidThreshold is { } prepaid ? NewThreshold.Of(prepaid) : null,
            SpendThresholdConfiguration = c.SpendThreshold is { } spend ? NewThreshold.Of(spend) : null,
            HierarchyConfiguration = ShownHierarchy.Of(c.Hierarchy, view.Children),
            ScheduledChargesOnUsageInvoices = c.ScheduledChargesOnUsageInvoices ? Billing.UseCases.Contracts.ChargesOnUsageInvoices.All : null,
            BillingProviderConfiguration = c.BillingProvider is { } p ? new NewBillingProvider(p.ConfigurationId, p.Provider, p.DeliveryMethod) : null,
            TotalContractValue = c.Annotations.TryGetValue("total_contract_value", out var value) ? decimal.Parse(value, NumberStyles.Float, CultureInfo.InvariantCulture) : null,
            SalesforceOpportunityId = c.Annotations.GetValueOrDefault("salesforce_opportunity_id"),
            NetsuiteSalesOrderId = c.Annotations.GetValueOrDefault("netsuite_sales_order_id"),
            UniquenessKey = c.UniquenessKey,
            ArchivedAt = c.ArchivedAt,
            Minimum = c.Minimum,
            Maximum = c.Maximum,
            LateUsagePolicy = c.LateUsagePolicy,
            Rounding = c.Rounding,
        };
    }

    private static IEnumerable<ScheduledCharge> Charges(Contract c, ScheduledKind kind) => c.ScheduledCharges.Where(s => s.Kind == kind);

    private static List<ShownTransition> TransitionsOf(ContractView view)
    {
        var all = new List<ShownTransition>();
        if (view.Contract.Renewal is { } renewal) all.Add(new ShownTransition(TransitionType.Renewal, renewal.FromContractId, view.Contract.Id));
        all.AddRange(view.RenewedBy.Select(id => new ShownTransition(TransitionType.Renewal, view.Contract.Id, id)));
        return all;
    }

    private static List<ShownUsageFilter> FiltersOf(Contract c) =>
        [.. c.UsageFilters.Select((f, i) => new ShownUsageFilter(f.GroupKey, f.GroupValues, f.StartingAt, i + 1 < c.UsageFilters.Count ? c.UsageFilters[i + 1].StartingAt : c.EndingBefore))];
}

/// <summary>Work by people, up to an amount.</summary>
internal sealed record ShownProfessionalService(
    string Id, string ProductId, decimal UnitPrice, decimal Quantity, decimal MaxAmount, string? Description, IReadOnlyDictionary<string, string> CustomFields)
{
    public static ShownProfessionalService Of(ProfessionalService s) => new(s.Id, s.ProductId, s.UnitPrice, s.Quantity, s.MaxAmount, s.Description, s.CustomFields);
}

/// <summary>Where a contract stands: a child with its parent, or a parent with its children.</summary>
internal sealed record ShownHierarchy(NewParent? Parent, Payer? Payer, StatementBehavior? UsageStatementBehavior, IReadOnlyList<NewParent>? Children, ParentBehavior? ParentBehavior)
{
    public static ShownHierarchy? Of(Hierarchy? h, IReadOnlyList<Contract> children) => (h, children.Count) switch
    {
        (null, 0) => null,
        ({ ParentCustomerId: { } customer, ParentContractId: { } contract }, _) => new ShownHierarchy(
            new NewParent(contract, customer), h.Payer, h.ConsolidateUsage ? StatementBehavior.Consolidate : StatementBehavior.Separate, null, null),
        _ => new ShownHierarchy(null, null, null, [.. children.Select(c => new NewParent(c.Id, c.CustomerId))], new ParentBehavior(h?.Consolidation ?? ConsolidationType.None)),
    };
}
