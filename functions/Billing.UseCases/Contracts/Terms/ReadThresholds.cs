using Billing.Domain.Contracts;
using Billing.Domain.Pricing;
using Billing.Domain.Values;

namespace Billing.UseCases.Contracts;

/// <summary>Turns thresholds and trackers that are asked for into terms, or says where and why not. Places are relative to them.</summary>
internal static class ReadThresholds
{
    private const decimal DefaultPriority = 100;

    public static Outcome<PrepaidThreshold> Prepaid(NewThreshold wanted, IReadOnlyList<SpendTracker> trackers, Catalog catalog)
    {
        if (wanted.RechargeToAmount is not { } rechargeTo) return new Refusal("recharge_to_amount_missing", "Say up to what the balance is recharged.", "/recharge_to_amount");
        if (!Parts(wanted, trackers, catalog).Is(out var parts, out var refusal)) return refusal;
        string? unit = null;
        if (wanted.CustomCreditTypeId is { } custom)
        {
            if (!catalog.Unit(custom, "/custom_credit_type_id").Is(out unit, out refusal)) return refusal;
            if (unit == catalog.CurrencyId) unit = null;
        }
        if (!ReadLists.All(wanted.ThresholdBalanceSpecifiers, "/threshold_balance_specifiers", Excluded).Is(out var excluded, out refusal)) return refusal;
        var threshold = new PrepaidThreshold(wanted.IsEnabled, wanted.ThresholdAmount, rechargeTo, unit, parts.Commit, wanted.PaymentGateConfig.PaymentGateType, parts.Discount)
        {
            Excluded = [.. excluded.SelectMany(e => e)],
        };
        return threshold.Check(Currencies.Find(catalog.CurrencyId)!) is { } wrong ? wrong : threshold;
    }

    public static Outcome<SpendThreshold> Spend(NewThreshold wanted, IReadOnlyList<SpendTracker> trackers, Catalog catalog)
    {
        if (!Parts(wanted, trackers, catalog).Is(out var parts, out var refusal)) return refusal;
        var threshold = new SpendThreshold(wanted.IsEnabled, wanted.ThresholdAmount, parts.Commit, wanted.PaymentGateConfig.PaymentGateType, parts.Discount);
        return threshold.Check() is { } wrong ? wrong : threshold;
    }

    public static Outcome<SpendTracker> Tracker(NewSpendTracker wanted, Catalog catalog)
    {
        if (wanted.Alias.Length is 0 or > 128) return new Refusal("bad_alias", "An alias has 1 to 128 characters.", "/alias");
        if (!catalog.Unit(wanted.CreditTypeId, "/credit_type_id").Is(out var unit, out var refusal)) return refusal;
        return ReadLists.All(wanted.ApplicableSpendSpecifiers, "/applicable_spend_specifiers", s => new Outcome<SpendSpecifier>(new SpendSpecifier(s.Sources, s.Discounted))).Is(out var specifiers, out refusal)
            ? new SpendTracker(wanted.Alias, unit, specifiers)
            : refusal;
    }

    /// <summary>The refusal of a gate that nothing honours, or null.</summary>
    public static Refusal? CheckGate(NewPaymentGate wanted, string at)
    {
        if (wanted.PaymentGateType == PaymentGate.Stripe)
            return new Refusal("payment_gate_not_offered", "The payment gate STRIPE is not offered.", at + "/payment_gate_type", RefusalKind.NotOffered);
        return wanted.TaxType is null || string.Equals(wanted.TaxType, "NONE", StringComparison.OrdinalIgnoreCase)
            ? null
            : new Refusal("tax_not_offered", "Taxes on threshold invoices are not offered.", at + "/tax_type", RefusalKind.NotOffered);
    }

    /// <summary>The commit that is bought.</summary>
    public static Outcome<ThresholdCommit> Commit(NewThresholdCommit wanted, Catalog catalog)
    {
        if (!catalog.Product(wanted.ProductId, "/product_id", ProductType.Fixed).Is(out var product, out var refusal)) return refusal;
        if (wanted.Priority < 0) return new Refusal("negative_priority", "A priority is 0 or more; lower burns first.", "/priority");
        return ReadCommits.Scope(wanted.ApplicableProductIds, wanted.ApplicableProductTags, wanted.Specifiers, catalog).Is(out var scope, out refusal)
            ? new ThresholdCommit(product.Id, wanted.Name, wanted.Description, wanted.Priority ?? DefaultPriority, scope)
            : refusal;
    }

    /// <summary>The refusal of a discount whose cap nothing measures, or that is none; null when it can be kept.</summary>
    public static Refusal? CheckDiscount(ThresholdDiscount? discount, IReadOnlyList<SpendTracker> trackers)
    {
        if (discount is { PaymentFraction: < 0 or > 1 }) return new Refusal("bad_fraction", "A fraction goes from 0 to 1.", "/discount_configuration/payment_fraction");
        if (discount?.SpendTrackerAlias is not { } alias) return null;
        if (discount.CapAmount < 0) return new Refusal("negative_amount", "A cap is 0 or more.", "/discount_configuration/cap/amount");
        return trackers.Any(t => t.ArchivedAt is null && t.Alias == alias)
            ? null
            : new Refusal("spend_tracker_not_found", $"The contract has no spend tracker '{alias}'.", "/discount_configuration/cap/spend_tracker_alias", RefusalKind.NotFound);
    }

    public static Outcome<IReadOnlyList<BalanceField>[]> Excluded(BalanceSpecifier wanted) =>
        ReadLists.All(wanted.Exclude, "/exclude", e => e.CustomFieldFilters.Count == 0
            ? new Refusal("empty_specifier", "Name the custom fields of the balances that do not count.", "/custom_field_filters")
            : new Outcome<IReadOnlyList<BalanceField>>(e.CustomFieldFilters)).Is(out var excluded, out var refusal)
            ? excluded.ToArray()
            : refusal;

    private static Outcome<(ThresholdCommit Commit, ThresholdDiscount? Discount)> Parts(NewThreshold wanted, IReadOnlyList<SpendTracker> trackers, Catalog catalog)
    {
        if (CheckGate(wanted.PaymentGateConfig, "/payment_gate_config") is { } gate) return gate;
        if (!Commit(wanted.Commit, catalog).Is(out var commit, out var refusal)) return refusal.Under("/commit");
        var discount = wanted.DiscountConfiguration is { } d ? new ThresholdDiscount(d.PaymentFraction, d.Cap?.Amount, d.Cap?.SpendTrackerAlias) : null;
        return CheckDiscount(discount, trackers) is { } wrong ? wrong : (commit, discount);
    }
}
