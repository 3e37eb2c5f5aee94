using Billing.Domain.Contracts;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.UseCases.Contracts;

/// <summary>Turns overrides that are asked for into overrides, or says where and why not. Places are relative to the override.</summary>
internal static class ReadOverrides
{
    public static Outcome<Override> Override(NewOverride wanted, TermsFrame frame)
    {
        var id = frame.NewId();
        if ((wanted.StartingAtOffset?.Check("/starting_at_offset") ?? wanted.Duration?.Check("/duration")) is { } bad) return bad;
        if (frame.Start(wanted.StartingAt, wanted.StartingAtOffset) is not { } start) return new Refusal("starting_at_missing", "Say from when on it holds.", "/starting_at");
        if (!Scope(wanted, frame.Catalog).Is(out var scope, out var refusal)) return refusal;
        if (!Change(wanted, scope, start, frame.Catalog).Is(out var change, out refusal)) return refusal;
        if (!Commits(wanted, frame.Known).Is(out var commits, out refusal)) return refusal;
        if (wanted.Target is not null && wanted.IsCommitSpecific != true)
            return new Refusal("not_commit_specific", "A target is for overrides with is_commit_specific.", "/target");
        var read = new Override(
            id, start, frame.End(wanted.EndingBefore, wanted.Duration, start, wanted.StartingAtOffset), scope, change, wanted.Priority, wanted.Entitled,
            wanted.Target ?? OverrideTarget.ListRate, commits.Count == 0 ? null : commits.Count == 1 ? commits[0] : new CommitSelector(true, [], []))
        {
            CommitsBySpecifier = commits.Count > 1 ? commits : [],
            CreatedAt = frame.Now,
        };
        return read.Check(frame.Prioritization) is { } wrong ? wrong : read;
    }

    private static Outcome<LineScope> Scope(NewOverride wanted, Catalog catalog)
    {
        var ways = (wanted.ProductId is null ? 0 : 1) + (wanted.ApplicableProductTags is { Count: > 0 } ? 1 : 0) + (wanted.OverrideSpecifiers is { Count: > 0 } ? 1 : 0);
        if (ways > 1) return new Refusal("two_scopes", "Give product_id, applicable_product_tags or override_specifiers: one of them.", "/override_specifiers");
        Refusal refusal;
        if (wanted.ProductId is { } id) return ReadCommits.Sold(id, "/product_id", catalog).Is(out var product, out refusal) ? new LineScope([product], [], []) : refusal;
        if (!ReadLists.All(wanted.ApplicableProductTags, "/applicable_product_tags", tag => new Outcome<string>(tag)).Is(out var tags, out refusal)) return refusal;
        return ReadLists.All(wanted.OverrideSpecifiers, "/override_specifiers", s => Specifier(s, catalog)).Is(out var specifiers, out refusal)
            ? new LineScope([], tags, specifiers)
            : refusal;
    }

    private static Outcome<LineSpecifier> Specifier(NewOverrideSpecifier wanted, Catalog catalog)
    {
        var specifier = new LineSpecifier(wanted.ProductId, wanted.ProductTags, wanted.PricingGroupValues, wanted.PresentationGroupValues, wanted.BillingFrequency);
        if (specifier is { ProductId: null, HasGroupValues: false, BillingFrequency: null } && specifier.ProductTags is not { Count: > 0 })
            return new Refusal("empty_specifier", "A specifier names a product, tags, group values or a billing frequency.", "");
        return wanted.ProductId is null || ReadCommits.Sold(wanted.ProductId, "/product_id", catalog).Is(out _, out var refusal) ? specifier : refusal;
    }

    private static Outcome<OverrideChange> Change(NewOverride wanted, LineScope scope, Instant start, Catalog catalog)
    {
        var type = wanted.Type ?? (wanted.Multiplier is not null ? OverrideType.Multiplier : wanted.Tiers is not null ? OverrideType.Tiered : OverrideType.Overwrite);
        switch (type)
        {
            case OverrideType.Multiplier:
                return wanted.Multiplier is { } factor ? new OverrideChange.Multiplier(factor) : new Refusal("multiplier_missing", "A MULTIPLIER needs a multiplier.", "/multiplier");
            case OverrideType.Tiered:
                // The steps of the override are cut into those of the price; a package or a volume has none that could be cut.
                return catalog.Rates.Products.Where(id => scope.MayMatch(id, catalog.Products[id].At(start).Tags)).SelectMany(catalog.Rates.Of).Any(r => r.Price is not (Price.Flat or Price.Tiered))
                    ? new Refusal("tiered_needs_flat", "A TIERED override is for products with FLAT or TIERED rates.", "/type")
                    : new OverrideChange.Tiered(wanted.Tiers ?? []);
            case OverrideType.Overwrite when wanted.OverwriteRate is null:
                return new OverrideChange.Overwrite(null, null);
            case OverrideType.Overwrite:
                return Overwrite(wanted.OverwriteRate, scope, start, catalog).Is(out var overwrite, out var refusal) ? overwrite : refusal;
            default:
                throw new ArgumentOutOfRangeException(nameof(wanted), type, "Unknown override.");
        }
    }

    private static Outcome<OverrideChange.Overwrite> Overwrite(Pricing.NewPrice wanted, LineScope scope, Instant start, Catalog catalog)
    {
        if (!wanted.Read().Is(out var price, out var refusal)) return refusal.Under("/overwrite_rate");
        if (!catalog.Unit(wanted.CreditTypeId, "/overwrite_rate/credit_type_id").Is(out var unit, out refusal)) return refusal;
        if (scope.Specifiers.Any(s => s.PresentationGroupValues?.Count > 0))
            return new Refusal("presentation_of_overwrite", "Presentation group values do not choose a price; only multipliers are narrowed to them.", "/override_specifiers");
        foreach (var (id, values) in scope.ProductIds.Select(p => (p, (IReadOnlyDictionary<string, string>?)null)).Concat(scope.Specifiers.Select(s => (s.ProductId ?? "", s.PricingGroupValues))))
        {
            if (id.Length == 0) return new Refusal("overwrite_without_product", "An OVERWRITE names the product: different products have different prices.", "/override_specifiers");
            var product = catalog.Products[id];
            if (!product.At(start).PricingGroupKey.ToHashSet(StringComparer.Ordinal).SetEquals(values?.Keys ?? []))
                return new Refusal(
                    "group_values_differ", $"An OVERWRITE of '{product.At(start).Name}' needs a value for each of its pricing group keys, and no other: [{string.Join(", ", product.At(start).PricingGroupKey)}].",
                    "/override_specifiers");
            if (!Fits(product.Type, price)) return new Refusal("wrong_rate_type", "This product cannot have a rate of this type.", "/overwrite_rate/rate_type");
        }
        return new OverrideChange.Overwrite(price, unit);
    }

    private static bool Fits(ProductType type, Price price) => type switch
    {
        ProductType.Usage => price is not Price.Subscription,
        ProductType.Subscription => price is Price.Flat or Price.Subscription,
        ProductType.Composite => price is Price.Percentage or Price.TieredPercentage,
        _ => false,
    };

    /// <summary>Of each specifier the commits that it is narrowed to; one for all where none names any; none when the override is not for commits alone.</summary>
    private static Outcome<List<CommitSelector>> Commits(NewOverride wanted, KnownTerms known)
    {
        var any = new CommitSelector(true, [], []);
        var specifiers = wanted.OverrideSpecifiers ?? [];
        var named = specifiers.Any(s => s.CommitIds is { Count: > 0 } || s.RecurringCommitIds is { Count: > 0 } || s.AnyCommitOrCreditIds is { Count: > 0 });
        if (wanted.IsCommitSpecific != true)
            return named ? new Refusal("not_commit_specific", "Commits are named by overrides with is_commit_specific.", "/is_commit_specific") : new List<CommitSelector>();
        if (!named) return new List<CommitSelector> { any };
        return ReadLists.All(specifiers, "/override_specifiers", s => Selector(s, any, known));
    }

    private static Outcome<CommitSelector> Selector(NewOverrideSpecifier wanted, CommitSelector any, KnownTerms known)
    {
        if (wanted.AnyCommitOrCreditIds is { Count: > 0 } && (wanted.CommitIds is { Count: > 0 } || wanted.RecurringCommitIds is { Count: > 0 }))
            return new Refusal("two_scopes", "Give any_commit_or_credit_ids, or commit_ids and recurring_commit_ids.", "/any_commit_or_credit_ids");
        if (!ReadLists.All(wanted.CommitIds, "/commit_ids", id => Known(id, known, known.Commits, [])).Is(out var commits, out var refusal)) return refusal;
        if (!ReadLists.All(wanted.RecurringCommitIds, "/recurring_commit_ids", id => Known(id, known, known.Recurring, [])).Is(out var recurring, out refusal)) return refusal;
        if (!ReadLists.All(wanted.AnyCommitOrCreditIds, "/any_commit_or_credit_ids", id => Known(id, known, known.Commits, known.Recurring)).Is(out var either, out refusal)) return refusal;
        return commits.Count + recurring.Count + either.Count == 0 ? any : new CommitSelector(false, [.. commits, .. either], [.. recurring, .. either]);
    }

    private static Outcome<string> Known(string id, KnownTerms known, HashSet<string> of, HashSet<string> or)
    {
        var real = known.Resolve(id);
        return of.Contains(real) || or.Contains(real) ? real : new Refusal("commit_not_found", $"There is no commit or credit '{id}', nor one with this temporary id.", "", RefusalKind.NotFound);
    }
}
