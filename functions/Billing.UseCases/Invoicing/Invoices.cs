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
        && Spans(invoice.Start, invoice.End);

    internal bool Spans(Instant start, Instant end) => !(start < StartingOn) && !(end > EndingBefore);
}

/// <summary>A page of invoices.</summary>
/// <param name="LeftOut">The drafts that would be in the list if they could be rated; the same on every page.</param>
public sealed record InvoiceList(IReadOnlyList<Invoice> Items, string? Next, IReadOnlyList<LeftOutDraft> LeftOut);

/// <summary>A draft that can't be rated as things are. Its final invoice will park the account for the same reason.</summary>
public sealed record LeftOutDraft(string InvoiceId, string ContractId, Instant Start, Instant End, string Reason);

/// <summary>The drafts of a customer.</summary>
public sealed record Drafts(IReadOnlyList<Invoice> Rated, IReadOnlyList<LeftOutDraft> LeftOut);

/// <summary>Reads invoices: final ones as they were kept, drafts rated at this moment.</summary>
public sealed class Invoices(IDocumentStore store, IClock clock, PeriodRating rating, SettingsStore settings)
{
    private readonly Accounts accounts = new(store);

    /// <summary>One invoice, final or draft.</summary>
    public async Task<Outcome<Invoice>> GetAsync(string customerId, string invoiceId, CancellationToken stop)
    {
        if (await InvoiceDocuments.ReadAsync(store, customerId, invoiceId, stop) is { } final) return final;
        if (!(await DraftsAsync(customerId, null, stop)).Is(out var drafts, out var refusal)) return refusal;
        if (drafts.Rated.FirstOrDefault(d => d.Id == invoiceId) is { } draft) return draft;
        // It may have become final between the two reads.
        return await InvoiceDocuments.ReadAsync(store, customerId, invoiceId, stop) is { } now
            ? now
            : drafts.LeftOut.FirstOrDefault(d => d.InvoiceId == invoiceId) is { } leftOut
            ? new Refusal("draft_not_rated", $"This draft can't be rated: {leftOut.Reason}", "/invoice_id", RefusalKind.Conflict)
            : new Refusal("invoice_not_found", $"The customer has no invoice with the id '{invoiceId}'.", "/invoice_id", RefusalKind.NotFound);
    }

    /// <summary>A page of a customer's invoices by start of their period. A contract that can't be rated hides none of the others.</summary>
    public async Task<Outcome<InvoiceList>> ListAsync(string customerId, InvoiceFilter filter, string? after, int limit, CancellationToken stop)
    {
        var drafts = new Drafts([], []);
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
        var all = final.Values.Select(h => h.Invoice).Concat(drafts.Rated.Where(d => !final.ContainsKey(d.Id))).Where(filter.Fits)
            .OrderBy(i => i.Start).ThenBy(i => i.End).ThenBy(i => i.Id, StringComparer.Ordinal).ToList();
        if (filter.NewestFirst) all.Reverse();
        var from = after is null ? 0 : all.FindIndex(i => Cursor(i) == after) + 1;
        if (after is not null && from == 0) return new Refusal("next_page_invalid", "This next_page is not known any more; leave it out to start at the first.", "next_page");
        var page = new List<Invoice>();
        foreach (var invoice in all.Skip(from).Take(limit))
        {
            page.Add(final.TryGetValue(invoice.Id, out var header) ? await InvoiceDocuments.WholeAsync(store, header, stop) : invoice);
        }
        var leftOut = drafts.LeftOut.Where(d => !final.ContainsKey(d.InvoiceId) && filter.Spans(d.Start, d.End)).ToList();
        return new InvoiceList(page, from + limit < all.Count ? Cursor(page[^1]) : null, leftOut);
    }

    /// <summary>The drafts of a customer: every period that has begun and is not final.</summary>
    /// <remarks>Errors: refused while usage is not ready, for then a moment helps.</remarks>
    public async Task<Outcome<Drafts>> DraftsAsync(string customerId, string? contractId, CancellationToken stop)
    {
        // The head first: a period that becomes final while we read is shown as a draft, never left out.
        var head = await accounts.HeadAsync(customerId, stop);
        if (await accounts.CustomerAsync(customerId, stop) is null) return Customers.NotFound(customerId);
        var grace = (await settings.GetAsync(stop)).Grace;
        var (rated, leftOut) = (new List<Invoice>(), new List<LeftOutDraft>());
        foreach (var contract in (await ContractDocuments.AllAsync(store, customerId, stop)).Select(c => c.Value))
        {
            if (contract.ArchivedAt is not null || (contractId is not null && contract.Id != contractId)) continue;
            try
            {
                await DraftsAsync(contract, head.Of(contract.Id, InvoiceType.Usage), grace, rated, leftOut, stop);
            }
            catch (UsageNotReadyException filling)
            {
                return new Refusal("usage_not_ready", filling.Message + " Ask again in a moment.", Kind: RefusalKind.NotReady);
            }
        }
        return new Drafts(rated, leftOut);
    }

    private async Task DraftsAsync(
        Contract contract, BillingProgress progress, Duration grace, List<Invoice> rated, List<LeftOutDraft> leftOut, CancellationToken stop)
    {
        var (now, n) = (clock.GetCurrentInstant(), progress.Invoices);
        Terms? terms = null;
        for (var next = contract.PeriodAfter(progress.BilledThrough); next is { } period && period.Start <= now; next = contract.PeriodAfter(period.End))
        {
            try
            {
                terms ??= await rating.TermsAsync(contract, stop);
                var lines = await rating.RateAsync(terms, period, period.End, stop);
                rated.Add(PeriodRating.Invoice(terms, lines, period, n, contract.FinalAt(period, grace), InvoiceStatus.Draft, null));
            }
            catch (Exception fault) when (RatingFaults.Lasts(fault))
            {
                var id = InvoiceDocuments.InvoiceId(contract.Id, InvoiceType.Usage, period.Start, n);
                leftOut.Add(new LeftOutDraft(id, contract.Id, period.Start, period.End, RatingFaults.Reason(fault)));
            }
            n++;
        }
    }

    private static string Cursor(Invoice invoice) =>
        invoice.Start.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture) + "." + invoice.Id;
}
