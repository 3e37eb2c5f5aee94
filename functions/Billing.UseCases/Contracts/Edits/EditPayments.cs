using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Values;

namespace Billing.UseCases.Contracts;

/// <summary>Changes schedules of payments and scheduled charges, or says where that cannot be and why.</summary>
internal static class EditPayments
{
    /// <summary>A schedule with changes; what was invoiced stays. Places are relative to the schedule.</summary>
    /// <param name="before">As it was.</param>
    /// <param name="update">The changes.</param>
    /// <param name="billed">Payments on final invoices.</param>
    /// <param name="frame">The contract.</param>
    public static Outcome<PaymentSchedule> Update(PaymentSchedule before, PaymentsUpdate update, IReadOnlySet<string> billed, TermsFrame frame)
    {
        var items = before.Items.ToList();
        var wrong = ReadLists.Each(update.RemoveScheduleItems, "/remove_schedule_items", item =>
        {
            if (items.Find(i => i.Id == item.Id) is not { } payment) return Missing(item.Id);
            if (billed.Contains(item.Id)) return Invoiced();
            items.Remove(payment);
            return null;
        });
        wrong ??= ReadLists.Each(update.UpdateScheduleItems, "/update_schedule_items", item =>
        {
            var at = items.FindIndex(i => i.Id == item.Id);
            if (at < 0) return Missing(item.Id);
            if (billed.Contains(item.Id)) return Invoiced();
            if (!Price(items[at], item).Is(out var price, out var refusal)) return refusal;
            items[at] = items[at] with { Timestamp = item.Timestamp ?? items[at].Timestamp, UnitPrice = price.UnitPrice, Quantity = price.Quantity };
            return null;
        });
        if (wrong is not null) return wrong;
        return ReadLists.All(update.AddScheduleItems, "/add_schedule_items", p => ReadPayments.Payment(p, frame)).Is(out var added, out var bad)
            ? before with { Items = [.. items.Concat(added).OrderBy(i => i.Timestamp)] }
            : bad;
    }

    /// <summary>Changes a scheduled charge. Null when it was done.</summary>
    public static Refusal? Charge(EditDraft draft, ChargeUpdate update, TermsFrame frame)
    {
        if (!Find(draft, update.ScheduledChargeId, "/scheduled_charge_id").Is(out var charge, out var refusal)) return refusal;
        if (update.InvoiceSchedule is not { } changes) return null;
        if (!Update(charge.Schedule, changes, draft.Account.Billed, frame).Is(out var schedule, out refusal)) return refusal.Under("/invoice_schedule");
        var after = charge with { Schedule = schedule };
        if (after.Check() is { } wrong) return wrong with { Field = wrong.Field?.Replace("/schedule", "/invoice_schedule", StringComparison.Ordinal) };
        Put(draft, after);
        return null;
    }

    /// <summary>Archives a scheduled charge: what is not invoiced yet never is. Null when it was done.</summary>
    public static Refusal? Archive(EditDraft draft, string id)
    {
        if (!Find(draft, id, "/id").Is(out var charge, out var refusal)) return refusal;
        Put(draft, charge with { ArchivedAt = draft.Now });
        return null;
    }

    private static Outcome<ScheduledCharge> Find(EditDraft draft, string id, string field) =>
        draft.Contract!.ScheduledCharges.FirstOrDefault(c => c.Id == id) switch
        {
            null => new Refusal("scheduled_charge_not_found", $"The contract has no scheduled charge '{id}'.", field, RefusalKind.NotFound),
            { ArchivedAt: not null } => new Refusal("scheduled_charge_archived", $"Scheduled charge {id} is archived.", field, RefusalKind.Conflict),
            var charge => charge,
        };

    private static void Put(EditDraft draft, ScheduledCharge charge) =>
        draft.Contract = draft.Contract! with { ScheduledCharges = [.. draft.Contract.ScheduledCharges.Select(c => c.Id == charge.Id ? charge : c)] };

    private static Outcome<(decimal UnitPrice, decimal Quantity)> Price(ScheduledPayment before, PaymentUpdate update) => update is { Amount: null, UnitPrice: null, Quantity: null }
        ? (before.UnitPrice, before.Quantity)
        : update.Amount is not null
            ? ReadPayments.Price(update.Amount, update.UnitPrice, update.Quantity)
            : ReadPayments.Price(null, update.UnitPrice ?? before.UnitPrice, update.Quantity ?? before.Quantity);

    private static Refusal Invoiced() => new("payment_invoiced", "This payment is on a final invoice; void it first.", "/id", RefusalKind.Conflict);

    private static Refusal Missing(string id) => new("schedule_item_not_found", $"The schedule has no item '{id}'.", "/id", RefusalKind.NotFound);
}
