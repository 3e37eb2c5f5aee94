using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Invoicing;

/// <summary>What a part of a statement's time costs: what the statement costs up to the part's end, less what it costs up to its start.</summary>
/// <remarks>
/// Invariant: slices that follow one another sum to the statement, line by line. A price that depends on all usage of the period (volume tiers) changes
/// what came before it: the slice then takes the old line back and has the new one.
/// </remarks>
public static class Slices
{
    /// <summary>The difference of two ratings of one statement.</summary>
    /// <param name="before">Up to the window's start; null when the statement had not begun.</param>
    /// <param name="after">Up to the window's end.</param>
    /// <param name="window">On the lines, as far as they lie in it.</param>
    public static RatedStatement Between(RatedStatement? before, RatedStatement after, Interval window)
    {
        var earlier = Keyed(before?.Lines ?? []);
        var lines = new List<InvoiceLine>();
        foreach (var (key, line) in Keyed(after.Lines))
        {
            var known = earlier.GetValueOrDefault(key);
            earlier.Remove(key);
            Add(line, line.Quantity, line.Total, known);
        }
        foreach (var gone in earlier.Values.Where(l => l.Quantity != 0 || l.Total != 0)) Add(gone, 0, 0, gone);
        return after with
        {
            Lines = lines,
            Unrated = Unrated(before?.Unrated ?? [], after.Unrated, window),
            Draws = [],
            Total = Exact.Add(after.Total, -(before?.Total ?? 0)),
        };

        void Add(InvoiceLine line, decimal quantity, decimal total, InvoiceLine? known)
        {
            var (more, cost) = (Exact.Add(quantity, -(known?.Quantity ?? 0)), Exact.Add(total, -(known?.Total ?? 0)));
            // What has not changed is shown at 0 where it is usage that nothing paid for: it could have been used.
            if (more == 0 && cost == 0 && line is not { Type: LineType.Usage, Commit: null, AdjustsPeriod: null }) return;
            var isApplied = line.Type == LineType.AppliedCommitOrCredit;
            lines.Add(line with
            {
                Quantity = isApplied ? 1 : more,
                UnitPrice = isApplied ? cost : line.UnitPrice,
                Total = cost,
                StartingAt = line.AdjustsPeriod is null ? Instant.Min(Instant.Max(line.StartingAt, window.Start), window.End) : line.StartingAt,
                EndingBefore = line.AdjustsPeriod is null ? Instant.Max(Instant.Min(line.EndingBefore, window.End), window.Start) : line.EndingBefore,
            });
        }
    }

    /// <summary>The lines by what they are of; those of one kind are put together. In their order.</summary>
    private static OrderedDictionary<string, InvoiceLine> Keyed(IReadOnlyList<InvoiceLine> lines)
    {
        var keyed = new OrderedDictionary<string, InvoiceLine>(StringComparer.Ordinal);
        var covered = "";
        foreach (var line in lines)
        {
            // What was applied belongs to the line before it.
            var key = line.Type == LineType.AppliedCommitOrCredit ? "applied " + covered : covered = Key(line);
            keyed[key] = keyed.TryGetValue(key, out var same)
                ? same with { Quantity = Exact.Add(same.Quantity, line.Quantity), Total = Exact.Add(same.Total, line.Total) }
                : line;
        }
        return keyed;
    }

    private static string Key(InvoiceLine l) => FormattableString.Invariant(
        $"{l.Type} {l.ProductId} {l.CreditTypeId} {Exact.Normal(l.UnitPrice)} {l.Tier?.Level} {l.RateId} {l.OverrideId} {l.Commit?.CommitId} {l.Commit?.SegmentId} {l.ScheduledChargeId} {l.SubscriptionId} {l.StartingAt} {l.AdjustsPeriod} {l.Name} {Groups.Key(l.PricingGroupValues)} {Groups.Key(l.PresentationGroupValues)}");

    private static List<UnratedUsage> Unrated(IReadOnlyList<UnratedUsage> before, IReadOnlyList<UnratedUsage> after, Interval window)
    {
        var known = before.ToLookup(u => (u.ProductId, u.StartingAt, u.Reason, Groups.Key(u.Group)));
        return
        [
            .. after.Select(u => u with
            {
                Quantity = Exact.Add(u.Quantity, -Exact.Sum(known[(u.ProductId, u.StartingAt, u.Reason, Groups.Key(u.Group))].Select(b => b.Quantity))),
                StartingAt = Instant.Max(u.StartingAt, window.Start),
                EndingBefore = Instant.Min(u.EndingBefore, window.End),
            }).Where(u => u.Quantity != 0),
        ];
    }
}
