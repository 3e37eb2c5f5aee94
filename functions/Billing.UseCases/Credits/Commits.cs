using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Billing.UseCases.CustomFields;
using Billing.UseCases.Documents;
using Billing.UseCases.Invoicing;
using NodaTime;

namespace Billing.UseCases.Credits;

/// <summary>A commit or credit that any contract of a customer may draw.</summary>
/// <param name="IsCredit">Given, not sold.</param>
/// <param name="Commit">What it is.</param>
public sealed record NewCustomerCommit(string CustomerId, bool IsCredit, NewCommit Commit)
{
    /// <summary>None: every contract.</summary>
    public IReadOnlyList<string> ApplicableContractIds { get; init; } = [];

    /// <summary>The contract whose invoices carry its payments.</summary>
    public string? InvoiceContractId { get; init; }

    public string? UniquenessKey { get; init; }
}

/// <summary>Commits and credits of customers, and entries by hand.</summary>
public sealed class Commits(IDocumentStore store, IClock clock, Catalogs catalogs)
{
    private readonly Accounts accounts = new(store);
    private readonly UniquenessKeys uniqueness = new(store, new Accounts(store));
    private readonly FieldRules fields = new(store, clock);

    /// <summary>Gives or sells a customer an amount that their contracts may draw.</summary>
    public async Task<Outcome<Commit>> CreateAsync(NewCustomerCommit wanted, IdSource ids, CancellationToken stop)
    {
        if (!(await ReadAsync(wanted, ids, stop)).Is(out var commit, out var refusal)) return refusal;
        if (commit.Invoicing is { DoNotInvoice: false } && commit.InvoiceContractId is null)
            return new Refusal("invoice_contract_missing", "A commit of a customer that is invoiced names the contract that carries its invoices.", "/invoice_contract_id");
        return await accounts.ChangeAsync<Commit>(
            commit.CustomerId,
            async head =>
            {
                if (await accounts.CustomerAsync(commit.CustomerId, stop) is not { } customer) return Customers.NotFound(commit.CustomerId);
                if (await CommitDocuments.FindAsync(store, customer.Id, commit.Id, stop) is { } existing) return new AccountChange<Commit>(existing.Value, null, []);
                if (customer.ArchivedAt is not null) return Customers.Archived(customer.Id);
                foreach (var contractId in commit.ApplicableContractIds.Append(commit.InvoiceContractId).OfType<string>())
                {
                    if (await ContractDocuments.FindAsync(store, customer.Id, contractId, stop) is null) return UseCases.Contracts.Contracts.NotFound(contractId);
                }
                if (commit.UniquenessKey is { } key
                    && await uniqueness.TakeAsync("commit", key, customer.Id, CommitDocuments.IdOf(commit.Id), stop) is { } used) return used;
                if (await fields.AdmitTermsAsync(null, [commit], stop) is { } notAdmitted) return notAdmitted;
                return new AccountChange<Commit>(commit, head, [new Write.Create(CommitDocuments.Document(commit))]);
            },
            stop);
    }

    /// <summary>The commit that is asked for, checked against the rate card that has its unit.</summary>
    private async Task<Outcome<Commit>> ReadAsync(NewCustomerCommit wanted, IdSource ids, CancellationToken stop)
    {
        var named = new[] { wanted.Commit.ProductId }.Concat(wanted.Commit.ApplicableProductIds ?? []).Concat((wanted.Commit.Specifiers ?? []).Select(s => s.ProductId).OfType<string>()).ToList();
        var cards = (await ContractDocuments.AllAsync(store, wanted.CustomerId, stop)).Select(c => c.Value.RateCardId).OfType<string>().Distinct(StringComparer.Ordinal);
        var catalog = await catalogs.ReadAsync(null, named, stop);
        foreach (var card in wanted.Commit.AccessSchedule?.CreditTypeId is null ? cards.Take(1) : cards)
        {
            if (!catalog.Unit(wanted.Commit.AccessSchedule?.CreditTypeId, "").Is(out _, out _) || catalog.Card is null) catalog = await catalogs.ReadAsync(card, named, stop);
        }
        var now = clock.GetCurrentInstant();
        var frame = new TermsFrame(wanted.CustomerId, null, now, null, MultiplierPrioritization.LowestMultiplier, catalog, new KnownTerms([], [], []), now, null, ids.New);
        return ReadCommits.Commit(wanted.IsCredit, wanted.Commit, frame).Is(out var commit, out var refusal)
            ? commit with { ApplicableContractIds = wanted.ApplicableContractIds, InvoiceContractId = wanted.InvoiceContractId, UniquenessKey = wanted.UniquenessKey }
            : refusal;
    }

    /// <summary>Ends a commit's access, or its invoices, earlier.</summary>
    /// <param name="accessEndingBefore">Null leaves the access.</param>
    /// <param name="invoicesEndingBefore">Null leaves the payments.</param>
    /// <remarks>Errors: refused when it would lengthen the access, or cut away usage that a final invoice drew.</remarks>
    public Task<Outcome<Commit>> UpdateEndDateAsync(string customerId, string commitId, bool credit, Instant? accessEndingBefore, Instant? invoicesEndingBefore, CancellationToken stop) =>
        accounts.ChangeAsync<Commit>(
            customerId,
            async head =>
            {
                if (await CommitDocuments.FindAsync(store, customerId, commitId, stop) is not { } found || found.Value.Type == CommitType.Credit != credit) return NotFound(commitId);
                var commit = found.Value;
                if (accessEndingBefore is { } end)
                {
                    if ((Hours.Check(end, "/access_ending_before") ?? CheckEnd(commit, end, (await LedgerDocuments.TotalsAsync(store, customerId, stop)).Totals)) is { } refusal) return refusal;
                    commit = commit with { Access = [.. commit.Access.Where(a => a.StartingAt < end).Select(a => a.EndingBefore > end ? a with { EndingBefore = end } : a)] };
                }
                if (invoicesEndingBefore is { } last && commit.Invoicing is { } schedule)
                    commit = commit with { Invoicing = schedule with { Items = [.. schedule.Items.Where(i => i.Timestamp < last)] } };
                if (commit == found.Value) return new AccountChange<Commit>(commit, null, []);
                var changed = commit with { Version = commit.Version + 1 };
                return new AccountChange<Commit>(changed, head, [CommitDocuments.Past(found.Value), new Write.Replace(CommitDocuments.Document(changed), found.ETag)]);
            },
            stop);

    /// <summary>Adds an entry by hand to a segment.</summary>
    /// <param name="amount">Added; below 0 it is taken.</param>
    /// <param name="at">When it counts; null: now.</param>
    /// <remarks>Errors: refused when the balance would fall below 0, or the segment is closed.</remarks>
    public async Task<Outcome<LedgerEntry>> AddEntryAsync(
        string customerId, string? contractId, string commitId, string segmentId, decimal amount, string reason, Instant? at, ReadAccounts read, CancellationToken stop)
    {
        var now = clock.GetCurrentInstant();
        if (string.IsNullOrWhiteSpace(reason)) return new Refusal("reason_missing", "Say why: an entry by hand needs a reason.", "/reason");
        return await accounts.ChangeAsync<LedgerEntry>(
            customerId,
            async head =>
            {
                if (await read.ReadAsync(customerId, head, now, stop) is not { } account) return Customers.NotFound(customerId);
                if (account.Commits.FirstOrDefault(c => c.Id == commitId) is not { } commit || (contractId is not null && commit.ContractId != contractId)) return NotFound(commitId);
                if (commit.Access.FirstOrDefault(a => a.Id == segmentId) is not { } segment)
                    return new Refusal("segment_not_found", $"The commit has no segment with the id '{segmentId}'.", "/segment_id", RefusalKind.NotFound);
                var totals = account.Ledger.Of(segmentId);
                if (totals.IsSettled) return new Refusal("segment_closed", "The segment has ended and is settled.", "/segment_id", RefusalKind.Conflict);
                if (Exact.Add(Exact.Add(segment.Amount, totals.Posted), amount) < 0)
                    return new Refusal("balance_below_zero", "More would be taken than is left.", "/amount", RefusalKind.Conflict);
                var entry = new LedgerEntry(commitId, segmentId, LedgerEntryType.Manual, amount, at ?? now, Reason: reason, ContractId: commit.ContractId);
                return new AccountChange<LedgerEntry>(entry, head, [.. LedgerDocuments.Post(customerId, account.Ledger, account.LedgerETag, new Posting([entry], [], []), head.Version + 1)]);
            },
            stop);
    }

    private static Refusal? CheckEnd(Commit commit, Instant end, LedgerTotals ledger)
    {
        if (end > commit.Access[^1].EndingBefore) return new Refusal("end_is_later", "An end date can only be moved earlier; edit the access schedule to lengthen it.", "/access_ending_before");
        if (end <= commit.Access[0].StartingAt) return new Refusal("ends_before_start", "The end must lie after the start.", "/access_ending_before");
        return commit.Access.Any(a => a.StartingAt >= end && ledger.Of(a.Id).Posted != 0)
            ? new Refusal("segment_was_drawn", "A final invoice drew on a segment that would be cut away; void it first.", "/access_ending_before", RefusalKind.Conflict)
            : null;
    }

    internal static Refusal NotFound(string id) => new("commit_not_found", $"The customer has no commit or credit with the id '{id}'.", "/commit_id", RefusalKind.NotFound);
}
