using Billing.Domain.Pricing;
using NodaTime;

namespace Billing.Domain.Invoicing;

/// <summary>A line before commits and credits pay for it.</summary>
/// <param name="Time">When it was used: what pays for it must be open throughout. Of a charge, the instant it falls due twice.</param>
/// <param name="Part">Quantity and price; where it lies on its counter.</param>
/// <param name="Amount">Quantity × price, rounded as the contract says.</param>
/// <param name="Pricing">Null where no rate priced it: charges, minimums.</param>
internal sealed record GrossLine(
    LineType Type, string Name, LineSubject Subject, ProductType ProductType, Interval Time, RatedPart Part, decimal Amount, string CreditTypeId, LinePricing? Pricing)
{
    /// <summary>What the line shows as its period; null: <see cref="Time"/>.</summary>
    public Interval? Shown { get; init; }

    public string? SubscriptionId { get; init; }

    public string? ScheduledChargeId { get; init; }

    public bool? IsProrated { get; init; }

    public Instant? AdjustsPeriod { get; init; }

    /// <summary>The commit that a purchase buys.</summary>
    public LineCommit? Buys { get; init; }

    /// <summary>The line without what paid for it.</summary>
    public InvoiceLine Line(decimal quantity, decimal unitPrice, decimal total, LineTier? tier) => new()
    {
        Type = Type,
        Name = Name,
        ProductId = Subject.ProductId,
        ProductType = ProductType,
        ProductTags = Subject.ProductTags,
        CreditTypeId = CreditTypeId,
        Quantity = quantity,
        UnitPrice = unitPrice,
        Total = total,
        StartingAt = (Shown ?? Time).Start,
        EndingBefore = (Shown ?? Time).End,
        PricingGroupValues = Subject.PricingGroupValues ?? Values.Groups.None,
        PresentationGroupValues = Subject.PresentationGroupValues ?? Values.Groups.None,
        Tier = tier,
        ListPrice = Pricing?.Rate?.Price,
        RateId = Pricing?.Rate?.Id,
        OverrideId = Pricing?.By?.Id,
        SubscriptionId = SubscriptionId,
        ScheduledChargeId = ScheduledChargeId,
        IsProrated = IsProrated,
        AdjustsPeriod = AdjustsPeriod,
        Commit = Buys,
    };
}
