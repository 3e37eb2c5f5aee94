using Billing.Domain.Credits;
using Billing.Domain.Invoicing;
using Billing.UseCases.Contracts;
using Billing.UseCases.Credits;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Invoicing;

/// <summary>What a step did.</summary>
/// <param name="Issued">True when it issued an invoice.</param>
/// <param name="Due">When the account is due next; null: never.</param>
public sealed record BillingStep(bool Issued, Instant? Due);

/// <summary>Issues the next invoice of an account, and settles what its end settles, in one commit.</summary>
/// <remarks>
/// Invariant: however often it is called, by however many, each (contract, period) and each charge is on one invoice that is not void, and a commit is
/// drawn once for it: every commit replaces the head on an ETag taken before anything else was read.
/// </remarks>
public sealed class IssueInvoices(IDocumentStore store, ReadAccounts read, SettingsStore settings)
{
    private readonly Accounts accounts = new(store);

    /// <summary>Does the first thing that is due for an account by an instant; the account is due again when the next thing is.</summary>
    /// <remarks>Errors: <see cref="UsageNotReadyException"/>, and what rating throws.</remarks>
    public async Task<BillingStep> StepAsync(string customerId, Instant at, IdSource ids, CancellationToken stop)
    {
        var grace = (await settings.GetAsync(stop)).Grace;
        var place = Accounts.PlaceOf(customerId);
        IReadOnlyList<Document> written = [];
        var done = await accounts.ChangeAsync<BillingStep>(
            customerId,
            async head =>
            {
                await DropPagesAsync(place, written, stop);
                written = [];
                if (head.Parked is not null) return new AccountChange<BillingStep>(new(false, null), null, []);
                if (await read.ReadAsync(customerId, head, at, stop) is not { } account) return new AccountChange<BillingStep>(new(false, null), head, []) { Due = null };
                var step = await NextAsync(account, at, grace, ids.New(), stop);
                foreach (var page in step.Pages) await store.CommitAsync(place, [new Write.Create(page)], stop);
                written = step.Pages;
                return new AccountChange<BillingStep>(new(step.Done, step.Due), step.Head, step.Writes) { Due = step.Due };
            },
            stop);
        return done.Value;
    }

    /// <summary>What the next step would do, without doing it: the invoices that are due by an instant.</summary>
    public async Task<IReadOnlyList<Invoice>> PreviewAsync(string customerId, Instant at, CancellationToken stop)
    {
        var grace = (await settings.GetAsync(stop)).Grace;
        if (await read.ReadAsync(customerId, null, at, stop) is not { } account) return [];
        var open = AccountRating.Open(account.Contracts, at);
        var due = Due(account, open, at, grace).ToList();
        if (due.Count == 0) return [];
        var upTo = open.TakeWhile(s => !ReferenceEquals(s, due[^1])).Append(due[^1]).ToList();
        var state = await read.RateAsync(account, upTo, Instant.MaxValue, at, stop);
        return [.. state.Statements.Where(s => due.Exists(d => ReferenceEquals(d, s.Statement))).Select(s => InvoiceMaking.Of(s, 0, grace, InvoiceStatus.Draft, null))];
    }

    private sealed record Step(bool Done, AccountHead Head, IReadOnlyList<Write> Writes, IReadOnlyList<Document> Pages, Instant? Due);

    private async Task<Step> NextAsync(Account account, Instant at, Duration grace, string run, CancellationToken stop)
    {
        var open = AccountRating.Open(account.Contracts, at);
        return Due(account, open, at, grace).FirstOrDefault() is { } statement
            ? await NamedAsync(statement, () => IssueAsync(account, open, statement, at, grace, run, stop))
            : Settle(account, at, grace);
    }

    /// <summary>What a calculation throws, with the invoice that it was for.</summary>
    private static async Task<Step> NamedAsync(Statement statement, Func<Task<Step>> issue)
    {
        try
        {
            return await issue();
        }
        catch (Exception fault) when (fault is ArithmeticException or ArgumentException or InvalidOperationException and not ObjectDisposedException)
        {
            throw new InvoiceCheckException(
                $"{statement.Type} invoice of contract {statement.Terms.Contract.Id} from {statement.Period.Start}: {fault.GetType().Name}: {fault.Message}", fault);
        }
    }

    /// <summary>Statements that can be issued, in order.</summary>
    private static IEnumerable<Statement> Due(Account account, IReadOnlyList<Statement> open, Instant at, Duration grace) => open.Where(s => s switch
    {
        { Type: InvoiceType.Usage } => s.Terms.Contract.FinalAt(s.Period, grace) <= at
            && account.Contracts.Any(c => ReferenceEquals(c.Terms, s.Terms) && c.Terms.Contract.PeriodAfter(c.BilledThrough) == s.Period),
        { IsTrueup: true } => !NextDue.IsWaiting(s, account.Contracts),
        _ => true,
    });

    private async Task<Step> IssueAsync(Account account, IReadOnlyList<Statement> open, Statement statement, Instant at, Duration grace, string run, CancellationToken stop)
    {
        // Statements before it in time draw first, though they may become final later. What nothing pays for does not depend on them.
        var upTo = statement.Type == InvoiceType.Scheduled && !statement.NeedsBalances ? [statement] : open.TakeWhile(s => !ReferenceEquals(s, statement)).Append(statement).ToList();
        var state = await read.RateAsync(account, upTo, Instant.MaxValue, at, stop);
        var (customerId, contract) = (account.Customer.Id, statement.Terms.Contract);
        var n = await InvoiceDocuments.CountAsync(store, customerId, contract.Id, statement.Type, statement.Period.Start, stop);
        var invoice = InvoiceMaking.Of(state.Statements[^1], n, grace, InvoiceStatus.Finalized, account.Head.NextInvoiceNumber);
        var progress = account.Head.Of(contract.Id, statement.Type);
        InvoiceCheck.Throw(invoice, progress.BilledThrough, contract.PeriodAfter(null)?.Start ?? contract.StartingAt);
        var head = account.Head.With(progress with
        {
            Invoices = progress.Invoices + 1,
            BilledThrough = statement.Type == InvoiceType.Usage ? statement.Period.End : progress.BilledThrough,
        });
        var after = account with
        {
            Head = head,
            Contracts = [.. account.Contracts.Select(c => c.Terms.Contract.Id != contract.Id ? c : c with
            {
                BilledThrough = head.Of(contract.Id, InvoiceType.Usage).BilledThrough, BilledCharges = c.BilledCharges.Union(invoice.ChargeIds).ToHashSet(StringComparer.Ordinal),
            })],
        };
        var posting = Drawn(account, invoice).And(Trueup(account, statement, invoice));
        var (closing, stored) = Close(after with { Ledger = account.Ledger.With(posting.Entries, posting.Settled) }, at);
        posting = posting.And(closing);
        after = after with { Ledger = account.Ledger.With(posting.Entries, posting.Settled) };
        var (header, pages) = InvoiceDocuments.Split(invoice, run);
        var writes = new List<Write> { new Write.Create(header) };
        writes.AddRange(LedgerDocuments.Post(customerId, account.Ledger, account.LedgerETag, posting, account.Head.Version + 1));
        if (BilledCharges.Change(customerId, contract.Id, account.Billed[contract.Id], invoice.ChargeIds, billed: true) is { } billed) writes.Add(billed);
        writes.AddRange(stored);
        return new Step(true, head, writes, pages, NextDue.Of(after.Contracts, after.Commits, after.Ledger, grace, at));
    }

    private static Step Settle(Account account, Instant at, Duration grace)
    {
        var (posting, stored) = Close(account, at);
        var after = account with { Ledger = account.Ledger.With(posting.Entries, posting.Settled) };
        var writes = LedgerDocuments.Post(account.Customer.Id, account.Ledger, account.LedgerETag, posting, account.Head.Version + 1).Concat(stored).ToList();
        return new Step(false, account.Head, writes, [], NextDue.Of(after.Contracts, after.Commits, after.Ledger, grace, at));
    }

    private static Posting Drawn(Account account, Invoice invoice) => new(
        [.. invoice.Draws.Select(d => new LedgerEntry(d.CommitId, d.SegmentId, LedgerEntryType.AutomatedInvoiceDeduction, -d.Amount, d.At, invoice.Id, ContractId: invoice.ContractId))], [], []);

    /// <summary>A true-up takes what is left of the promise.</summary>
    private static Posting Trueup(Account account, Statement statement, Invoice invoice)
    {
        if (!statement.IsTrueup) return Posting.Nothing;
        var (entries, settled) = (new List<LedgerEntry>(), new List<string>());
        foreach (var line in invoice.Lines.Where(l => l.Commit is { Type: CommitType.Postpaid }))
        {
            var segment = account.Commits.First(c => c.Id == line.Commit!.CommitId).Access[0];
            if (line.Total != 0) entries.Add(new LedgerEntry(line.Commit!.CommitId, segment.Id, LedgerEntryType.Trueup, -line.Total, statement.Period.End, invoice.Id, ContractId: invoice.ContractId));
            settled.Add(segment.Id);
        }
        return new Posting(entries, settled, []);
    }

    /// <summary>What closes: segments past their end that nothing can draw on any more, and the rollovers that take part of them.</summary>
    private static (Posting Posting, IReadOnlyList<Write> Stored) Close(Account account, Instant at)
    {
        var rolled = AccountClosing.Rollovers(account.Contracts, account.Commits, account.Ledger, at);
        var taken = new Posting(rolled.Entries, [], []);
        var ledger = account.Ledger.With(rolled.Entries);
        var expired = AccountClosing.Expirations(account.Contracts, account.Head.Progress.SelectMany(p => p.Voided.Select(v => (p.ContractId, v.Start))), account.Commits, ledger, at);
        return (taken.And(new Posting([.. expired.Where(e => e.Amount != 0)], [.. expired.Select(e => e.SegmentId).Distinct()], [])),
            [.. rolled.Commits.Select(c => new Write.Create(CommitDocuments.Document(c)))]);
    }

    /// <summary>Takes back the pages of an attempt that another change overtook; no header names them.</summary>
    private async Task DropPagesAsync(Place place, IReadOnlyList<Document> pages, CancellationToken stop)
    {
        foreach (var page in pages)
        {
            if (await store.ReadAsync(place, page.Id, stop) is { } stored) await store.TryAsync(place, new Write.Delete(page.Id, stored.ETag), stop);
        }
    }
}
