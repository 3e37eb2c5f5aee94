using System.Runtime.InteropServices;

namespace Billing.Storage.Sqlite.Claims;

/// <summary>The newest claims, in memory; on disk they are one row a batch, until they become a run.</summary>
internal sealed class ClaimTail
{
    private readonly Dictionary<UInt128, int> first = [];
    private readonly List<(ClaimEntry Entry, int Next)> entries = [];

    public int Count => entries.Count;

    public long FirstAccepted { get; private set; } = long.MaxValue;

    public long LastAccepted { get; private set; } = long.MinValue;

    public void Add(in ClaimEntry entry, long accepted)
    {
        FirstAccepted = Math.Min(FirstAccepted, accepted);
        LastAccepted = Math.Max(LastAccepted, accepted);
        ref var at = ref CollectionsMarshal.GetValueRefOrAddDefault(first, entry.Key, out var there);
        entries.Add((entry, there ? at : -1));
        at = entries.Count - 1;
    }

    public void Find(UInt128 key, List<ClaimEntry> into)
    {
        if (!first.TryGetValue(key, out var at)) return;
        for (; at >= 0; at = entries[at].Next) into.Add(entries[at].Entry);
    }

    public void Clear()
    {
        first.Clear();
        entries.Clear();
        (FirstAccepted, LastAccepted) = (long.MaxValue, long.MinValue);
    }

    public ClaimEntry[] Sorted()
    {
        var sorted = new ClaimEntry[entries.Count];
        for (var i = 0; i < sorted.Length; i++) sorted[i] = entries[i].Entry;
        Array.Sort(sorted);
        return sorted;
    }
}
