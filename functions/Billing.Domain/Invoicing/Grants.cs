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
    /// <summary>The version of a grant that follows from the contract; one that was edited by itself is stored with a higher one.</summary>
    public const int Derived = 1;

    /// <summary>All grants of a contract that start up to an instant (inclusive), in order.</summary>
    public static IReadOnlyList<Commit> Of(Contract contract, Instant until) => [.. contract.RecurringCommits.SelectMany(r => Of(contract, r, until))];

    private static IEnumerable<Commit> Of(Contract contract, RecurringCommit recurring, Instant until)
    {
        var cycle = recurring.Frequency is { } frequency
            ? new BillingCycle(recurring.StartingAt.InUtc().LocalDateTime, frequency)
            : contract.UsageStatementSchedule.CycleOf(contract.StartingAt);
        for (var start = recurring.StartingAt; start <= until && !(contract.EndingBefore <= start);)
        {
            var number = cycle.NumberAt(start);
            var whole = cycle.PeriodAt(start);
            var known = recurring.KnownAt(start);
            var end = known.EndingBefore is { } own && !(contract.EndingBefore < own) ? own : contract.EndingBefore;
            var closes = cycle.StartOf(number + recurring.DurationPeriods);
            // A change made later may have put the end off: then grants go on after a gap.
            if (!(end <= start))
            {
                var cut = new Interval(start, end is { } last && last < whole.End ? last : whole.End);
                foreach (var grant in Of(contract, known, cut, whole, contract.EndingBefore < closes ? contract.EndingBefore.Value : closes)) yield return grant;
            }
            else if (!recurring.Changes.Any(c => c.At >= start))
            {
                break;
            }
            start = whole.End;
        }
    }

    private static IEnumerable<Commit> Of(Contract contract, RecurringCommit recurring, Interval cut, Interval whole, Instant closes)
    {
        var (price, quantity) = (recurring.Access.UnitPrice, recurring.Access.Quantity);
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
            var access = subscription.Steps(cut).Select(step =>
            {
                if (step.ChangeId is not { } change)
                    return new AccessSegment(recurring.IdOf(cut.Start, "segment"), Share(Exact.Multiply(price, step.Quantity), recurring.AccessRounding), cut.Start, closes);
                var unit = seats.IsProrated ? SubscriptionCharges.Prorated(price, new Interval(step.From, cut.End), whole, recurring.AccessRounding) : price;
                return new AccessSegment(recurring.IdOf(cut.Start, "segment:" + change), Exact.Multiply(unit, step.Quantity), step.From, closes);
            });
            yield return Grant("", [.. access], recurring.Scope);
            yield break;
        }
        // A seat that is taken away and given again has one balance.
        foreach (var seat in subscription.Seats?.Assignments.Where(a => a.StartingAt < cut.End && !(a.EndingBefore <= cut.Start)).OrderBy(a => a.StartingAt).DistinctBy(a => a.SeatId) ?? [])
        {
            var from = seat.StartingAt > cut.Start ? seat.StartingAt : cut.Start;
            var unit = seats.IsProrated && from > cut.Start ? SubscriptionCharges.Prorated(price, new Interval(from, cut.End), whole, recurring.AccessRounding) : Share(price, recurring.AccessRounding);
            var value = new Dictionary<string, string> { [subscription.Seats!.GroupKey] = seat.SeatId };
            yield return Grant(
                ":" + seat.SeatId, [new AccessSegment(recurring.IdOf(cut.Start, "segment:" + seat.SeatId), unit, from, closes)], OfSeat(recurring.Scope, value));
        }

        Commit Grant(string suffix, IReadOnlyList<AccessSegment> access, LineScope scope) => new(
            recurring.IdOf(cut.Start, "commit" + suffix), contract.CustomerId, contract.Id, Derived, recurring.Type, recurring.ProductId, recurring.Name, recurring.Priority,
            recurring.Access.CreditTypeId, access, cut.Start)
        {
            Description = recurring.Description,
            Invoicing = Payment(recurring, cut, suffix, Share),
            Scope = scope,
            RateType = recurring.RateType,
            RolloverFraction = recurring.RolloverFraction,
            RecurringCommitId = recurring.Id,
            ChildAccess = recurring.ChildAccess,
            CustomFields = recurring.CustomFields,
        };
    }

    private static PaymentSchedule? Payment(RecurringCommit recurring, Interval cut, string suffix, Func<decimal, AmountRoundingRule?, decimal> share)
    {
        if (recurring.Invoice is not { } invoice) return null;
        return new PaymentSchedule(
            invoice.CreditTypeId, [new ScheduledPayment(recurring.IdOf(cut.Start, "payment" + suffix), cut.Start, share(invoice.UnitPrice, recurring.InvoiceRounding), invoice.Quantity)]);
    }

    /// <summary>The lines of a scope that are one seat's, whether the seat is a pricing or a presentation group value.</summary>
    private static LineScope OfSeat(LineScope scope, Dictionary<string, string> seat)
    {
        IEnumerable<LineSpecifier> of = scope.IsEverything
            ? [new LineSpecifier()]
            : [.. scope.ProductIds.Select(p => new LineSpecifier(p)), .. scope.ProductTags.Select(t => new LineSpecifier(ProductTags: [t])), .. scope.Specifiers];
        return new LineScope([], [], [.. of.SelectMany(s => new[] { s with { PricingGroupValues = And(s.PricingGroupValues) }, s with { PresentationGroupValues = And(s.PresentationGroupValues) } })]);

        Dictionary<string, string> And(IReadOnlyDictionary<string, string>? values)
        {
            var all = new Dictionary<string, string>(seat, StringComparer.Ordinal);
            foreach (var (key, value) in values ?? new Dictionary<string, string>()) all.TryAdd(key, value);
            return all;
        }
    }

    /// <summary>The part of a period that is granted for: a cut that is not prorated counts as if it were not there.</summary>
    private static Interval Counted(GrantProration proration, Interval cut, Interval whole) => new(
        proration is GrantProration.First or GrantProration.FirstAndLast ? cut.Start : whole.Start,
        proration is GrantProration.Last or GrantProration.FirstAndLast ? cut.End : whole.End);
}
