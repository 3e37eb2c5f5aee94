using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.UseCases.Contracts;

/// <summary>A payment that is asked for: an amount, or a unit price and a quantity.</summary>
public sealed record NewPayment
{
    public Instant? Timestamp { get; init; }

    /// <summary>From the contract's start; instead of the timestamp.</summary>
    public TimeOffset? DateOffset { get; init; }

    public decimal? Amount { get; init; }

    public decimal? UnitPrice { get; init; }

    public decimal? Quantity { get; init; }
}

/// <summary>Payments that repeat: an amount, or a unit price and a quantity.</summary>
public sealed record NewRecurringPayments(AmountDistribution AmountDistribution, PaymentFrequency Frequency, Instant StartingAt, Instant EndingBefore)
{
    public decimal? Amount { get; init; }

    public decimal? UnitPrice { get; init; }

    public decimal? Quantity { get; init; }
}

/// <summary>When something is invoiced: by items, or by what repeats.</summary>
public sealed record NewPaymentSchedule
{
    /// <summary>A fiat currency; null: the contract's.</summary>
    public string? CreditTypeId { get; init; }

    public bool DoNotInvoice { get; init; }

    public IReadOnlyList<NewPayment>? ScheduleItems { get; init; }

    public NewRecurringPayments? RecurringSchedule { get; init; }
}

/// <summary>A scheduled charge or a discount that is asked for.</summary>
public sealed record NewCharge(string ProductId, NewPaymentSchedule Schedule)
{
    public string? Name { get; init; }

    public IReadOnlyDictionary<string, string>? CustomFields { get; init; }
}

/// <summary>A professional service that is asked for.</summary>
public sealed record NewProfessionalService(string ProductId, decimal UnitPrice, decimal Quantity, decimal MaxAmount)
{
    public string? Description { get; init; }

    public IReadOnlyDictionary<string, string>? CustomFields { get; init; }
}

/// <summary>Which rate of the card a subscription is charged by.</summary>
public sealed record SubscriptionRate(string ProductId, BillingFrequency BillingFrequency);

/// <summary>How a part of a period is charged.</summary>
public sealed record NewProration
{
    /// <summary>Null: true.</summary>
    public bool? IsProrated { get; init; }

    /// <summary>Null: at once where the collection schedule allows it.</summary>
    public ProrationBilling? InvoiceBehavior { get; init; }

    public AmountRoundingRule? Rounding { get; init; }
}

/// <summary>The periods of a subscription, and its invoices.</summary>
public sealed record NewBillingCycle
{
    /// <summary>Null: that of the usage statements.</summary>
    public Instant? AnchorDate { get; init; }

    public InvoicePlacement? InvoicePlacement { get; init; }
}

/// <summary>The seats of a subscription.</summary>
public sealed record NewSeats(string SeatGroupKey)
{
    public IReadOnlyList<string>? InitialSeatIds { get; init; }

    public int? InitialUnassignedSeats { get; init; }
}

/// <summary>A subscription that is asked for.</summary>
public sealed record NewSubscription(CollectionSchedule CollectionSchedule, SubscriptionRate SubscriptionRate)
{
    public NewProration? Proration { get; init; }

    public NewBillingCycle? BillingCycleConfig { get; init; }

    public decimal? InitialQuantity { get; init; }

    public QuantityMode? QuantityManagementMode { get; init; }

    public NewSeats? SeatConfig { get; init; }

    /// <summary>Null, without an offset: the contract's start.</summary>
    public Instant? StartingAt { get; init; }

    public TimeOffset? StartingAtOffset { get; init; }

    public Instant? EndingBefore { get; init; }

    public TimeOffset? Duration { get; init; }

    public string? Name { get; init; }

    public string? Description { get; init; }

    /// <summary>Names it within the request.</summary>
    public string? TemporaryId { get; init; }

    public IReadOnlyDictionary<string, string>? CustomFields { get; init; }
}
