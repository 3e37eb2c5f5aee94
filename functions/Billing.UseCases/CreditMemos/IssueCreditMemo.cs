using Billing.Domain.CreditMemos;
using Billing.Domain.Invoicing;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Billing.UseCases.Credits;
using Billing.UseCases.Documents;
using Billing.UseCases.Invoicing;
using NodaTime;

namespace Billing.UseCases.CreditMemos;

/// <summary>A credit memo that is asked for: of an amount of the invoice, or of amounts of its lines.</summary>
public sealed record NewCreditMemo(string CustomerId, string InvoiceId, CreditMemoReason Reason)
{
    public string? Memo { get; init; }

    /// <summary>Of the whole invoice; null: lines are named.</summary>
    public decimal? Amount { get; init; }

    /// <summary>Null: an amount is given.</summary>
    public IReadOnlyList<LineCredit>? Lines { get; init; }

    public CreditDestination CreditTo { get; init; }

    /// <summary>FIXED: names the credit on invoices; for the balance only.</summary>
    public string? ProductId { get; init; }

    /// <summary>When the credit ends; for the balance only. Null: in a hundred years.</summary>
    public Instant? AccessEndingBefore { get; init; }

    public string? UniquenessKey { get; init; }

    /// <summary>Name of the API key that asks.</summary>
    public string? By { get; init; }
}

/// <summary>Issues credit memos.</summary>
/// <remarks>
/// The memo, its number, the credit that it gives and the message are one commit with the account's head, whose ETag was taken before the invoice and its
/// memos were read: two that race are one after the other, and the later one is held against what the earlier one left.
/// </remarks>
public sealed class IssueCreditMemo(IDocumentStore store, IClock clock, Catalogs catalogs, SettingsStore settings)
{
    private readonly Accounts accounts = new(store);
    private readonly FamilyClaims claims = new(store);
    private readonly UniquenessKeys uniqueness = new(store, new Accounts(store));

    /// <summary>Issues a memo. The same ids again answer the memo that is there.</summary>
    public async Task<Outcome<CreditMemo>> RunAsync(NewCreditMemo wanted, IdSource ids, CancellationToken stop)
    {
        var (id, commitId, segmentId) = (ids.New(), ids.New(), ids.New());
        if (Check(wanted) is { } wrong) return wrong;
        if (wanted.ProductId is { } productId && !(await catalogs.ReadAsync(null, [productId], stop)).Product(productId, "/product_id", ProductType.Fixed).Is(out _, out var unsold)) return unsold;
        var seller = (await settings.GetAsync(stop)).Seller;
        return await accounts.ChangeAsync<CreditMemo>(
            wanted.CustomerId,
            async head =>
            {
                if (await accounts.CustomerAsync(wanted.CustomerId, stop) is not { } customer) return Customers.NotFound(wanted.CustomerId);
                if (await CreditMemoDocuments.FindAsync(store, customer.Id, id, stop) is { } existing) return new AccountChange<CreditMemo>(existing.Value, null, []);
                if (wanted.UniquenessKey is { } key && await uniqueness.TakeAsync("credit memo", key, customer.Id, CreditMemoDocuments.IdOf(id), stop) is { } used) return used;
                if (customer.ArchivedAt is not null && wanted.CreditTo == CreditDestination.Balance) return Customers.Archived(customer.Id);
                if (await InvoiceDocuments.ReadAsync(store, customer.Id, wanted.InvoiceId, stop) is not { } invoice)
                    return new Refusal("invoice_not_found", $"The customer has no final invoice with the id '{wanted.InvoiceId}'.", "/invoice_id", RefusalKind.NotFound);
                // What is asked for is the consolidated invoice: a memo of it and one of its constituent would credit the same line twice.
                if (await claims.HolderAsync(invoice, stop) is { } held) return held with { Field = "/invoice_id" };
                var memos = await CreditMemoDocuments.AllAsync(store, customer.Id, stop);
                var credited = wanted.Amount is { } amount ? Crediting.Spread(invoice, memos, amount) : Crediting.Named(invoice, memos, wanted.Lines!);
                if (!credited.Is(out var lines, out var refusal)) return refusal;
                var now = clock.GetCurrentInstant();
                var memo = Memo(wanted, id, head, invoice, lines, now) with
                {
                    CommitId = wanted.CreditTo == CreditDestination.Balance ? commitId : null, Seller = seller, Buyer = customer.Addressee,
                };
                List<Write> writes = [new Write.Create(CreditMemoDocuments.Document(memo))];
                if (memo.CommitId is not null)
                {
                    var credit = MemoCredit.Of(memo, segmentId, wanted.ProductId!, wanted.AccessEndingBefore);
                    if (wanted.AccessEndingBefore is { } end && Hours.CheckOrder(Instant.Max(credit.Access[0].StartingAt, now), end, "/access_ending_before") is { } over) return over;
                    writes.Add(new Write.Create(CommitDocuments.Document(credit)));
                }
                if (AccountWrites.Check(writes) is { } tooLarge) return tooLarge;
                return new AccountChange<CreditMemo>(memo, head with { NextCreditMemoNumber = head.NextCreditMemoNumber + 1 }, writes)
                {
                    Messages = [MemoMessages.Of(memo, "credit_memo.issued", head.Version + 1, now)],
                };
            },
            stop);
    }

    private static CreditMemo Memo(NewCreditMemo wanted, string id, AccountHead head, Invoice invoice, IReadOnlyList<CreditMemoLine> lines, Instant now) => new(
        id, wanted.CustomerId, invoice.Id, invoice.Number, head.NextCreditMemoNumber, CreditMemoStatus.Issued, wanted.Reason, wanted.Memo, wanted.CreditTo, invoice.CreditTypeId, lines, now)
    {
        UniquenessKey = wanted.UniquenessKey, CreatedBy = wanted.By,
    };

    private static Refusal? Check(NewCreditMemo wanted)
    {
        if (wanted.Amount is null == wanted.Lines is null) return new Refusal("amount_or_lines", "Give an amount of the whole invoice, or lines with an amount each.", "/amount");
        if (wanted.Memo?.Length > CreditMemo.MaxMemoLength) return new Refusal("memo_too_long", $"A memo's text has at most {CreditMemo.MaxMemoLength} characters.", "/memo");
        if (wanted.CreditTo == CreditDestination.Balance)
            return wanted.ProductId is null ? new Refusal("product_id_missing", "Name the FIXED product that the credit is called by on invoices.", "/product_id") : Hours.Check(wanted.AccessEndingBefore, "/access_ending_before");
        if (wanted.ProductId is not null) return new Refusal("no_balance", "Only what is credited to the BALANCE has a product.", "/product_id");
        return wanted.AccessEndingBefore is null ? null : new Refusal("no_balance", "Only what is credited to the BALANCE has an end.", "/access_ending_before");
    }
}
