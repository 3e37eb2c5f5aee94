using System.Text.Json;
using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.Functions.Api.Invoicing;
using Billing.UseCases.Contracts;
using Billing.UseCases.Pricing;
using NodaTime;

namespace Billing.Functions.Api.Contracts;

/// <summary>A scheduled charge or a discount.</summary>
internal sealed record ShownCharge(
    string Id, ShownProductName Product, string? Name, ShownPayments Schedule, Instant? ArchivedAt, IReadOnlyDictionary<string, string> CustomFields)
{
    public static ShownCharge Of(ScheduledCharge charge, ShownNames names) =>
        new(charge.Id, names.Product(charge.ProductId), charge.Name, ShownPayments.Of(charge.Schedule, names), charge.ArchivedAt, charge.CustomFields);
}

/// <summary>A price for one contract.</summary>
internal sealed record ShownOverride(string Id, OverrideType Type, Instant CreatedAt, Instant StartingAt, Instant? EndingBefore)
{
    public ShownProductName? Product { get; init; }

    public IReadOnlyList<string>? ApplicableProductTags { get; init; }

    public IReadOnlyList<NewOverrideSpecifier>? OverrideSpecifiers { get; init; }

    public decimal? Multiplier { get; init; }

    public IReadOnlyList<MultiplierTier>? OverrideTiers { get; init; }

    public ShownRate? OverwriteRate { get; init; }

    public decimal? Priority { get; init; }

    public bool? Entitled { get; init; }

    public bool? IsCommitSpecific { get; init; }

    public OverrideTarget? Target { get; init; }

    // The older form of the overwritten rate, in version 1.
    public RateType? RateType { get; init; }

    public decimal? Price { get; init; }

    public decimal? Quantity { get; init; }

    public bool? IsProrated { get; init; }

    public IReadOnlyList<ShownRateTier>? Tiers { get; init; }

    public ShownCreditType? CreditType { get; init; }

    public JsonElement? Value { get; init; }

    public static ShownOverride Of(Override of, ShownNames names, string currencyId)
    {
        var overwrite = of.Change as OverrideChange.Overwrite;
        return new ShownOverride(of.Id, TypeOf(of.Change), of.CreatedAt, of.StartingAt, of.EndingBefore)
        {
            Product = of.Scope.ProductIds.Count == 1 ? names.Product(of.Scope.ProductIds[0]) : null,
            ApplicableProductTags = ShownCommit.Some(of.Scope.ProductTags),
            OverrideSpecifiers = ShownCommit.Some([.. of.Scope.Specifiers.Select((s, i) => Specifier(s, of.CommitsBySpecifier.Count > i ? of.CommitsBySpecifier[i] : of.Commits))]),
            Multiplier = (of.Change as OverrideChange.Multiplier)?.Factor,
            OverrideTiers = (of.Change as OverrideChange.Tiered)?.Tiers,
            OverwriteRate = overwrite?.Price is { } price
                ? ShownRate.Of(price, overwrite.CreditTypeId ?? currencyId, names.UnitNames)
                : null,
            Priority = of.Priority,
            Entitled = of.Entitled,
            IsCommitSpecific = of.Commits is null ? null : true,
            Target = of.Commits is null ? null : of.Target,
        };
    }

    /// <summary>With the members of version 1.</summary>
    public ShownOverride InVersion1() => OverwriteRate is not { } rate ? this : this with
    {
        RateType = rate.RateType, Price = rate.Price, Quantity = rate.Quantity, IsProrated = rate.IsProrated, Tiers = rate.Tiers, CreditType = rate.CreditType, Value = rate.CustomRate,
    };

    private static OverrideType TypeOf(OverrideChange change) => change switch
    {
        OverrideChange.Overwrite => OverrideType.Overwrite,
        OverrideChange.Multiplier => OverrideType.Multiplier,
        OverrideChange.Tiered => OverrideType.Tiered,
        _ => throw new ArgumentOutOfRangeException(nameof(change), change.GetType().Name, "Unknown override."),
    };

    private static NewOverrideSpecifier Specifier(LineSpecifier of, CommitSelector? commits)
    {
        var either = commits is { CommitIds.Count: > 0 } && commits.CommitIds.SequenceEqual(commits.RecurringCommitIds);
        return new NewOverrideSpecifier
        {
            ProductId = of.ProductId,
            ProductTags = of.ProductTags,
            PricingGroupValues = of.PricingGroupValues,
            PresentationGroupValues = of.PresentationGroupValues,
            BillingFrequency = of.BillingFrequency,
            CommitIds = commits is null || either ? null : ShownCommit.Some(commits.CommitIds),
            RecurringCommitIds = commits is null || either ? null : ShownCommit.Some(commits.RecurringCommitIds),
            AnyCommitOrCreditIds = either ? commits!.CommitIds : null,
        };
    }
}

/// <summary>A recurring commit or credit, as grants to come have it.</summary>
internal sealed record ShownRecurring(
    string Id,
    ShownProductName Product,
    NewPricedAmount AccessAmount,
    CommitDuration CommitDuration,
    decimal Priority,
    CommitRateType RateType,
    Instant StartingAt,
    Instant? EndingBefore,
    GrantProration Proration)
{
    public NewPricedAmount? InvoiceAmount { get; init; }

    public RecurringRounding? ProrationRounding { get; init; }

    public BillingFrequency? RecurrenceFrequency { get; init; }

    public string? Name { get; init; }

    public string? Description { get; init; }

    public IReadOnlyList<string>? ApplicableProductIds { get; init; }

    public IReadOnlyList<string>? ApplicableProductTags { get; init; }

    public IReadOnlyList<LineSpecifier>? Specifiers { get; init; }

    public decimal? RolloverFraction { get; init; }

    public CommitHierarchy? HierarchyConfiguration { get; init; }

    public NewSeatGrants? SubscriptionConfig { get; init; }

    public ShownId? Contract { get; init; }

    public IReadOnlyDictionary<string, string>? CustomFields { get; init; }

    public static ShownRecurring Of(RecurringCommit all, string contractId, ShownNames names)
    {
        var of = all.Latest();
        return new ShownRecurring(
            of.Id, names.Product(of.ProductId), new NewPricedAmount(of.Access.UnitPrice, of.Seats is null ? of.Access.Quantity : null, of.Access.CreditTypeId),
            new CommitDuration(of.DurationPeriods), of.Priority, of.RateType, of.StartingAt, of.EndingBefore, of.Proration)
        {
            InvoiceAmount = of.Invoice is { } invoice ? new NewPricedAmount(invoice.UnitPrice, invoice.Quantity, invoice.CreditTypeId) : null,
            ProrationRounding = of.AccessRounding is null && of.InvoiceRounding is null ? null : new RecurringRounding(of.AccessRounding, of.InvoiceRounding),
            RecurrenceFrequency = of.Frequency,
            Name = of.Name,
            Description = of.Description,
            ApplicableProductIds = ShownCommit.Some(of.Scope.ProductIds),
            ApplicableProductTags = ShownCommit.Some(of.Scope.ProductTags),
            Specifiers = ShownCommit.Some(of.Scope.Specifiers),
            RolloverFraction = of.RolloverFraction,
            HierarchyConfiguration = ShownCommit.Children(of.ChildAccess),
            SubscriptionConfig = of.Seats is { } seats ? Seats(seats) : null,
            Contract = new ShownId(contractId),
            CustomFields = of.CustomFields.Count == 0 ? null : of.CustomFields,
        };
    }

    internal static NewSeatGrants Seats(SeatGrants of) =>
        new(of.SubscriptionId, new SeatIncrease(of.IsProrated), of.PerSeat ? Allocation.Individual : Allocation.Pooled);
}
