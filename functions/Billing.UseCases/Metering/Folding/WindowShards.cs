using Billing.Domain.Metering.Windows;

namespace Billing.UseCases.Metering;

/// <summary>One stored (or new) document of a window.</summary>
internal sealed class Shard(Window window, string? etag)
{
    public Window Window { get; set; } = window;

    /// <summary>Null when it is not stored yet.</summary>
    public string? ETag { get; set; } = etag;

    /// <summary>Changed since it was read or written.</summary>
    public bool Dirty { get; set; }
}

/// <summary>All documents of one (key, hour, log partition), by hash range.</summary>
internal sealed class WindowShards(string key, int hour, List<Shard> shards)
{
    public string Key { get; } = key;

    public int Hour { get; } = hour;

    public List<Shard> Shards { get; } = shards;

    public bool Dirty { get; set; }

    /// <summary>True when no document of it is stored.</summary>
    public bool IsNew => Shards.TrueForAll(s => s.ETag is null);

    /// <summary>Estimate of what it takes in memory.</summary>
    public long SizeBytes { get; set; }

    /// <summary>When it was last used, in batches; the cache drops the oldest.</summary>
    public long LastUsed { get; set; }

    /// <summary>The document a hash is placed in.</summary>
    public Shard At(UInt128 hash)
    {
        if (Shards.Count == 1) return Shards[0];
        var (low, high) = (0, Shards.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            var range = Shards[middle].Window.Range;
            var start = (UInt128)range.Bits << (128 - range.Depth);
            if (start <= hash) low = middle;
            else high = middle - 1;
        }
        return Shards[low];
    }

    /// <summary>The stored documents by range; a new one when there are none. Errors: <see cref="StaleFoldException"/> when they don't tile.</summary>
    /// <remarks>Stored documents always tile: only pages read around another owner's split do not.</remarks>
    public static List<Shard> Complete(List<Shard> stored, int cellMinutes)
    {
        if (stored.Count == 0) return [new Shard(new Window(cellMinutes, HashRange.Whole, 0), null)];
        if (!HashRange.Tile([.. stored.Select(s => s.Window.Range)])) throw new StaleFoldException("A window was split while it was read.");
        return [.. stored.OrderBy(s => s.Window.Range.Bits << (HashRange.MaxDepth - s.Window.Range.Depth))];
    }
}
