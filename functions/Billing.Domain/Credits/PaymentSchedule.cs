using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Credits;

/// <summary>One payment of a schedule.</summary>
/// <param name="Id">Unique.</param>
/// <param name="Timestamp">When it is invoiced.</param>
/// <param name="UnitPrice">In the schedule's currency; below 0 for a discount.</param>
/// <param name="Quantity">1 where only an amount was given.</param>
public sealed record ScheduledPayment(string Id, Instant Timestamp, decimal UnitPrice, decimal Quantity)
{
    public decimal Amount => Exact.Multiply(UnitPrice, Quantity);
}

/// <summary>When something is invoiced, and how much of it.</summary>
/// <param name="CreditTypeId">Of the amounts: a fiat currency.</param>
/// <param name="Items">By time.</param>
/// <param name="DoNotInvoice">True: paid elsewhere; the amounts only tell what it cost.</param>
public sealed record PaymentSchedule(string CreditTypeId, IReadOnlyList<ScheduledPayment> Items, bool DoNotInvoice = false)
{
    public decimal Total => Exact.Sum(Items.Select(i => i.Amount));

    /// <summary>The refusal for a schedule that cannot be kept, or null.</summary>
    public Refusal? Check(string field)
    {
        if (Items.Count == 0 && !DoNotInvoice) return new Refusal("no_payments", "An invoice schedule needs at least one item.", field + "/schedule_items");
        return Items.Any(i => i.Quantity < 0) ? new Refusal("negative_quantity", "A quantity is 0 or more.", field + "/schedule_items") : null;
    }
}

public enum PaymentFrequency
{
    Monthly,
    Quarterly,
    SemiAnnual,
    [Alias("yearly")]
    Annual,
    Weekly,
}

/// <summary>What becomes of an amount that is paid on several dates.</summary>
public enum AmountDistribution
{
    /// <summary>Divided exactly: the parts sum to the amount.</summary>
    Divided,

    /// <summary>Divided in whole kept units; the last date takes the remainder.</summary>
    DividedRounded,

    /// <summary>The amount is paid on each date.</summary>
    Each,
}

/// <summary>Payments that repeat.</summary>
/// <param name="StartingAt">The first date.</param>
/// <param name="EndingBefore">No date from here on.</param>
/// <param name="UnitPrice">Of the quantity.</param>
/// <param name="Quantity">1 where only an amount was given.</param>
public sealed record RecurringSchedule(
    PaymentFrequency Frequency, AmountDistribution Distribution, Instant StartingAt, Instant EndingBefore, decimal UnitPrice, decimal Quantity)
{
    /// <summary>Dates that one schedule may have.</summary>
    public const int MaxDates = 1_000;

    /// <summary>Its dates: start + n × interval, clamped at month ends, never start of the one before.</summary>
    public IReadOnlyList<Instant> Dates()
    {
        var anchor = StartingAt.InUtc().LocalDateTime;
        var dates = new List<Instant>();
        for (var n = 0; n < MaxDates; n++)
        {
            var date = (Frequency == PaymentFrequency.Weekly ? anchor.PlusWeeks(n) : anchor.PlusMonths(n * Months)).InUtc().ToInstant();
            if (date >= EndingBefore) break;
            dates.Add(date);
        }
        return dates;
    }

    /// <summary>The payments, their ids drawn in order.</summary>
    /// <remarks>Rounding: DIVIDED at 20 decimals with what is left over on the last date; DIVIDED_ROUNDED in whole units, rounded down, likewise.</remarks>
    public IReadOnlyList<ScheduledPayment> Payments(Func<string> newId)
    {
        var dates = Dates();
        if (Distribution == AmountDistribution.Each) return [.. dates.Select(d => new ScheduledPayment(newId(), d, UnitPrice, Quantity))];
        var amount = Exact.Multiply(UnitPrice, Quantity);
        var decimals = Distribution == AmountDistribution.Divided ? Exact.QuotientDecimals : 0;
        var part = decimal.Round(Exact.Quotient(amount, dates.Count), decimals, MidpointRounding.ToZero);
        var last = Exact.Add(amount, -Exact.Multiply(part, dates.Count - 1));
        return [.. dates.Select((d, i) => new ScheduledPayment(newId(), d, Exact.Normal(i + 1 < dates.Count ? part : last), 1))];
    }

    /// <summary>The refusal for a schedule without dates, or null.</summary>
    public Refusal? Check(string field) => Hours.CheckOrder(StartingAt, EndingBefore, field + "/ending_before")
        ?? (Dates().Count == MaxDates ? new Refusal("too_many_dates", $"A recurring schedule has fewer than {MaxDates} dates.", field) : null);

    private int Months => Frequency switch
    {
        PaymentFrequency.Monthly => 1,
        PaymentFrequency.Quarterly => 3,
        PaymentFrequency.SemiAnnual => 6,
        PaymentFrequency.Annual => 12,
        _ => throw new ArgumentOutOfRangeException(nameof(Frequency), Frequency, "A frequency without months."),
    };
}
