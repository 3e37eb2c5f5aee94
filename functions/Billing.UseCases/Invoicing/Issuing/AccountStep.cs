using Billing.Domain.Credits;
using Billing.Domain.Invoicing;
using Billing.UseCases.Contracts;
using Billing.UseCases.Credits;
using Billing.UseCases.Documents;
using Billing.UseCases.Notifications;
using NodaTime;

namespace Billing.UseCases.Invoicing;

/// <summary>One atomic change of an account by billing.</summary>
/// <param name="Issued">The invoice that it issues, if it does.</param>
/// <param name="Pages">To be written before the commit; the header in <paramref name="Writes"/> makes them count.</param>
/// <param name="Due">When billing must look at the account again.</param>
internal sealed record AccountStep(Invoice? Issued, AccountHead Head, IReadOnlyList<Write> Writes, IReadOnlyList<Document> Pages, Instant? Due)
{
    /// <summary>What others shall hear of it.</summary>
    public IReadOnlyList<Message> Messages { get; init; } = [];

    /// <summary>The change of the head and the writes that go with it.</summary>
    public AccountChange<T> As<T>(T result) => new(result, Head, Writes) { Due = Due, Messages = Messages };

    /// <summary>Nothing but what is over by now: segments past their end that nothing can draw on any more, and rollovers.</summary>
    public static AccountStep Settle(Account account, Instant at, Duration grace) => Of(account, account.Head, Posting.Nothing, [], at, grace);

    /// <summary>The step with what somebody who watches the account adds.</summary>
    public AccountStep With(AccountLook look) => this with { Writes = [.. Writes, .. look.Writes], Messages = [.. Messages, .. look.Messages], Due = look.Due < Due || Due is null ? look.Due ?? Due : Due };

    /// <summary>Issues an invoice.</summary>
    /// <param name="account">As it was read.</param>
    /// <param name="statement">What was rated; null for a consolidated invoice.</param>
    /// <param name="invoice">Made of it.</param>
    /// <param name="head">The account's head with the invoice counted; its number and the progress are set here.</param>
    /// <param name="run">Names the pages.</param>
    /// <param name="at">Now.</param>
    /// <param name="grace">Of usage periods.</param>
    public static AccountStep Issue(Account account, Statement? statement, Invoice invoice, AccountHead head, string run, Instant at, Duration grace)
    {
        var (customerId, contractId) = (account.Customer.Id, invoice.ContractId);
        var progress = head.Of(contractId, invoice.Type);
        var regenerated = invoice.RegeneratedFrom is not null;
        var counted = head.With(progress with
        {
            Invoices = progress.Invoices + 1,
            BilledThrough = invoice.Type is InvoiceType.Usage or InvoiceType.UsageConsolidated && !regenerated ? invoice.End : progress.BilledThrough,
            Voided = [.. progress.Voided.Where(v => v.InvoiceId != invoice.RegeneratedFrom)],
        });
        var (header, pages) = InvoiceDocuments.Split(invoice, run);
        var writes = new List<Write> { new Write.Create(header) };
        var billed = account.Billed.GetValueOrDefault(contractId, (Ids: new HashSet<string>(), ETag: null));
        if (BilledCharges.Change(customerId, contractId, billed, invoice.ChargeIds, billed: true) is { } change) writes.Add(change);
        var after = account with
        {
            Contracts = [.. account.Contracts.Select(c => c.Terms.Contract.Id != contractId ? c : c with
            {
                BilledThrough = counted.Of(contractId, InvoiceType.Usage).BilledThrough,
                ConsolidatedThrough = counted.Of(contractId, InvoiceType.UsageConsolidated).BilledThrough,
                BilledCharges = c.BilledCharges.Union(invoice.ChargeIds).ToHashSet(StringComparer.Ordinal),
            })],
        };
        var step = Of(after, counted, Drawn(invoice).And(Trueup(account, statement, invoice)), writes, at, grace);
        var told = Message.Of(
            customerId, account.Head.Version + 1, "invoice.finalized", invoice.Id, at,
            ("customer_id", customerId), ("contract_id", contractId), ("invoice_id", invoice.Id), ("invoice_finalized_date", at), ("total", invoice.Total), ("credit_type_id", invoice.CreditTypeId));
        return step with { Issued = invoice, Pages = pages, Messages = [.. step.Messages, told] };
    }

    /// <summary>A change with what it closes and when the account is due next.</summary>
    /// <param name="account">With contracts as they are after the change, and the ledger as it was read.</param>
    /// <param name="head">After the change.</param>
    /// <param name="posting">What the change posts.</param>
    /// <param name="writes">What it writes beside the ledger.</param>
    /// <param name="at">Now.</param>
    /// <param name="grace">Of usage periods.</param>
    public static AccountStep Of(Account account, AccountHead head, Posting posting, IReadOnlyList<Write> writes, Instant at, Duration grace)
    {
        var after = account.Ledger.With(posting.Entries, posting.Settled, posting.Reopened);
        var rolled = AccountClosing.Rollovers(account.Contracts, account.Commits, after, at);
        var commits = account.Commits.Select(c => rolled.Commits.FirstOrDefault(r => r.Id == c.Id) ?? c).ToList();
        var voided = head.Progress.SelectMany(p => p.Voided.Select(v => (p.ContractId, v.Start)));
        var expired = AccountClosing.Expirations(account.Contracts, voided, account.ChildrenOpen, commits, after.With(rolled.Entries), at);
        var all = posting.And(new Posting([.. rolled.Entries, .. expired.Where(e => e.Amount != 0)], [.. expired.Select(e => e.SegmentId).Distinct()], []));
        var ledger = account.Ledger.With(all.Entries, all.Settled, all.Reopened);
        return new AccountStep(
            null, head,
            [
                .. writes, .. rolled.Commits.Select(c => new Write.Create(CommitDocuments.Document(c))),
                .. LedgerDocuments.Post(account.Customer.Id, account.Ledger, account.LedgerETag, all, account.Head.Version + 1),
            ],
            [], NextDue.Of(account.Contracts, account.ChildrenOpen, commits, ledger, grace, at));
    }

    private static Posting Drawn(Invoice invoice) => new(
        [.. invoice.Draws.Where(d => d.CustomerId is null).Select(d => new LedgerEntry(d.CommitId, d.SegmentId, LedgerEntryType.AutomatedInvoiceDeduction, -d.Amount, d.At, invoice.Id, ContractId: invoice.ContractId))], [], []);

    /// <summary>A true-up takes what is left of the promise.</summary>
    private static Posting Trueup(Account account, Statement? statement, Invoice invoice)
    {
        if (statement is not { IsTrueup: true }) return Posting.Nothing;
        var (entries, settled) = (new List<LedgerEntry>(), new List<string>());
        foreach (var line in invoice.Lines.Where(l => l.Commit is { Type: CommitType.Postpaid }))
        {
            var segment = account.Commits.First(c => c.Id == line.Commit!.CommitId).Access[0];
            if (line.Total != 0) entries.Add(new LedgerEntry(line.Commit!.CommitId, segment.Id, LedgerEntryType.Trueup, -line.Total, statement.Period.End, invoice.Id, ContractId: invoice.ContractId));
            settled.Add(segment.Id);
        }
        return new Posting(entries, settled, []);
    }
}
