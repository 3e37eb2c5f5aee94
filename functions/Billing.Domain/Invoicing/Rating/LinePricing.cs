using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using NodaTime;

namespace Billing.Domain.Invoicing;

/// <summary>What a line costs at an instant: the rate card's rate, changed by at most one override.</summary>
/// <param name="Line">The line.</param>
/// <param name="Rate">The rate card's; null when it has none.</param>
/// <param name="Price">What counts; null when nothing prices the line.</param>
/// <param name="By">The override that made it; null: the list price.</param>
/// <param name="ForCommits">Overrides for what is drawn from some commits only, in the order they were added.</param>
/// <param name="OfCommitRate">The override of the commit rate, or null.</param>
internal sealed record LinePricing(
    LineSubject Line, Rate? Rate, Price? Price, string? CreditTypeId, bool IsEntitled, Override? By, IReadOnlyList<Override> ForCommits, Override? OfCommitRate, MultiplierPrioritization Prioritization)
{
    /// <summary>Free units, minimum and maximum: of the rate card's rate, unless its price was overwritten.</summary>
    public RateTerms Terms => Rate is null || By?.Change is OverrideChange.Overwrite ? RateTerms.None : Rate.Terms;

    /// <summary>True when both price every line and every commit alike.</summary>
    public bool IsSameAs(LinePricing other) =>
        ReferenceEquals(Rate, other.Rate) && ReferenceEquals(By, other.By) && IsEntitled == other.IsEntitled
        && ReferenceEquals(OfCommitRate, other.OfCommitRate) && ForCommits.SequenceEqual(other.ForCommits, ReferenceEqualityComparer.Instance);

    /// <summary>The price of what is drawn from a commit, and the override that made it.</summary>
    /// <remarks>
    /// Order: an overwrite for the commit, a multiplier for the commit, the commit rate for a commit that has it (with the override of commit
    /// rates, if any), the price that counts for all. They never stack. An override for the commit changes the price that it targets: the commit rate
    /// where that counts, else the list price. Source: Metronome, edit-or-override-a-contract, discounting-on-commits.
    /// </remarks>
    public (Price? Price, Override? By) For(Commit commit)
    {
        var commitRate = commit.RateType == CommitRateType.CommitRate ? Rate?.Terms.CommitRate : null;
        var target = commitRate is null ? OverrideTarget.ListRate : OverrideTarget.CommitRate;
        var own = ForCommits.Where(o => o.Target == target && o.IsFor(Line, commit)).ToList();
        if (PriceBook.Choose(own, Prioritization) is { } chosen) return (PriceBook.Apply(chosen, commitRate ?? Rate?.Price), chosen);
        if (commitRate is not null) return (OfCommitRate is null ? commitRate : PriceBook.Apply(OfCommitRate, commitRate), OfCommitRate);
        return (Price, By);
    }
}

/// <summary>Finds what a line costs.</summary>
/// <param name="contract">Whose overrides count.</param>
/// <param name="rates">Of its card.</param>
/// <param name="currency">Of the card.</param>
internal sealed class PriceBook(Contract contract, RateSchedule rates, string currency)
{
    public PriceBook(Terms terms)
        : this(terms.Contract, terms.Rates, terms.CreditType.Id)
    {
    }

    /// <summary>The pricing of a line of a product at an instant.</summary>
    public LinePricing Of(LineSubject line, IReadOnlyDictionary<string, string?> pricingGroupValues, Instant at)
    {
        var rate = rates.InForce(line.ProductId, pricingGroupValues, at, line.BillingFrequency);
        if (contract.Overrides.Count == 0)
            return new LinePricing(line, rate, rate?.Price, rate?.CreditTypeId, rate?.Entitled ?? false, null, [], null, contract.MultiplierPrioritization);
        var inForce = contract.Overrides.Where(o => o.Covers(at) && o.Scope.Matches(line)).ToList();
        var list = Choose([.. inForce.Where(o => o.Commits is null && o.Target == OverrideTarget.ListRate)], contract.MultiplierPrioritization);
        // A multiplier of a price that is not there changes nothing.
        if (rate is null && list?.Change is not OverrideChange.Overwrite) list = null;
        var price = list is null ? rate?.Price : Apply(list, rate?.Price);
        var entitled = inForce.FindLast(o => o.Commits is null && o.Entitled is not null)?.Entitled ?? rate?.Entitled ?? price is not null;
        // An overwrite can price what the card does not; it is in the card's currency unless it says otherwise.
        var unit = list?.Change is OverrideChange.Overwrite overwrite ? overwrite.CreditTypeId ?? rate?.CreditTypeId ?? currency : rate?.CreditTypeId;
        return new LinePricing(
            line, rate, price, unit, entitled, list, [.. inForce.Where(o => o.Commits is not null)],
            Choose([.. inForce.Where(o => o.Commits is null && o.Target == OverrideTarget.CommitRate)], contract.MultiplierPrioritization), contract.MultiplierPrioritization);
    }

    /// <summary>Which of the overrides in force counts; null for none. Order: the overwrite added last; else the multiplier by the contract's rule.</summary>
    public static Override? Choose(List<Override> inForce, MultiplierPrioritization prioritization)
    {
        if (inForce.FindLast(o => o.Change is OverrideChange.Overwrite { Price: not null }) is { } overwrite) return overwrite;
        var multipliers = inForce.Where(o => o.Change is not OverrideChange.Overwrite).ToList();
        return prioritization switch
        {
            MultiplierPrioritization.LowestMultiplier => multipliers.MinBy(o => (o.Change as OverrideChange.Multiplier)?.Factor ?? decimal.MaxValue),
            MultiplierPrioritization.Explicit => multipliers.MinBy(o => o.Priority ?? decimal.MaxValue),
            _ => throw new ArgumentOutOfRangeException(nameof(prioritization), prioritization, "Unknown prioritization."),
        };
    }

    /// <summary>The price that an override makes of another.</summary>
    public static Price? Apply(Override of, Price? price) => of.Change switch
    {
        OverrideChange.Overwrite overwrite => overwrite.Price ?? price,
        OverrideChange.Multiplier multiplier => price?.Times(multiplier.Factor),
        OverrideChange.Tiered tiered => price?.Times([.. tiered.Tiers.Select(t => (t.Size, t.Multiplier))]),
        _ => throw new ArgumentOutOfRangeException(nameof(of), of.Change.GetType().Name, "Unknown override."),
    };
}
