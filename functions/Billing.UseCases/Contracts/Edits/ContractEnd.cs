using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Invoicing;
using Billing.Domain.Pricing;
using NodaTime;

namespace Billing.UseCases.Contracts;

/// <summary>Ends a contract earlier or later.</summary>
/// <remarks>
/// Earlier: what has an end of its own is cut at the new end and stays cut, payments from there on are dropped, and what would begin there is gone; what has
/// no end runs with the contract. Later: only the contract goes on; a subscription that is paid in advance and had no end ends where the contract was to end.
/// Grants that have started keep their amounts either way, so they are kept by themselves where the new end would change them. Source: Metronome,
/// updateEndDate.
/// </remarks>
internal static class ContractEnd
{
    /// <summary>Moves the end. Null when it was done.</summary>
    /// <param name="draft">The account.</param>
    /// <param name="end">Exclusive; null: none.</param>
    /// <param name="isRenewal">True when another contract takes over: commits keep their access, of which a part may be rolled over.</param>
    public static void Move(EditDraft draft, Instant? end, bool isRenewal)
    {
        var before = draft.Contract!;
        if (before.EndingBefore == end) return;
        var earlier = end is not null && !(before.EndingBefore < end);
        draft.Contract = earlier ? Cut(before, end!.Value, draft) : Extended(before, end);
        if (earlier) CutCommits(draft, end!.Value, isRenewal);
        KeepGrants(draft, earlier ? end : null);
    }

    /// <summary>Takes away what POSTPAID commits would bill at their end; what is drawn on them stays promised.</summary>
    public static void RemoveTrueups(EditDraft draft)
    {
        foreach (var commit in draft.Stored.Where(c => c is { Type: CommitType.Postpaid, ArchivedAt: null, Invoicing.DoNotInvoice: false }).ToList())
            if (!commit.Invoicing!.Items.Any(i => draft.Account.Billed.Contains(i.Id))) draft.Change(commit with { Invoicing = commit.Invoicing with { DoNotInvoice = true } });
    }

    private static Contract Extended(Contract contract, Instant? end) => contract with
    {
        EndingBefore = end,
        Subscriptions = [.. contract.Subscriptions.Select(s => s is { Collection: CollectionSchedule.Advance, EndingBefore: null } ? s with { EndingBefore = contract.EndingBefore } : s)],
    };

    private static Contract Cut(Contract contract, Instant end, EditDraft draft) => contract with
    {
        EndingBefore = end,
        Overrides = [.. contract.Overrides.Where(o => o.StartingAt < end).Select(o => o.EndingBefore > end ? o with { EndingBefore = end } : o)],
        RecurringCommits =
        [
            .. contract.RecurringCommits.Where(r => r.StartingAt < end).Select(r => r.Latest().EndingBefore > end
                ? r with { Changes = [.. r.Changes, new RecurringChange(draft.Now) { EndingBefore = new Changed<Instant?>(end) }] }
                : r),
        ],
        Subscriptions = [.. contract.Subscriptions.Where(s => s.StartingAt < end).Select(s => s.EndingBefore > end ? s with { EndingBefore = end } : s)],
        ScheduledCharges = [.. contract.ScheduledCharges.Select(c => Cut(c.Schedule, end, draft) is { } cut ? c with { Schedule = cut, ArchivedAt = cut.Items.Count == 0 ? c.ArchivedAt ?? draft.Now : c.ArchivedAt } : c)],
        UsageFilters = [.. contract.UsageFilters.Where(f => f.StartingAt < end)],
    };

    /// <summary>Without the payments from an end on that are not invoiced; null when that changes nothing.</summary>
    private static PaymentSchedule? Cut(PaymentSchedule schedule, Instant end, EditDraft draft)
    {
        var items = schedule.Items.Where(i => i.Timestamp < end || draft.Account.Billed.Contains(i.Id)).ToList();
        return items.Count == schedule.Items.Count ? null : schedule with { Items = items };
    }

    private static void CutCommits(EditDraft draft, Instant end, bool isRenewal)
    {
        foreach (var commit in draft.Stored.Where(c => c.ArchivedAt is null).ToList())
        {
            var after = commit;
            // A true-up is owed whenever it was to be invoiced: the contract's end only brings it on.
            if (commit is { Type: not CommitType.Postpaid, Invoicing: { } invoicing } && Cut(invoicing, end, draft) is { } cut) after = after with { Invoicing = cut };
            if (!isRenewal && commit.Access.Any(a => a.EndingBefore > end))
            {
                var access = commit.Access.Where(a => a.StartingAt < end || draft.IsSettled(a.Id) || draft.Posted(a.Id) != 0)
                    .Select(a => a.EndingBefore > end && a.StartingAt < end ? a with { EndingBefore = end } : a).ToList();
                if (access.Count == 0)
                {
                    EditCommits.Close(draft, after);
                    continue;
                }
                after = after with { Access = access };
            }
            if (after != commit) draft.Change(after);
        }
    }

    /// <summary>Keeps grants that have started as they were granted, where they would follow otherwise from now on.</summary>
    private static void KeepGrants(EditDraft draft, Instant? cutAt)
    {
        var after = Grants.Of(draft.Contract!, draft.Now).ToDictionary(g => g.Id, StringComparer.Ordinal);
        foreach (var grant in draft.StartedGrants.ToList())
        {
            var follows = after.GetValueOrDefault(grant.Id);
            var same = follows is not null && follows.Amount == grant.Amount && follows.Invoicing?.Total == grant.Invoicing?.Total
                && (cutAt is not null || follows.Access.Select(a => a.EndingBefore).SequenceEqual(grant.Access.Select(a => a.EndingBefore)));
            if (same) continue;
            draft.Change(cutAt is { } end ? grant with { Access = [.. grant.Access.Select(a => a.StartingAt < end && a.EndingBefore > end ? a with { EndingBefore = end } : a)] } : grant);
        }
    }
}
