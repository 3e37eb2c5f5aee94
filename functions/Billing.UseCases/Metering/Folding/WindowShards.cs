using Billing.Domain.Metering.Windows;

namespace Billing.UseCases.Metering;

/// <summary>One stored (or new) document of a window, as bytes.</summary>
internal sealed class Shard(HashRange range, long watermark, ReadOnlyMemory<byte> stored, string? etag)
{
    private const int OverheadBytes = 200;

    public HashRange Range { get; } = range;

    /// <summary>The highest sequence that is in <see cref="Stored"/>.</summary>
    public long Watermark { get; private set; } = watermark;

    /// <summary>As it is in the store; empty when it is not there yet.</summary>
    public ReadOnlyMemory<byte> Stored { get; private set; } = stored;

    /// <summary>Null when it is not stored yet.</summary>
    public string? ETag { get; private set; } = etag;

    /// <summary>Its number among the windows that the batch adds to; null when it does not.</summary>
    public int? Added { get; set; }

    /// <summary>What it is about to be, with what the batch adds; null when it stays as it is.</summary>
    public ReadOnlyMemory<byte>? Next { get; set; }

    public long SizeBytes => OverheadBytes + Stored.Length;

    /// <summary>A document as it was read.</summary>
    public static Shard Of(Documents.Stored read)
    {
        var header = WindowCodec.ReadHeader(read.Document.Body.Span);
        return new(header.Range, header.Watermark, read.Document.Body, read.ETag);
    }

    /// <summary>The next bytes are stored.</summary>
    public void Committed(string newETag, long newWatermark)
    {
        (Stored, ETag, Watermark) = (Next!.Value, newETag, newWatermark);
        (Added, Next) = (null, null);
    }
}

/// <summary>All documents of one (key, hour, log partition), by hash range.</summary>
internal sealed class WindowShards(string key, int hour, List<Shard> shards)
{
    private const int OverheadBytes = 350;

    public string Key { get; } = key;

    public int Hour { get; } = hour;

    public List<Shard> Shards { get; } = shards;

    /// <summary>True when the batch adds to it.</summary>
    public bool Dirty { get; set; }

    /// <summary>True when no document of it is stored.</summary>
    public bool IsNew => Shards.TrueForAll(s => s.ETag is null);

    /// <summary>What it takes in memory; measured, but for the constants.</summary>
    public long SizeBytes => OverheadBytes + 2 * Key.Length + Shards.Sum(s => s.SizeBytes);

    /// <summary>Its size when the cache last looked.</summary>
    public long CountedBytes { get; set; }

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
            var range = Shards[middle].Range;
            var start = (UInt128)range.Bits << (128 - range.Depth);
            if (start <= hash) low = middle;
            else high = middle - 1;
        }
        return Shards[low];
    }

    /// <summary>The stored documents by range; a new one when there are none. Errors: <see cref="StaleFoldException"/> when they don't tile.</summary>
    /// <remarks>Stored documents always tile: only pages read around another owner's split do not.</remarks>
    public static List<Shard> Complete(List<Shard> stored)
    {
        if (stored.Count == 0) return [new Shard(HashRange.Whole, 0, default, null)];
        if (!HashRange.Tile([.. stored.Select(s => s.Range)])) throw new StaleFoldException("A window was split while it was read.");
        return [.. stored.OrderBy(s => s.Range.Bits << (HashRange.MaxDepth - s.Range.Depth))];
    }
}
