using Billing.Domain.Credits;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Invoicing;

/// <summary>What a renewal takes over for good.</summary>
public sealed record SettledRollovers(IReadOnlyList<LedgerEntry> Entries, IReadOnlyList<Commit> Commits);

/// <summary>Closes what no open statement can draw on any more.</summary>
public static class AccountClosing
{
    /// <summary>Rollovers whose amount is known for good: every usage period of the contract before is final.</summary>
    public static SettledRollovers Rollovers(IReadOnlyList<OpenContract> contracts, IReadOnlyList<Commit> commits, LedgerTotals ledger, Instant now)
    {
        var (entries, settled) = (new List<LedgerEntry>(), new List<Commit>());
        foreach (var commit in commits.Where(c => c.RolledOver is not null && c.Version == Invoicing.Rollovers.Derived))
        {
            var from = contracts.FirstOrDefault(c => c.Terms.Contract.Id == commit.RolledOver!.ContractId);
            if (commit.Access[0].StartingAt > now || from?.Terms.Contract.PeriodAfter(from.BilledThrough) is not null) continue;
            var source = commits.First(c => c.Id == commit.RolledOver!.CommitId);
            var amount = Invoicing.Rollovers.Amount(commit, Exact.Sum(source.Access.Select(a => LeftOf(a, ledger))));
            var rest = amount;
            foreach (var segment in source.Access)
            {
                var part = Math.Min(rest, Math.Max(0, LeftOf(segment, ledger)));
                if (part > 0) entries.Add(new LedgerEntry(source.Id, segment.Id, LedgerEntryType.Rollover, -part, commit.Access[0].StartingAt, ContractId: commit.ContractId));
                rest = Exact.Add(rest, -part);
            }
            settled.Add(commit with { Version = Invoicing.Rollovers.Derived + 1, Access = [commit.Access[0] with { Amount = amount }] });
        }
        return new SettledRollovers(entries, settled);
    }

    /// <summary>The entries that close segments whose time is over.</summary>
    /// <param name="voided">Periods of contracts that were voided and may be made anew: they keep open what they can draw on.</param>
    public static IReadOnlyList<LedgerEntry> Expirations(
        IReadOnlyList<OpenContract> contracts, IEnumerable<(string ContractId, Instant Start)> voided, IReadOnlyList<Commit> commits, LedgerTotals ledger, Instant now)
    {
        var open = contracts.Select(c => (c.Terms.Contract.Id, Start: c.Terms.Contract.PeriodAfter(c.BilledThrough)?.Start))
            .Where(c => c.Start is not null).Select(c => (c.Id, Start: c.Start!.Value)).Concat(voided.Select(v => (Id: v.ContractId, v.Start))).ToList();
        var derived = commits.Where(c => c.RolledOver is not null && c.Version == Invoicing.Rollovers.Derived).ToList();
        return Settlement.Expirations(
            commits.Where(c => !derived.Contains(c)), ledger,
            commit => derived.Exists(d => d.RolledOver!.CommitId == commit.Id)
                ? Instant.MinValue
                : open.Where(o => commit.IsFor(o.Id)).Select(o => (Instant?)o.Start).Min(),
            commit => contracts.FirstOrDefault(c => c.Terms.Contract.Id == commit.ContractId)?.Terms.Contract.EndingBefore, now);
    }

    private static decimal LeftOf(AccessSegment segment, LedgerTotals ledger) =>
        ledger.Of(segment.Id) is { IsSettled: false } totals ? Exact.Add(segment.Amount, totals.Posted) : 0;
}
