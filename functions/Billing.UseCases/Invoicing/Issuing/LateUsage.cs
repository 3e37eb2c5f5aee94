using Billing.Domain.Contracts;
using Billing.Domain.CreditMemos;
using Billing.Domain.Credits;
using Billing.Domain.Invoicing;
using Billing.UseCases.Contracts;
using Billing.UseCases.CreditMemos;
using Billing.UseCases.Credits;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Invoicing;

/// <summary>What a final period would cost with all usage that is known now.</summary>
/// <param name="InvoiceId">Of the period's invoice.</param>
/// <param name="IsCredited">True when a credit memo corrects that invoice: it is not voided, so it can't be made anew.</param>
public sealed record LateDifference(LatePeriod Of, string InvoiceId, PeriodDifference Difference, bool IsCredited)
{
    /// <summary>What becomes of it.</summary>
    /// <param name="policy">Of the contract, or the one for all.</param>
    public LateUsagePolicy Under(LateUsagePolicy policy) => IsCredited && policy == LateUsagePolicy.Regenerate ? LateUsagePolicy.NextInvoice : policy;
}

/// <summary>Late usage of a contract whose policy is to report it.</summary>
public sealed record ReportedLateUsage(string CustomerId, string ContractId, string InvoiceId, Instant Start, Instant End, IReadOnlyList<InvoiceLine> Lines, Instant At);

/// <summary>Compares final periods with fresh reads of their usage.</summary>
public sealed class LateUsage(IDocumentStore store, ContractTerms terms, ReadAccounts read)
{
    private const string ReportKind = "late-usage";

    /// <summary>A page of late usage that is not billed.</summary>
    public Task<Listed<ReportedLateUsage>> ReportedAsync(string? after, int limit, CancellationToken stop) =>
        store.ListAsync<ReportedLateUsage>(Container.Accounts, ReportKind, _ => true, after, limit, stop);

    /// <summary>Open statements, the first usage statement of each contract with the late usage that it carries.</summary>
    public async Task<IReadOnlyList<Statement>> CarriedAsync(Account account, IReadOnlyList<Statement> open, LateUsagePolicy otherwise, CancellationToken stop) =>
        Carried(account, open, await DifferencesAsync(account, stop), otherwise);

    /// <inheritdoc cref="CarriedAsync"/>
    internal static IReadOnlyList<Statement> Carried(Account account, IReadOnlyList<Statement> open, IReadOnlyList<LateDifference> differences, LateUsagePolicy otherwise)
    {
        if (differences.Count == 0) return open;
        var carrying = new HashSet<string>(StringComparer.Ordinal);
        return [.. open.Select(s =>
        {
            var contract = s.Terms.Contract;
            if (s.Type != InvoiceType.Usage || !carrying.Add(contract.Id)) return s;
            var carried = differences.Where(d => d.Of.ContractId == contract.Id && d.Under(contract.LateUsage(otherwise)) == LateUsagePolicy.NextInvoice).ToList();
            return carried.Count == 0 ? s : s.Carrying(carried.Select(d => d.Difference));
        })];
    }

    /// <summary>The step that lists a difference instead of billing it.</summary>
    internal static AccountStep Report(Account account, LateDifference difference, Instant at, Duration grace)
    {
        var ((contractId, start), invoiceId, (period, lines), _) = difference;
        var place = Accounts.PlaceOf(account.Customer.Id);
        var report = place.Keep(
            $"late:{LookupKey.Of(contractId)}:{start.ToUnixTimeSeconds()}", ReportKind,
            new ReportedLateUsage(account.Customer.Id, contractId, invoiceId, start, period.End, lines, at));
        return AccountStep.Of(account, account.Head with { Late = [.. account.Head.Late.Where(l => l != difference.Of)] }, Posting.Nothing, [new Write.Upsert(report)], at, grace);
    }

    /// <summary>The differences of the periods that a head lists; those without one are left out.</summary>
    public async Task<IReadOnlyList<LateDifference>> DifferencesAsync(Account account, CancellationToken stop)
    {
        if (account.Head.Late.Count == 0) return [];
        var differences = new List<LateDifference>();
        var invoices = await InvoiceDocuments.HeadersAsync(store, account.Customer.Id, stop);
        var memos = await CreditMemoDocuments.AllAsync(store, account.Customer.Id, stop);
        foreach (var late in account.Head.Late)
        {
            // A voided period takes no adjustment: making it anew reads all usage.
            var own = invoices.Find(h => h.Invoice is { Type: InvoiceType.Usage, Status: InvoiceStatus.Finalized } i && i.ContractId == late.ContractId && i.Start == late.Start);
            if (own is null) continue;
            if (await DifferenceAsync(account, late, own, invoices, stop) is { IsEmpty: false } difference) differences.Add(new LateDifference(late, own.Invoice.Id, difference, Crediting.Credited(own.Invoice, memos) != 0));
        }
        return differences;
    }

    /// <summary>The difference of one final period; null when its contract is gone.</summary>
    private async Task<PeriodDifference?> DifferenceAsync(Account account, LatePeriod late, InvoiceHeader own, List<InvoiceHeader> invoices, CancellationToken stop)
    {
        var invoice = own.Invoice;
        if (await AsBilledAsync(account, invoice, stop) is not { } billedWith) return null;
        var period = new Interval(invoice.Start, invoice.End);
        var usage = await read.UsageAsync(new Statement(billedWith, InvoiceType.Usage, period), Instant.MaxValue, stop);
        var lines = new List<InvoiceLine>();
        foreach (var header in invoices.Where(h => h.Invoice is { Status: InvoiceStatus.Finalized, Type: not InvoiceType.UsageConsolidated } i && i.ContractId == late.ContractId))
        {
            // An adjustment is on a later invoice, so older ones need not be opened.
            if (header != own && header.Invoice.End <= period.Start) continue;
            lines.AddRange((await InvoiceDocuments.WholeAsync(store, header, stop)).Lines.Where(l => header == own ? l.AdjustsPeriod is null : l.AdjustsPeriod == late.Start));
        }
        return Adjustments.Of(billedWith, usage, period, lines);
    }

    /// <summary>The terms that a final invoice was rated with; null when its contract is gone.</summary>
    internal async Task<Terms?> AsBilledAsync(Account account, Invoice invoice, CancellationToken stop)
    {
        if ((await ContractDocuments.FindAsync(store, account.Customer.Id, invoice.ContractId, stop))?.Value is not { } now) return null;
        if (await ContractDocuments.VersionAsync(store, now, invoice.Versions.Contract, stop) is not { } contract)
            throw new InvalidOperationException($"Version {invoice.Versions.Contract} of contract {invoice.ContractId} is not kept.");
        return await terms.AsBilledAsync(contract, await CommitsAsync(account, contract, invoice, stop), invoice.Versions, stop);
    }

    private async Task<List<Commit>> CommitsAsync(Account account, Contract contract, Invoice invoice, CancellationToken stop)
    {
        var (commits, shared) = (new List<Commit>(), account.Shared.Where(s => s.ContractId == contract.Id).SelectMany(s => s.Commits).ToList());
        foreach (var (id, version) in invoice.Versions.Commits ?? new Dictionary<string, int>())
        {
            if (account.Commits.FirstOrDefault(c => c.Id == id) is { } now && await CommitDocuments.VersionAsync(store, now, version, stop) is { } billed) commits.Add(billed);
            else if (shared.Find(c => c.Id == id) is { } parents && await CommitDocuments.VersionAsync(store, parents, version, stop) is { } lent) commits.Add(lent.SharedWith(contract.Id));
        }
        var known = commits.Select(c => c.Id).ToHashSet(StringComparer.Ordinal);
        return [.. commits, .. Grants.Of(contract, invoice.End).Concat(shared.Where(s => s.RecurringCommitId is not null)).Where(g => !known.Contains(g.Id))];
    }
}
