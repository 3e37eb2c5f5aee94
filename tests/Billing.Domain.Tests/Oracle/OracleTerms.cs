using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Tests.Oracle;

/// <summary>What a line is about.</summary>
/// <param name="Pricing">Null for what is no usage.</param>
internal sealed record Topic(
    string ProductId, IReadOnlyList<string> Tags, IReadOnlyDictionary<string, string?>? Pricing = null, IReadOnlyDictionary<string, string?>? Shown = null, BillingFrequency? Every = null);

/// <summary>What a line costs at one instant.</summary>
/// <param name="By">The override that counts, or null.</param>
/// <param name="ForCommits">Overrides of what is drawn from some commits.</param>
/// <param name="OfCommitRate">The override of commit rates that counts, or null.</param>
internal sealed record Effective(Rate? Rate, OraclePrice? Price, string? Unit, bool IsEntitled, Override? By, IReadOnlyList<Override> ForCommits, Override? OfCommitRate)
{
    /// <summary>An overwritten price has no free units, bounds or counter of its own.</summary>
    public RateTerms Terms => Rate is null || By?.Change is OverrideChange.Overwrite ? new RateTerms() : Rate.Terms;

    public bool IsCharged => Price is not null && IsEntitled && Price.Kind != "custom";

    /// <summary>The same for two instants at which nothing about the price differs.</summary>
    public string Key => $"{Rate?.Id}|{By?.Id}|{IsEntitled}|{string.Join(',', ForCommits.Select(o => o.Id))}|{OfCommitRate?.Id}";
}

/// <summary>Looks up, one by one, what holds at an instant. Rules 10 to 13 and 21 of the specification.</summary>
internal static class OracleTerms
{
    /// <summary>What a product says at an instant, and how many of its updates say so.</summary>
    public static (ProductTerms Terms, int Version) At(Product product, Instant at)
    {
        var (terms, version) = (product.Initial, 0);
        foreach (var update in product.Updates.Where(u => u.StartingAt <= at).OrderBy(u => u.StartingAt))
        {
            version++;
            if (update.Name is { } name) terms = terms with { Name = name };
            if (update.QuantityConversion is { } conversion) terms = terms with { QuantityConversion = conversion.Value };
            if (update.QuantityRounding is { } rounding) terms = terms with { QuantityRounding = rounding.Value };
            if (update.Tags is { } tags) terms = terms with { Tags = tags };
            if (update.CompositeProductIds is { } parts) terms = terms with { CompositeProductIds = parts };
        }
        return (terms, version);
    }

    public static Ratio Billed(Ratio metered, ProductTerms terms)
    {
        var converted = terms.QuantityConversion switch
        {
            null => metered,
            { Operation: ConversionOperation.Multiply } c => metered * c.ConversionFactor,
            var c => (metered / c.ConversionFactor).Quotient(),
        };
        return terms.QuantityRounding is not { } rounding ? converted : converted.Round(rounding.DecimalPlaces, rounding.RoundingMethod switch
        {
            QuantityRoundingMethod.RoundUp => Way.Up,
            QuantityRoundingMethod.RoundDown => Way.Down,
            _ => Way.HalfUp,
        });
    }

    public static bool Covers(Instant from, Instant? until, Instant at) => from <= at && (until is null || at < until);

    public static bool Matches(LineScope scope, Topic line)
    {
        if (scope.ProductIds.Count == 0 && scope.ProductTags.Count == 0 && scope.Specifiers.Count == 0) return true;
        return scope.ProductIds.Any(id => id == line.ProductId) || scope.ProductTags.Any(t => line.Tags.Contains(t)) || scope.Specifiers.Any(s =>
            (s.ProductId is null || s.ProductId == line.ProductId) && (s.ProductTags ?? []).All(t => line.Tags.Contains(t))
            && (s.BillingFrequency is null || s.BillingFrequency == line.Every)
            && HasValues(line.Pricing, s.PricingGroupValues) && HasValues(line.Shown, s.PresentationGroupValues));
    }

    /// <summary>True when there can be a line of the product that it matches.</summary>
    public static bool MayMatch(LineScope scope, string productId, IReadOnlyList<string> tags) => Matches(
        scope with { Specifiers = [.. scope.Specifiers.Select(s => s with { PricingGroupValues = null, PresentationGroupValues = null, BillingFrequency = null })] }, new Topic(productId, tags));

    private static bool HasValues(IReadOnlyDictionary<string, string?>? values, IReadOnlyDictionary<string, string>? wanted)
    {
        foreach (var (name, value) in wanted ?? new Dictionary<string, string>())
            if (values is null || !values.TryGetValue(name, out var own) || own != value) return false;
        return true;
    }

    public static Effective PriceOf(Contract contract, Card card, Topic line, Instant at)
    {
        Rate? rate = null;
        foreach (var added in card.Rates)
            if (added.ProductId == line.ProductId && added.Terms.BillingFrequency == line.Every && Same(added.PricingGroupValues, line.Pricing) && Covers(added.StartingAt, added.EndingBefore, at)) rate = added;
        var inForce = contract.Overrides.Where(o => Covers(o.StartingAt, o.EndingBefore, at) && Matches(o.Scope, line)).ToList();
        var general = inForce.Where(o => o.Commits is null).ToList();
        var by = Choose(general.Where(o => o.Target == OverrideTarget.ListRate), contract);
        if (rate is null && by?.Change is not OverrideChange.Overwrite) by = null;
        var list = rate is null ? null : OraclePrice.Of(rate.Price);
        var price = by is null ? list : Apply(by, list);
        var entitled = general.LastOrDefault(o => o.Entitled is not null)?.Entitled ?? rate?.Entitled ?? price is not null;
        var unit = (by?.Change as OverrideChange.Overwrite)?.CreditTypeId ?? rate?.CreditTypeId ?? (by is null ? null : card.Currency.Id);
        return new Effective(rate, price, unit, entitled, by, [.. inForce.Where(o => o.Commits is not null)], Choose(general.Where(o => o.Target == OverrideTarget.CommitRate), contract));
    }

    /// <summary>A price of its own for what is drawn from a commit; null: it is drawn at what the line costs.</summary>
    public static OraclePrice? PriceFor(Effective line, Contract contract, Commit commit, string? recurringId)
    {
        if (line.Rate is null && line.ForCommits.Count == 0) return null;
        var commitRate = commit.RateType == CommitRateType.CommitRate && line.Rate?.Terms.CommitRate is { } agreed ? OraclePrice.Of(agreed) : null;
        var own = line.ForCommits.Where(o => o.Target == (commitRate is null ? OverrideTarget.ListRate : OverrideTarget.CommitRate)
            && (o.Commits!.Any || o.Commits.CommitIds.Contains(commit.Id) || (recurringId is not null && o.Commits.RecurringCommitIds.Contains(recurringId))));
        if (Choose(own, contract) is { } chosen) return Apply(chosen, commitRate ?? (line.Rate is null ? null : OraclePrice.Of(line.Rate.Price)));
        return commitRate is null || line.OfCommitRate is null ? commitRate : Apply(line.OfCommitRate, commitRate);
    }

    // At most one counts: the overwrite that was added last, else one multiplier by the contract's rule.
    private static Override? Choose(IEnumerable<Override> some, Contract contract)
    {
        var all = some.ToList();
        var overwrites = all.Where(o => o.Change is OverrideChange.Overwrite { Price: not null }).ToList();
        if (overwrites.Count > 0) return overwrites[^1];
        var multipliers = all.Where(o => o.Change is not OverrideChange.Overwrite).ToList();
        return contract.MultiplierPrioritization == MultiplierPrioritization.Explicit
            ? multipliers.OrderBy(o => o.Priority).FirstOrDefault()
            : multipliers.OrderBy(o => ((OverrideChange.Multiplier)o.Change).Factor).FirstOrDefault();
    }

    private static OraclePrice? Apply(Override made, OraclePrice? price) => made.Change switch
    {
        OverrideChange.Overwrite overwrite => overwrite.Price is { } other ? OraclePrice.Of(other) : price,
        OverrideChange.Multiplier multiplier => price?.Times(multiplier.Factor),
        OverrideChange.Tiered tiered => price?.Times([.. tiered.Tiers.Select(t => (t.Size is { } size ? (Ratio?)(Ratio)size : null, (Ratio)t.Multiplier))]),
        _ => throw new InvalidOperationException(made.Change.GetType().Name),
    };

    public static bool Same(IReadOnlyDictionary<string, string?> a, IReadOnlyDictionary<string, string?>? b) =>
        a.Count == (b?.Count ?? 0) && a.All(v => b!.TryGetValue(v.Key, out var value) && value == v.Value);
}
