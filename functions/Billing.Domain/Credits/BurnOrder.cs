using NodaTime;

namespace Billing.Domain.Credits;

/// <summary>A commit's segment that can be drawn.</summary>
public sealed record OpenSegment(Commit Commit, AccessSegment Segment);

/// <summary>Which commit pays first.</summary>
/// <remarks>
/// Order: rolled over before (of those the postpaid first), then prepaid commits and credits together, then postpaid. Inside: priority, lower first; what cost
/// nothing first (not among the rolled over); fewest applicable products; fewest specifiers with group values; earliest end; earliest start; fewest
/// contracts; of the contract before of the customer; id. Source: Metronome, prioritization-rules.
/// </remarks>
public static class BurnOrder
{
    /// <summary>All segments of commits in the order in which they pay.</summary>
    /// <param name="commits">Those that may pay.</param>
    /// <param name="products">Every product that has a rate, with its tags: how many a commit applies to.</param>
    public static IReadOnlyList<OpenSegment> Of(IEnumerable<Commit> commits, IReadOnlyList<(string Id, IReadOnlyList<string> Tags)> products) =>
    [
        .. commits.SelectMany(c => c.Access.Select(a => (Open: new OpenSegment(c, a), Rank: Rank(c, a, products))))
            .OrderBy(s => s.Rank, Comparer<SegmentRank>.Create((a, b) => a.CompareTo(b))).Select(s => s.Open),
    ];

    private static SegmentRank Rank(Commit commit, AccessSegment segment, IReadOnlyList<(string Id, IReadOnlyList<string> Tags)> products)
    {
        var rolledOver = commit.RolledOver is not null;
        var tier = (rolledOver, commit.Type) switch
        {
            (true, CommitType.Postpaid) => 0,
            (true, _) => 1,
            (false, CommitType.Postpaid) => 3,
            _ => 2,
        };
        return new SegmentRank(
            tier,
            commit.Priority,
            rolledOver || commit.CostBasis() == 0 ? 0 : 1,
            commit.Scope.IsEverything ? int.MaxValue : products.Count(p => commit.Scope.MayMatch(p.Id, p.Tags)),
            commit.Scope.Specifiers.Count(s => s.HasGroupValues),
            segment.EndingBefore,
            segment.StartingAt,
            commit.ContractId is not null ? 1 : commit.ApplicableContractIds.Count == 0 ? int.MaxValue : commit.ApplicableContractIds.Count,
            commit.ContractId is null ? 1 : 0,
            commit.Id,
            segment.Id);
    }

    private readonly record struct SegmentRank(
        int Tier, decimal Priority, int Cost, int Products, int Specifiers, Instant End, Instant Start, int Contracts, int Level, string CommitId, string SegmentId)
    {
        public int CompareTo(SegmentRank other)
        {
            var order = Tier.CompareTo(other.Tier);
            if (order == 0) order = Priority.CompareTo(other.Priority);
            if (order == 0) order = Cost.CompareTo(other.Cost);
            if (order == 0) order = Products.CompareTo(other.Products);
            if (order == 0) order = Specifiers.CompareTo(other.Specifiers);
            if (order == 0) order = End.CompareTo(other.End);
            if (order == 0) order = Start.CompareTo(other.Start);
            if (order == 0) order = Contracts.CompareTo(other.Contracts);
            if (order == 0) order = Level.CompareTo(other.Level);
            if (order == 0) order = string.CompareOrdinal(CommitId, other.CommitId);
            return order == 0 ? string.CompareOrdinal(SegmentId, other.SegmentId) : order;
        }
    }
}
