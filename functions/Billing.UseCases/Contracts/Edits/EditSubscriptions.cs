using Billing.Domain.Contracts;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.UseCases.Contracts;

/// <summary>Changes subscriptions, their quantities and seats, or says where that cannot be and why. Places are relative to the update.</summary>
/// <remarks>
/// Seats: the quantity is the number of seats, assigned or not. A seat that is added fills an unassigned one if there is any, else the quantity grows; one
/// that is taken away takes its quantity with it. A change of seats moves what was scheduled for later along. Invariant: assigned seats ≤ quantity, always.
/// </remarks>
internal static class EditSubscriptions
{
    public static Refusal? Update(EditDraft draft, SubscriptionUpdate update, Func<string> newId)
    {
        if (draft.Contract!.Subscriptions.FirstOrDefault(s => s.Id == update.SubscriptionId) is not { } subscription)
            return new Refusal("subscription_not_found", $"The contract has no subscription '{update.SubscriptionId}'.", "/subscription_id", RefusalKind.NotFound);
        if (update.EndingBefore is { } end) subscription = subscription with { EndingBefore = end.Value };
        if (update.ProrationRounding is { } rounding) subscription = subscription with { Rounding = rounding.Value };
        if (update.QuantityManagementModeUpdate is { } mode)
        {
            if (mode.QuantityManagementMode != QuantityMode.SeatBased || subscription.Mode == QuantityMode.SeatBased)
                return new Refusal("bad_mode_update", "A QUANTITY_ONLY subscription can become SEAT_BASED; nothing else.", "/quantity_management_mode_update/quantity_management_mode", RefusalKind.Conflict);
            if (subscription.Quantities.Any(q => q.Quantity != decimal.Floor(q.Quantity)))
                return new Refusal("fractional_seats", "Its quantity is no whole number of seats.", "/quantity_management_mode_update", RefusalKind.Conflict);
            subscription = subscription with { Mode = QuantityMode.SeatBased, Seats = new Seats(mode.SeatConfig.SeatGroupKey, []) };
        }
        var wrong = ReadLists.Each(update.QuantityUpdates, "/quantity_updates", q => Quantity(ref subscription, q, newId, draft.Now));
        if (update.SeatUpdates is { } seats)
        {
            if (subscription.Seats is null) return new Refusal("not_seat_based", "Only a SEAT_BASED subscription has seats.", "/seat_updates", RefusalKind.Conflict);
            wrong ??= ReadLists.Each(seats.RemoveSeatIds, "/seat_updates/remove_seat_ids", s => Remove(ref subscription, s, newId, draft.Now));
            wrong ??= ReadLists.Each(seats.RemoveUnassignedSeats, "/seat_updates/remove_unassigned_seats", s => Unassigned(ref subscription, s, -1, newId, draft.Now));
            wrong ??= ReadLists.Each(seats.AddUnassignedSeats, "/seat_updates/add_unassigned_seats", s => Unassigned(ref subscription, s, 1, newId, draft.Now));
            wrong ??= ReadLists.Each(seats.AddSeatIds, "/seat_updates/add_seat_ids", s => Add(ref subscription, s, newId, draft.Now));
        }
        wrong ??= subscription.Check();
        if (wrong is not null) return wrong;
        draft.Contract = draft.Contract with { Subscriptions = [.. draft.Contract.Subscriptions.Select(s => s.Id == subscription.Id ? subscription : s)] };
        return null;
    }

    private static Refusal? Quantity(ref Subscription subscription, QuantityUpdate update, Func<string> newId, Instant now)
    {
        if (subscription.Mode != QuantityMode.QuantityOnly)
            return new Refusal("seat_based", "Change the seats of a SEAT_BASED subscription, not its quantity.", "/quantity", RefusalKind.Conflict);
        if ((update.Quantity is null) == (update.QuantityDelta is null)) return new Refusal("quantity_or_delta", "Give a quantity or a quantity_delta.", "/quantity");
        if (update.QuantityDelta == 0) return new Refusal("zero_delta", "A delta is not 0.", "/quantity_delta");
        if (CheckTime(subscription, update.StartingAt) is { } wrong) return wrong;
        var quantity = update.Quantity ?? Exact.Add(subscription.QuantityAt(update.StartingAt), update.QuantityDelta!.Value);
        if (quantity < 0) return new Refusal("negative_quantity", "A quantity is 0 or more.", update.Quantity is null ? "/quantity_delta" : "/quantity");
        subscription = subscription with { Quantities = [.. subscription.Quantities, new QuantityChange(newId(), update.StartingAt, quantity, now)] };
        return null;
    }

    private static Refusal? Add(ref Subscription subscription, NamedSeats update, Func<string> newId, Instant now)
    {
        var at = update.StartingAt;
        if (CheckTime(subscription, at) is { } wrong) return wrong;
        if (update.SeatIds.Any(string.IsNullOrEmpty)) return new Refusal("bad_seat_ids", "Seat ids are not empty.", "/seat_ids");
        foreach (var id in update.SeatIds.Except(subscription.Seats!.At(at), StringComparer.Ordinal).ToList())
        {
            var unassigned = subscription.QuantityAt(at) - subscription.Seats!.At(at).Count;
            // A seat that is assigned from later on has been counted from there.
            Instant? until = subscription.Seats.Assignments.Where(a => a.SeatId == id && a.StartingAt > at).Select(a => (Instant?)a.StartingAt).Min();
            subscription = subscription with { Seats = subscription.Seats with { Assignments = [.. subscription.Seats.Assignments, new SeatAssignment(id, at, until)] } };
            subscription = Shift(subscription, at, until, unassigned > 0 ? 0 : 1, newId, now);
        }
        return null;
    }

    private static Refusal? Remove(ref Subscription subscription, NamedSeats update, Func<string> newId, Instant now)
    {
        var at = update.StartingAt;
        if (CheckTime(subscription, at) is { } wrong) return wrong;
        foreach (var id in update.SeatIds.Distinct(StringComparer.Ordinal))
        {
            if (subscription.Seats!.Assignments.FirstOrDefault(a => a.SeatId == id && a.StartingAt <= at && !(a.EndingBefore <= at)) is not { } held) continue;
            var others = subscription.Seats.Assignments.Where(a => a != held);
            subscription = subscription with { Seats = subscription.Seats with { Assignments = held.StartingAt == at ? [.. others] : [.. others, held with { EndingBefore = at }] } };
            // Where it was to be given back anyway, it has been taken off.
            subscription = Shift(subscription, at, held.EndingBefore, -1, newId, now);
        }
        return null;
    }

    private static Refusal? Unassigned(ref Subscription subscription, UnassignedSeats update, int sign, Func<string> newId, Instant now)
    {
        if (CheckTime(subscription, update.StartingAt) is { } wrong) return wrong;
        if (update.Quantity <= 0 || update.Quantity != decimal.Floor(update.Quantity)) return new Refusal("bad_seat_quantity", "Give a whole number of seats above 0.", "/quantity");
        var unassigned = subscription.QuantityAt(update.StartingAt) - subscription.Seats!.At(update.StartingAt).Count;
        if (sign < 0 && update.Quantity > unassigned)
            return new Refusal("too_few_unassigned_seats", $"Only {unassigned} seats are unassigned then.", "/quantity", RefusalKind.Conflict);
        subscription = Shift(subscription, update.StartingAt, null, sign * update.Quantity, newId, now);
        return null;
    }

    /// <summary>Moves the quantity from an instant to another (null: for good), with what was scheduled between; never below the seats that are assigned.</summary>
    private static Subscription Shift(Subscription subscription, Instant at, Instant? until, decimal by, Func<string> newId, Instant now)
    {
        var then = until is { } end ? subscription.QuantityAt(end) : 0;
        var times = subscription.Quantities.Select(q => q.StartingAt).Where(t => t > at && !(t >= until)).Prepend(at).Distinct().Order().ToList();
        var moved = times.Select(t => (At: t, Was: subscription.QuantityAt(t), Quantity: Math.Max(Exact.Add(subscription.QuantityAt(t), by), subscription.Seats!.At(t).Count)))
            .Where(m => m.Quantity != m.Was).Select(m => new QuantityChange(newId(), m.At, m.Quantity, now)).ToList();
        subscription = subscription with { Quantities = [.. subscription.Quantities, .. moved] };
        return until is { } back && subscription.QuantityAt(back) != then
            ? subscription with { Quantities = [.. subscription.Quantities, new QuantityChange(newId(), back, then, now)] }
            : subscription;
    }

    private static Refusal? CheckTime(Subscription subscription, Instant at)
    {
        if (Hours.Check(at, "/starting_at") is { } wrong) return wrong;
        return at < subscription.StartingAt || subscription.EndingBefore <= at
            ? new Refusal("outside_subscription", "A change lies between the start and the end of its subscription.", "/starting_at")
            : null;
    }
}
