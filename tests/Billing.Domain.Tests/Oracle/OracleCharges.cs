using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using NodaTime;

namespace Billing.Domain.Tests.Oracle;

/// <summary>Something that falls due by date.</summary>
/// <param name="OnUsage">True: on the usage statement that ends then, if there is one.</param>
/// <param name="Trueup">Of a true-up: the commit that was promised.</param>
internal sealed record Due(Instant At, bool OnUsage, Gross Line, OracleCommit? Trueup = null);

/// <summary>Lists what falls due by date. Rules 22, 30 to 33 of the specification.</summary>
internal static class OracleCharges
{
    public static IEnumerable<Due> Of(World world, Contract contract, Card card, IReadOnlyList<OracleCommit> commits) =>
        Purchases(contract, card, commits, world).Concat(Scheduled(contract, card)).Concat(contract.Subscriptions.SelectMany(s => Subscription(world, contract, card, s)))
            .Concat(Fixed(world, contract, card)).Where(d => d.At <= world.Until);

    /// <summary>When the subscriptions of a contract began what they charge only after the end of the world.</summary>
    public static IEnumerable<Instant> Later(World world, Contract contract, Card card) =>
        contract.Subscriptions.SelectMany(s => Subscription(world, contract, card, s)).Where(d => d.At > world.Until).Select(d => d.Line.Time.Start);

    private static IEnumerable<Due> Purchases(Contract contract, Card card, IReadOnlyList<OracleCommit> commits, World world)
    {
        foreach (var commit in commits.Where(c => c.TakesPart && (c.Terms.ContractId ?? c.Terms.InvoiceContractId) == contract.Id))
        {
            if (commit.Terms.Type == CommitType.Postpaid)
            {
                if (world.Contracts.Any(c => c.Renewal is { Trueup: TrueupBehavior.Remove } from && from.FromContractId == contract.Id)) continue;
                // Trued up when its time and that of its contract are over, not before it falls due.
                var end = OracleCalendar.Earlier(commit.Segments[0].End, commit.Terms.ContractId is null ? null : contract.EndingBefore);
                var agreed = commit.Source is null ? commit.Terms.Invoicing!.Items[0].Timestamp : commit.Segments[0].Start;
                yield return new Due(OracleCalendar.Later(agreed, end), false, Charge("purchase ", commit.Name, commit.Terms.ProductId, agreed, 1, 0, contract, card), commit);
                continue;
            }
            if (commit.Source is not null) continue;
            foreach (var item in commit.Terms.Invoicing?.Items ?? [])
                yield return new Due(item.Timestamp, contract.ScheduledChargesOnUsageInvoices, Charge("purchase ", commit.Name, commit.Terms.ProductId, item.Timestamp, item.Quantity, commit.Terms.RecurringCommitId is null ? item.UnitPrice : commit.BilledShare, contract, card));
        }
    }

    private static IEnumerable<Due> Scheduled(Contract contract, Card card) =>
        from charge in contract.ScheduledCharges
        from item in charge.Schedule.Items
        let price = charge.Kind == ScheduledKind.Discount ? -item.UnitPrice : item.UnitPrice
        select new Due(item.Timestamp, contract.ScheduledChargesOnUsageInvoices, Charge("charge ", charge.Name!, charge.ProductId, item.Timestamp, item.Quantity, price, contract, card));

    private static Gross Charge(string kind, string name, string product, Instant at, Ratio quantity, Ratio price, Contract contract, Card card) => new(
        kind, name, new Topic(product, []), new Span(at, at), new Part(quantity, price, null, 0, false), OracleBounds.Round(quantity * price, card.Currency.Id, contract, card), card.Currency.Id, null);

    private static IEnumerable<Due> Subscription(World world, Contract contract, Card card, Subscription subscription)
    {
        var end = contract.EndingBefore;
        if (subscription.EndingBefore is { } own) end = OracleCalendar.Earlier(own, end);
        var anchor = subscription.Anchor ?? OracleCalendar.Anchor(contract);
        for (var start = subscription.StartingAt; start <= world.Until && !(end <= start);)
        {
            var whole = OracleCalendar.PeriodAt(anchor, subscription.Frequency, start);
            var period = new Span(start, OracleCalendar.Earlier(whole.End, end));
            start = whole.End;
            var product = world.Products.First(p => p.Id == subscription.ProductId);
            var topic = new Topic(product.Id, OracleTerms.At(product, period.Start).Terms.Tags, Every: subscription.Frequency);
            // One price for the whole period: that of its start.
            var pricing = OracleTerms.PriceOf(contract, card, topic, period.Start);
            if (!pricing.IsCharged || pricing.Price!.Kind != "flat") continue;
            var advance = subscription.Collection == CollectionSchedule.Advance;
            foreach (var (time, quantity, isBase) in Quantities(subscription, period, world.Until))
            {
                var at = isBase ? (advance ? period.Start : period.End) : advance && subscription.Billing == ProrationBilling.BillImmediately ? time.Start : period.End;
                var price = pricing.Price.Steps[0].Price;
                if (subscription.IsProrated && time != whole) price = OracleCommits.Prorated(price, time, whole, subscription.Rounding);
                var line = new Gross(
                    "subscription ", subscription.Name!, topic, new Span(time.Start, time.Start), new Part(quantity, price, null, 0, true),
                    OracleBounds.Round(quantity * price, pricing.Unit!, contract, card), pricing.Unit!, pricing)
                {
                    Shown = time,
                };
                yield return new Due(at, subscription.Placement == InvoicePlacement.OnUsageInvoice, line);
            }
        }
    }

    /// <summary>What is charged within a period, hour by hour: the quantity known for its start, then what each change adds when it takes effect. Less gives nothing back.</summary>
    private static IEnumerable<(Span Time, Ratio Quantity, bool IsBase)> Quantities(Subscription subscription, Span period, Instant until)
    {
        var changes = subscription.Quantities.Select((q, i) => (q.StartingAt, Known: i == 0 ? subscription.StartingAt : q.CreatedAt, Quantity: (Ratio)q.Quantity, Number: i))
            .Where(c => c.Known <= until).ToList();
        var start = changes.Where(c => c.StartingAt <= period.Start && c.Known <= period.Start).OrderBy(c => c.StartingAt).ThenBy(c => c.Known).Select(c => c.Quantity).LastOrDefault();
        var charged = Enumerable.Repeat(start, (int)period.Hours).ToArray();
        yield return (period, start, true);
        var effects = changes.Where(c => c.StartingAt < period.End && (c.StartingAt > period.Start || c.Known > period.Start))
            .Select(c => (Change: c, Effect: OracleCalendar.Later(c.StartingAt, c.Known))).OrderBy(c => c.Effect).ThenBy(c => c.Change.StartingAt).ThenBy(c => c.Change.Known).ThenBy(c => c.Change.Number);
        foreach (var (change, effect) in effects)
        {
            // Another for the same start, made later but in time, stands for it.
            if (changes.Any(c => c.StartingAt == change.StartingAt && (c.Known, c.Number).CompareTo((change.Known, change.Number)) > 0 && c.Known <= effect)) continue;
            var first = (int)new Span(period.Start, OracleCalendar.Later(change.StartingAt, period.Start)).Hours;
            if (!subscription.IsProrated)
            {
                var most = charged.Max();
                if (change.Quantity > most) yield return (new Span(period.Start + Duration.FromHours(first), period.End), change.Quantity - most, false);
            }
            for (var hour = first; hour < charged.Length;)
            {
                var next = hour + 1;
                while (next < charged.Length && charged[next] == charged[hour]) next++;
                var added = change.Quantity - charged[hour];
                if (added > 0)
                {
                    if (subscription.IsProrated) yield return (new Span(period.Start + Duration.FromHours(hour), period.Start + Duration.FromHours(next)), added, false);
                    Array.Fill(charged, change.Quantity, hour, next - hour);
                }
                hour = next;
            }
        }
    }

    /// <summary>Rates that charge a fixed quantity with every statement.</summary>
    private static IEnumerable<Due> Fixed(World world, Contract contract, Card card)
    {
        foreach (var id in card.Rates.Where(r => r.Price is Price.Subscription).Select(r => r.ProductId).Distinct())
        {
            var product = world.Products.First(p => p.Id == id);
            foreach (var period in OracleCalendar.Statements(contract, world.Until))
            {
                var terms = OracleTerms.At(product, period.Start).Terms;
                var topic = new Topic(id, terms.Tags);
                var pricing = OracleTerms.PriceOf(contract, card, topic, period.Start);
                if (!pricing.IsCharged || pricing.Price!.Kind != "fixed") continue;
                var (price, whole) = (pricing.Price.Steps[0].Price, OracleCalendar.WholePeriod(contract, period.Start));
                if (pricing.Price.IsProrated && period != whole) price = OracleCommits.Prorated(price, period, whole, null);
                var part = new Part(pricing.Price.FixedQuantity, price, null, 0, true);
                yield return new Due(period.End, true, new Gross(
                    "subscription ", terms.Name, topic, new Span(period.Start, period.Start), part, OracleBounds.Round(part.Quantity * price, pricing.Unit!, contract, card), pricing.Unit!, pricing) { Shown = period });
            }
        }
    }
}
