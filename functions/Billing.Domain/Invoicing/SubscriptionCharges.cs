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
        var end = Earlier(subscription.EndingBefore, terms.Contract.EndingBefore);
        var cycle = CycleOf(terms.Contract, subscription);
        for (var start = subscription.StartingAt; start <= until && !(end <= start);)
        {
            var whole = cycle.PeriodAt(start);
            var cut = new Interval(start, end is { } last && last < whole.End ? last : whole.End);
            foreach (var charge in OfPeriod(terms, subscription, cut, whole)) yield return charge;
            start = whole.End;
        }
    }

    /// <summary>The periods of a subscription: from its own anchor, or that of the contract's usage statements.</summary>
    public static BillingCycle CycleOf(Contract contract, Subscription subscription) => new(
        subscription.Anchor?.InUtc().LocalDateTime ?? contract.UsageStatementSchedule.CycleOf(contract.StartingAt).Anchor, subscription.Frequency);

    /// <summary>Price × part ÷ whole. Rounding: 20 decimals, half-even, then the rule.</summary>
    public static decimal Prorated(decimal unitPrice, Interval part, Interval whole, AmountRoundingRule? rounding)
    {
        if (part == whole) return unitPrice;
        var exact = Exact.Share(unitPrice, Hours.In(part), Hours.In(whole));
        return rounding?.Round(exact) ?? exact;
    }

    private static IEnumerable<Charge> OfPeriod(Terms terms, Subscription subscription, Interval cut, Interval whole)
    {
        var product = terms.Products[subscription.ProductId];
        var own = product.At(cut.Start);
        var subject = new LineSubject(product.Id, own.Tags, BillingFrequency: subscription.Frequency);
        var pricing = new PriceBook(terms).Of(subject, Groups.None, cut.Start);
        if (pricing is not { IsEntitled: true, Price: Price.Flat price }) yield break;
        var advance = subscription.Collection == CollectionSchedule.Advance;
        var onUsage = subscription.Placement == InvoicePlacement.OnUsageInvoice;
        var level = BaseQuantity(subscription, cut.Start);
        yield return Charge("", advance ? cut.Start : cut.End, level, cut);
        foreach (var change in Increases(subscription, cut))
        {
            var from = change.StartingAt > cut.Start ? change.StartingAt : cut.Start;
            var quantity = subscription.QuantityAt(from);
            if (quantity <= level) continue;
            var at = advance && subscription.Billing == ProrationBilling.BillImmediately ? from : cut.End;
            yield return Charge(":" + change.Id, at, Exact.Add(quantity, -level), new Interval(from, cut.End));
            level = quantity;
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

    // What was agreed, and known, when the period began; the initial quantity always is.
    private static decimal BaseQuantity(Subscription subscription, Instant start)
    {
        var known = subscription.Quantities.Where((q, i) => i == 0 || q.CreatedAt <= start).ToList();
        return (subscription with { Quantities = known }).QuantityAt(start);
    }

    private static IEnumerable<QuantityChange> Increases(Subscription subscription, Interval cut) => subscription.Quantities.Skip(1)
        .Where(q => q.StartingAt < cut.End && (q.StartingAt > cut.Start || q.CreatedAt > cut.Start))
        .OrderBy(q => q.StartingAt).ThenBy(q => q.CreatedAt);

    private static Instant? Earlier(Instant? a, Instant? b) => a is null ? b : b is null || a < b ? a : b;
}
