using System.Text.Json;
using System.Text.Json.Nodes;
using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Functions.Hosting;
using Billing.UseCases.Contracts;
using NodaTime;

namespace Billing.Functions.Api.Contracts;

/// <summary>An edit of a contract: what it added, as it was made, and what else it asked for.</summary>
internal sealed record ShownEdit(string Id, Instant Timestamp)
{
    public string? UniquenessKey { get; init; }

    public IReadOnlyList<ShownCommit>? AddCommits { get; init; }

    public IReadOnlyList<ShownCommit>? AddCredits { get; init; }

    public IReadOnlyList<ShownOverride>? AddOverrides { get; init; }

    public IReadOnlyList<ShownRecurring>? AddRecurringCommits { get; init; }

    public IReadOnlyList<ShownRecurring>? AddRecurringCredits { get; init; }

    public IReadOnlyList<ShownCharge>? AddScheduledCharges { get; init; }

    public IReadOnlyList<ShownCharge>? AddDiscounts { get; init; }

    public IReadOnlyList<ShownProfessionalService>? AddProServices { get; init; }

    public IReadOnlyList<ShownSubscription>? AddSubscriptions { get; init; }

    public IReadOnlyList<NewSpendTracker>? AddSpendTrackers { get; init; }

    public IReadOnlyList<NewUsageFilter>? AddUsageFilters { get; init; }

    public NewThreshold? AddPrepaidBalanceThresholdConfiguration { get; init; }

    public NewThreshold? AddSpendThresholdConfiguration { get; init; }

    public BillingProviderUpdate? AddBillingProviderConfigurationUpdate { get; init; }

    /// <summary>As they were asked for, each by its id.</summary>
    public IReadOnlyList<JsonObject>? UpdateCommits { get; init; }

    public IReadOnlyList<JsonObject>? UpdateCredits { get; init; }

    public IReadOnlyList<JsonObject>? UpdateScheduledCharges { get; init; }

    public IReadOnlyList<JsonObject>? UpdateSubscriptions { get; init; }

    public IReadOnlyList<JsonObject>? UpdateRecurringCommits { get; init; }

    public IReadOnlyList<JsonObject>? UpdateRecurringCredits { get; init; }

    public ThresholdUpdate? UpdatePrepaidBalanceThresholdConfiguration { get; init; }

    public ThresholdUpdate? UpdateSpendThresholdConfiguration { get; init; }

    public Changed<Instant?>? UpdateContractEndDate { get; init; }

    public Changed<string>? UpdateContractName { get; init; }

    public Changed<int?>? UpdateNetPaymentTermsDays { get; init; }

    public IReadOnlyList<TermId>? ArchiveCommits { get; init; }

    public IReadOnlyList<TermId>? ArchiveCredits { get; init; }

    public IReadOnlyList<TermId>? ArchiveScheduledCharges { get; init; }

    public IReadOnlyList<string>? ArchiveSpendTrackers { get; init; }

    public IReadOnlyList<TermId>? RemoveOverrides { get; init; }

    /// <summary>Shows an edit.</summary>
    public static ShownEdit Of(ContractEdit edit, EditHistory of, Instant now)
    {
        var (asked, names) = (edit.Asked, new ShownNames(of.Products, of.UnitNames, now));
        return new ShownEdit(edit.Id, edit.Timestamp)
        {
            UniquenessKey = edit.UniquenessKey,
            AddCommits = ShownCommit.Some([.. edit.Commits.Where(c => c.Type != CommitType.Credit).Select(c => ShownCommit.Of(c, null, names))]),
            AddCredits = ShownCommit.Some([.. edit.Commits.Where(c => c.Type == CommitType.Credit).Select(c => ShownCommit.Of(c, null, names))]),
            AddOverrides = ShownCommit.Some([.. edit.Overrides.Select(o => ShownOverride.Of(o, names, of.CurrencyId))]),
            AddRecurringCommits = ShownCommit.Some([.. edit.RecurringCommits.Where(r => r.Type != CommitType.Credit).Select(r => ShownRecurring.Of(r, of.Contract.Id, names))]),
            AddRecurringCredits = ShownCommit.Some([.. edit.RecurringCommits.Where(r => r.Type == CommitType.Credit).Select(r => ShownRecurring.Of(r, of.Contract.Id, names))]),
            AddScheduledCharges = ShownCommit.Some([.. edit.ScheduledCharges.Where(c => c.Kind == ScheduledKind.Charge).Select(c => ShownCharge.Of(c, names))]),
            AddDiscounts = ShownCommit.Some([.. edit.ScheduledCharges.Where(c => c.Kind == ScheduledKind.Discount).Select(c => ShownCharge.Of(c, names))]),
            AddProServices = ShownCommit.Some([.. edit.ProfessionalServices.Select(ShownProfessionalService.Of)]),
            AddSubscriptions = ShownCommit.Some([.. edit.Subscriptions.Select(s => ShownSubscription.Of(s, of.Contract, names, of.CurrencyId))]),
            AddSpendTrackers = ShownCommit.Some([.. edit.SpendTrackers.Select(NewSpendTracker.Of)]),
            AddUsageFilters = ShownCommit.Some([.. edit.UsageFilters.Select(f => new NewUsageFilter(f.GroupKey, f.GroupValues, f.StartingAt))]),
            AddPrepaidBalanceThresholdConfiguration = asked.AddPrepaidBalanceThresholdConfiguration,
            AddSpendThresholdConfiguration = asked.AddSpendThresholdConfiguration,
            AddBillingProviderConfigurationUpdate = asked.AddBillingProviderConfigurationUpdate,
            UpdateCommits = Named(asked.UpdateCommits, "commit_id"),
            UpdateCredits = Named(asked.UpdateCredits, "credit_id"),
            UpdateScheduledCharges = Named(asked.UpdateScheduledCharges, "scheduled_charge_id"),
            UpdateSubscriptions = Named(asked.UpdateSubscriptions, "subscription_id"),
            UpdateRecurringCommits = Named(asked.UpdateRecurringCommits, "recurring_commit_id"),
            UpdateRecurringCredits = Named(asked.UpdateRecurringCredits, "recurring_credit_id"),
            UpdatePrepaidBalanceThresholdConfiguration = asked.UpdatePrepaidBalanceThresholdConfiguration,
            UpdateSpendThresholdConfiguration = asked.UpdateSpendThresholdConfiguration,
            UpdateContractEndDate = asked.UpdateContractEndDate,
            UpdateContractName = asked.UpdateContractName,
            UpdateNetPaymentTermsDays = asked.UpdateNetPaymentTermsDays,
            ArchiveCommits = asked.ArchiveCommits,
            ArchiveCredits = asked.ArchiveCredits,
            ArchiveScheduledCharges = asked.ArchiveScheduledCharges,
            ArchiveSpendTrackers = asked.ArchiveSpendTrackers,
            RemoveOverrides = asked.RemoveOverrides,
        };
    }

    /// <summary>Requests with the id of what they change under the name that the history has for it.</summary>
    private static List<JsonObject>? Named<T>(IReadOnlyList<T>? asked, string idName) => asked?.Select(one =>
    {
        var shown = JsonSerializer.SerializeToNode(one, JsonRules.Options)!.AsObject();
        var id = shown[idName];
        shown.Remove(idName);
        shown.Insert(0, "id", id);
        return shown;
    }).ToList();
}
