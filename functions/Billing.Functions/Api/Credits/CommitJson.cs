using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.Functions.Api.Invoicing;
using Billing.UseCases.Credits;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.Functions.Api.Credits;

/// <summary>When an amount can be drawn.</summary>
internal sealed record AccessScheduleBody(IReadOnlyList<AccessItemBody> ScheduleItems, string? CreditTypeId = null)
{
    public IReadOnlyList<AccessSegment> Read(IdSource ids) =>
        [.. ScheduleItems.OrderBy(i => i.StartingAt).Select(i => new AccessSegment(ids.New(), i.Amount, i.StartingAt, i.EndingBefore))];
}

/// <summary>A segment of an access schedule.</summary>
internal sealed record AccessItemBody(decimal Amount, Instant StartingAt, Instant EndingBefore);

/// <summary>When something is paid: dates, or a rule for dates.</summary>
internal sealed record InvoiceScheduleBody(
    IReadOnlyList<PaymentBody>? ScheduleItems = null, RecurringScheduleBody? RecurringSchedule = null, string? CreditTypeId = null, bool DoNotInvoice = false)
{
    /// <summary>The schedule, or why it is none; fields are relative to it.</summary>
    public Outcome<PaymentSchedule> Read(IdSource ids)
    {
        var items = new List<ScheduledPayment>();
        foreach (var (item, i) in (ScheduleItems ?? []).Select((s, i) => (s, i)))
        {
            if (!PaymentBody.Read(item.Amount, item.UnitPrice, item.Quantity).Is(out var paid, out var refusal)) return refusal with { Field = $"/schedule_items/{i}{refusal.Field}" };
            items.Add(new ScheduledPayment(ids.New(), item.Timestamp, paid.UnitPrice, paid.Quantity));
        }
        if (RecurringSchedule is { } recurring)
        {
            if (items.Count > 0) return new Refusal("two_schedules", "Give schedule_items or a recurring_schedule, not both.", "/recurring_schedule");
            if (!recurring.Read().Is(out var rule, out var refusal)) return refusal with { Field = "/recurring_schedule" + refusal.Field };
            if (rule.Check("/recurring_schedule") is { } wrong) return wrong;
            items.AddRange(rule.Payments(ids.New));
        }
        return new PaymentSchedule(CreditTypeId ?? Currencies.Usd.Id, [.. items.OrderBy(i => i.Timestamp)], DoNotInvoice);
    }
}

/// <summary>One payment: an amount, or a price and a quantity.</summary>
internal sealed record PaymentBody(Instant Timestamp, decimal? Amount = null, decimal? UnitPrice = null, decimal? Quantity = null)
{
    /// <summary>Price and quantity of what was given either way.</summary>
    public static Outcome<(decimal UnitPrice, decimal Quantity)> Read(decimal? amount, decimal? unitPrice, decimal? quantity) => (amount, unitPrice, quantity) switch
    {
        ({ } whole, null, null) => (whole, 1m),
        (null, { } price, { } count) => (price, count),
        ({ } whole, { } price, { } count) when Exact.Multiply(price, count) == whole => (price, count),
        ({ } whole, { } price, null) when whole == price => (price, 1m),
        _ => new Refusal("bad_amount", "Give an amount, or a unit_price and a quantity.", "/amount"),
    };
}

/// <summary>Payments that repeat.</summary>
internal sealed record RecurringScheduleBody(
    PaymentFrequency Frequency,
    AmountDistribution AmountDistribution,
    Instant StartingAt,
    Instant EndingBefore,
    decimal? Amount = null,
    decimal? UnitPrice = null,
    decimal? Quantity = null)
{
    public Outcome<RecurringSchedule> Read() => PaymentBody.Read(Amount, UnitPrice, Quantity).Is(out var paid, out var refusal)
        ? new RecurringSchedule(Frequency, AmountDistribution, StartingAt, EndingBefore, paid.UnitPrice, paid.Quantity)
        : refusal;
}

/// <summary>Chooses lines; every member that is given must fit.</summary>
internal sealed record SpecifierBody(
    string? ProductId = null,
    IReadOnlyList<string>? ProductTags = null,
    IReadOnlyDictionary<string, string>? PricingGroupValues = null,
    IReadOnlyDictionary<string, string>? PresentationGroupValues = null)
{
    public static LineScope Scope(IReadOnlyList<string>? productIds, IReadOnlyList<string>? productTags, IReadOnlyList<SpecifierBody>? specifiers) => new(
        productIds ?? [], productTags ?? [], [.. (specifiers ?? []).Select(s => new LineSpecifier(s.ProductId, s.ProductTags, s.PricingGroupValues, s.PresentationGroupValues))]);
}

/// <summary>An entry of a ledger.</summary>
internal sealed record ShownEntry(string Type, decimal Amount, Instant Timestamp, string SegmentId, string? InvoiceId, string? Reason, string? ContractId)
{
    public static ShownEntry Of(LedgerEntry e, CommitType of) =>
        new(Prefix(of) + Word(e.Type, of), e.Amount, e.At, e.SegmentId, e.InvoiceId, e.Reason, e.ContractId);

    private static string Prefix(CommitType of) => of switch
    {
        CommitType.Prepaid => "PREPAID_COMMIT_",
        CommitType.Postpaid => "POSTPAID_COMMIT_",
        CommitType.Credit => "CREDIT_",
        _ => throw new ArgumentOutOfRangeException(nameof(of), of, "Unknown commit type."),
    };

    private static string Word(LedgerEntryType type, CommitType of) => type switch
    {
        LedgerEntryType.SegmentStart => of == CommitType.Postpaid ? "INITIAL_BALANCE" : "SEGMENT_START",
        LedgerEntryType.AutomatedInvoiceDeduction => "AUTOMATED_INVOICE_DEDUCTION",
        LedgerEntryType.Rollover => "ROLLOVER",
        LedgerEntryType.Expiration => "EXPIRATION",
        LedgerEntryType.Canceled => "CANCELED",
        LedgerEntryType.Credited => "CREDITED",
        LedgerEntryType.Manual => "MANUAL",
        LedgerEntryType.SeatBasedAdjustment => "SEAT_BASED_ADJUSTMENT",
        LedgerEntryType.Trueup => "TRUEUP",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Unknown entry."),
    };
}
