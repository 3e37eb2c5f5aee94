using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.UseCases.Contracts;

/// <summary>A contract that can be kept, with the commits and credits that lie beside it.</summary>
internal sealed record MadeContract(Contract Contract, IReadOnlyList<Commit> Commits);

/// <summary>Makes contracts of what is asked for: everything is checked before anything is written.</summary>
internal static class MakeContract
{
    /// <summary>Every product that a new contract names.</summary>
    public static IEnumerable<string> Products(NewContract wanted) => wanted.Lists().Products().Concat(
        new[] { wanted.PrepaidBalanceThresholdConfiguration?.Commit, wanted.SpendThresholdConfiguration?.Commit }.OfType<NewThresholdCommit>()
            .SelectMany(c => TermLists.Scoped(c.ApplicableProductIds, c.Specifiers).Append(c.ProductId)));

    /// <summary>The contract, or where it cannot be and why.</summary>
    /// <param name="wanted">What is asked for.</param>
    /// <param name="id">Of the contract.</param>
    /// <param name="catalog">With the products of <see cref="Products"/>.</param>
    /// <param name="known">What its overrides may name beside its own terms.</param>
    /// <param name="now">When it is made.</param>
    /// <param name="newId">Draws ids.</param>
    public static Outcome<MadeContract> Of(NewContract wanted, string id, Catalog catalog, KnownTerms known, Instant now, Func<string> newId)
    {
        if ((wanted.Commits?.Count ?? 0) + (wanted.Credits?.Count ?? 0) > Contracts.MaxCommits)
            return new Refusal("too_many_commits", $"A contract is made with at most {Contracts.MaxCommits} commits and credits; add further ones with edits.", "/commits", RefusalKind.TooLarge);
        var frame = new TermsFrame(wanted.CustomerId, id, wanted.StartingAt, wanted.EndingBefore, wanted.MultiplierOverridePrioritization, catalog, known, now, wanted.CreatedBy, newId);
        var bare = Bare(wanted, id, catalog, now);
        if (bare.Check() is { } bad) return bad;
        if (!ReadTerms.Read(wanted.Lists(), "", frame).Is(out var added, out var refusal)) return refusal;
        if (!Hierarchy(wanted.HierarchyConfiguration).Is(out var hierarchy, out refusal)) return refusal;
        if (!Provider(wanted.BillingProviderConfiguration).Is(out var provider, out refusal)) return refusal;
        var contract = added.To(bare) with { Hierarchy = hierarchy.FirstOrDefault(), BillingProvider = provider.FirstOrDefault() };
        if (wanted.PrepaidBalanceThresholdConfiguration is { } prepaid)
        {
            if (!ReadThresholds.Prepaid(prepaid, contract.SpendTrackers, catalog).Is(out var threshold, out refusal)) return refusal.Under("/prepaid_balance_threshold_configuration");
            contract = contract with { PrepaidThreshold = threshold };
        }
        if (wanted.SpendThresholdConfiguration is { } spend)
        {
            if (!ReadThresholds.Spend(spend, contract.SpendTrackers, catalog).Is(out var threshold, out refusal)) return refusal.Under("/spend_threshold_configuration");
            contract = contract with { SpendThreshold = threshold };
        }
        return ReadTerms.Check(contract, catalog, "") is { } wrong ? wrong : new MadeContract(contract, added.Commits);
    }

    /// <summary>The contract without its terms.</summary>
    private static Contract Bare(NewContract wanted, string id, Catalog catalog, Instant now) => new(
        id, wanted.CustomerId, 1, wanted.StartingAt, wanted.EndingBefore, catalog.Card?.Id, wanted.UsageStatementSchedule ?? new UsageStatementSchedule(BillingFrequency.Monthly),
        wanted.NetPaymentTermsDays, wanted.Name, wanted.UniquenessKey, wanted.Rounding, wanted.CustomFields ?? new Dictionary<string, string>(), now, null)
    {
        MultiplierPrioritization = wanted.MultiplierOverridePrioritization,
        UsageFilters = wanted.UsageFilter is { } filter ? [new UsageFilter(filter.GroupKey, filter.GroupValues, filter.StartingAt ?? wanted.StartingAt)] : [],
        Renewal = wanted.Transition is { } transition ? new Renewal(transition.FromContractId, transition.FutureInvoiceBehavior?.Trueup ?? TrueupBehavior.AsIs) : null,
        ScheduledChargesOnUsageInvoices = wanted.ScheduledChargesOnUsageInvoices is not null,
        Minimum = wanted.Minimum,
        Maximum = wanted.Maximum,
        LateUsagePolicy = wanted.LateUsagePolicy,
        PackageId = wanted.MadeOfPackage,
        Annotations = Annotations(wanted),
        CreatedBy = wanted.CreatedBy,
        ChangedAt = now,
    };

    private static Dictionary<string, string> Annotations(NewContract wanted)
    {
        var annotations = new Dictionary<string, string>();
        if (wanted.TotalContractValue is { } value) annotations["total_contract_value"] = value.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (wanted.SalesforceOpportunityId is { } salesforce) annotations["salesforce_opportunity_id"] = salesforce;
        if (wanted.NetsuiteSalesOrderId is { } netsuite) annotations["netsuite_sales_order_id"] = netsuite;
        return annotations;
    }

    /// <summary>None or one.</summary>
    private static Outcome<Hierarchy[]> Hierarchy(NewHierarchy? wanted)
    {
        if (wanted is null) return Array.Empty<Hierarchy>();
        if (wanted.Parent is not null && wanted.ParentBehavior is not null)
            return new Refusal("parent_and_child", "A contract is a child, with a parent, or a parent, with a parent_behavior.", "/hierarchy_configuration/parent_behavior");
        var (payer, consolidate) = (wanted.Payer ?? Payer.Self, wanted.UsageStatementBehavior == StatementBehavior.Consolidate);
        if (wanted.Parent is null && (payer == Payer.Parent || consolidate))
            return new Refusal("parent_missing", "Only a child, with a parent, has a payer and a usage_statement_behavior of its own.", "/hierarchy_configuration/parent");
        // Whoever is sent the lines pays them: else both would.
        if (consolidate && payer == Payer.Self)
            return new Refusal("consolidated_for_another_payer", "What is put on the parent's consolidated invoice is paid by the parent: set payer to PARENT, or usage_statement_behavior to SEPARATE.", "/hierarchy_configuration/payer");
        return new[] { new Hierarchy(wanted.Parent?.CustomerId, wanted.Parent?.ContractId, payer, consolidate, wanted.ParentBehavior?.InvoiceConsolidationType ?? ConsolidationType.None) };
    }

    /// <summary>None or one.</summary>
    public static Outcome<BillingProvider[]> Provider(NewBillingProvider? wanted)
    {
        if (wanted is null) return Array.Empty<BillingProvider>();
        if (wanted.BillingProviderConfigurationId is null && wanted.BillingProvider is null)
            return new Refusal("billing_provider_missing", "Give a billing_provider_configuration_id, or a billing_provider and a delivery_method.", "/billing_provider_configuration/billing_provider");
        return new[] { new BillingProvider(wanted.BillingProviderConfigurationId, wanted.BillingProvider, wanted.DeliveryMethod) };
    }
}
