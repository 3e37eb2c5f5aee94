using Billing.Domain.Credits;
using NodaTime;

namespace Billing.Domain.Invoicing;

/// <summary>When billing must look at an account again.</summary>
public static class NextDue
{
    /// <summary>No account is left alone for longer, so that charges far ahead need not be listed.</summary>
    private static readonly Duration Horizon = Duration.FromDays(400);

    /// <summary>A statement is open after its first instant: who looks at that instant looks again.</summary>
    public static readonly Duration Moment = Duration.FromMilliseconds(1);

    /// <summary>True at the first instant of a usage period.</summary>
    public static bool StartsAt(Contracts.Contract contract, Instant now) => contract.PeriodAt(now)?.Start == now;

    /// <summary>True when what a contract prices grows with time alone, so that who watches it must look every hour.</summary>
    internal static bool Accrues(OpenContract open, Instant now) => open.Terms.Accrues && open.Terms.Contract.PeriodAt(now) is not null;

    /// <summary>The first full hour after an instant.</summary>
    internal static Instant NextHour(Instant now) => Instant.FromUnixTimeSeconds((now.ToUnixTimeSeconds() / 3_600 + 1) * 3_600);

    /// <summary>The earliest instant at which something falls due; null when nothing ever will.</summary>
    /// <param name="contracts">As far as they are billed.</param>
    /// <param name="children">Periods of children's contracts that are not billed.</param>
    /// <param name="commits">All of the customer.</param>
    /// <param name="ledger">What was posted.</param>
    /// <param name="grace">Between the end of a usage period and its invoice.</param>
    /// <param name="now">Charges due by now are due.</param>
    /// <remarks>What was not settled at its end, because a period before it is open, is settled with that period.</remarks>
    public static Instant? Of(
        IReadOnlyList<OpenContract> contracts, IReadOnlyList<ChildPeriod> children, IReadOnlyList<Commit> commits, LedgerTotals ledger, Duration grace, Instant now)
    {
        Instant? due = null;
        foreach (var open in contracts)
        {
            var contract = open.Terms.Contract;
            if (contract.PeriodAfter(open.BilledThrough) is { } period) Take(contract.FinalAt(period, grace));
            if (open.ToConsolidate is { } family) Take(contract.FinalAt(family, grace));
            if (Thresholds.AreWatched(contract) && StartsAt(contract, now)) Take(now + Moment);
            if (Thresholds.AreWatched(contract) && Accrues(open, now)) Take(NextHour(now));
            if (contract.RecurringCommits.Count > 0 && contract.PeriodAt(now) is { } current) Take(current.End);
        }
        foreach (var statement in AccountRating.Open(contracts, now + Horizon).Where(s => s.Type == InvoiceType.Scheduled && !(s.IsTrueup && IsWaiting(s, contracts, children)))) Take(statement.Period.End);
        foreach (var segment in commits.Where(c => c.Type != CommitType.Postpaid).SelectMany(c => c.Access))
            if (segment.EndingBefore > now && !ledger.Of(segment.Id).IsSettled) Take(segment.EndingBefore);
        return due is null ? null : due < now + Horizon ? due : now + Horizon;

        void Take(Instant at) => due = due < at ? due : at;
    }

    /// <summary>True while something that counts towards a true-up is not billed, of whichever contract.</summary>
    /// <remarks>It does not wait for what was voided: nobody may ever make that anew, and then the whole promise is owed.</remarks>
    public static bool IsWaiting(Statement trueup, IReadOnlyList<OpenContract> contracts, IReadOnlyList<ChildPeriod> children)
    {
        var end = trueup.Period.End;
        var promises = trueup.Charges.Select(c => c.Trueup).OfType<Commit>().ToList();
        return contracts.Where(c => promises.Exists(p => p.IsFor(c.Terms.Contract.Id))).Any(c => c.Unbilled(end).Any(start => start < end))
            || children.Any(c => !c.IsVoided && c.Start < end && promises.Exists(c.MayDraw));
    }
}
