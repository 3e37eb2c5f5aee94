namespace Billing.UseCases.Metering;

/// <summary>Sequences of a log partition that never count, both ends inclusive.</summary>
public readonly record struct LostRange(LogPartition Partition, long First, long Last);

/// <summary>Which claimants are lost: in a recorded gap, or beyond a closed log's end. Their claims stand in nobody's way.</summary>
public sealed class LostClaims(IEnumerable<LostRange> ranges)
{
    public static readonly LostClaims None = new([]);

    private readonly ILookup<LogPartition, LostRange> ranges = ranges.ToLookup(r => r.Partition);

    /// <summary>False when nothing at all is lost.</summary>
    public bool Any => ranges.Count > 0;

    /// <summary>True when the message never counts.</summary>
    public bool Has(LogPartition partition, long sequence)
    {
        foreach (var range in ranges[partition])
            if (range.First <= sequence && sequence <= range.Last) return true;
        return false;
    }
}
