using Billing.Domain.Contracts;
using Billing.Domain.Invoicing;
using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Invoicing;

/// <summary>Puts the final usage invoices of a parent and its children together, a consolidated invoice for each usage period of the parent.</summary>
/// <remarks>
/// It is made when the parent and every child that is put together are billed up to the end of the period. Constituents are claimed first, each in a commit of
/// its own account, then the invoice is committed on the parent's head. Invariant: whatever is repeated or runs at once, an invoice is on one that is not void, at the most.
/// </remarks>
internal sealed class ConsolidateInvoices(IDocumentStore store)
{
    private readonly Accounts accounts = new(store);
    private readonly FamilyClaims claims = new(store);
    private readonly ChildContracts children = new(store);

    /// <summary>The step that issues the first consolidated invoice that is due and complete; null when there is none.</summary>
    public async Task<AccountStep?> NextAsync(Account account, string run, Instant at, BillingSettings settled, CancellationToken stop)
    {
        foreach (var open in account.Contracts)
        {
            if (open.ToConsolidate is not { } period || open.Terms.Contract.FinalAt(period, settled.Grace) > at) continue;
            if (await IssueAsync(account, open.Terms, period, null, run, at, settled, stop) is { } step) return step;
        }
        return null;
    }

    /// <summary>The step that makes a voided consolidated invoice anew, of what is final now.</summary>
    /// <remarks>Errors: <see cref="InvoiceCheckException"/> when a child is not billed as far.</remarks>
    public async Task<AccountStep> AgainAsync(Account account, Terms terms, Invoice voided, string run, Instant at, BillingSettings settled, CancellationToken stop) =>
        await IssueAsync(account, terms, new Interval(voided.Start, voided.End), voided, run, at, settled, stop)
        ?? throw new InvoiceCheckException($"The family of contract {terms.Contract.Id} is not billed up to {voided.End}.");

    /// <summary>The consolidated invoice of the period that is to be put together next, of what is final and of drafts; null before it has begun.</summary>
    /// <param name="open">The parent.</param>
    /// <param name="draftsOf">Drafts of one contract.</param>
    /// <param name="now">When.</param>
    /// <param name="grace">Between the end of a period and its invoice.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<Outcome<Invoice[]>> DraftAsync(OpenContract open, Func<Contract, Task<Outcome<Drafts>>> draftsOf, Instant now, Duration grace, CancellationToken stop)
    {
        if (open.ToConsolidate is not { } period || period.Start >= now) return Array.Empty<Invoice>();
        var parent = open.Terms.Contract;
        var constituents = new List<Invoice>();
        foreach (var contract in (await FamilyAsync(parent, stop)).Prepend(parent))
        {
            if (!(await draftsOf(contract)).Is(out var drafts, out var refusal)) return refusal;
            foreach (var one in Consolidation.PeriodsIn(contract, period))
            {
                var draft = drafts.Rated.FirstOrDefault(d => d.Type == InvoiceType.Usage && d.Start == one.Start);
                if ((draft ?? await FinalAsync(contract, one, stop)) is { } constituent) constituents.Add(constituent);
            }
        }
        var (id, _) = await NextIdAsync(parent, period, stop);
        return new[] { Consolidation.Of(id, parent, period, constituents, open.Terms.CreditType.Id, grace, open.Terms.Versions()) };
    }

    private async Task<AccountStep?> IssueAsync(Account account, Terms terms, Interval period, Invoice? again, string run, Instant at, BillingSettings settled, CancellationToken stop)
    {
        var parent = terms.Contract;
        var family = new List<(Contract Contract, AccountHead Head)> { (parent, account.Head) };
        foreach (var child in await FamilyAsync(parent, stop)) family.Add((child, await accounts.HeadAsync(child.CustomerId, stop)));
        if (family.Exists(f => Consolidation.WaitsFor(f.Contract, f.Head.Of(f.Contract.Id, InvoiceType.Usage).BilledThrough, period))) return null;
        var (id, on) = await NextIdAsync(parent, period, stop);
        var (constituents, writes) = (new List<Invoice>(), new List<Write>());
        foreach (var (contract, _) in family)
        foreach (var one in Consolidation.PeriodsIn(contract, period))
        {
            if (await FinalAsync(contract, one, stop) is not { } invoice) continue;
            if (contract.CustomerId != account.Customer.Id)
            {
                if (await claims.HoldElsewhereAsync(invoice, on, stop)) constituents.Add(invoice);
            }
            else if (await claims.HoldAsync(invoice, on, stop) is { } write)
            {
                writes.Add(write);
                constituents.Add(invoice);
            }
        }
        var made = Consolidation.Of(id, parent, period, constituents, terms.CreditType.Id, settled.Grace, terms.Versions()) with
        {
            Status = InvoiceStatus.Finalized, Number = account.Head.NextInvoiceNumber, RegeneratedFrom = again?.Id,
        };
        var final = made.Between(settled.Seller, account.Customer);
        InvoiceCheck.Throw(final, again is null ? account.Head.Of(parent.Id, InvoiceType.UsageConsolidated).BilledThrough : period.Start, parent.PeriodAfter(null)?.Start ?? parent.StartingAt);
        await Owners.SetAsync(store, Owners.Invoice, id, account.Customer.Id, stop);
        var step = AccountStep.Issue(account, null, final, account.Head, run, at, settled.Grace);
        return step with { Writes = [.. step.Writes, .. writes] };
    }

    /// <summary>The children that are put together, in the order of their lines.</summary>
    private async Task<IEnumerable<Contract>> FamilyAsync(Contract parent, CancellationToken stop) =>
        (await children.OfAsync(parent.Id, stop)).Where(c => c.Hierarchy!.ConsolidateUsage).OrderBy(c => c.StartingAt).ThenBy(c => c.Id, StringComparer.Ordinal);

    private async Task<(string Id, Constituent On)> NextIdAsync(Contract parent, Interval period, CancellationToken stop)
    {
        var n = await InvoiceDocuments.CountAsync(store, parent.CustomerId, parent.Id, InvoiceType.UsageConsolidated, period.Start, stop);
        var id = InvoiceDocuments.InvoiceId(parent.Id, InvoiceType.UsageConsolidated, period.Start, n);
        return (id, new Constituent(parent.CustomerId, parent.Id, id));
    }

    /// <summary>The invoice of a usage period that is not void; null when it was voided and not made anew.</summary>
    private async Task<Invoice?> FinalAsync(Contract contract, Interval period, CancellationToken stop)
    {
        for (var n = 0; await InvoiceDocuments.ReadAsync(store, contract.CustomerId, InvoiceDocuments.InvoiceId(contract.Id, InvoiceType.Usage, period.Start, n), stop) is { } invoice; n++)
            if (invoice.Status == InvoiceStatus.Finalized) return invoice;
        return null;
    }
}
