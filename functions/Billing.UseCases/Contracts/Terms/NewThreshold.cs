using Billing.Domain.Contracts;
using Billing.Domain.Pricing;

namespace Billing.UseCases.Contracts;

/// <summary>The commit that a threshold buys.</summary>
public sealed record NewThresholdCommit(string ProductId)
{
    public string? Name { get; init; }

    public string? Description { get; init; }

    public decimal? Priority { get; init; }

    public IReadOnlyList<string>? ApplicableProductIds { get; init; }

    public IReadOnlyList<string>? ApplicableProductTags { get; init; }

    public IReadOnlyList<LineSpecifier>? Specifiers { get; init; }
}

/// <summary>Who says that something is paid.</summary>
/// <param name="TaxType">NONE, STRIPE, ANROK or PRECALCULATED.</param>
public sealed record NewPaymentGate(PaymentGate PaymentGateType, string? TaxType = null);

/// <summary>Up to where a discount goes.</summary>
public sealed record NewDiscountCap(decimal Amount, string SpendTrackerAlias);

/// <summary>What part of the price is paid.</summary>
public sealed record NewDiscount(decimal PaymentFraction, NewDiscountCap? Cap = null);

/// <summary>Balances that do not count.</summary>
public sealed record BalanceSpecifier(IReadOnlyList<ExcludedBalances> Exclude);

/// <summary>Balances that have all these fields.</summary>
public sealed record ExcludedBalances(IReadOnlyList<BalanceField> CustomFieldFilters);

/// <summary>A threshold that is asked for, of the prepaid balance or of the spend.</summary>
/// <param name="RechargeToAmount">Of the prepaid balance.</param>
/// <param name="CustomCreditTypeId">Of the prepaid balance: its unit, when that is not the contract's currency.</param>
public sealed record NewThreshold(
    bool IsEnabled, decimal ThresholdAmount, NewThresholdCommit Commit, NewPaymentGate PaymentGateConfig, decimal? RechargeToAmount = null, string? CustomCreditTypeId = null)
{
    public NewDiscount? DiscountConfiguration { get; init; }

    public IReadOnlyList<BalanceSpecifier>? ThresholdBalanceSpecifiers { get; init; }

    /// <summary>A threshold in the shape in which it is sent.</summary>
    public static NewThreshold Of(PrepaidThreshold of) => new(of.IsEnabled, of.ThresholdAmount, Sent(of.Commit), new NewPaymentGate(of.Gate), of.RechargeToAmount, of.CreditTypeId)
    {
        DiscountConfiguration = Sent(of.Discount),
        ThresholdBalanceSpecifiers = of.Excluded.Count == 0 ? null : [new BalanceSpecifier([.. of.Excluded.Select(e => new ExcludedBalances(e))])],
    };

    /// <inheritdoc cref="Of(PrepaidThreshold)"/>
    public static NewThreshold Of(SpendThreshold of) => new(of.IsEnabled, of.ThresholdAmount, Sent(of.Commit), new NewPaymentGate(of.Gate)) { DiscountConfiguration = Sent(of.Discount) };

    private static NewThresholdCommit Sent(ThresholdCommit of) => new(of.ProductId)
    {
        Name = of.Name,
        Description = of.Description,
        Priority = of.Priority,
        ApplicableProductIds = Some(of.Scope.ProductIds),
        ApplicableProductTags = Some(of.Scope.ProductTags),
        Specifiers = Some(of.Scope.Specifiers),
    };

    private static NewDiscount? Sent(ThresholdDiscount? of) => of is null
        ? null
        : new NewDiscount(of.PaymentFraction, of is { CapAmount: { } cap, SpendTrackerAlias: { } alias } ? new NewDiscountCap(cap, alias) : null);

    private static IReadOnlyList<T>? Some<T>(IReadOnlyList<T> all) => all.Count == 0 ? null : all;
}

public enum SpendType
{
    CommitPurchase,
}

public enum ResetFrequency
{
    BillingPeriod,
}

/// <summary>Purchases that a tracker counts.</summary>
public sealed record NewSpendSpecifier(IReadOnlyList<SpendSource> Sources, SpendType SpendType = SpendType.CommitPurchase, DiscountFilter Discounted = DiscountFilter.Any);

/// <summary>A spend tracker that is asked for.</summary>
public sealed record NewSpendTracker(
    string Alias, string CreditTypeId, IReadOnlyList<NewSpendSpecifier> ApplicableSpendSpecifiers, ResetFrequency ResetFrequency = ResetFrequency.BillingPeriod)
{
    /// <summary>A tracker in the shape in which it is sent.</summary>
    public static NewSpendTracker Of(SpendTracker of) => new(of.Alias, of.CreditTypeId, [.. of.Specifiers.Select(s => new NewSpendSpecifier(s.Sources, Discounted: s.Discounted))]);
}
