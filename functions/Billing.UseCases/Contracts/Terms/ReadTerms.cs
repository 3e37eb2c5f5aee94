using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Domain.Values;

namespace Billing.UseCases.Contracts;

/// <summary>Terms that are ready to be kept.</summary>
internal sealed record AddedTerms(
    IReadOnlyList<Commit> Commits,
    IReadOnlyList<Override> Overrides,
    IReadOnlyList<RecurringCommit> RecurringCommits,
    IReadOnlyList<ScheduledCharge> ScheduledCharges,
    IReadOnlyList<ProfessionalService> ProfessionalServices,
    IReadOnlyList<Subscription> Subscriptions,
    IReadOnlyList<SpendTracker> SpendTrackers)
{
    /// <summary>A contract with these behind what it has; commits lie beside it.</summary>
    public Contract To(Contract contract) => contract with
    {
        Overrides = [.. contract.Overrides, .. Overrides],
        RecurringCommits = [.. contract.RecurringCommits, .. RecurringCommits],
        ScheduledCharges = [.. contract.ScheduledCharges, .. ScheduledCharges],
        ProfessionalServices = [.. contract.ProfessionalServices, .. ProfessionalServices],
        Subscriptions = [.. contract.Subscriptions, .. Subscriptions],
        SpendTrackers = [.. contract.SpendTrackers, .. SpendTrackers],
    };
}

/// <summary>Reads all terms that a request lists, or says which cannot be and why.</summary>
internal static class ReadTerms
{
    /// <param name="lists">What is asked for.</param>
    /// <param name="prefix">Of the lists' names: "add_" in an edit.</param>
    /// <param name="frame">The contract.</param>
    /// <remarks>Order: what is referred to before what refers to it: subscriptions, commits and credits, recurring ones, overrides.</remarks>
    public static Outcome<AddedTerms> Read(TermLists lists, string prefix, TermsFrame frame)
    {
        var at = "/" + prefix;
        if (!ReadLists.All(lists.Subscriptions, at + "subscriptions", s => ReadPayments.Subscription(s, frame)).Is(out var subscriptions, out var refusal)) return refusal;
        if (!ReadLists.All(lists.Commits, at + "commits", c => ReadCommits.Commit(false, c, frame)).Is(out var commits, out refusal)) return refusal;
        if (!ReadLists.All(lists.Credits, at + "credits", c => ReadCommits.Commit(true, c, frame)).Is(out var credits, out refusal)) return refusal;
        if (!ReadLists.All(lists.RecurringCommits, at + "recurring_commits", c => ReadCommits.Recurring(false, c, frame)).Is(out var recurring, out refusal)) return refusal;
        if (!ReadLists.All(lists.RecurringCredits, at + "recurring_credits", c => ReadCommits.Recurring(true, c, frame)).Is(out var recurringCredits, out refusal)) return refusal;
        if (!ReadLists.All(lists.Overrides, at + "overrides", o => ReadOverrides.Override(o, frame)).Is(out var overrides, out refusal)) return refusal;
        if (!ReadLists.All(lists.ScheduledCharges, at + "scheduled_charges", c => ReadPayments.Charge(ScheduledKind.Charge, c, frame)).Is(out var charges, out refusal)) return refusal;
        if (!ReadLists.All(lists.Discounts, at + "discounts", c => ReadPayments.Charge(ScheduledKind.Discount, c, frame)).Is(out var discounts, out refusal)) return refusal;
        if (!ReadLists.All(lists.ProfessionalServices, at + "professional_services", s => ReadPayments.Service(s, frame)).Is(out var services, out refusal)) return refusal;
        if (!ReadLists.All(lists.SpendTrackers, at + "spend_trackers", t => ReadThresholds.Tracker(t, frame.Catalog)).Is(out var trackers, out refusal)) return refusal;
        return new AddedTerms([.. commits, .. credits], overrides, [.. recurring, .. recurringCredits], [.. charges, .. discounts], services, subscriptions, trackers);
    }

    /// <summary>What must hold of a contract as a whole, or null. Places are those of a creation.</summary>
    /// <param name="contract">With everything that is added.</param>
    /// <param name="catalog">Its rate card's.</param>
    /// <param name="prefix">Of the lists' names.</param>
    public static Refusal? Check(Contract contract, Catalog catalog, string prefix)
    {
        if (contract.SpendTrackers.Where(t => t.ArchivedAt is null).GroupBy(t => t.Alias, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            return new Refusal("alias_twice", $"The contract would have two spend trackers '{twice.Key}'.", $"/{prefix}spend_trackers", RefusalKind.Conflict);
        foreach (var subscription in contract.Subscriptions.Where(s => !IsPriced(s, contract, catalog)))
        {
            return new Refusal(
                "subscription_without_rate", $"The rate card has no rate for product {subscription.ProductId} with this billing frequency, and no override gives it a price.", $"/{prefix}subscriptions");
        }
        if (contract.RecurringCommits.Count(r => r.Frequency == BillingFrequency.Daily) > 1)
            return new Refusal("too_many_daily_commits", "A contract has one DAILY recurring commit or credit at the most.", $"/{prefix}recurring_commits");
        return contract.UsageFilters.Select(f => catalog.CheckFilter(f.GroupKey)).FirstOrDefault(r => r is not null) ?? contract.Check();
    }

    private static bool IsPriced(Subscription subscription, Contract contract, Catalog catalog) =>
        catalog.Rates.Of(subscription.ProductId).Any(r => r.Price is Price.Flat && r.Terms.BillingFrequency == subscription.Frequency)
        || contract.OverwrittenProducts().Contains(subscription.ProductId);
}
