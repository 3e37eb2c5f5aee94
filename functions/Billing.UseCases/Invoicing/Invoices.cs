using System.Globalization;
using Billing.Domain.Contracts;
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
public sealed class Invoices(IDocumentStore store, IClock clock, PeriodRating rating, SettingsStore settings)
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

    /// <summary>The drafts of a customer: every period that has begun and is not final.</summary>
    /// <remarks>Errors: refused when an amount cannot be kept exactly.</remarks>
    public async Task<Outcome<Invoice[]>> DraftsAsync(string customerId, string? contractId, CancellationToken stop)
    {
        // The head first: a period that becomes final while we read is shown as a draft, never left out.
        var head = await accounts.HeadAsync(customerId, stop);
        if (await accounts.CustomerAsync(customerId, stop) is null) return Customers.NotFound(customerId);
        var grace = (await settings.GetAsync(stop)).Grace;
        var drafts = new List<Invoice>();
        foreach (var contract in (await ContractDocuments.AllAsync(store, customerId, stop)).Select(c => c.Value))
        {
            if (contract.ArchivedAt is not null || (contractId is not null && contract.Id != contractId)) continue;
            try
            {
                drafts.AddRange(await DraftsAsync(contract, head.Of(contract.Id, InvoiceType.Usage), grace, stop));
            }
            catch (UsageNotReadyException filling)
            {
                return new Refusal("usage_not_ready", filling.Message + " Ask again in a moment.", Kind: RefusalKind.NotReady);
            }
            catch (ArithmeticException overflow)
            {
                return new Refusal("amount_not_exact", $"Contract {contract.Id} cannot be rated: {overflow.Message}", Kind: RefusalKind.Conflict);
            }
        }
        return drafts.ToArray();
    }

    private async Task<List<Invoice>> DraftsAsync(Contract contract, BillingProgress progress, Duration grace, CancellationToken stop)
    {
        var (drafts, now, n) = (new List<Invoice>(), clock.GetCurrentInstant(), progress.Invoices);
        Terms? terms = null;
        for (var next = contract.PeriodAfter(progress.BilledThrough); next is { } period && period.Start <= now; next = contract.PeriodAfter(period.End))
        {
            terms ??= await rating.TermsAsync(contract, stop);
            var rated = await rating.RateAsync(terms, period, period.End, stop);
            drafts.Add(PeriodRating.Invoice(terms, rated, period, n++, contract.FinalAt(period, grace), InvoiceStatus.Draft, null));
        }
        return drafts;
    }

    private static string Cursor(Invoice invoice) =>
        invoice.Start.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture) + "." + invoice.Id;
}
