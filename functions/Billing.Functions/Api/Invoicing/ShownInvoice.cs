using Billing.Domain.Invoicing;
using NodaTime;

namespace Billing.Functions.Api.Invoicing;

/// <summary>An invoice.</summary>
internal sealed record ShownInvoice(
    string Id,
    string CustomerId,
    string ContractId,
    InvoiceType Type,
    InvoiceStatus Status,
    ShownCreditType CreditType,
    decimal Subtotal,
    decimal Total,
    Instant? StartTimestamp,
    Instant? EndTimestamp,
    Instant IssuedAt,
    int? NetPaymentTermsDays,
    IReadOnlyList<ShownLine> LineItems,
    IReadOnlyDictionary<string, string> CustomFields,
    IReadOnlyList<ShownUnrated>? Unrated,
    string? RegeneratedFromInvoiceId,
    Instant? VoidedAt,
    IReadOnlyDictionary<string, string>? ContractCustomFields,
    IReadOnlyDictionary<string, string>? CustomerCustomFields)
{
    /// <summary>Who pays instead of the customer.</summary>
    public PayingContract? Payer { get; init; }

    /// <summary>Of a consolidated invoice: what was put together.</summary>
    public IReadOnlyList<Constituent>? ConstituentInvoices { get; init; }

    /// <summary>Of a part of an invoice: where it starts.</summary>
    public Instant? BreakdownStartTimestamp { get; init; }

    /// <summary>Of a part of an invoice: where it ends.</summary>
    public Instant? BreakdownEndTimestamp { get; init; }

    /// <summary>The units of what is on them: what is shown needs their names.</summary>
    public static IEnumerable<string> Units(IEnumerable<Invoice> invoices) => invoices.SelectMany(i => i.Lines.Select(l => l.CreditTypeId).Append(i.CreditTypeId));

    /// <summary>As it is answered; <paramref name="skipZero"/> leaves out lines without quantity.</summary>
    public static ShownInvoice Of(Invoice i, bool skipZero, IReadOnlyDictionary<string, string> unitNames, IReadOnlyDictionary<string, string>? customerFields = null)
    {
        var isUsage = i.Type is InvoiceType.Usage or InvoiceType.UsageConsolidated;
        return new(
            i.Id, i.CustomerId, i.ContractId, i.Type, i.Status, ShownCreditType.Of(i.CreditTypeId, unitNames), i.Subtotal, i.Total, isUsage ? i.Start : null, isUsage ? i.End : null, i.IssuedAt, i.NetPaymentTermsDays,
            [.. i.Lines.Where(l => !skipZero || l.Quantity != 0).Select(l => ShownLine.Of(l, unitNames, i.FieldsOf))], i.CustomFields,
            i.Unrated.Count == 0 ? null : [.. i.Unrated.Select(u => new ShownUnrated(u.ProductId, u.StartingAt, u.EndingBefore, u.Group, u.Quantity, u.Reason))],
            i.RegeneratedFrom, i.VoidedAt, i.FieldsOf?.GetValueOrDefault(i.ContractId), customerFields is { Count: > 0 } ? customerFields : null)
        {
            Payer = i.PaidBy,
            ConstituentInvoices = i.Type == InvoiceType.UsageConsolidated ? i.Constituents : null,
        };
    }
}

/// <summary>Usage that is not charged, because no rate in force fits its group, or the rate is not entitled.</summary>
internal sealed record ShownUnrated(
    string ProductId, Instant StartingAt, Instant EndingBefore, IReadOnlyDictionary<string, string?> GroupValues, decimal Quantity, UnratedReason Reason);
