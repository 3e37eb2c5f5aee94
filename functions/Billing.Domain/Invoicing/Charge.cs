using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Invoicing;

/// <summary>Something that a contract bills at an instant, whatever is used.</summary>
/// <param name="Id">The same whoever computes it; an invoice lists the ids that it bills.</param>
/// <param name="At">When it falls due.</param>
/// <param name="OnUsageInvoice">True: it goes on the usage invoice that ends at <paramref name="At"/>, if there is one.</param>
/// <param name="Line">Not yet paid by anything.</param>
/// <param name="Trueup">Of the true-up of a POSTPAID commit: that commit; its amount is what was promised and not used.</param>
/// <param name="TakenOver">Of a true-up: what a renewal takes over of it, as long as that is not settled.</param>
internal sealed record Charge(string Id, Instant At, bool OnUsageInvoice, GrossLine Line, Commit? Trueup = null, Commit? TakenOver = null);

/// <summary>Lists the charges of a contract.</summary>
internal static class Charges
{
    /// <summary>All charges of a contract that fall due up to an instant (inclusive), billed or not, by time.</summary>
    public static IReadOnlyList<Charge> Of(Terms terms, Instant until) =>
    [
        .. Purchases(terms).Concat(Scheduled(terms))
            .Concat(terms.Contract.Subscriptions.SelectMany(s => SubscriptionCharges.Of(terms, s, until)))
            .Concat(FixedQuantities(terms, until))
            .Where(c => c.At <= until).OrderBy(c => c.At),
    ];

    private static IEnumerable<Charge> Purchases(Terms terms)
    {
        foreach (var commit in terms.Commits.Where(c => c.ArchivedAt is null && c.IsPaid && c.Invoicing is { DoNotInvoice: false }))
        {
            if ((commit.ContractId ?? commit.InvoiceContractId) != terms.Contract.Id) continue;
            foreach (var payment in commit.Invoicing!.Items)
            {
                var line = Fixed(terms, LineType.CommitPurchase, commit.ProductId, terms.NameOf(commit), payment, commit.Invoicing.CreditTypeId) with
                {
                    Buys = new LineCommit(commit.Id, null, commit.Type),
                };
                yield return new Charge(payment.Id, payment.Timestamp, terms.Contract.ScheduledChargesOnUsageInvoices && commit.Type != CommitType.Postpaid, line, commit.Type == CommitType.Postpaid ? commit : null);
            }
        }
    }

    private static IEnumerable<Charge> Scheduled(Terms terms)
    {
        foreach (var charge in terms.Contract.ScheduledCharges.Where(c => c.ArchivedAt is null && !c.Schedule.DoNotInvoice))
        {
            foreach (var payment in charge.Schedule.Items)
            {
                var due = charge.Kind == ScheduledKind.Discount ? payment with { UnitPrice = -payment.UnitPrice } : payment;
                var name = charge.Name ?? terms.NameOf(charge.ProductId, payment.Timestamp);
                var line = Fixed(terms, LineType.Scheduled, charge.ProductId, name, due, charge.Schedule.CreditTypeId) with { ScheduledChargeId = charge.Id };
                yield return new Charge(payment.Id, payment.Timestamp, terms.Contract.ScheduledChargesOnUsageInvoices, line);
            }
        }
    }

    /// <summary>Rates that charge a fixed quantity with every statement.</summary>
    private static IEnumerable<Charge> FixedQuantities(Terms terms, Instant until)
    {
        foreach (var product in terms.Rated(ProductType.Subscription))
        {
            if (!terms.Rates.Of(product.Id).Any(r => r.Price is Price.Subscription)) continue;
            for (var period = terms.Contract.PeriodAfter(null); period is { } at && at.End <= until; period = terms.Contract.PeriodAfter(at.End))
            {
                var own = product.At(at.Start);
                var subject = new LineSubject(product.Id, own.Tags);
                var pricing = new PriceBook(terms).Of(subject, Groups.None, at.Start);
                if (pricing is not { IsEntitled: true, Price: Price.Subscription price }) continue;
                var whole = terms.Contract.UsageStatementSchedule.CycleOf(terms.Contract.StartingAt).PeriodAt(at.Start);
                var unit = price.IsProrated ? SubscriptionCharges.Prorated(price.UnitPrice, at, whole, null) : price.UnitPrice;
                var line = new GrossLine(
                    LineType.Subscription, own.Name, subject, product.Type, new Interval(at.Start, at.Start), new RatedPart(price.Quantity, unit, null),
                    terms.Round(Exact.Multiply(price.Quantity, unit), pricing.CreditTypeId!), pricing.CreditTypeId!, pricing)
                {
                    Shown = at,
                    IsProrated = price.IsProrated && at != whole,
                };
                yield return new Charge($"{product.Id}:{at.Start.ToUnixTimeSeconds()}", at.End, true, line);
            }
        }
    }

    private static GrossLine Fixed(Terms terms, LineType type, string productId, string name, ScheduledPayment payment, string creditTypeId)
    {
        var product = terms.Products.GetValueOrDefault(productId);
        var subject = new LineSubject(productId, product?.At(payment.Timestamp).Tags ?? []);
        return new GrossLine(
            type, name, subject, product?.Type ?? ProductType.Fixed, new Interval(payment.Timestamp, payment.Timestamp),
            new RatedPart(payment.Quantity, payment.UnitPrice, null, 0, PartKind.FlatPrice), terms.Round(payment.Amount, creditTypeId), creditTypeId, null);
    }
}
