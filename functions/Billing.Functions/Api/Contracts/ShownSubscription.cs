using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Functions.Api.Contracts;

/// <summary>A stretch of time.</summary>
internal sealed record ShownPeriod(Instant StartingAt, Instant EndingBefore);

/// <summary>The billing periods of a subscription around now.</summary>
internal sealed record ShownPeriods(ShownPeriod? Previous, ShownPeriod? Current, ShownPeriod? Next);

/// <summary>A quantity and when it holds.</summary>
internal sealed record ShownQuantity(decimal Quantity, Instant StartingAt, Instant? EndingBefore);

/// <summary>How a part of a period is charged.</summary>
internal sealed record ShownProration(ProrationBilling InvoiceBehavior, bool IsProrated, AmountRoundingRule? Rounding);

/// <summary>Which rate of the card a subscription is charged by.</summary>
internal sealed record ShownSubscriptionRate(BillingFrequency BillingFrequency, ShownProductName Product);

/// <summary>The periods of a subscription, and its invoices.</summary>
internal sealed record ShownBillingCycle(Instant AnchorDate, InvoicePlacement InvoicePlacement);

/// <summary>The group key of usage that names a seat.</summary>
internal sealed record ShownSeats(string SeatGroupKey);

/// <summary>A subscription.</summary>
internal sealed record ShownSubscription(
    string Id,
    ShownSubscriptionRate SubscriptionRate,
    CollectionSchedule CollectionSchedule,
    ShownProration Proration,
    QuantityMode QuantityManagementMode,
    IReadOnlyList<ShownQuantity> QuantitySchedule,
    ShownPeriods BillingPeriods,
    ShownBillingCycle BillingCycleConfig,
    Instant StartingAt,
    Instant? EndingBefore,
    string? Name,
    string? Description,
    ShownSeats? SeatConfig,
    string FiatCreditTypeId,
    IReadOnlyDictionary<string, string> CustomFields)
{
    public static ShownSubscription Of(Subscription of, Contract contract, ShownNames names, string currencyId)
    {
        var cycle = of.CycleOf(contract);
        return new ShownSubscription(
            of.Id, new ShownSubscriptionRate(of.Frequency, names.Product(of.ProductId)), of.Collection, new ShownProration(of.Billing, of.IsProrated, of.Rounding), of.Mode,
            Quantities(of, names.Now), Periods(of, contract, cycle, names.Now), new ShownBillingCycle(cycle.Anchor.InUtc().ToInstant(), of.Placement), of.StartingAt, of.EndingBefore,
            of.Name, of.Description, of.Seats is { } seats ? new ShownSeats(seats.GroupKey) : null, currencyId, of.CustomFields);
    }

    /// <summary>The quantity that holds now, and those to come.</summary>
    private static List<ShownQuantity> Quantities(Subscription of, Instant now)
    {
        var starts = of.Quantities.Select(q => q.StartingAt).Distinct().Order().ToList();
        var first = Math.Max(0, starts.FindLastIndex(s => s <= now));
        return [.. starts.Skip(first).Select((s, i) => new ShownQuantity(of.QuantityAt(s), s, first + i + 1 < starts.Count ? starts[first + i + 1] : of.EndingBefore))];
    }

    private static ShownPeriods Periods(Subscription of, Contract contract, BillingCycle cycle, Instant now)
    {
        var number = cycle.NumberAt(now);
        return new ShownPeriods(Period(number - 1), Period(number), Period(number + 1));

        ShownPeriod? Period(int n)
        {
            var (start, end) = (Instant.Max(cycle.StartOf(n), of.StartingAt), cycle.StartOf(n + 1));
            if (of.EndOf(contract) is { } last && last < end) end = last;
            return start < end ? new ShownPeriod(start, end) : null;
        }
    }
}
