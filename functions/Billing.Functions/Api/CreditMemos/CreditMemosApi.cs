using System.Text.Json.Serialization;
using Billing.Domain.Contracts;
using Billing.Domain.CreditMemos;
using Billing.Functions.Hosting.Access;
using Billing.Functions.Pdf;
using Billing.UseCases.Access;
using Billing.UseCases.Contracts;
using Billing.UseCases.CreditMemos;
using Microsoft.AspNetCore.Mvc;
using NodaTime;

namespace Billing.Functions.Api.CreditMemos;

/// <summary>Corrections of final invoices.</summary>
public static class CreditMemosApi
{
    private const string CursorName = "credit-memos";

    public static void Map(IEndpointRouteBuilder app)
    {
        var memos = app.MapGroup("/v1/credit-memos").WithTags("Credit memos");
        memos.MapPost("/create", CreateAsync).Needs(Scope.Write).WithName("createCreditMemo");
        memos.MapPost("/get", GetAsync).Needs(Scope.Read).WithName("getCreditMemo");
        memos.MapPost("/list", ListAsync).Needs(Scope.Read).WithName("listCreditMemos");
        memos.MapPost("/void", VoidAsync).Needs(Scope.Write).WithName("voidCreditMemo");
        memos.MapGet("/{id}/pdf", PdfAsync).Needs(Scope.Read).WithName("getCreditMemoPdf").Produces<byte[]>(StatusCodes.Status200OK, "application/pdf");
    }

    /// <summary>Credits lines of a final invoice, or an amount of the whole spread over its lines: to the balance, or as a document alone.</summary>
    internal static async Task<Answer<Data<ShownCreditMemo>>> CreateAsync(CreditMemoToCreate body, IssueCreditMemo issue, Caller caller, CancellationToken stop)
    {
        var wanted = new NewCreditMemo(body.CustomerId, body.InvoiceId, body.Reason)
        {
            Memo = body.Memo,
            Amount = body.Amount,
            Lines = body.Lines is { } lines ? [.. lines.Select(l => new LineCredit(l.LineNumber, l.Amount))] : null,
            CreditTo = body.CreditTo,
            ProductId = body.ProductId,
            AccessEndingBefore = body.AccessEndingBefore,
            UniquenessKey = body.UniquenessKey,
            By = caller.KeyName,
        };
        return Answers.Of(await issue.RunAsync(wanted, caller.Ids, stop), ShownCreditMemo.Of);
    }

    /// <summary>Reads a credit memo.</summary>
    internal static async Task<Answer<Data<ShownCreditMemo>>> GetAsync(OneCreditMemo body, ReadCreditMemos memos, CancellationToken stop) =>
        Answers.Of(await memos.GetAsync(body.CustomerId, body.Id, stop), ShownCreditMemo.Of);

    /// <summary>Lists a customer's credit memos by number, void ones too.</summary>
    internal static async Task<Answer<Listing<ShownCreditMemo>>> ListAsync(WhichCreditMemos body, ReadCreditMemos memos, CancellationToken stop)
    {
        if (!PageWanted.Of(body.NextPage, body.Limit, list: CursorName).Is(out var wanted, out var refusal)) return Answers.List<ShownCreditMemo>(refusal);
        if (!(await memos.ListAsync(body.CustomerId, body.InvoiceId, wanted.From, wanted.Limit, stop)).Is(out var page, out refusal)) return Answers.List<ShownCreditMemo>(refusal);
        return Answers.List<ShownCreditMemo>(new Listing<ShownCreditMemo>([.. page.Items.Select(ShownCreditMemo.Of)], PageCursor.Encode(page.Next, CursorName)));
    }

    /// <summary>Voids a credit memo, once: what it credited can be credited again, and the credit that it gave is taken back.</summary>
    internal static async Task<Answer<Data<ShownCreditMemo>>> VoidAsync(OneCreditMemo body, VoidCreditMemo voids, CancellationToken stop) =>
        Answers.Of(await voids.RunAsync(body.CustomerId, body.Id, stop), ShownCreditMemo.Of);

    /// <summary>A credit memo as a document to send, with the letterhead and address that held when it was issued.</summary>
    internal static async Task<IResult> PdfAsync(
        [FromRoute(Name = "id")] string id, [FromQuery(Name = "customer_id")] string customerId, ReadCreditMemos memos, Accounts accounts, SettingsStore settings, CancellationToken stop)
    {
        if (!(await memos.GetAsync(customerId, id, stop)).Is(out var memo, out var refusal)) return Answers.Empty<CreditMemo>(refusal);
        var customer = (await accounts.CustomerAsync(customerId, stop))!;
        var text = CreditMemoText.Of(memo, (await settings.GetAsync(stop)).Seller ?? new Party("", []), customer.Addressee);
        return Results.File(InvoicePdf.Of(text), "application/pdf", $"credit-memo-{memo.NumberText}.pdf");
    }

    /// <summary>A credit memo to issue: give lines, or an amount.</summary>
    /// <param name="Amount">Of the whole invoice, in its currency.</param>
    /// <param name="CreditTo">BALANCE gives the customer a credit; NONE is the document alone.</param>
    /// <param name="ProductId">For the balance: the FIXED product that the credit is called by on invoices.</param>
    /// <param name="AccessEndingBefore">For the balance: when the credit ends, on the hour; left out, in a hundred years.</param>
    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    internal sealed record CreditMemoToCreate(
        string CustomerId,
        string InvoiceId,
        CreditMemoReason Reason,
        string? Memo = null,
        IReadOnlyList<LineToCredit>? Lines = null,
        decimal? Amount = null,
        CreditDestination CreditTo = CreditDestination.None,
        string? ProductId = null,
        Instant? AccessEndingBefore = null,
        string? UniquenessKey = null);

    /// <summary>An amount of a line.</summary>
    /// <param name="LineNumber">As the invoice's line says it, from 1.</param>
    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    internal sealed record LineToCredit(int LineNumber, decimal Amount);

    /// <summary>Which credit memo.</summary>
    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    internal sealed record OneCreditMemo(string CustomerId, string Id);

    /// <summary>Which credit memos.</summary>
    /// <param name="InvoiceId">Of this invoice; left out, of all.</param>
    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    internal sealed record WhichCreditMemos(string CustomerId, string? InvoiceId = null, int? Limit = null, string? NextPage = null);
}
