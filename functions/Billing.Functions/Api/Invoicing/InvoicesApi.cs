using System.Text.Json.Serialization;
using Billing.Domain.Invoicing;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.Functions.Hosting.Access;
using Billing.Functions.Hosting.Json;
using Billing.UseCases.Access;
using Billing.UseCases.Invoicing;
using Microsoft.AspNetCore.Mvc;
using NodaTime;

namespace Billing.Functions.Api.Invoicing;

/// <summary>Invoices, and the accounts whose invoices have stopped.</summary>
public static class InvoicesApi
{
    private const string CursorName = "invoices";

    public static void Map(IEndpointRouteBuilder app)
    {
        var invoices = app.MapGroup("/v1/customers/{customer_id}/invoices").Needs(Scope.Read).WithTags("Invoices");
        invoices.MapGet("", ListAsync).WithName("listInvoices");
        invoices.MapGet("/{invoice_id}", GetAsync).WithName("getInvoice");
    }

    /// <summary>Lists a customer's invoices, drafts as of now, by the start of their periods. Drafts that can't be rated are named in left_out.</summary>
    internal static async Task<Answer<InvoiceListing>> ListAsync(
        [FromRoute(Name = "customer_id")] string customerId, [AsParameters] PageQuery page, [AsParameters] InvoiceQuery query, Invoices invoices, CancellationToken stop)
    {
        if (!page.Check(list: CursorName).Is(out var wanted, out var refusal)) return Answers.Bare<InvoiceListing>(refusal);
        // A kind that no invoice has: the list is empty.
        if (query.Filter() is not { } filter) return Answers.Bare<InvoiceListing>(new InvoiceListing([], null, null));
        if (!(await invoices.ListAsync(customerId, filter, wanted.From, wanted.Limit, stop)).Is(out var list, out refusal)) return Answers.Bare<InvoiceListing>(refusal);
        var leftOut = list.LeftOut.Select(d => new ShownLeftOut(d.InvoiceId, d.ContractId, d.Start, d.End, d.Reason)).ToList();
        return Answers.Bare<InvoiceListing>(new InvoiceListing(
            [.. list.Items.Select(i => Show(i, query.SkipZero == true))], PageCursor.Encode(list.Next, CursorName), leftOut.Count == 0 ? null : leftOut));
    }

    /// <summary>Reads an invoice.</summary>
    internal static async Task<Answer<Data<ShownInvoice>>> GetAsync(
        [FromRoute(Name = "customer_id")] string customerId,
        [FromRoute(Name = "invoice_id")] string invoiceId,
        [FromQuery(Name = "skip_zero_qty_line_items")] bool? skipZero,
        Invoices invoices,
        CancellationToken stop) =>
        Answers.Of(await invoices.GetAsync(customerId, invoiceId, stop), i => Show(i, skipZero == true));

    private static ShownInvoice Show(Invoice i, bool skipZero) => new(
        i.Id, i.CustomerId, i.ContractId, i.Type, i.Status, ShownCreditType.Of(i.CreditTypeId), i.Subtotal, i.Total, i.Start, i.End, i.IssuedAt, i.NetPaymentTermsDays,
        [.. i.Lines.Where(l => !skipZero || l.Quantity != 0).Select(Show)], new Dictionary<string, string>(),
        i.Unrated.Count == 0 ? null : [.. i.Unrated.Select(u => new ShownUnrated(u.ProductId, u.StartingAt, u.EndingBefore, u.Group, u.Quantity, u.Reason))]);

    private static ShownLine Show(InvoiceLine l) => new(
        "usage", l.Name, l.ProductId, l.ProductType == ProductType.Usage ? "UsageProductListItem" : "FixedProductListItem", l.ProductTags,
        ShownCreditType.Of(l.CreditTypeId), l.Quantity, l.UnitPrice, l.Total, l.StartingAt, l.EndingBefore,
        l.PricingGroupValues.Count > 0 ? l.PricingGroupValues : null,
        l.PresentationGroupValues.Count > 0 ? l.PresentationGroupValues : null,
        l.Tier is { } t ? new ShownTier(t.Level, ExactDecimal.ToText(t.StartingAt), t.Size is { } size ? ExactDecimal.ToText(size) : null) : null,
        RatesApi.Show(l.ListPrice, l.CreditTypeId));

    /// <summary>Which invoices.</summary>
    internal sealed record InvoiceQuery(
        [FromQuery(Name = "status")] QueryWord<InvoiceStatus>? Status,
        [FromQuery(Name = "type")] QueryWord<InvoiceKind>? Type,
        [FromQuery(Name = "contract_id")] string? ContractId,
        [FromQuery(Name = "credit_type_id")] string? CreditTypeId,
        [FromQuery(Name = "starting_on")] QueryTime? StartingOn,
        [FromQuery(Name = "ending_before")] QueryTime? EndingBefore,
        [FromQuery(Name = "sort")] QueryWord<InvoiceOrder>? Sort,
        [FromQuery(Name = "skip_zero_qty_line_items")] bool? SkipZero)
    {
        /// <summary>The filter; null when no invoice can fit.</summary>
        public InvoiceFilter? Filter() => Type?.Value is null or InvoiceKind.Usage
            ? new InvoiceFilter(Status?.Value, null, ContractId, CreditTypeId, StartingOn?.Value, EndingBefore?.Value, Sort?.Value == InvoiceOrder.DateDesc)
            : null;
    }

    /// <summary>The kinds of invoice that can be asked for.</summary>
    internal enum InvoiceKind
    {
        Usage,
        Scheduled,
        UsageConsolidated,
    }

    /// <summary>By the start of their periods.</summary>
    [LowerCase]
    internal enum InvoiceOrder
    {
        DateAsc,
        DateDesc,
    }

    /// <summary>A page of invoices.</summary>
    /// <param name="LeftOut">Only when there are any: drafts that can't be rated, each with the reason. Everything else is shown all the same.</param>
    internal sealed record InvoiceListing(
        IReadOnlyList<ShownInvoice> Data, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? NextPage, IReadOnlyList<ShownLeftOut>? LeftOut);

    /// <summary>A draft that can't be rated. When its period is due, its account is parked for the same reason.</summary>
    internal sealed record ShownLeftOut(string InvoiceId, string ContractId, Instant StartTimestamp, Instant EndTimestamp, string Reason);

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
        Instant StartTimestamp,
        Instant EndTimestamp,
        Instant IssuedAt,
        int? NetPaymentTermsDays,
        IReadOnlyList<ShownLine> LineItems,
        IReadOnlyDictionary<string, string> CustomFields,
        IReadOnlyList<ShownUnrated>? Unrated);

    /// <summary>Usage that is not charged, because no rate in force fits its group, or the rate is not entitled.</summary>
    internal sealed record ShownUnrated(
        string ProductId, Instant StartingAt, Instant EndingBefore, IReadOnlyDictionary<string, string?> GroupValues, decimal Quantity, UnratedReason Reason);

    /// <summary>A line of an invoice.</summary>
    internal sealed record ShownLine(
        string Type,
        string Name,
        string ProductId,
        string ProductType,
        IReadOnlyList<string> ProductTags,
        ShownCreditType CreditType,
        decimal Quantity,
        decimal UnitPrice,
        decimal Total,
        Instant StartingAt,
        Instant EndingBefore,
        IReadOnlyDictionary<string, string?>? PricingGroupValues,
        IReadOnlyDictionary<string, string?>? PresentationGroupValues,
        ShownTier? Tier,
        RatesApi.ShownRate ListPrice);

    /// <summary>The tier of a line; level 1 is the first.</summary>
    internal sealed record ShownTier(int Level, string StartingAt, string? Size);
}
