using Billing.Domain.Credits;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Contracts;

public enum CollectionSchedule
{
    /// <summary>Charged at the start of each period.</summary>
    Advance,

    /// <summary>Charged at the end of each period.</summary>
    Arrears,
}

/// <summary>When seats that were added within a period are billed.</summary>
public enum ProrationBilling
{
    BillImmediately,
    BillOnNextCollectionDate,
}

public enum InvoicePlacement
{
    /// <summary>On the usage invoice that ends on the day of the charge; without one, on a scheduled invoice.</summary>
    OnUsageInvoice,

    /// <summary>On a scheduled invoice of its own.</summary>
    OnScheduledInvoice,
}

public enum QuantityMode
{
    /// <summary>A number.</summary>
    QuantityOnly,

    /// <summary>Seats with ids, and unassigned ones.</summary>
    SeatBased,
}

/// <summary>A new quantity from an instant on.</summary>
/// <param name="Id">Unique; names the charge that an increase makes.</param>
/// <param name="StartingAt">From here on.</param>
/// <param name="Quantity">≥ 0.</param>
/// <param name="CreatedAt">When it was recorded; of two with one start the later counts.</param>
public sealed record QuantityChange(string Id, Instant StartingAt, decimal Quantity, Instant CreatedAt);

/// <summary>A part of what a period of a subscription has.</summary>
/// <param name="ChangeId">The change that added it; null: it was there when the period began.</param>
/// <param name="From">From here to the end of the period.</param>
/// <param name="Quantity">Above 0, but for what was there.</param>
public sealed record QuantityStep(string? ChangeId, Instant From, decimal Quantity);

/// <summary>A seat that someone has for a time.</summary>
/// <param name="SeatId">As the producer sends it.</param>
public sealed record SeatAssignment(string SeatId, Instant StartingAt, Instant? EndingBefore);

/// <summary>The seats of a subscription.</summary>
/// <param name="GroupKey">The group key of usage that names a seat.</param>
/// <param name="Assignments">By start.</param>
public sealed record Seats(string GroupKey, IReadOnlyList<SeatAssignment> Assignments)
{
    /// <summary>The seat ids assigned at an instant.</summary>
    public IReadOnlyList<string> At(Instant at) =>
        [.. Assignments.Where(a => a.StartingAt <= at && !(a.EndingBefore <= at)).Select(a => a.SeatId).Distinct(StringComparer.Ordinal)];
}

/// <summary>A quantity that is charged each period.</summary>
/// <param name="Id">Unique.</param>
/// <param name="ProductId">SUBSCRIPTION; its rate on the card is the price.</param>
/// <param name="Frequency">Length of a period.</param>
/// <param name="StartingAt">On the hour.</param>
/// <param name="EndingBefore">On the hour; null: the contract's end.</param>
/// <param name="IsProrated">Whether a part of a period, and seats added within one, cost their part of the time.</param>
/// <param name="Rounding">Of a prorated unit price; null: none (20 decimals).</param>
/// <param name="Anchor">Of its periods; null: that of the contract's usage statements.</param>
/// <param name="Quantities">By start; the first is the initial one.</param>
public sealed record Subscription(
    string Id,
    string ProductId,
    BillingFrequency Frequency,
    CollectionSchedule Collection,
    Instant StartingAt,
    Instant? EndingBefore,
    bool IsProrated,
    ProrationBilling Billing,
    AmountRoundingRule? Rounding,
    InvoicePlacement Placement,
    Instant? Anchor,
    IReadOnlyList<QuantityChange> Quantities)
{
    public string? Name { get; init; }

    public string? Description { get; init; }

    public QuantityMode Mode { get; init; }

    /// <summary>SEAT_BASED only.</summary>
    public Seats? Seats { get; init; }

    public IReadOnlyDictionary<string, string> CustomFields { get; init; } = new Dictionary<string, string>();

    /// <summary>Its periods: from its own anchor, or that of the contract's usage statements.</summary>
    public BillingCycle CycleOf(Contract contract) =>
        new(Anchor?.InUtc().LocalDateTime ?? contract.UsageStatementSchedule.CycleOf(contract.StartingAt).Anchor, Frequency);

    /// <summary>Where it ends: by itself, or with the contract.</summary>
    public Instant? EndOf(Contract contract) => EndingBefore is { } own && !(contract.EndingBefore < own) ? own : contract.EndingBefore;

    /// <summary>The quantity that was agreed for an instant; 0 before the first.</summary>
    public decimal QuantityAt(Instant at) =>
        Quantities.Where(q => q.StartingAt <= at).OrderBy(q => q.StartingAt).ThenBy(q => q.CreatedAt).LastOrDefault()?.Quantity ?? 0;

    /// <summary>What a period has: first what was agreed and known when it began (the initial quantity always is), then each increase.</summary>
    /// <remarks>A decrease within the period counts from the next one. What is recorded after the period began is an increase as well.</remarks>
    public IReadOnlyList<QuantityStep> Steps(Interval period)
    {
        var known = this with { Quantities = [.. Quantities.Where((q, i) => i == 0 || q.CreatedAt <= period.Start)] };
        var level = known.QuantityAt(period.Start);
        var steps = new List<QuantityStep> { new(null, period.Start, level) };
        foreach (var change in Quantities.Skip(1).Where(q => q.StartingAt < period.End && (q.StartingAt > period.Start || q.CreatedAt > period.Start))
            .OrderBy(q => q.StartingAt).ThenBy(q => q.CreatedAt))
        {
            var from = Instant.Max(change.StartingAt, period.Start);
            var quantity = QuantityAt(from);
            if (quantity <= level) continue;
            steps.Add(new QuantityStep(change.Id, from, Exact.Add(quantity, -level)));
            level = quantity;
        }
        return steps;
    }

    /// <summary>The refusal for a subscription that cannot be kept, or null.</summary>
    public Refusal? Check()
    {
        if (Frequency == BillingFrequency.Daily) return new Refusal("bad_frequency", "A subscription is billed WEEKLY at the most.", "/subscription_rate/billing_frequency");
        if (Quantities.Any(q => q.Quantity < 0)) return new Refusal("negative_quantity", "A quantity is 0 or more.", "/initial_quantity");
        if (Collection == CollectionSchedule.Arrears && Billing == ProrationBilling.BillImmediately && IsProrated)
            return new Refusal("immediate_needs_advance", "BILL_IMMEDIATELY needs the collection schedule ADVANCE.", "/proration/invoice_behavior");
        return Hours.Check(StartingAt, "/starting_at") ?? Hours.Check(EndingBefore, "/ending_before")
            ?? Hours.CheckOrder(StartingAt, EndingBefore, "/ending_before") ?? Rounding?.Check("/proration/rounding");
    }
}
