using Billing.Domain.CreditMemos;
using Billing.Domain.Invoicing;
using Billing.Functions.Api.CreditMemos;
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

    /// <summary>What of it is credited by memos that are not void; only where it has any memos.</summary>
    public decimal? AmountCredited { get; init; }

    /// <summary>Its memos by number, void ones too; only where it has any.</summary>
    public IReadOnlyList<ShownMemoOfInvoice>? CreditMemos { get; init; }

    /// <summary>The units of what is on them: what is shown needs their names.</summary>
    public static IEnumerable<string> Units(IEnumerable<Invoice> invoices) => invoices.SelectMany(i => i.Lines.Select(l => l.CreditTypeId).Append(i.CreditTypeId));

    /// <summary>As it is answered; <paramref name="skipZero"/> leaves out lines without quantity.</summary>
    /// <param name="memos">Of the customer, by invoice; null: what is shown is no whole invoice, or none that can be credited.</param>
    public static ShownInvoice Of(
        Invoice i, bool skipZero, IReadOnlyDictionary<string, string> unitNames, IReadOnlyDictionary<string, string>? customerFields = null, ILookup<string, CreditMemo>? memos = null)
    {
        var isUsage = i.Type is InvoiceType.Usage or InvoiceType.UsageConsolidated;
        var canBeCredited = memos is not null && i.Status != InvoiceStatus.Draft;
        var own = memos?[i.Id].ToList();
        return new(
            i.Id, i.CustomerId, i.ContractId, i.Type, i.Status, ShownCreditType.Of(i.CreditTypeId, unitNames), i.Subtotal, i.Total, isUsage ? i.Start : null, isUsage ? i.End : null, i.IssuedAt, i.NetPaymentTermsDays,
            [.. i.Lines.Select((line, n) => (Line: line, Number: n + 1)).Where(l => !skipZero || l.Line.Quantity != 0)
                .Select(l => ShownLine.Of(l.Line, unitNames, i.FieldsOf) with { LineNumber = canBeCredited ? l.Number : null })], i.CustomFields,
            i.Unrated.Count == 0 ? null : [.. i.Unrated.Select(u => new ShownUnrated(u.ProductId, u.StartingAt, u.EndingBefore, u.Group, u.Quantity, u.Reason))],
            i.RegeneratedFrom, i.VoidedAt, i.FieldsOf?.GetValueOrDefault(i.ContractId), customerFields is { Count: > 0 } ? customerFields : null)
        {
            Payer = i.PaidBy,
            ConstituentInvoices = i.Type == InvoiceType.UsageConsolidated ? i.Constituents : null,
            AmountCredited = own is { Count: > 0 } ? Crediting.Credited(i, own) : null,
            CreditMemos = own is { Count: > 0 } ? [.. own.Select(ShownMemoOfInvoice.Of)] : null,
        };
    }
}

/// <summary>Usage that is not charged, because no rate in force fits its group, or the rate is not entitled.</summary>
internal sealed record ShownUnrated(
    string ProductId, Instant StartingAt, Instant EndingBefore, IReadOnlyDictionary<string, string?> GroupValues, decimal Quantity, UnratedReason Reason);
