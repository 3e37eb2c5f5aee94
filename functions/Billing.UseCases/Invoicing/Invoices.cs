using System.Globalization;
using Billing.Domain.Invoicing;
using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Invoicing;

/// <summary>Which invoices are wanted; null takes all.</summary>
/// <param name="StartingOn">Periods that start here or later.</param>
/// <param name="EndingBefore">Periods that end here or earlier.</param>
public sealed record InvoiceFilter(
    InvoiceStatus? Status = null,
    InvoiceType? Type = null,
    string? ContractId = null,
    string? CreditTypeId = null,
    Instant? StartingOn = null,
    Instant? EndingBefore = null,
    bool NewestFirst = false)
{
    internal bool Fits(Invoice invoice) =>
        (Status is null || invoice.Status == Status)
        && (Type is null || invoice.Type == Type)
        && (ContractId is null || invoice.ContractId == ContractId)
        && (CreditTypeId is null || string.Equals(invoice.CreditTypeId, CreditTypeId, StringComparison.OrdinalIgnoreCase))
        && !(invoice.Start < StartingOn)
        && !(invoice.End > EndingBefore);
}

/// <summary>Reads invoices: final ones as they were kept, drafts rated at this moment.</summary>
public sealed class Invoices(IDocumentStore store, IClock clock, ReadAccounts read, LateUsage late, SettingsStore settings)
{
    private readonly Accounts accounts = new(store);

    /// <summary>One invoice, final or draft.</summary>
    public async Task<Outcome<Invoice>> GetAsync(string customerId, string invoiceId, CancellationToken stop)
    {
        if (await InvoiceDocuments.ReadAsync(store, customerId, invoiceId, stop) is { } final) return final;
        if (!(await DraftsAsync(customerId, null, stop)).Is(out var drafts, out var refusal)) return refusal;
        if (drafts.FirstOrDefault(d => d.Id == invoiceId) is { } draft) return draft;
        // It may have become final between the two reads.
        return await InvoiceDocuments.ReadAsync(store, customerId, invoiceId, stop) is { } now
            ? now
            : new Refusal("invoice_not_found", $"The customer has no invoice with the id '{invoiceId}'.", "/invoice_id", RefusalKind.NotFound);
    }

    /// <summary>A page of a customer's invoices by start of their period.</summary>
    public async Task<Outcome<Listed<Invoice>>> ListAsync(string customerId, InvoiceFilter filter, string? after, int limit, CancellationToken stop)
    {
        IReadOnlyList<Invoice> drafts = [];
        if (filter.Status is null or InvoiceStatus.Draft)
        {
            if (!(await DraftsAsync(customerId, filter.ContractId, stop)).Is(out var rated, out var refusal)) return refusal;
            drafts = rated;
        }
        else if (await accounts.CustomerAsync(customerId, stop) is null)
        {
            return Customers.NotFound(customerId);
        }
        // After the drafts: what became final meanwhile is then here, and takes the draft's place.
        var final = (await InvoiceDocuments.HeadersAsync(store, customerId, stop)).ToDictionary(h => h.Invoice.Id);
        var all = final.Values.Select(h => h.Invoice).Concat(drafts.Where(d => !final.ContainsKey(d.Id))).Where(filter.Fits)
            .OrderBy(i => i.Start).ThenBy(i => i.End).ThenBy(i => i.Id, StringComparer.Ordinal).ToList();
        if (filter.NewestFirst) all.Reverse();
        var from = after is null ? 0 : all.FindIndex(i => Cursor(i) == after) + 1;
        if (after is not null && from == 0) return new Refusal("bad_cursor", "This next_page is not known any more; start from the first page.", "/next_page");
        var page = new List<Invoice>();
        foreach (var invoice in all.Skip(from).Take(limit))
        {
            page.Add(final.TryGetValue(invoice.Id, out var header) ? await InvoiceDocuments.WholeAsync(store, header, stop) : invoice);
        }
        return new Listed<Invoice>(page, from + limit < all.Count ? Cursor(page[^1]) : null);
    }

    /// <summary>The drafts of a customer: every usage period that has begun and is not final, charges that are due, and the next that will be.</summary>
    /// <remarks>Errors: refused when an amount cannot be kept exactly.</remarks>
    public async Task<Outcome<Invoice[]>> DraftsAsync(string customerId, string? contractId, CancellationToken stop)
    {
        var now = clock.GetCurrentInstant();
        if (await read.ReadAsync(customerId, null, now, stop) is not { } account) return Customers.NotFound(customerId);
        var settled = await settings.GetAsync(stop);
        try
        {
            var open = await late.CarriedAsync(account, AccountRating.Open(account.Contracts, now), settled.LateUsagePolicy, stop);
            var state = await read.RateAsync(account, Upcoming.With(open, account.Contracts, now), Instant.MaxValue, now, stop);
            var drafts = new List<Invoice>();
            foreach (var result in state.Statements)
            {
                var contract = result.Statement.Terms.Contract;
                if (contractId is not null && contract.Id != contractId) continue;
                var n = await InvoiceDocuments.CountAsync(store, customerId, contract.Id, result.Statement.Type, result.Statement.Period.Start, stop);
                drafts.Add(InvoiceMaking.Of(result, n, settled.Grace, InvoiceStatus.Draft, null));
            }
            return drafts.ToArray();
        }
        catch (UsageNotReadyException filling)
        {
            return new Refusal("usage_not_ready", filling.Message + " Ask again in a moment.", Kind: RefusalKind.NotReady);
        }
        catch (ArithmeticException overflow)
        {
            return new Refusal("amount_not_exact", $"The customer cannot be rated: {overflow.Message}", Kind: RefusalKind.Conflict);
        }
    }

    private static string Cursor(Invoice invoice) =>
        invoice.Start.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture) + "." + invoice.Id;
}
