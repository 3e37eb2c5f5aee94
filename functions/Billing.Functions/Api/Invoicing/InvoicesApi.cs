using Billing.Domain.Invoicing;
using Billing.Domain.Values;
using Billing.Functions.Hosting.Access;
using Billing.UseCases.Access;
using Billing.UseCases.Invoicing;
using Microsoft.AspNetCore.Mvc;
using NodaTime;

namespace Billing.Functions.Api.Invoicing;

/// <summary>Invoices, and the accounts whose invoices have stopped.</summary>
public static class InvoicesApi
{
    public static void Map(IEndpointRouteBuilder app)
    {
        var invoices = app.MapGroup("/v1/customers/{customer_id}/invoices").Needs(Scope.Read).WithTags("Invoices");
        invoices.MapGet("", ListAsync).WithName("listInvoices");
        invoices.MapGet("/{invoice_id}", GetAsync).WithName("getInvoice");
        app.MapPost("/v1/invoices/void", VoidAsync).Needs(Scope.Write).WithName("voidInvoice").WithTags("Invoices");
        app.MapPost("/v1/invoices/regenerate", RegenerateAsync).Needs(Scope.Write).WithName("regenerateInvoice").WithTags("Invoices");
    }

    /// <summary>Lists a customer's invoices, drafts as of now, by the start of their periods.</summary>
    internal static async Task<Answer<Listing<ShownInvoice>>> ListAsync(
        [FromRoute(Name = "customer_id")] string customerId, [AsParameters] PageQuery page, [AsParameters] InvoiceQuery query, Invoices invoices, CancellationToken stop)
    {
        if (!page.Check().Is(out var wanted, out var refusal)) return Answers.List<ShownInvoice>(refusal);
        if (!query.Filter().Is(out var filter, out refusal)) return Answers.List<ShownInvoice>(refusal);
        return (await invoices.ListAsync(customerId, filter, wanted.From, wanted.Limit, stop)).Is(out var list, out refusal)
            ? Answers.List<ShownInvoice>(new Listing<ShownInvoice>([.. list.Items.Select(i => Show(i, query.SkipZero == true))], PageCursor.Encode(list.Next)))
            : Answers.List<ShownInvoice>(refusal);
    }

    /// <summary>Reads an invoice.</summary>
    internal static async Task<Answer<Data<ShownInvoice>>> GetAsync(
        [FromRoute(Name = "customer_id")] string customerId,
        [FromRoute(Name = "invoice_id")] string invoiceId,
        [FromQuery(Name = "skip_zero_qty_line_items")] bool? skipZero,
        Invoices invoices,
        CancellationToken stop) =>
        Answers.Of(await invoices.GetAsync(customerId, invoiceId, stop), i => Show(i, skipZero == true));

    /// <summary>Voids a final invoice; what it drew from commits and credits is given back at once.</summary>
    internal static async Task<Answer<Data<ShownId>>> VoidAsync(ShownId body, InvoiceChanges changes, CancellationToken stop) =>
        Answers.Of(await changes.VoidAsync(body.Id, stop), i => new ShownId(i.Id));

    /// <summary>Makes a voided invoice anew, with the usage, prices and balances of now.</summary>
    internal static async Task<Answer<Data<ShownId>>> RegenerateAsync(ShownId body, InvoiceChanges changes, Caller caller, CancellationToken stop) =>
        Answers.Of(await changes.RegenerateAsync(body.Id, caller.Ids, stop), i => new ShownId(i.Id));

    private static ShownInvoice Show(Invoice i, bool skipZero) => new(
        i.Id, i.CustomerId, i.ContractId, i.Type, i.Status, ShownCreditType.Of(i.CreditTypeId), i.Subtotal, i.Total, IsUsage(i) ? i.Start : null, IsUsage(i) ? i.End : null, i.IssuedAt, i.NetPaymentTermsDays,
        [.. i.Lines.Where(l => !skipZero || l.Quantity != 0).Select(ShownLine.Of)], new Dictionary<string, string>(),
        i.Unrated.Count == 0 ? null : [.. i.Unrated.Select(u => new ShownUnrated(u.ProductId, u.StartingAt, u.EndingBefore, u.Group, u.Quantity, u.Reason))],
        i.RegeneratedFrom, i.VoidedAt);

    private static bool IsUsage(Invoice i) => i.Type is InvoiceType.Usage or InvoiceType.UsageConsolidated;

    /// <summary>Which invoices.</summary>
    internal sealed record InvoiceQuery(
        [FromQuery(Name = "status")] string? Status,
        [FromQuery(Name = "type")] string? Type,
        [FromQuery(Name = "contract_id")] string? ContractId,
        [FromQuery(Name = "credit_type_id")] string? CreditTypeId,
        [FromQuery(Name = "starting_on")] QueryTime? StartingOn,
        [FromQuery(Name = "ending_before")] QueryTime? EndingBefore,
        [FromQuery(Name = "sort")] string? Sort,
        [FromQuery(Name = "skip_zero_qty_line_items")] bool? SkipZero)
    {
        /// <summary>The filter.</summary>
        public Outcome<InvoiceFilter> Filter()
        {
            InvoiceStatus? status = null;
            if (Status is not null)
            {
                // A number would be taken for a member as well.
                if (!Status.All(char.IsAsciiLetter) || !Enum.TryParse(Status, ignoreCase: true, out InvoiceStatus parsed)) return Unknown("status", "DRAFT, FINALIZED or VOID");
                status = parsed;
            }
            var newest = Sort?.ToUpperInvariant() switch
            {
                null or "DATE_ASC" => false,
                "DATE_DESC" => true,
                _ => (bool?)null,
            };
            if (newest is null) return Unknown("sort", "date_asc or date_desc");
            InvoiceType? type = Type?.ToUpperInvariant() switch
            {
                "USAGE" => InvoiceType.Usage,
                "SCHEDULED" => InvoiceType.Scheduled,
                "USAGE_CONSOLIDATED" => InvoiceType.UsageConsolidated,
                "ADJUSTMENT" => InvoiceType.Adjustment,
                _ => null,
            };
            if (Type is not null && type is null) return Unknown("type", "USAGE, SCHEDULED, USAGE_CONSOLIDATED or ADJUSTMENT");
            return new InvoiceFilter(status, type, ContractId, CreditTypeId, StartingOn?.Value, EndingBefore?.Value, newest.Value);
        }

        private static Refusal Unknown(string name, string values) => new(name + "_unknown", $"Give {values} as {name}.", name);
    }

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
        Instant? VoidedAt);

    /// <summary>Usage that is not charged, because no rate in force fits its group, or the rate is not entitled.</summary>
    internal sealed record ShownUnrated(
        string ProductId, Instant StartingAt, Instant EndingBefore, IReadOnlyDictionary<string, string?> GroupValues, decimal Quantity, UnratedReason Reason);
}
