using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Credits;

/// <summary>Closes segments whose time is over.</summary>
public static class Settlement
{
    /// <summary>The entries that close every segment that nothing can draw any more: what is left expires at its end.</summary>
    /// <param name="commits">All of a customer.</param>
    /// <param name="ledger">What was posted.</param>
    /// <param name="openFrom">Of a segment: the start of the earliest period that may still draw on it; null: none will, ever.</param>
    /// <param name="endOf">When a commit ends at the latest (its contract's end); null: never.</param>
    /// <param name="now">Nothing closes before its end.</param>
    /// <remarks>A rollover takes its part before; a postpaid commit is trued up by its invoice, and what is left of it is not lost.</remarks>
    public static IReadOnlyList<LedgerEntry> Expirations(
        IEnumerable<Commit> commits, LedgerTotals ledger, Func<Commit, AccessSegment, Instant?> openFrom, Func<Commit, Instant?> endOf, Instant now)
    {
        var entries = new List<LedgerEntry>();
        foreach (var commit in commits.Where(c => c.Type != CommitType.Postpaid))
        {
            foreach (var segment in commit.Access)
            {
                var end = endOf(commit) is { } last && last < segment.EndingBefore ? last : segment.EndingBefore;
                var totals = ledger.Of(segment.Id);
                if (totals.IsSettled || end > now || openFrom(commit, segment) < end) continue;
                entries.Add(new LedgerEntry(commit.Id, segment.Id, LedgerEntryType.Expiration, -Exact.Add(segment.Amount, totals.Posted), end));
            }
        }
        return entries;
    }
}
