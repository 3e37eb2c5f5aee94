using Billing.Domain.Contracts;
using Billing.UseCases.Contracts;
using Billing.UseCases.Credits;
using NodaTime;

namespace Billing.Functions.Api.Contracts;

/// <summary>The usage filters of a contract in the shape of version 1.</summary>
internal sealed record ShownFilterHistory(NewUsageFilter? Current, NewUsageFilter Initial, IReadOnlyList<NewUsageFilter> Updates)
{
    public static ShownFilterHistory? Of(Contract c, Instant now) => c.UsageFilters.Count == 0
        ? null
        : new ShownFilterHistory(
            c.UsageFilters.LastOrDefault(f => f.StartingAt <= now) is { } current ? Show(current) : null, Show(c.UsageFilters[0]), [.. c.UsageFilters.Skip(1).Select(Show)]);

    private static NewUsageFilter Show(UsageFilter f) => new(f.GroupKey, f.GroupValues, f.StartingAt);
}

/// <summary>The terms of a contract in the shape of version 1.</summary>
internal sealed record ShownContractTerms(
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
    IReadOnlyList<ShownRecurring> RecurringCommits,
    IReadOnlyList<ShownRecurring> RecurringCredits)
{
    public string? Name { get; init; }

    public string? RateCardId { get; init; }

    public int? NetPaymentTermsDays { get; init; }

    public IReadOnlyList<ShownCharge>? Discounts { get; init; }

    public IReadOnlyList<ShownProfessionalService>? ProfessionalServices { get; init; }

    public IReadOnlyList<ShownSpendTracker>? SpendTrackers { get; init; }

    public NewThreshold? PrepaidBalanceThresholdConfiguration { get; init; }

    public NewThreshold? SpendThresholdConfiguration { get; init; }

    public ShownHierarchy? HierarchyConfiguration { get; init; }

    public ChargesOnUsageInvoices? ScheduledChargesOnUsageInvoices { get; init; }

    public decimal? TotalContractValue { get; init; }

    public string? SalesforceOpportunityId { get; init; }

    public string? NetsuiteSalesOrderId { get; init; }

    public ShownFilterHistory? UsageFilter { get; init; }

    public static ShownContractTerms Of(ShownContract c, ShownFilterHistory? filter) => new(
        c.StartingAt, c.EndingBefore, c.CreatedAt, c.CreatedBy, c.UsageStatementSchedule, c.Commits, c.Credits, [.. c.Overrides.Select(o => o.InVersion1())], c.ScheduledCharges, c.Transitions,
        c.RecurringCommits, c.RecurringCredits)
    {
        Name = c.Name,
        RateCardId = c.RateCardId,
        NetPaymentTermsDays = c.NetPaymentTermsDays,
        Discounts = c.Discounts,
        ProfessionalServices = c.ProfessionalServices,
        SpendTrackers = c.SpendTrackers,
        PrepaidBalanceThresholdConfiguration = c.PrepaidBalanceThresholdConfiguration,
        SpendThresholdConfiguration = c.SpendThresholdConfiguration,
        HierarchyConfiguration = c.HierarchyConfiguration,
        ScheduledChargesOnUsageInvoices = c.ScheduledChargesOnUsageInvoices,
        TotalContractValue = c.TotalContractValue,
        SalesforceOpportunityId = c.SalesforceOpportunityId,
        NetsuiteSalesOrderId = c.NetsuiteSalesOrderId,
        UsageFilter = filter,
    };
}

/// <summary>A contract in the shape of version 1: as it was made, and as it is. What came between are edits, not amendments.</summary>
internal sealed record ShownContractV1(
    string Id, string CustomerId, ShownContractTerms Initial, ShownContractTerms Current, IReadOnlyList<Invoicing.ShownId> Amendments, IReadOnlyDictionary<string, string> CustomFields)
{
    public string? UniquenessKey { get; init; }

    public Instant? ArchivedAt { get; init; }

    public string? PackageId { get; init; }

    public NewThreshold? PrepaidBalanceThresholdConfiguration { get; init; }

    public NewThreshold? SpendThresholdConfiguration { get; init; }

    public IReadOnlyList<ShownSpendTracker>? SpendTrackers { get; init; }

    public ChargesOnUsageInvoices? ScheduledChargesOnUsageInvoices { get; init; }

    public IReadOnlyList<ShownSubscription>? Subscriptions { get; init; }

    /// <summary>Shows a contract.</summary>
    public static ShownContractV1 Of(ContractView view, Instant now, IReadOnlyDictionary<string, Balance>? balances = null)
    {
        var current = ShownContract.Of(view, now, balances);
        var initial = ShownContract.Of(view with { Contract = view.Initial, Commits = view.InitialCommits, RenewedBy = [] }, now);
        return new ShownContractV1(
            current.Id, current.CustomerId, ShownContractTerms.Of(initial, ShownFilterHistory.Of(view.Initial, now)), ShownContractTerms.Of(current, ShownFilterHistory.Of(view.Contract, now)),
            [], current.CustomFields)
        {
            UniquenessKey = current.UniquenessKey,
            ArchivedAt = current.ArchivedAt,
            PackageId = current.PackageId,
            PrepaidBalanceThresholdConfiguration = current.PrepaidBalanceThresholdConfiguration,
            SpendThresholdConfiguration = current.SpendThresholdConfiguration,
            SpendTrackers = current.SpendTrackers,
            ScheduledChargesOnUsageInvoices = current.ScheduledChargesOnUsageInvoices,
            Subscriptions = current.Subscriptions,
        };
    }
}
