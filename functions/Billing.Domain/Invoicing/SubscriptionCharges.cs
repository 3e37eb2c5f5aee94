using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Invoicing;

/// <summary>What a subscription charges, period by period.</summary>
/// <remarks>
/// A period has one price, that of its start. It charges the quantity that is agreed for its start; an increase within it charges the rest of the
/// period for what was added; a decrease counts from the next period and gives nothing back. What is recorded late (after the period was
/// charged) is an increase as well. ADVANCE charges at the start, ARREARS at the end. Source: Metronome, manage-subscription-lifecycle.
/// </remarks>
internal static class SubscriptionCharges
{
    /// <summary>The charges of a subscription that fall due up to an instant (inclusive).</summary>
    public static IEnumerable<Charge> Of(Terms terms, Subscription subscription, Instant until)
    {
        var end = subscription.EndOf(terms.Contract);
        var cycle = subscription.CycleOf(terms.Contract);
        for (var start = subscription.StartingAt; start <= until && !(end <= start);)
        {
            var whole = cycle.PeriodAt(start);
            var cut = new Interval(start, end is { } last && last < whole.End ? last : whole.End);
            foreach (var charge in OfPeriod(terms, subscription, cut, whole)) yield return charge;
            start = whole.End;
        }
    }

    /// <summary>Price × part ÷ whole. Rounding: 20 decimals, half-even, then the rule.</summary>
    public static decimal Prorated(decimal unitPrice, Interval part, Interval whole, AmountRoundingRule? rounding)
    {
        if (part == whole) return unitPrice;
        var exact = Exact.Quotient(Exact.Multiply(unitPrice, Hours.In(part)), Hours.In(whole));
        return rounding?.Round(exact) ?? exact;
    }

    private static IEnumerable<Charge> OfPeriod(Terms terms, Subscription subscription, Interval cut, Interval whole)
    {
        var product = terms.Products[subscription.ProductId];
        var own = product.At(cut.Start);
        var subject = new LineSubject(product.Id, own.Tags, BillingFrequency: subscription.Frequency);
        var pricing = new PriceBook(terms.Contract, terms.Rates).Of(subject, Groups.None, cut.Start);
        if (pricing is not { IsEntitled: true, Price: Price.Flat price }) yield break;
        var advance = subscription.Collection == CollectionSchedule.Advance;
        var onUsage = subscription.Placement == InvoicePlacement.OnUsageInvoice;
        foreach (var step in subscription.Steps(cut))
        {
            var immediately = advance && (step.ChangeId is null || subscription.Billing == ProrationBilling.BillImmediately);
            yield return Charge(step.ChangeId is null ? "" : ":" + step.ChangeId, immediately ? step.From : cut.End, step.Quantity, new Interval(step.From, cut.End));
        }

        Charge Charge(string suffix, Instant at, decimal quantity, Interval time)
        {
            var unit = subscription.IsProrated ? Prorated(price.UnitPrice, time, whole, subscription.Rounding) : price.UnitPrice;
            var line = new GrossLine(
                LineType.Subscription, subscription.Name ?? own.Name, subject, product.Type, new Interval(time.Start, time.Start), new RatedPart(quantity, unit, null),
                terms.Round(Exact.Multiply(quantity, unit), pricing.CreditTypeId!), pricing.CreditTypeId!, pricing)
            {
                Shown = time,
                SubscriptionId = subscription.Id,
                IsProrated = subscription.IsProrated && time != whole,
            };
            return new Charge($"{subscription.Id}:{cut.Start.ToUnixTimeSeconds()}{suffix}", at, onUsage, line);
        }
    }
}
