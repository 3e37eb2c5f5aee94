using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Invoicing;

/// <summary>The commits that recurring commits and credits grant.</summary>
/// <remarks>
/// They follow from the terms, ids included, so they need not be stored: a grant that was edited by itself is stored under its id and stands for it.
/// Periods follow the contract's usage statements, or the recurring commit's own start where it names a frequency. Source: Metronome, recurring commits.
/// </remarks>
public static class Grants
{
    /// <summary>All grants of a contract that start up to an instant (inclusive), in order.</summary>
    public static IReadOnlyList<Commit> Of(Contract contract, Instant until) => [.. contract.RecurringCommits.SelectMany(r => Of(contract, r, until))];

    private static IEnumerable<Commit> Of(Contract contract, RecurringCommit recurring, Instant until)
    {
        var end = recurring.EndingBefore is { } own && !(contract.EndingBefore < own) ? own : contract.EndingBefore;
        var cycle = recurring.Frequency is { } frequency
            ? new BillingCycle(recurring.StartingAt.InUtc().LocalDateTime, frequency)
            : contract.UsageStatementSchedule.CycleOf(contract.StartingAt);
        for (var start = recurring.StartingAt; start <= until && !(end <= start);)
        {
            var number = cycle.NumberAt(start);
            var whole = cycle.PeriodAt(start);
            var cut = new Interval(start, end is { } last && last < whole.End ? last : whole.End);
            var closes = cycle.StartOf(number + recurring.DurationPeriods);
            foreach (var grant in Of(contract, recurring, cut, whole, contract.EndingBefore < closes ? contract.EndingBefore.Value : closes)) yield return grant;
            start = whole.End;
        }
    }

    private static IEnumerable<Commit> Of(Contract contract, RecurringCommit recurring, Interval cut, Interval whole, Instant closes)
    {
        var terms = recurring.Changes.Where(c => c.At <= cut.Start).ToList();
        var price = terms.Select(c => c.AccessUnitPrice).LastOrDefault(v => v is not null) ?? recurring.Access.UnitPrice;
        var quantity = terms.Select(c => c.AccessQuantity).LastOrDefault(v => v is not null) ?? recurring.Access.Quantity;
        decimal Share(decimal amount, AmountRoundingRule? rounding) => SubscriptionCharges.Prorated(amount, Counted(recurring.Proration, cut, whole), whole, rounding);
        if (recurring.Seats is not { } seats)
        {
            var amount = Share(Exact.Multiply(price, quantity), recurring.AccessRounding);
            yield return Grant("", [new AccessSegment(recurring.IdOf(cut.Start, "segment"), amount, cut.Start, closes)], recurring.Scope);
            yield break;
        }
        var subscription = contract.Subscriptions.First(s => s.Id == seats.SubscriptionId);
        if (!seats.PerSeat)
        {
            var access = new List<AccessSegment>
            {
                new(recurring.IdOf(cut.Start, "segment"), Share(Exact.Multiply(price, subscription.QuantityAt(cut.Start)), recurring.AccessRounding), cut.Start, closes),
            };
            var level = subscription.QuantityAt(cut.Start);
            foreach (var change in subscription.Quantities.Where(q => q.StartingAt > cut.Start && q.StartingAt < cut.End).OrderBy(q => q.StartingAt))
            {
                var more = Exact.Add(change.Quantity, -level);
                if (more <= 0) continue;
                var unit = seats.IsProrated ? SubscriptionCharges.Prorated(price, new Interval(change.StartingAt, cut.End), whole, recurring.AccessRounding) : price;
                access.Add(new AccessSegment(recurring.IdOf(cut.Start, "segment:" + change.Id), Exact.Multiply(unit, more), change.StartingAt, closes));
                level = change.Quantity;
            }
            yield return Grant("", access, recurring.Scope);
            yield break;
        }
        foreach (var seat in subscription.Seats?.Assignments.Where(a => a.StartingAt < cut.End && !(a.EndingBefore <= cut.Start)) ?? [])
        {
            var from = seat.StartingAt > cut.Start ? seat.StartingAt : cut.Start;
            var unit = seats.IsProrated && from > cut.Start ? SubscriptionCharges.Prorated(price, new Interval(from, cut.End), whole, recurring.AccessRounding) : Share(price, recurring.AccessRounding);
            var value = new Dictionary<string, string> { [subscription.Seats!.GroupKey] = seat.SeatId };
            yield return Grant(
                ":" + seat.SeatId, [new AccessSegment(recurring.IdOf(cut.Start, "segment:" + seat.SeatId), unit, from, closes)],
                new LineScope([], [], [new LineSpecifier(PricingGroupValues: value), new LineSpecifier(PresentationGroupValues: value)]));
        }

        Commit Grant(string suffix, IReadOnlyList<AccessSegment> access, LineScope scope) => new(
            recurring.IdOf(cut.Start, "commit" + suffix), contract.CustomerId, contract.Id, 1, recurring.Type, recurring.ProductId, recurring.Name, recurring.Priority,
            recurring.Access.CreditTypeId, access, cut.Start)
        {
            Description = recurring.Description,
            Invoicing = Payment(recurring, terms, cut, suffix, Share),
            Scope = scope,
            RateType = recurring.RateType,
            RolloverFraction = recurring.RolloverFraction,
            RecurringCommitId = recurring.Id,
            ChildAccess = recurring.ChildAccess,
            CustomFields = recurring.CustomFields,
        };
    }

    private static PaymentSchedule? Payment(
        RecurringCommit recurring, List<RecurringChange> terms, Interval cut, string suffix, Func<decimal, AmountRoundingRule?, decimal> share)
    {
        if (recurring.Invoice is not { } invoice) return null;
        var price = terms.Select(c => c.InvoiceUnitPrice).LastOrDefault(v => v is not null) ?? invoice.UnitPrice;
        var quantity = terms.Select(c => c.InvoiceQuantity).LastOrDefault(v => v is not null) ?? invoice.Quantity;
        return new PaymentSchedule(
            invoice.CreditTypeId, [new ScheduledPayment(recurring.IdOf(cut.Start, "payment" + suffix), cut.Start, share(price, recurring.InvoiceRounding), quantity)]);
    }

    /// <summary>The part of a period that is granted for: a cut that is not prorated counts as if it were not there.</summary>
    private static Interval Counted(GrantProration proration, Interval cut, Interval whole) => new(
        proration is GrantProration.First or GrantProration.FirstAndLast ? cut.Start : whole.Start,
        proration is GrantProration.Last or GrantProration.FirstAndLast ? cut.End : whole.End);
}
