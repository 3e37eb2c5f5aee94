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
public sealed class Invoices(IDocumentStore store, IClock clock, ReadAccounts read, LateUsage late, SettingsStore settings)
{
    private readonly Accounts accounts = new(store);
    private readonly ConsolidateInvoices consolidate = new(store);

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

    /// <summary>A page of a customer's invoices by when they are issued, as the Metronome API sorts them. A contract that can't be rated hides none of the others.</summary>
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
            .OrderBy(i => i.IssuedAt).ThenBy(i => i.Start).ThenBy(i => i.Id, StringComparer.Ordinal).ToList();
        if (filter.NewestFirst) all.Reverse();
        if (!Pages.After(all, Cursor, after, limit).Is(out var page, out var unknown)) return unknown;
        var whole = new List<Invoice>();
        foreach (var invoice in page.Items)
        {
            whole.Add(final.TryGetValue(invoice.Id, out var header) ? await InvoiceDocuments.WholeAsync(store, header, stop) : invoice);
        }
        var leftOut = drafts.LeftOut.Where(d => !final.ContainsKey(d.InvoiceId) && filter.Spans(d.Start, d.End)).ToList();
        return new InvoiceList(whole, page.Next, leftOut);
    }

    /// <summary>The drafts of a customer: every usage period that has begun and is not final, charges that are due, and the next that will be.</summary>
    /// <remarks>Errors: refused while usage is not ready, for then a moment helps.</remarks>
    public async Task<Outcome<Drafts>> DraftsAsync(string customerId, string? contractId, CancellationToken stop)
    {
        var now = clock.GetCurrentInstant();
        if (await read.ReadAsync(customerId, null, now, stop) is not { } account) return Customers.NotFound(customerId);
        var settled = await settings.GetAsync(stop);
        var faults = new List<(Statement Statement, string Reason)>();
        try
        {
            var open = await late.CarriedAsync(account, AccountRating.Open(account.Contracts, now), settled.LateUsagePolicy, stop);
            var state = await read.RateDraftsAsync(account, open, Upcoming.Of(account.Contracts, now), now, stop, PassOver);
            var (rated, leftOut) = (new List<Invoice>(), new List<LeftOutDraft>());
            foreach (var result in state.Statements.Where(r => Wanted(r.Statement.Terms.Contract.Id)))
                rated.Add(InvoiceMaking.Of(result, await CountAsync(result.Statement), settled.Grace, InvoiceStatus.Draft, null));
            foreach (var (statement, reason) in faults.Where(f => Wanted(f.Statement.Terms.Contract.Id)))
            {
                var id = InvoiceDocuments.InvoiceId(statement.Terms.Contract.Id, statement.Type, statement.Period.Start, await CountAsync(statement));
                leftOut.Add(new LeftOutDraft(id, statement.Terms.Contract.Id, statement.Period.Start, statement.Period.End, reason));
            }
            var own = new Drafts([.. rated], leftOut);
            foreach (var parent in account.Contracts.Where(c => c.ToConsolidate is not null && Wanted(c.Terms.Contract.Id)))
            {
                Task<Outcome<Drafts>> Of(Contract of) => of.CustomerId == customerId ? Task.FromResult<Outcome<Drafts>>(own) : DraftsAsync(of.CustomerId, of.Id, stop);
                if (!(await consolidate.DraftAsync(parent, Of, now, settled.Grace, stop)).Is(out var consolidated, out var refusal)) return refusal;
                rated.AddRange(consolidated);
            }
            return new Drafts(rated, leftOut);
        }
        catch (UsageNotReadyException filling)
        {
            return filling.Refusal;
        }

        bool Wanted(string id) => contractId is null || id == contractId;

        Task<int> CountAsync(Statement of) => InvoiceDocuments.CountAsync(store, customerId, of.Terms.Contract.Id, of.Type, of.Period.Start, stop);

        bool PassOver(Statement statement, Exception fault)
        {
            if (!RatingFaults.Lasts(fault)) return false;
            faults.Add((statement, RatingFaults.Reason(fault)));
            return true;
        }
    }

    private static string Cursor(Invoice invoice) =>
        invoice.Start.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture) + "." + invoice.Id;
}
