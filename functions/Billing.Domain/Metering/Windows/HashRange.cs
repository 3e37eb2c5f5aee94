namespace Billing.Domain.Metering.Windows;

/// <summary>A part of the space of hashes: all that start with the same bits. The whole is the empty prefix.</summary>
/// <remarks>Ranges come from halving, so that two are disjoint or one holds the other, and tiling can be checked by adding up.</remarks>
public readonly record struct HashRange(uint Bits, int Depth)
{
    /// <summary>How often a range may be halved.</summary>
    public const int MaxDepth = 30;

    public static readonly HashRange Whole;

    public bool Contains(UInt128 hash) => Depth == 0 || (uint)(hash >> (128 - Depth)) == Bits;

    /// <summary>The half with the lower hashes (0) or the higher (1).</summary>
    public HashRange Half(uint half) => new((Bits << 1) | half, Depth + 1);

    /// <summary>The prefix as '0' and '1'; empty for the whole.</summary>
    public override string ToString() => Depth == 0 ? "" : Convert.ToString(Bits, 2).PadLeft(Depth, '0');

    /// <summary>Errors: <see cref="FormatException"/> on other characters.</summary>
    public static HashRange Parse(string prefix) =>
        prefix.Length == 0 ? Whole : new(Convert.ToUInt32(prefix, 2), prefix.Length);

    /// <summary>True when the ranges cover the whole exactly once.</summary>
    public static bool Tile(IReadOnlyCollection<HashRange> ranges)
    {
        long end = 0;
        foreach (var range in ranges.OrderBy(r => r.Start))
        {
            if (range.Start != end) return false;
            end += 1L << (MaxDepth - range.Depth);
        }
        return end == 1L << MaxDepth;
    }

    private long Start => (long)Bits << (MaxDepth - Depth);
}
