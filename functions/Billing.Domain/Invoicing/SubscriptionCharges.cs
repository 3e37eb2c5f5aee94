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
/// Invariant: a charge follows from what was recorded by the time it falls due, so that what is recorded later never changes it.
/// </remarks>
internal static class SubscriptionCharges
{
    /// <summary>The charges of a subscription for its periods that begin up to an instant (inclusive); some fall due later.</summary>
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
        yield return Charge("", advance ? cut.Start : cut.End, BaseQuantity(subscription, cut.Start), cut);
        foreach (var (suffix, time, quantity) in Additions(subscription, cut))
            yield return Charge(suffix, advance && subscription.Billing == ProrationBilling.BillImmediately ? time.Start : cut.End, quantity, time);

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

    /// <summary>What changes add to what is charged of a period: each when it takes effect, on top of what those before it charged.</summary>
    /// <remarks>A change that is recorded late, for a time before one that was charged, adds only where it is above it.</remarks>
    private static IEnumerable<(string Suffix, Interval Time, decimal Quantity)> Additions(Subscription subscription, Interval cut)
    {
        List<(Instant From, decimal Quantity)> charged = [(cut.Start, BaseQuantity(subscription, cut.Start))];
        var changes = subscription.Quantities.Skip(1).Where(q => q.StartingAt < cut.End && (q.StartingAt > cut.Start || q.CreatedAt > cut.Start))
            .OrderBy(TakesEffect).ThenBy(q => q.StartingAt).ThenBy(q => q.CreatedAt).ToList();
        foreach (var change in changes)
        {
            var from = change.StartingAt > cut.Start ? change.StartingAt : cut.Start;
            var at = charged.FindLastIndex(c => c.From <= from);
            if (charged[at].From < from) charged.Insert(++at, (from, charged[at - 1].Quantity));
            // Of two with one start, the later stands for the one that has not taken effect.
            if (changes.Exists(q => q.StartingAt == change.StartingAt && IsAfter(q, change) && q.CreatedAt <= TakesEffect(change))) continue;
            if (!subscription.IsProrated)
            {
                // A seat costs the whole price however short its time is, so only the most counts.
                var most = charged.Max(c => c.Quantity);
                if (change.Quantity > most) yield return (":" + change.Id, new Interval(from, cut.End), Exact.Add(change.Quantity, -most));
            }
            var pieces = 0;
            for (; at < charged.Count; at++)
            {
                var (start, quantity) = charged[at];
                if (change.Quantity <= quantity) continue;
                charged[at] = (start, change.Quantity);
                // Steps that were charged alike are one piece.
                var end = at + 1;
                for (; end < charged.Count && charged[end].Quantity == quantity; end++) charged[end] = (charged[end].From, change.Quantity);
                at = end - 1;
                var time = new Interval(start, end < charged.Count ? charged[end].From : cut.End);
                if (subscription.IsProrated) yield return ($":{change.Id}{(pieces++ == 0 ? "" : $":{start.ToUnixTimeSeconds()}")}", time, Exact.Add(change.Quantity, -quantity));
            }
        }

        static Instant TakesEffect(QuantityChange change) => change.CreatedAt > change.StartingAt ? change.CreatedAt : change.StartingAt;

        bool IsAfter(QuantityChange later, QuantityChange change) => later.CreatedAt > change.CreatedAt || (later.CreatedAt == change.CreatedAt && changes.IndexOf(later) > changes.IndexOf(change));
    }
}
