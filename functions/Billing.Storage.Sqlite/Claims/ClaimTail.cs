namespace Billing.Storage.Sqlite.Claims;

/// <summary>The newest claims, in memory; on disk they are one row a batch, until they become a run.</summary>
/// <remarks>
/// One array of entries and an open table of positions in it, both kept when the tail is emptied: 56 bytes a claim, and no garbage. Copies
/// of one key lie in one stretch of the table. Keys are keyed hashes, so their bits serve as they are.
/// </remarks>
/// <param name="claims">How many it is made for; it grows when there are more.</param>
internal sealed class ClaimTail(int claims)
{
    // Position + 1 of an entry; 0 is free. At least half of it always is.
    private int[] slots = new int[SlotsFor(claims)];
    private ClaimEntry[] entries = new ClaimEntry[claims];

    public int Count { get; private set; }

    public long FirstAccepted { get; private set; } = long.MaxValue;

    public long LastAccepted { get; private set; } = long.MinValue;

    public void Add(in ClaimEntry entry, long accepted)
    {
        FirstAccepted = Math.Min(FirstAccepted, accepted);
        LastAccepted = Math.Max(LastAccepted, accepted);
        if (Count == entries.Length) Array.Resize(ref entries, entries.Length + entries.Length / 4 + 16);
        entries[Count++] = entry;
        if (Count * 2L > slots.Length) Reindex();
        else Place(Count);
    }

    public void Find(UInt128 key, List<ClaimEntry> into)
    {
        for (var slot = SlotOf(ClaimEntry.LowOf(key)); slots[slot] != 0; slot = (slot + 1) & (slots.Length - 1))
        {
            ref readonly var entry = ref entries[slots[slot] - 1];
            if (entry.Has(key)) into.Add(entry);
        }
    }

    public void Clear()
    {
        Count = 0;
        Array.Clear(slots);
        (FirstAccepted, LastAccepted) = (long.MaxValue, long.MinValue);
    }

    /// <summary>Puts the claims in the order of a run; what is answered holds until the next change.</summary>
    public ReadOnlyMemory<ClaimEntry> Sort()
    {
        Array.Sort(entries, 0, Count);
        Reindex();
        return entries.AsMemory(0, Count);
    }

    private void Reindex()
    {
        if (slots.Length < SlotsFor(Count)) slots = new int[SlotsFor(Count)];
        else Array.Clear(slots);
        for (var number = 1; number <= Count; number++) Place(number);
    }

    private void Place(int number)
    {
        var slot = SlotOf(entries[number - 1].Low);
        while (slots[slot] != 0) slot = (slot + 1) & (slots.Length - 1);
        slots[slot] = number;
    }

    private int SlotOf(ulong low) => (int)(low & (ulong)(slots.Length - 1));

    private static int SlotsFor(int claims) => (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)claims * 2 + 16);
}
