using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.UseCases.Contracts;

/// <summary>Turns payments that are asked for into schedules, charges and services, or says where and why not.</summary>
internal static class ReadPayments
{
    private static readonly IReadOnlyDictionary<string, string> None = new Dictionary<string, string>();

    /// <summary>A schedule of payments, by time.</summary>
    /// <param name="wanted">Items, or what repeats.</param>
    /// <param name="at">Its place.</param>
    /// <param name="frame">The contract.</param>
    public static Outcome<PaymentSchedule> Schedule(NewPaymentSchedule wanted, string at, TermsFrame frame)
    {
        if (!frame.Catalog.Fiat(wanted.CreditTypeId, at + "/credit_type_id").Is(out var currency, out var refusal)) return refusal;
        if (wanted is { RecurringSchedule: not null, ScheduleItems.Count: > 0 })
            return new Refusal("two_schedules", "Give schedule_items or a recurring_schedule, not both.", at + "/recurring_schedule");
        if (wanted.RecurringSchedule is { } repeated)
        {
            var place = at + "/recurring_schedule";
            if (!Price(repeated.Amount, repeated.UnitPrice, repeated.Quantity).Is(out var price, out refusal)) return refusal.Under(place);
            var schedule = new RecurringSchedule(repeated.Frequency, repeated.AmountDistribution, repeated.StartingAt, repeated.EndingBefore, price.UnitPrice, price.Quantity);
            return schedule.Check(place) is { } wrong ? wrong : new PaymentSchedule(currency, schedule.Payments(frame.NewId), wanted.DoNotInvoice);
        }
        if (!ReadLists.All(wanted.ScheduleItems, at + "/schedule_items", i => Payment(i, frame)).Is(out var items, out refusal)) return refusal;
        var read = new PaymentSchedule(currency, [.. items.OrderBy(i => i.Timestamp)], wanted.DoNotInvoice);
        return read.Check(at) is { } bad ? bad : read;
    }

    /// <summary>One payment.</summary>
    public static Outcome<ScheduledPayment> Payment(NewPayment wanted, TermsFrame frame)
    {
        var id = frame.NewId();
        if (wanted.DateOffset?.Check("/date_offset") is { } wrong) return wrong;
        if ((wanted.Timestamp ?? wanted.DateOffset?.After(frame.StartingAt)) is not { } timestamp) return new Refusal("timestamp_missing", "Say when it is invoiced.", "/timestamp");
        return Price(wanted.Amount, wanted.UnitPrice, wanted.Quantity).Is(out var price, out var refusal)
            ? new ScheduledPayment(id, timestamp, price.UnitPrice, price.Quantity)
            : refusal;
    }

    /// <summary>A unit price and a quantity: as given, or one of the amount.</summary>
    public static Outcome<(decimal UnitPrice, decimal Quantity)> Price(decimal? amount, decimal? unitPrice, decimal? quantity)
    {
        if (amount is not null && (unitPrice is not null || quantity is not null)) return new Refusal("two_amounts", "Give an amount, or a unit_price and a quantity.", "/amount");
        if (amount is { } whole) return (whole, 1m);
        if (unitPrice is not { } price) return new Refusal("amount_missing", "Give an amount, or a unit_price and a quantity.", "/amount");
        if (quantity is not { } count) return new Refusal("quantity_missing", "A unit_price needs a quantity.", "/quantity");
        if (count < 0) return new Refusal("negative_quantity", "A quantity is 0 or more.", "/quantity");
        try
        {
            _ = Exact.Multiply(price, count);
        }
        catch (ArithmeticException)
        {
            return new Refusal("amount_not_exact", "unit_price times quantity has more digits than can be kept.", "/unit_price");
        }
        return (price, count);
    }

    /// <summary>A charge or a discount.</summary>
    public static Outcome<ScheduledCharge> Charge(ScheduledKind kind, NewCharge wanted, TermsFrame frame)
    {
        var id = frame.NewId();
        if (!frame.Catalog.Product(wanted.ProductId, "/product_id", ProductType.Fixed).Is(out var product, out var refusal)) return refusal;
        if (!Schedule(wanted.Schedule, "/schedule", frame).Is(out var schedule, out refusal)) return refusal;
        var charge = new ScheduledCharge(id, kind, product.Id, wanted.Name, schedule, wanted.CustomFields ?? None);
        return charge.Check() is { } wrong ? wrong : charge;
    }

    public static Outcome<ProfessionalService> Service(NewProfessionalService wanted, TermsFrame frame)
    {
        var id = frame.NewId();
        if (!frame.Catalog.Product(wanted.ProductId, "/product_id", ProductType.ProfessionalService).Is(out var product, out var refusal)) return refusal;
        if (wanted.UnitPrice < 0 || wanted.Quantity < 0 || wanted.MaxAmount < 0)
            return new Refusal("negative_amount", "Price, quantity and max_amount are 0 or more.", wanted.UnitPrice < 0 ? "/unit_price" : wanted.Quantity < 0 ? "/quantity" : "/max_amount");
        return new ProfessionalService(id, product.Id, wanted.UnitPrice, wanted.Quantity, wanted.MaxAmount, wanted.Description, wanted.CustomFields ?? None);
    }

    public static Outcome<Subscription> Subscription(NewSubscription wanted, TermsFrame frame)
    {
        var id = frame.NewId();
        if (!frame.Catalog.Product(wanted.SubscriptionRate.ProductId, "/subscription_rate/product_id", ProductType.Subscription).Is(out var product, out var refusal)) return refusal;
        if ((wanted.StartingAtOffset?.Check("/starting_at_offset") ?? wanted.Duration?.Check("/duration")) is { } bad) return bad;
        var start = frame.Start(wanted.StartingAt, wanted.StartingAtOffset) ?? frame.StartingAt;
        if (start < frame.StartingAt) return new Refusal("starts_before_contract", "A subscription starts with the contract or later.", "/starting_at");
        if (!Seats(wanted, start).Is(out var seats, out refusal)) return refusal;
        var advance = wanted.CollectionSchedule == CollectionSchedule.Advance;
        var subscription = new Subscription(
            id, product.Id, wanted.SubscriptionRate.BillingFrequency, wanted.CollectionSchedule, start, frame.End(wanted.EndingBefore, wanted.Duration, start, wanted.StartingAtOffset),
            wanted.Proration?.IsProrated ?? true,
            wanted.Proration?.InvoiceBehavior ?? (advance ? ProrationBilling.BillImmediately : ProrationBilling.BillOnNextCollectionDate), wanted.Proration?.Rounding,
            wanted.BillingCycleConfig?.InvoicePlacement ?? InvoicePlacement.OnUsageInvoice, wanted.BillingCycleConfig?.AnchorDate,
            [new QuantityChange(frame.NewId(), start, seats.Quantity, frame.Now)])
        {
            Name = wanted.Name,
            Description = wanted.Description,
            Mode = wanted.QuantityManagementMode ?? QuantityMode.QuantityOnly,
            Seats = seats.Seats,
            CustomFields = wanted.CustomFields ?? None,
        };
        if ((Hours.Check(subscription.Anchor, "/billing_cycle_config/anchor_date") ?? subscription.Check()) is { } wrong) return wrong;
        frame.Known.Subscriptions[id] = subscription;
        return frame.Known.Name(wanted.TemporaryId, id) is { } twice ? twice : subscription;
    }

    private static Outcome<(decimal Quantity, Seats? Seats)> Seats(NewSubscription wanted, Instant start)
    {
        if (wanted.QuantityManagementMode != QuantityMode.SeatBased)
        {
            if (wanted.SeatConfig is not null) return new Refusal("not_seat_based", "Only a SEAT_BASED subscription has a seat_config.", "/seat_config");
            return wanted.InitialQuantity is { } quantity ? (quantity, null) : new Refusal("quantity_missing", "A QUANTITY_ONLY subscription needs an initial_quantity.", "/initial_quantity");
        }
        if (wanted.SeatConfig is not { } seats) return new Refusal("seat_config_missing", "A SEAT_BASED subscription needs a seat_config.", "/seat_config");
        var ids = seats.InitialSeatIds ?? [];
        if (ids.Any(string.IsNullOrEmpty) || ids.Distinct(StringComparer.Ordinal).Count() != ids.Count)
            return new Refusal("bad_seat_ids", "Seat ids are not empty, and each comes once.", "/seat_config/initial_seat_ids");
        if (seats.SeatGroupKey.Length == 0) return new Refusal("bad_seat_group_key", "Name the group key of usage that says whose it is.", "/seat_config/seat_group_key");
        if (seats.InitialUnassignedSeats < 0) return new Refusal("negative_quantity", "A number of seats is 0 or more.", "/seat_config/initial_unassigned_seats");
        var total = ids.Count + (seats.InitialUnassignedSeats ?? 0);
        if (wanted.InitialQuantity is { } said && said != total) return new Refusal("quantity_differs", $"The seats are {total}; leave initial_quantity out.", "/initial_quantity");
        return (total, new Seats(seats.SeatGroupKey, [.. ids.Select(id => new SeatAssignment(id, start, null))]));
    }
}
