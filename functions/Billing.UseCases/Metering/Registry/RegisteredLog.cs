using System.Text.Json.Serialization;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>Messages of a partition that are lost for good: an operator said so, and the fold passes them.</summary>
/// <param name="First">First sequence that is lost.</param>
/// <param name="Last">Last sequence that is lost, inclusive.</param>
/// <param name="Reason">What happened.</param>
/// <param name="Events">How many events they carried; null when nobody knows.</param>
/// <param name="At">When it was recorded.</param>
/// <param name="By">Who recorded it.</param>
public sealed record RecordedGap(long First, long Last, string Reason, long? Events, Instant At, string By);

/// <summary>When and why a log was closed, and by whom.</summary>
public sealed record LogClosing(Instant At, string Reason, string By);

/// <summary>Sequences of one partition, both ends inclusive.</summary>
public sealed record SequenceRange(int Partition, long First, long Last)
{
    public bool Overlaps(int partition, long first, long last) => Partition == partition && First <= last && first <= Last;
}

/// <summary>One partition of a registered log.</summary>
/// <param name="End">The last sequence that counts; null while the log is open.</param>
/// <param name="Gaps">In order, none overlapping another.</param>
public sealed record RegisteredPartition(long? End, IReadOnlyList<RecordedGap> Gaps)
{
    public static readonly RegisteredPartition Open = new(null, []);

    /// <summary>The first sequence after another that counts: recorded gaps are passed. Null when the partition has ended.</summary>
    public long? NextAfter(long sequence)
    {
        var next = sequence + 1;
        foreach (var gap in Gaps)
            if (gap.First <= next && next <= gap.Last) next = gap.Last + 1;
        return next > End ? null : next;
    }

    /// <summary>The last sequence before the next recorded gap after one that counts, or the end.</summary>
    public long LastBeforeGap(long sequence) =>
        Math.Min(End ?? long.MaxValue, Gaps.Where(g => g.First > sequence).Select(g => g.First - 1).DefaultIfEmpty(long.MaxValue).Min());

    /// <summary>True when some of the sequences will never count: in a recorded gap, or beyond the end.</summary>
    public bool Loses(long first, long last) => last > End || Gaps.Any(g => g.First <= last && first <= g.Last);

    /// <summary>True when the sequence will never count.</summary>
    public bool Loses(long sequence) => Loses(sequence, sequence);
}

/// <summary>A log as the catalog knows it: what is counted comes from registered logs alone.</summary>
/// <param name="Id">The log's id: letters, digits, '-', '.' and '_'.</param>
/// <param name="OpenedAt">When it was registered.</param>
/// <param name="Closed">Null while it is open.</param>
/// <param name="Partitions">By number; they may grow while it is open.</param>
/// <param name="Proposed">
/// What an operator is about to declare lost. A fold that has archived some of it withdraws the proposal; a proposal that stood while
/// the archive was looked through becomes a gap or an end. So nothing is both counted and lost, whoever is slow.
/// </param>
public sealed record RegisteredLog(string Id, Instant OpenedAt, LogClosing? Closed, IReadOnlyList<RegisteredPartition> Partitions, IReadOnlyList<SequenceRange> Proposed)
{
    /// <summary>A partition. Errors: throws when the log was registered with fewer.</summary>
    public RegisteredPartition this[int number] => number < Partitions.Count
        ? Partitions[number]
        : throw new InvalidOperationException($"Log {Id} is registered with {Partitions.Count} partitions; {number} is none of them.");

    /// <summary>True when some of the sequences are about to be declared lost.</summary>
    public bool Proposes(int partition, long first, long last) => Proposed.Any(p => p.Overlaps(partition, first, last));

    /// <summary>The log's partitions by name.</summary>
    [JsonIgnore]
    public IEnumerable<LogPartition> Names => Enumerable.Range(0, Partitions.Count).Select(n => new LogPartition(Id, n));

    /// <summary>All that is lost of the log.</summary>
    [JsonIgnore]
    public IEnumerable<LostRange> Lost => Names.SelectMany(p =>
        this[p.Number].Gaps.Select(g => new LostRange(p, g.First, g.Last))
            .Concat(this[p.Number].End is { } end ? [new LostRange(p, end + 1, long.MaxValue)] : []));
}
