using Billing.Domain.CreditMemos;
using Billing.Domain.Credits;
using Billing.Domain.Invoicing;
using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Billing.UseCases.CreditMemos;
using Billing.UseCases.Credits;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Invoicing;

/// <summary>Voids final invoices and makes them anew.</summary>
/// <remarks>
/// Voiding gives back at once what the invoice drew (CREDITED) and opens again what its end had settled; the period stays billed, and what it can draw on
/// stays open, until it is made anew with the usage, prices and balances of that moment. Invariant: of unchanged usage and terms the new invoice equals the old one.
/// </remarks>
public sealed class InvoiceChanges(IDocumentStore store, IClock clock, ReadAccounts read, SettingsStore settings)
{
    private readonly Accounts accounts = new(store);
    private readonly FamilyClaims claims = new(store);
    private readonly SharedDraws shared = new(store);
    private readonly ConsolidateInvoices consolidate = new(store);

    /// <summary>Voids a final invoice. May be repeated. Errors: refused for a draft, an unknown id, or while it is on a consolidated invoice or a credit memo corrects it.</summary>
    public async Task<Outcome<Invoice>> VoidAsync(string invoiceId, CancellationToken stop)
    {
        if (await Owners.FindAsync(store, Owners.Invoice, invoiceId, stop) is not { } customerId) return NotFound(invoiceId);
        var (grace, now) = ((await settings.GetAsync(stop)).Grace, clock.GetCurrentInstant());
        var done = await accounts.ChangeAsync<Invoice>(
            customerId,
            async head =>
            {
                if (await InvoiceDocuments.ReadAsync(store, customerId, invoiceId, stop) is not { } invoice) return NotFound(invoiceId);
                if (invoice.Status == InvoiceStatus.Void) return new AccountChange<Invoice>(invoice, null, []);
                if (await claims.HolderAsync(invoice, stop) is { } held) return held;
                if (Crediting.CheckVoid(invoice, await CreditMemoDocuments.AllAsync(store, customerId, stop)) is { } credited) return credited;
                if (await read.ReadAsync(customerId, head, now, stop) is not { } account) return Customers.NotFound(customerId);
                var step = await VoidAsync(account, invoiceId, again: false, now, grace, stop);
                return step.As(step.Issued!) with { Due = Accounts.AtOnce };
            },
            stop);
        // What it drew on a parent's commits; should this be lost, the account's next step does it.
        if (done.Is(out var gone, out _) && gone.Draws.Any(d => d.CustomerId is not null)) await shared.ResolveAsync(customerId, stop);
        return done;
    }

    /// <summary>Makes a voided invoice anew. Errors: refused for one that is not void, or that was made anew before.</summary>
    public async Task<Outcome<Invoice>> RegenerateAsync(string invoiceId, IdSource ids, CancellationToken stop)
    {
        if (await Owners.FindAsync(store, Owners.Invoice, invoiceId, stop) is not { } customerId) return NotFound(invoiceId);
        var (settled, now) = (await settings.GetAsync(stop), clock.GetCurrentInstant());
        var pages = new RunPages(store, Accounts.PlaceOf(customerId));
        try
        {
            return await shared.ChangeAsync<Invoice>(
                customerId, new IdSource(clock).New(),
                async head =>
                {
                    await pages.DropAsync(stop);
                    if (await InvoiceDocuments.ReadAsync(store, customerId, invoiceId, stop) is not { } invoice) return new(NotFound(invoiceId));
                    if (invoice.Status != InvoiceStatus.Void) return new(new Refusal("invoice_not_void", "Only a voided invoice can be regenerated; void it first.", "/id"));
                    if (!head.Of(invoice.ContractId, invoice.Type).Voided.Any(v => v.InvoiceId == invoiceId))
                        return new(new Refusal("already_regenerated", $"Invoice {invoiceId} was regenerated before.", "/id", RefusalKind.Conflict));
                    if (await read.ReadAsync(customerId, head, now, stop) is not { } account) return new(Customers.NotFound(customerId));
                    var step = await RegenerateAsync(account, invoiceId, ids.New(), now, settled, stop);
                    await pages.WriteAsync(step.Pages, stop);
                    return new(step.As(step.Issued!) with { Due = Accounts.AtOnce }, account, step.Issued);
                },
                stop);
        }
        catch (UsageNotReadyException filling)
        {
            return filling.Refusal;
        }
        catch (InvoiceCheckException failed)
        {
            return new Refusal("invoice_check_failed", failed.Message, "/id", RefusalKind.Conflict);
        }
    }

    /// <summary>The step that voids an invoice.</summary>
    /// <param name="again">True: it is due to be made anew at once.</param>
    internal async Task<AccountStep> VoidAsync(Account account, string invoiceId, bool again, Instant at, Duration grace, CancellationToken stop)
    {
        var place = Accounts.PlaceOf(account.Customer.Id);
        var found = await store.FindAsync<InvoiceHeader>(place, InvoiceDocuments.IdOf(invoiceId), stop)
            ?? throw new InvalidOperationException($"There is no invoice {invoiceId}.");
        var voided = found.Value.Invoice with { Status = InvoiceStatus.Void, VoidedAt = at };
        var progress = account.Head.Of(voided.ContractId, voided.Type);
        var head = account.Head.Replacing(progress with { Voided = [.. progress.Voided, new VoidedInvoice(invoiceId, voided.Start, again)] });
        var write = new Write.Replace(place.Keep(InvoiceDocuments.IdOf(invoiceId), InvoiceDocuments.Kind, found.Value with { Invoice = voided }), found.ETag);
        // A consolidated invoice drew nothing, and no usage was read for it.
        var isCopy = voided.Type == InvoiceType.UsageConsolidated;
        var posting = isCopy ? Posting.Nothing : await GivenBackAsync(account, voided, at, stop);
        var late = head.Late.Where(l => isCopy || l.ContractId != voided.ContractId || l.Start != voided.Start);
        var step = AccountStep.Of(account, head with { Late = [.. late] }, posting, [write], at, grace);
        return step with { Issued = await InvoiceDocuments.WholeAsync(store, found.Value with { Invoice = voided }, stop) };
    }

    /// <summary>The step that makes a voided invoice anew.</summary>
    internal async Task<AccountStep> RegenerateAsync(Account account, string invoiceId, string run, Instant at, BillingSettings settled, CancellationToken stop)
    {
        var voided = await InvoiceDocuments.ReadAsync(store, account.Customer.Id, invoiceId, stop) ?? throw new InvalidOperationException($"There is no invoice {invoiceId}.");
        var terms = account.Contracts.FirstOrDefault(c => c.Terms.Contract.Id == voided.ContractId)?.Terms
            ?? throw new InvoiceCheckException($"Contract {voided.ContractId} is archived: its invoices are not made anew.");
        if (voided.Type == InvoiceType.UsageConsolidated) return await consolidate.AgainAsync(account, terms, voided, run, at, settled, stop);
        var statement = AccountRating.Again(terms, voided.Type, new Interval(voided.Start, voided.End), voided.ChargeIds);
        if (voided.Type == InvoiceType.Usage) statement = statement.Carrying(await TakenBackAsync(account, voided, stop));
        var state = await read.RateAsync(account, [statement], Instant.MaxValue, at, stop);
        var n = await InvoiceDocuments.CountAsync(store, account.Customer.Id, voided.ContractId, voided.Type, voided.Start, stop);
        var invoice = InvoiceMaking.Of(state.Statements[0], n, settled.Grace, InvoiceStatus.Finalized, account.Head.NextInvoiceNumber).Between(settled.Seller, await accounts.BuyerAsync(account.Customer, terms.Contract, stop)) with { RegeneratedFrom = voided.Id };
        InvoiceCheck.Throw(invoice, invoice.Start, invoice.Start);
        await Owners.SetAsync(store, Owners.Invoice, invoice.Id, account.Customer.Id, stop);
        return AccountStep.Issue(account, statement, invoice, account.Head, run, at, settled.Grace);
    }

    /// <summary>What the invoice drew, and the expiries that its period stood for.</summary>
    private async Task<Posting> GivenBackAsync(Account account, Invoice voided, Instant at, CancellationToken stop)
    {
        var entries = voided.Draws.Where(d => d.CustomerId is null).Select(d => new LedgerEntry(d.CommitId, d.SegmentId, LedgerEntryType.Credited, d.Amount, at, voided.Id, ContractId: voided.ContractId)).ToList();
        var posted = await LedgerDocuments.EntriesAsync(store, account.Customer.Id, stop);
        entries.AddRange(posted.Where(e => e.Type == LedgerEntryType.Trueup && e.InvoiceId == voided.Id).Select(e => e with { Amount = -e.Amount, At = at }));
        var reopened = account.Commits.Where(c => c.IsFor(voided.ContractId))
            .SelectMany(c => c.Access.Where(a => a.StartingAt < voided.End && a.EndingBefore > voided.Start || voided.Draws.Any(d => d.SegmentId == a.Id)).Select(a => (Commit: c, Segment: a)))
            .Where(s => account.Ledger.Of(s.Segment.Id).IsSettled).ToList();
        foreach (var (commit, segment) in reopened)
            entries.AddRange(Reopening.Of(posted, new LedgerEntry(commit.Id, segment.Id, LedgerEntryType.Expiration, 0, at, voided.Id, ContractId: voided.ContractId)));
        return new Posting(entries, [], [.. reopened.Select(r => r.Segment.Id)]);
    }

    /// <summary>Adjustments of the period on other final invoices: the new invoice reads all usage, so they are taken back on it.</summary>
    private async Task<IReadOnlyList<PeriodDifference>> TakenBackAsync(Account account, Invoice voided, CancellationToken stop)
    {
        var carried = new List<InvoiceLine>();
        foreach (var header in (await InvoiceDocuments.HeadersAsync(store, account.Customer.Id, stop)).Where(h => h.Invoice is { Status: InvoiceStatus.Finalized, Type: not InvoiceType.UsageConsolidated } i && i.ContractId == voided.ContractId))
            carried.AddRange((await InvoiceDocuments.WholeAsync(store, header, stop)).Lines.Where(l => l.AdjustsPeriod == voided.Start));
        return carried.Count == 0 ? [] : [Adjustments.Reversing(account.Contracts.First(c => c.Terms.Contract.Id == voided.ContractId).Terms, new Interval(voided.Start, voided.End), carried)];
    }

    private static Refusal NotFound(string id) => new("invoice_not_found", $"There is no final invoice with the id '{id}'.", "/id", RefusalKind.NotFound);
}
