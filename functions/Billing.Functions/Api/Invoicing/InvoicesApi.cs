using System.Text.Json.Serialization;
using Billing.Domain.Contracts;
using Billing.Domain.Invoicing;
using Billing.Domain.Values;
using Billing.Functions.Hosting.Access;
using Billing.Functions.Pdf;
using Billing.UseCases.Access;
using Billing.UseCases.Contracts;
using Billing.UseCases.CreditMemos;
using Billing.UseCases.Invoicing;
using Billing.UseCases.Pricing;
using Microsoft.AspNetCore.Mvc;
using NodaTime;

namespace Billing.Functions.Api.Invoicing;

/// <summary>Invoices, and the accounts whose invoices have stopped.</summary>
public static class InvoicesApi
{
    private const string CursorName = "invoices";
    private const string BreakdownCursor = "invoice-breakdowns";

    public static void Map(IEndpointRouteBuilder app)
    {
        var invoices = app.MapGroup("/v1/customers/{customer_id}/invoices").Needs(Scope.Read).WithTags("Invoices");
        invoices.MapGet("", ListAsync).WithName("listInvoices");
        invoices.MapGet("/breakdowns", BreakDownAsync).WithName("listInvoiceBreakdowns");
        invoices.MapGet("/{invoice_id}", GetAsync).WithName("getInvoice");
        invoices.MapGet("/{invoice_id}/pdf", PdfAsync).WithName("getInvoicePdf").Produces<byte[]>(StatusCodes.Status200OK, "application/pdf");
        app.MapPost("/v1/invoices/void", VoidAsync).Needs(Scope.Write).WithName("voidInvoice").WithTags("Invoices");
        app.MapPost("/v1/invoices/regenerate", RegenerateAsync).Needs(Scope.Write).WithName("regenerateInvoice").WithTags("Invoices");
    }

    /// <summary>Lists a customer's invoices, drafts as of now, by when they are or will be issued. Drafts that can't be rated are named in left_out.</summary>
    internal static async Task<Answer<InvoiceListing>> ListAsync(
        [FromRoute(Name = "customer_id")] string customerId, [AsParameters] PageQuery page, [AsParameters] InvoiceQuery query, Invoices invoices, PricingUnits units, Accounts accounts,
        ReadCreditMemos credited, CancellationToken stop)
    {
        if (!page.Check(list: CursorName).Is(out var wanted, out var refusal)) return Answers.Bare<InvoiceListing>(refusal);
        if (!(await invoices.ListAsync(customerId, query.Filter(), wanted.From, wanted.Limit, stop)).Is(out var list, out refusal)) return Answers.Bare<InvoiceListing>(refusal);
        var leftOut = list.LeftOut.Select(d => new ShownLeftOut(d.InvoiceId, d.ContractId, d.Start, d.End, d.Reason)).ToList();
        var unitNames = await units.NamesAsync(ShownInvoice.Units(list.Items), stop);
        var fields = (await accounts.CustomerAsync(customerId, stop))?.CustomFields;
        var memos = await credited.ByInvoiceAsync(customerId, stop);
        return Answers.Bare<InvoiceListing>(new InvoiceListing(
            [.. list.Items.Select(i => ShownInvoice.Of(i, query.SkipZero == true, unitNames, fields, memos))], PageCursor.Encode(list.Next, CursorName), leftOut.Count == 0 ? null : leftOut));
    }

    /// <summary>Lists what usage invoices cost by the hour (of at most 24) or by the day (of at most 35). Usage that came after an invoice was final is in it.</summary>
    internal static async Task<Answer<Listing<ShownInvoice>>> BreakDownAsync(
        [FromRoute(Name = "customer_id")] string customerId, [AsParameters] PageQuery page, [AsParameters] BreakdownQuery query, InvoiceBreakdowns breakdowns, PricingUnits units,
        Accounts accounts, CancellationToken stop)
    {
        if (!page.Check(list: BreakdownCursor).Is(out var wanted, out var refusal)) return Answers.List<ShownInvoice>(refusal);
        if (query.StartingOn is not { Value: var from } || query.EndingBefore is not { Value: var until })
            return Answers.List<ShownInvoice>(new Refusal("parameter_missing", "Give starting_on and ending_before.", query.StartingOn is null ? "starting_on" : "ending_before"));
        if (until <= from) return Answers.List<ShownInvoice>(new Refusal("range_invalid", "ending_before must be later than starting_on.", "ending_before"));
        var size = query.WindowSize?.Value ?? BreakdownSize.Day;
        if (!(await breakdowns.ListAsync(customerId, query.Filter(), size, new Interval(from, until), wanted.From, wanted.Limit, stop)).Is(out var list, out refusal)) return Answers.List<ShownInvoice>(refusal);
        var unitNames = await units.NamesAsync(ShownInvoice.Units(list.Items.Select(s => s.Invoice)), stop);
        var fields = (await accounts.CustomerAsync(customerId, stop))?.CustomFields;
        return Answers.List<ShownInvoice>(new Listing<ShownInvoice>(
            [.. list.Items.Select(s => ShownInvoice.Of(s.Invoice, query.SkipZero == true, unitNames, fields) with { BreakdownStartTimestamp = s.Window.Start, BreakdownEndTimestamp = s.Window.End })],
            PageCursor.Encode(list.Next, BreakdownCursor)));
    }

    /// <summary>Reads an invoice.</summary>
    internal static async Task<Answer<Data<ShownInvoice>>> GetAsync(
        [FromRoute(Name = "customer_id")] string customerId,
        [FromRoute(Name = "invoice_id")] string invoiceId,
        [FromQuery(Name = "skip_zero_qty_line_items")] bool? skipZero,
        Invoices invoices,
        PricingUnits units,
        Accounts accounts,
        ReadCreditMemos credited,
        CancellationToken stop)
    {
        if (!(await invoices.GetAsync(customerId, invoiceId, stop)).Is(out var invoice, out var refusal)) return Answers.Of<ShownInvoice>(refusal);
        var unitNames = await units.NamesAsync(ShownInvoice.Units([invoice]), stop);
        return Answers.Of<ShownInvoice>(ShownInvoice.Of(invoice, skipZero == true, unitNames, (await accounts.CustomerAsync(customerId, stop))?.CustomFields, await credited.ByInvoiceAsync(customerId, stop)));
    }

    /// <summary>An invoice as a document to send: final ones with the letterhead and address that held when they were issued.</summary>
    internal static async Task<IResult> PdfAsync(
        [FromRoute(Name = "customer_id")] string customerId, [FromRoute(Name = "invoice_id")] string invoiceId, Invoices invoices, PricingUnits units, Accounts accounts,
        SettingsStore settings, CancellationToken stop)
    {
        if (!(await invoices.GetAsync(customerId, invoiceId, stop)).Is(out var invoice, out var refusal)) return Answers.Empty<Invoice>(refusal);
        var customer = (await accounts.CustomerAsync(customerId, stop))!;
        var unitNames = await units.NamesAsync(ShownInvoice.Units([invoice]), stop);
        var text = InvoiceText.Of(invoice, (await settings.GetAsync(stop)).Seller ?? new Party("", []), customer.Addressee, unitNames);
        return Results.File(InvoicePdf.Of(text), "application/pdf", $"invoice-{invoice.Number?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? invoice.Id}.pdf");
    }

    /// <summary>Voids a final invoice; what it drew from commits and credits is given back at once.</summary>
    internal static async Task<Answer<Data<ShownId>>> VoidAsync(ShownId body, InvoiceChanges changes, CancellationToken stop) =>
        Answers.Of(await changes.VoidAsync(body.Id, stop), i => new ShownId(i.Id));

    /// <summary>Makes a voided invoice anew, with the usage, prices and balances of now.</summary>
    internal static async Task<Answer<Data<ShownId>>> RegenerateAsync(ShownId body, InvoiceChanges changes, Caller caller, CancellationToken stop) =>
        Answers.Of(await changes.RegenerateAsync(body.Id, caller.Ids, stop), i => new ShownId(i.Id));

    /// <summary>Which invoices.</summary>
    internal sealed record InvoiceQuery(
        [FromQuery(Name = "status")] QueryWord<InvoiceStatus>? Status,
        [FromQuery(Name = "type")] QueryWord<InvoiceType>? Type,
        [FromQuery(Name = "contract_id")] string? ContractId,
        [FromQuery(Name = "credit_type_id")] string? CreditTypeId,
        [FromQuery(Name = "starting_on")] QueryTime? StartingOn,
        [FromQuery(Name = "ending_before")] QueryTime? EndingBefore,
        [FromQuery(Name = "sort")] QueryWord<InvoiceOrder>? Sort,
        [FromQuery(Name = "skip_zero_qty_line_items")] bool? SkipZero)
    {
        public InvoiceFilter Filter() =>
            new(Status?.Value, Type?.Value, ContractId, CreditTypeId, StartingOn?.Value, EndingBefore?.Value, Sort?.Value == InvoiceOrder.DateDesc);
    }

    /// <summary>Which parts of which invoices.</summary>
    internal sealed record BreakdownQuery(
        [FromQuery(Name = "starting_on")] QueryTime? StartingOn,
        [FromQuery(Name = "ending_before")] QueryTime? EndingBefore,
        [FromQuery(Name = "window_size")] QueryWord<BreakdownSize>? WindowSize,
        [FromQuery(Name = "status")] QueryWord<InvoiceStatus>? Status,
        [FromQuery(Name = "contract_id")] string? ContractId,
        [FromQuery(Name = "credit_type_id")] string? CreditTypeId,
        [FromQuery(Name = "sort")] QueryWord<InvoiceOrder>? Sort,
        [FromQuery(Name = "skip_zero_qty_line_items")] bool? SkipZero)
    {
        public InvoiceFilter Filter() => new(Status?.Value, null, ContractId, CreditTypeId, NewestFirst: Sort?.Value == InvoiceOrder.DateDesc);
    }

    /// <summary>By when they are issued.</summary>
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
}
