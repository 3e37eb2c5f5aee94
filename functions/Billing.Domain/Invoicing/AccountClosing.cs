using Billing.Domain.Credits;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Invoicing;

/// <summary>What a renewal takes over for good.</summary>
public sealed record SettledRollovers(IReadOnlyList<LedgerEntry> Entries, IReadOnlyList<Commit> Commits);

/// <summary>Closes what no open statement can draw on any more.</summary>
public static class AccountClosing
{
    /// <summary>Rollovers whose amount is known for good: everything that the contract before used is billed.</summary>
    public static SettledRollovers Rollovers(IReadOnlyList<OpenContract> contracts, IReadOnlyList<Commit> commits, LedgerTotals ledger, Instant now)
    {
        var (entries, settled) = (new List<LedgerEntry>(), new List<Commit>());
        foreach (var commit in commits.Where(c => IsDerived(c) && IsKnown(c, contracts, now)))
        {
            var source = commits.First(c => c.Id == commit.RolledOver!.CommitId);
            var open = Invoicing.Rollovers.OpenAt(source, commit.Access[0].StartingAt).ToList();
            var amount = Invoicing.Rollovers.Amount(commit, Exact.Sum(open.Select(a => LeftOf(a, ledger))));
            var rest = amount;
            foreach (var segment in open)
            {
                var part = Math.Min(rest, Math.Max(0, LeftOf(segment, ledger)));
                if (part > 0) entries.Add(new LedgerEntry(source.Id, segment.Id, LedgerEntryType.Rollover, -part, commit.Access[0].StartingAt, ContractId: commit.ContractId));
                rest = Exact.Add(rest, -part);
            }
            settled.Add(Invoicing.Rollovers.Holding(commit, source, amount) with { Version = Invoicing.Rollovers.Derived + 1 });
        }
        return new SettledRollovers(entries, settled);
    }

    /// <summary>The entries that close segments whose time is over, once <see cref="Rollovers"/> has taken its part.</summary>
    /// <param name="voided">Periods of contracts that were voided and may be made anew: they keep open what they can draw on.</param>
    /// <param name="children">Periods of children's contracts that are not billed, or were voided: likewise.</param>
    public static IReadOnlyList<LedgerEntry> Expirations(
        IReadOnlyList<OpenContract> contracts, IEnumerable<(string ContractId, Instant Start)> voided, IReadOnlyList<ChildPeriod> children, IReadOnlyList<Commit> commits, LedgerTotals ledger, Instant now)
    {
        var open = contracts.SelectMany(c => c.Unbilled(now).Select(start => (c.Terms.Contract.Id, Start: start))).Concat(voided.Select(v => (Id: v.ContractId, v.Start))).ToList();
        // What a renewal will take its part of stays open until that part is known.
        var held = commits.Where(c => IsDerived(c) && !IsKnown(c, contracts, now))
            .SelectMany(d => Invoicing.Rollovers.OpenAt(commits.First(c => c.Id == d.RolledOver!.CommitId), d.Access[0].StartingAt)).Select(a => a.Id).ToHashSet(StringComparer.Ordinal);
        return Settlement.Expirations(
            commits.Where(c => !IsDerived(c)), ledger,
            (commit, segment) => held.Contains(segment.Id) ? Instant.MinValue : open.Where(o => commit.IsFor(o.Id)).Select(o => (Instant?)o.Start)
                .Concat(children.Where(c => c.MayDraw(commit)).Select(c => (Instant?)c.Start)).Min(),
            commit => contracts.FirstOrDefault(c => c.Terms.Contract.Id == commit.ContractId)?.Terms.Contract.EndingBefore, now);
    }

    private static bool IsDerived(Commit commit) => commit.RolledOver is not null && commit.Version == Invoicing.Rollovers.Derived;

    // Once everything that the contract before used, and its subscriptions, is billed.
    private static bool IsKnown(Commit rolledOver, IReadOnlyList<OpenContract> contracts, Instant now)
    {
        var from = contracts.FirstOrDefault(c => c.Terms.Contract.Id == rolledOver.RolledOver!.ContractId);
        return rolledOver.Access[0].StartingAt <= now && from?.Unbilled(now).Any() != true;
    }

    private static decimal LeftOf(AccessSegment segment, LedgerTotals ledger) =>
        ledger.Of(segment.Id) is { IsSettled: false } totals ? Exact.Add(segment.Amount, totals.Posted) : 0;
}
