using System.Text.Json.Serialization;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Contracts;

/// <summary>Which of several multipliers counts; they never stack.</summary>
public enum MultiplierPrioritization
{
    /// <summary>The lowest.</summary>
    LowestMultiplier,

    /// <summary>The one with the lowest priority number.</summary>
    Explicit,
}

/// <summary>Which price of the rate card an override changes.</summary>
public enum OverrideTarget
{
    ListRate,
    CommitRate,
}

/// <summary>A step of a tiered override.</summary>
/// <param name="Multiplier">Of the list price in this step, ≥ 0.</param>
/// <param name="Size">Width in billed units; null for the last.</param>
public sealed record MultiplierTier(decimal Multiplier, decimal? Size = null);

/// <summary>What an override does to a price.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(Overwrite), "OVERWRITE")]
[JsonDerivedType(typeof(Multiplier), "MULTIPLIER")]
[JsonDerivedType(typeof(Tiered), "TIERED")]
public abstract record OverrideChange
{
    private OverrideChange()
    {
    }

    /// <summary>Another price instead; later changes of the list price do not touch it. Null: only the entitlement changes.</summary>
    public sealed record Overwrite(Price? Price, string? CreditTypeId) : OverrideChange;

    /// <summary>The list price, whatever it is then, times a factor ≥ 0.</summary>
    public sealed record Multiplier(decimal Factor) : OverrideChange;

    /// <summary>The list price times a factor that changes with the quantity.</summary>
    public sealed record Tiered(IReadOnlyList<MultiplierTier> Tiers) : OverrideChange;
}

/// <summary>Narrows an override to what is drawn from some commits.</summary>
/// <param name="Any">From any commit or credit.</param>
/// <param name="CommitIds">From these commits or credits.</param>
/// <param name="RecurringCommitIds">From grants of these recurring commits or credits.</param>
public sealed record CommitSelector(bool Any, IReadOnlyList<string> CommitIds, IReadOnlyList<string> RecurringCommitIds)
{
    public bool Matches(Credits.Commit commit) =>
        Any || CommitIds.Contains(commit.Id) || (commit.RecurringCommitId is { } id && RecurringCommitIds.Contains(id));
}

/// <summary>A price that differs from the rate card for one contract.</summary>
/// <param name="Id">Unique.</param>
/// <param name="StartingAt">On the hour.</param>
/// <param name="EndingBefore">On the hour; null for no end.</param>
/// <param name="Scope">Which lines.</param>
/// <param name="Change">What happens to their price.</param>
/// <param name="Priority">Above 0; lower counts. EXPLICIT multipliers need it.</param>
/// <param name="Entitled">Switches the product on or off; null leaves it.</param>
/// <param name="Target">Which price it changes.</param>
/// <param name="Commits">Null: all usage; else only what is drawn from these.</param>
public sealed record Override(
    string Id,
    Instant StartingAt,
    Instant? EndingBefore,
    LineScope Scope,
    OverrideChange Change,
    decimal? Priority = null,
    bool? Entitled = null,
    OverrideTarget Target = OverrideTarget.ListRate,
    CommitSelector? Commits = null)
{
    /// <summary>When it was added.</summary>
    public Instant CreatedAt { get; init; }

    /// <summary>Of each specifier of its scope, in order, the commits that it is narrowed to; empty: <see cref="Commits"/> says it for all.</summary>
    public IReadOnlyList<CommitSelector> CommitsBySpecifier { get; init; } = [];

    /// <summary>True from its start to before its end.</summary>
    public bool Covers(Instant at) => StartingAt <= at && !(EndingBefore <= at);

    /// <summary>True when it is for what a line draws from a commit; the line is one of its scope.</summary>
    public bool IsFor(LineSubject line, Credits.Commit commit) => CommitsBySpecifier.Count == 0
        ? Commits?.Matches(commit) == true
        : Scope.Specifiers.Zip(CommitsBySpecifier).Any(s => s.First.Matches(line) && s.Second.Matches(commit));

    /// <summary>The refusal for an override that cannot be kept, or null; fields are relative to it.</summary>
    public Refusal? Check(MultiplierPrioritization prioritization)
    {
        var wrong = Hours.Check(StartingAt, "/starting_at") ?? Hours.Check(EndingBefore, "/ending_before") ?? Hours.CheckOrder(StartingAt, EndingBefore, "/ending_before");
        if (wrong is not null) return wrong;
        if (Priority <= 0) return new Refusal("bad_priority", "The priority of an override is above 0.", "/priority");
        if (Scope.IsEverything && Commits is null) return new Refusal("override_without_target", "Name a product_id, applicable_product_tags or override_specifiers.", "/product_id");
        if (prioritization == MultiplierPrioritization.Explicit && Change is not OverrideChange.Overwrite && Priority is null)
            return new Refusal("priority_missing", "With EXPLICIT prioritization each multiplier needs a priority.", "/priority");
        return Change switch
        {
            OverrideChange.Multiplier { Factor: < 0 } => new Refusal("negative_multiplier", "A multiplier is 0 or more.", "/multiplier"),
            OverrideChange.Multiplier => null,
            OverrideChange.Tiered tiered => CheckTiers(tiered.Tiers, prioritization),
            OverrideChange.Overwrite overwrite => CheckOverwrite(overwrite),
            _ => throw new ArgumentOutOfRangeException(nameof(prioritization), Change.GetType().Name, "Unknown override."),
        };
    }

    private Refusal? CheckOverwrite(OverrideChange.Overwrite overwrite)
    {
        if (overwrite.Price is null && Entitled is null) return new Refusal("override_changes_nothing", "Give an overwrite_rate, or entitled.", "/overwrite_rate");
        if (overwrite.Price is not null && Scope.ProductTags.Count > 0)
            return new Refusal("overwrite_of_tags", "An OVERWRITE names products, not tags: different products have different prices.", "/applicable_product_tags");
        return overwrite.Price?.Check();
    }

    private static Refusal? CheckTiers(IReadOnlyList<MultiplierTier> tiers, MultiplierPrioritization prioritization)
    {
        if (prioritization != MultiplierPrioritization.Explicit)
            return new Refusal("tiered_needs_explicit", "TIERED overrides need multiplier_override_prioritization EXPLICIT.", "/type");
        if (tiers.Count == 0 || tiers.Any(t => t.Multiplier < 0)) return new Refusal("bad_multiplier_tiers", "Give tiers with multipliers of 0 or more.", "/tiers");
        return tiers.SkipLast(1).Any(t => t.Size is not > 0) || tiers[^1].Size is not null
            ? new Refusal("bad_tier_size", "Each tier but the last needs a size above 0, and the last has none: a size is the width of its tier.", "/tiers")
            : null;
    }
}
