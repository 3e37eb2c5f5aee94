using System.Globalization;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Credits;

/// <summary>Which of the cut periods of a recurring commit grant only their part.</summary>
public enum GrantProration
{
    None,
    First,
    Last,
    FirstAndLast,
}

/// <summary>How a prorated amount is rounded.</summary>
public enum ProrationRounding
{
    HalfUp,
    Floor,
    Ceiling,
}

/// <summary>A rounding of prorated amounts or prices.</summary>
/// <param name="DecimalPlaces">Of the kept unit; below 0 whole tens and hundreds: -2 makes whole dollars of cents.</param>
public sealed record AmountRoundingRule(ProrationRounding RoundingMethod, int DecimalPlaces)
{
    /// <summary>The rounded amount.</summary>
    public decimal Round(decimal amount)
    {
        var unit = 1m;
        for (var i = DecimalPlaces; i < 0; i++) unit *= 10;
        var mode = RoundingMethod switch
        {
            ProrationRounding.HalfUp => MidpointRounding.AwayFromZero,
            ProrationRounding.Floor => MidpointRounding.ToNegativeInfinity,
            ProrationRounding.Ceiling => MidpointRounding.ToPositiveInfinity,
            _ => throw new ArgumentOutOfRangeException(nameof(amount), RoundingMethod, "Unknown rounding."),
        };
        return Exact.Normal(decimal.Round(unit == 1 ? amount : amount / unit, Math.Max(0, DecimalPlaces), mode) * unit);
    }

    /// <summary>The refusal for places that do not exist, or null.</summary>
    public Refusal? Check(string field) =>
        DecimalPlaces is < -10 or > 20 ? new Refusal("bad_decimal_places", "Decimal places go from -10 to 20.", field + "/decimal_places") : null;
}

/// <summary>An amount given as price and quantity.</summary>
public sealed record PricedAmount(string CreditTypeId, decimal UnitPrice, decimal Quantity)
{
    public decimal Amount => Exact.Multiply(UnitPrice, Quantity);
}

/// <summary>A change of a recurring commit; it touches only grants that start later. A member that is null stays as it was.</summary>
/// <param name="At">When it was made.</param>
public sealed record RecurringChange(Instant At)
{
    public Changed<Instant?>? EndingBefore { get; init; }

    public CommitRateType? RateType { get; init; }

    public Changed<AmountRoundingRule>? AccessRounding { get; init; }

    public Changed<AmountRoundingRule>? InvoiceRounding { get; init; }

    public decimal? AccessUnitPrice { get; init; }

    public decimal? AccessQuantity { get; init; }

    public decimal? InvoiceUnitPrice { get; init; }

    public decimal? InvoiceQuantity { get; init; }

    internal RecurringCommit Apply(RecurringCommit before) => before with
    {
        EndingBefore = EndingBefore is null ? before.EndingBefore : EndingBefore.Value,
        RateType = RateType ?? before.RateType,
        AccessRounding = AccessRounding is null ? before.AccessRounding : AccessRounding.Value,
        InvoiceRounding = InvoiceRounding is null ? before.InvoiceRounding : InvoiceRounding.Value,
        Access = before.Access with { UnitPrice = AccessUnitPrice ?? before.Access.UnitPrice, Quantity = AccessQuantity ?? before.Access.Quantity },
        Invoice = before.Invoice is null ? null : before.Invoice with { UnitPrice = InvoiceUnitPrice ?? before.Invoice.UnitPrice, Quantity = InvoiceQuantity ?? before.Invoice.Quantity },
    };
}

/// <summary>Grants that follow the seats of a subscription.</summary>
/// <param name="SubscriptionId">Of the same contract.</param>
/// <param name="IsProrated">Whether seats added in a period grant the rest of it in part.</param>
/// <param name="PerSeat">True: each seat has a balance of its own (INDIVIDUAL); false: one for all (POOLED).</param>
public sealed record SeatGrants(string SubscriptionId, bool IsProrated, bool PerSeat);

/// <summary>A commit or credit that is granted anew each period. Its grants are commits derived from it, with ids that follow from its own.</summary>
/// <param name="Id">Unique.</param>
/// <param name="Type">PREPAID (a commit) or CREDIT.</param>
/// <param name="Access">Granted each period.</param>
/// <param name="Invoice">Paid each period; null: nothing.</param>
/// <param name="Frequency">Length of a period; null: that of the contract's usage statements.</param>
/// <param name="DurationPeriods">How many periods a grant can be drawn for, from its start.</param>
/// <param name="StartingAt">On the hour.</param>
/// <param name="EndingBefore">No grant starts from here on; null: the contract's end.</param>
public sealed record RecurringCommit(
    string Id,
    CommitType Type,
    string ProductId,
    string? Name,
    decimal Priority,
    PricedAmount Access,
    PricedAmount? Invoice,
    BillingFrequency? Frequency,
    int DurationPeriods,
    Instant StartingAt,
    Instant? EndingBefore,
    GrantProration Proration)
{
    public string? Description { get; init; }

    public LineScope Scope { get; init; } = LineScope.Everything;

    public CommitRateType RateType { get; init; }

    public decimal? RolloverFraction { get; init; }

    public AmountRoundingRule? AccessRounding { get; init; }

    public AmountRoundingRule? InvoiceRounding { get; init; }

    public SeatGrants? Seats { get; init; }

    public ChildAccess ChildAccess { get; init; } = ChildAccess.None;

    public IReadOnlyDictionary<string, string> CustomFields { get; init; } = new Dictionary<string, string>();

    /// <summary>As they were made.</summary>
    public IReadOnlyList<RecurringChange> Changes { get; init; } = [];

    /// <summary>The terms of a grant that starts at an instant: the changes that were made before it. A grant that starts as a change is made has started.</summary>
    public RecurringCommit KnownAt(Instant start) => Changes.Where(c => c.At < start).Aggregate(this, (terms, change) => change.Apply(terms));

    /// <summary>The terms with all changes: those of grants to come.</summary>
    public RecurringCommit Latest() => KnownAt(Instant.MaxValue);

    /// <summary>The id of the grant that starts at an instant, and of its parts; the same whoever computes it.</summary>
    public string IdOf(Instant start, string part) => DerivedId.Of("grant", Id, start.ToUnixTimeTicks().ToString(CultureInfo.InvariantCulture), part);

    /// <summary>The refusal for a recurring commit that cannot be kept, or null.</summary>
    public Refusal? Check()
    {
        if (Frequency == BillingFrequency.Daily && Seats is not null)
            return new Refusal("daily_seats", "A DAILY recurring commit takes no subscription_config.", "/recurrence_frequency");
        if (DurationPeriods < 1) return new Refusal("bad_commit_duration", "A grant lasts one period or more.", "/commit_duration/value");
        if (Access.UnitPrice < 0 || Access.Quantity < 0) return new Refusal("negative_amount", "An amount is 0 or more.", "/access_amount");
        if (Invoice is { UnitPrice: < 0 } or { Quantity: < 0 }) return new Refusal("negative_amount", "An amount is 0 or more.", "/invoice_amount");
        if (RolloverFraction is < 0 or > 1) return new Refusal("bad_rollover_fraction", "A rollover fraction goes from 0 to 1.", "/rollover_fraction");
        return Hours.Check(StartingAt, "/starting_at") ?? Hours.Check(EndingBefore, "/ending_before") ?? Hours.CheckOrder(StartingAt, EndingBefore, "/ending_before")
            ?? AccessRounding?.Check("/proration_rounding/access") ?? InvoiceRounding?.Check("/proration_rounding/invoice");
    }
}
