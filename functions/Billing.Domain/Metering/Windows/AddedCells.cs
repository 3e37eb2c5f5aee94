using System.Runtime.InteropServices;

namespace Billing.Domain.Metering.Windows;

/// <summary>What a batch adds to windows, summed up by window, series and cell until it is merged into their bytes.</summary>
/// <remarks>
/// One array of cells and an open table of positions in it, used again by the next batch, so that only UNIQUE and LATEST make garbage.
/// Not safe for two threads.
/// </remarks>
public sealed class AddedCells
{
    private const int FewCells = 1 << 12;
    private const int ManyCells = 1 << 17;
    private const int NoCell = -1;
    private readonly List<int> lastOfWindow = [];
    private readonly List<CellOrder> ordered = [];
    private AddedCell[] cells = new AddedCell[FewCells];
    // Position + 1 of a cell; 0 is free. Half of it always is.
    private int[] slots = new int[FewCells * 2];
    private byte[] groups = new byte[FewCells * 8];
    private int groupBytes;

    /// <summary>Different cells added so far.</summary>
    public int Count { get; private set; }

    /// <summary>Begins a window; answers its number until <see cref="Clear"/>.</summary>
    public int NewWindow()
    {
        lastOfWindow.Add(NoCell);
        return lastOfWindow.Count - 1;
    }

    /// <summary>Adds what one event measures.</summary>
    /// <param name="window">Its number.</param>
    /// <param name="series">See <see cref="GroupKey.Hash"/>.</param>
    /// <param name="meter">Whose measure it is.</param>
    /// <param name="grouping">Position in the meter's kept groupings.</param>
    /// <param name="group">The group's values; see <see cref="GroupKey"/>.</param>
    /// <param name="cell">Position in the window.</param>
    /// <param name="measure">What is added.</param>
    public void Add(int window, UInt128 series, HashedMeter meter, int grouping, ReadOnlySpan<byte> group, int cell, in Measure measure)
    {
        var slot = SlotOf(series, window, cell);
        for (; slots[slot] != 0; slot = (slot + 1) & (slots.Length - 1))
        {
            ref var known = ref cells[slots[slot] - 1];
            if (known.Series != series || known.Window != window || known.Cell != cell) continue;
            known.State.Add(meter.Meter.Aggregation, measure);
            return;
        }
        if (Count == cells.Length)
        {
            Grow();
            for (slot = SlotOf(series, window, cell); slots[slot] != 0;) slot = (slot + 1) & (slots.Length - 1);
        }
        ref var made = ref cells[Count++];
        made = new AddedCell(series, window, cell, meter, grouping, Keep(group), group.Length, lastOfWindow[window]);
        made.State.Add(meter.Meter.Aggregation, measure);
        slots[slot] = Count;
        lastOfWindow[window] = Count - 1;
    }

    /// <summary>Forgets all windows and cells; keeps the memory of a usual batch.</summary>
    public void Clear()
    {
        if (cells.Length > ManyCells) (cells, slots) = (new AddedCell[FewCells], new int[FewCells * 2]);
        else
        {
            Array.Clear(cells, 0, Count);
            Array.Clear(slots);
        }
        if (groups.Length > ManyCells * 8) groups = new byte[FewCells * 8];
        lastOfWindow.Clear();
        (Count, groupBytes) = (0, 0);
    }

    /// <summary>The cells of a window by series, then by cell; valid until the next call.</summary>
    internal ReadOnlySpan<CellOrder> Ordered(int window)
    {
        ordered.Clear();
        for (var at = lastOfWindow[window]; at != NoCell; at = cells[at].Previous) ordered.Add(new(cells[at].Series, cells[at].Cell, at));
        ordered.Sort(static (a, b) => a.Series == b.Series ? a.Cell.CompareTo(b.Cell) : a.Series.CompareTo(b.Series));
        return CollectionsMarshal.AsSpan(ordered);
    }

    internal ref readonly AddedCell At(int position) => ref cells[position];

    internal ReadOnlySpan<byte> GroupOf(in AddedCell cell) => groups.AsSpan(cell.GroupStart, cell.GroupLength);

    private int Keep(ReadOnlySpan<byte> group)
    {
        if (groupBytes + group.Length > groups.Length) Array.Resize(ref groups, Math.Max(groups.Length * 2, groupBytes + group.Length));
        group.CopyTo(groups.AsSpan(groupBytes));
        groupBytes += group.Length;
        return groupBytes - group.Length;
    }

    private void Grow()
    {
        Array.Resize(ref cells, cells.Length * 2);
        slots = new int[cells.Length * 2];
        for (var at = 0; at < Count; at++)
        {
            var slot = SlotOf(cells[at].Series, cells[at].Window, cells[at].Cell);
            while (slots[slot] != 0) slot = (slot + 1) & (slots.Length - 1);
            slots[slot] = at + 1;
        }
    }

    // A series is a hash; window and cell are spread by a multiplication each.
    private int SlotOf(UInt128 series, int window, int cell) => (int)(unchecked(
        (ulong)series + (ulong)window * 0x9E37_79B9_7F4A_7C15UL + (ulong)cell * 0xC2B2_AE3D_27D4_EB4FUL) >> 20 & (ulong)(slots.Length - 1));
}

/// <summary>Where a cell stands among those of its window.</summary>
internal readonly record struct CellOrder(UInt128 Series, int Cell, int Position);

/// <summary>What a batch adds to one cell.</summary>
internal struct AddedCell(UInt128 series, int window, int cell, HashedMeter meter, int grouping, int groupStart, int groupLength, int previous)
{
    public CellState State;

    public readonly UInt128 Series => series;

    public readonly int Window => window;

    public readonly int Cell => cell;

    public readonly HashedMeter Meter => meter;

    public readonly int Grouping => grouping;

    public readonly int GroupStart => groupStart;

    public readonly int GroupLength => groupLength;

    /// <summary>The cell that was made before it in its window.</summary>
    public readonly int Previous => previous;
}
