namespace Billing.Domain.Metering.Windows;

/// <summary>The cells of one meter and one group in a window.</summary>
public sealed class Series
{
    private CellState[] states = new CellState[2];
    private byte[] indexes = new byte[2];

    public Series(UInt128 hash, string meterId, Aggregation aggregation, int grouping, byte[] group)
    {
        Hash = hash;
        MeterId = meterId;
        Aggregation = aggregation;
        Grouping = grouping;
        Group = group;
    }

    /// <summary>Names the series and places it; see <see cref="GroupKey.Hash"/>.</summary>
    public UInt128 Hash { get; }

    public string MeterId { get; }

    public Aggregation Aggregation { get; }

    /// <summary>Position in the meter's kept groupings.</summary>
    public int Grouping { get; }

    /// <summary>The group's values; see <see cref="GroupKey"/>.</summary>
    public byte[] Group { get; }

    /// <summary>Cells in use.</summary>
    public int Count { get; private set; }

    /// <summary>Positions of the cells in the window, rising.</summary>
    public ReadOnlySpan<byte> Indexes => indexes.AsSpan(0, Count);

    /// <summary>The cells, in the order of <see cref="Indexes"/>.</summary>
    public ReadOnlySpan<CellState> States => states.AsSpan(0, Count);

    /// <summary>The cell at a position, made when it is not there.</summary>
    public ref CellState At(int index)
    {
        var at = Count;
        while (at > 0 && indexes[at - 1] > index) at--;
        if (at > 0 && indexes[at - 1] == index) return ref states[at - 1];
        if (Count == states.Length)
        {
            Array.Resize(ref states, Count * 2);
            Array.Resize(ref indexes, Count * 2);
        }
        Array.Copy(states, at, states, at + 1, Count - at);
        Array.Copy(indexes, at, indexes, at + 1, Count - at);
        states[at] = default;
        indexes[at] = checked((byte)index);
        Count++;
        return ref states[at];
    }
}
