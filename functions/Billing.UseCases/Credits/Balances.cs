using Billing.Domain.Credits;
using Billing.Domain.Invoicing;
using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;
using Billing.UseCases.Invoicing;
using NodaTime;

namespace Billing.UseCases.Credits;

/// <summary>Which balances are wanted; null or empty takes all.</summary>
/// <param name="Id">Of a commit or credit.</param>
/// <param name="CoveringDate">Open at this instant.</param>
/// <param name="StartingAt">Open at this instant or later.</param>
/// <param name="EffectiveBefore">Open before this instant.</param>
public sealed record BalanceFilter(
    string? Id = null,
    IReadOnlyCollection<CommitType>? Types = null,
    bool OfContracts = true,
    bool OfCustomer = true,
    string? ContractId = null,
    Instant? CoveringDate = null,
    Instant? StartingAt = null,
    Instant? EffectiveBefore = null,
    bool IncludeArchived = false,
    bool OnlyNonZero = false)
{
    internal bool Fits(Commit commit) =>
        (Id is null || commit.Id == Id) && (Types is null || Types.Contains(commit.Type)) && (commit.ContractId is null ? OfCustomer : OfContracts)
        && (ContractId is null || commit.IsFor(ContractId)) && (IncludeArchived || commit.ArchivedAt is null)
        && (CoveringDate is not { } at || commit.Access.Any(a => a.Covers(at)))
        && (StartingAt is not { } from || commit.Access.Any(a => a.EndingBefore > from))
        && (EffectiveBefore is not { } before || commit.Access.Any(a => a.StartingAt < before));
}

/// <summary>A commit or credit with what is left of it.</summary>
/// <param name="Left">Of the segments that are open now, drafts drawn or not as asked.</param>
/// <param name="Ledger">In order of time: starts of segments, then what was posted; null when it was not asked for.</param>
public sealed record Balance(Commit Commit, decimal Left, IReadOnlyList<LedgerEntry>? Ledger);

/// <summary>What narrows a net balance; members that are given must all fit.</summary>
public sealed record NetBalanceFilter(IReadOnlyCollection<CommitType>? Types, IReadOnlyCollection<string>? Ids, IReadOnlyDictionary<string, string>? CustomFields)
{
    internal bool Fits(Commit commit) =>
        (Types is null || Types.Contains(commit.Type)) && (Ids is null || Ids.Contains(commit.Id))
        && (CustomFields is null || CustomFields.All(f => commit.CustomFields.TryGetValue(f.Key, out var value) && value == f.Value));
}

/// <summary>Tells what is left of commits and credits.</summary>
/// <remarks>
/// A balance is the sum of the ledger of the segments that are open now: future and expired ones count nothing. Drafts are drawn unless only final
/// invoices are asked for: it is what the same rating leaves that makes the draft.
/// </remarks>
public sealed class Balances(IDocumentStore store, IClock clock, ReadAccounts read)
{
    /// <summary>The balances of a customer, by start of their access.</summary>
    /// <param name="withDrafts">False: as final invoices leave them.</param>
    /// <param name="withLedger">True: with their entries.</param>
    public async Task<Outcome<IReadOnlyList<Balance>>> ListAsync(string customerId, BalanceFilter filter, bool withDrafts, bool withLedger, CancellationToken stop)
    {
        var now = clock.GetCurrentInstant();
        if (await read.ReadAsync(customerId, null, now, stop) is not { } account) return Customers.NotFound(customerId);
        if (!(await LeftAsync(account, withDrafts, now, stop)).Is(out var left, out var refusal)) return refusal;
        var entries = withLedger ? (await LedgerDocuments.EntriesAsync(store, customerId, stop)).ToLookup(e => e.CommitId) : null;
        var balances = account.Commits.Where(filter.Fits).Where(c => c.RecurringCommitId is null || c.Access[0].StartingAt <= now)
            .OrderBy(c => c.Access[0].StartingAt).ThenBy(c => c.CreatedAt).ThenBy(c => c.Id, StringComparer.Ordinal)
            .Select(c => new Balance(c, Open(c, left, now), entries is null ? null : [.. Starts(c, now).Concat(entries[c.Id]).OrderBy(e => e.At)]))
            .Where(b => !filter.OnlyNonZero || b.Left != 0);
        return Exactly<IReadOnlyList<Balance>>(() => [.. balances]);
    }

    /// <summary>The sum of a customer's balances in one unit; what belongs to one seat is left out.</summary>
    public async Task<Outcome<decimal>> NetAsync(string customerId, string creditTypeId, IReadOnlyList<NetBalanceFilter> anyOf, bool withDrafts, CancellationToken stop)
    {
        var now = clock.GetCurrentInstant();
        if (await read.ReadAsync(customerId, null, now, stop) is not { } account) return Customers.NotFound(customerId);
        if (!(await LeftAsync(account, withDrafts, now, stop)).Is(out var left, out var refusal)) return refusal;
        return Exactly(() => Exact.Sum(account.Commits.Where(c => c.ArchivedAt is null && c.IsPaid && !IsOfSeat(c, account.Contracts))
            .Where(c => string.Equals(c.CreditTypeId, creditTypeId, StringComparison.OrdinalIgnoreCase))
            .Where(c => anyOf.Count == 0 || anyOf.Any(f => f.Fits(c))).Select(c => Open(c, left, now))));
    }

    // Each amount can be kept, and their sum may not.
    private static Outcome<T> Exactly<T>(Func<T> calculate)
    {
        try
        {
            return calculate();
        }
        catch (ArithmeticException overflow)
        {
            return NotExact(overflow);
        }
    }

    private static Refusal NotExact(ArithmeticException overflow) =>
        new("amount_not_exact", $"The balances cannot be told: {overflow.Message} Archive the commit or credit that is too large.", Kind: RefusalKind.Conflict);

    /// <summary>What is left of every segment.</summary>
    private async Task<Outcome<Func<AccessSegment, decimal>>> LeftAsync(Account account, bool withDrafts, Instant now, CancellationToken stop)
    {
        try
        {
            var state = withDrafts ? await read.RateDraftsAsync(account, AccountRating.Open(account.Contracts, now), [], now, stop) : await read.RateAsync(account, [], Instant.MaxValue, now, stop);
            return new Outcome<Func<AccessSegment, decimal>>(state.Left);
        }
        catch (UsageNotReadyException filling)
        {
            return filling.Refusal;
        }
        catch (ArithmeticException overflow)
        {
            return NotExact(overflow);
        }
    }

    private static decimal Open(Commit commit, Func<AccessSegment, decimal> left, Instant now) =>
        commit.IsPaid && commit.ArchivedAt is null ? Exact.Sum(commit.Access.Where(a => a.Covers(now)).Select(left)) : 0;

    /// <summary>Entries that follow from the terms: the amount of each segment that has begun.</summary>
    private static IEnumerable<LedgerEntry> Starts(Commit commit, Instant now) =>
        commit.Access.Where(a => a.StartingAt <= now && commit.IsPaid).Select(a => new LedgerEntry(commit.Id, a.Id, LedgerEntryType.SegmentStart, a.Amount, a.StartingAt, CreditMemoId: commit.CreditMemoId));

    private static bool IsOfSeat(Commit commit, IReadOnlyList<OpenContract> contracts) => commit.RecurringCommitId is { } id
        && contracts.SelectMany(c => c.Terms.Contract.RecurringCommits).Any(r => r.Id == id && r.Seats is { PerSeat: true });
}
