using Billing.Domain.Metering;
using Billing.Domain.Metering.Events;
using Billing.Domain.Metering.Windows;
using Billing.Domain.Values;
using Billing.UseCases.Documents;

namespace Billing.UseCases.Metering;

/// <summary>Adds messages to the windows of one log partition, skipping in each document what is at or below its watermark.</summary>
/// <remarks>One writer a partition; two owners are told apart by ETags. The cache only saves reads: each write is guarded by its ETag.</remarks>
internal sealed class FoldWindows(IDocumentStore documents, HashKey secret, string partition, long cacheBytes)
{
    private const int MaxAddedCells = 1 << 17;
    private readonly Dictionary<UInt128, WindowShards> byKeyAndHour = [];
    private byte[] groupBuffer = new byte[4 * 1024];
    private readonly AddedCells added = new();
    private readonly WindowCommits commits = new(documents, secret, partition);
    private readonly Dictionary<int, WindowShards> totals = [];
    private readonly List<WindowShards> dirty = [];
    private readonly List<(WindowShards Customer, WindowShards Total)> targets = [];
    private readonly List<WindowShards> missing = [];
    private long batch;
    private long heldBytes;

    /// <summary>The keys whose first window was made by the last fold.</summary>
    public List<string> NewKeys { get; } = [];

    /// <summary>Folds messages in memory; <see cref="CommitAsync"/> makes it durable.</summary>
    /// <param name="messages">In order.</param>
    /// <param name="from">The first one to fold.</param>
    /// <param name="counts">Takes what is counted.</param>
    /// <param name="stop">Gives up.</param>
    /// <returns>The first message that is left for the next part: one that touches more than the cache holds is folded part by part.</returns>
    public async Task<int> FoldAsync(IReadOnlyList<FoldMessage> messages, int from, FoldCounts counts, CancellationToken stop)
    {
        batch++;
        NewKeys.Clear();
        do
        {
            var message = messages[from++];
            FindTargets(message);
            foreach (var window in missing) await LoadAsync(window, stop);
            Fold(message, counts);
        }
        while (from < messages.Count && heldBytes < 2 * cacheBytes && added.Count < MaxAddedCells);
        return from;
    }

    /// <summary>Commits every changed window. Errors: <see cref="StaleFoldException"/> when another owner was faster.</summary>
    /// <param name="lastSequence">The watermark that each changed window gets.</param>
    /// <param name="enqueued">How far the partition's enqueued time has come.</param>
    /// <param name="always">True for a backfill, which has no enqueued time of its own: every day it touches becomes stale.</param>
    /// <param name="stop">Gives up.</param>
    public async Task CommitAsync(long lastSequence, NodaTime.Instant enqueued, bool always, CancellationToken stop)
    {
        await commits.CommitAsync(dirty, added, lastSequence, enqueued, always, stop);
        foreach (var window in dirty) Count(window);
        dirty.Clear();
        added.Clear();
        Trim();
    }

    /// <summary>Forgets all that is cached; after a failed commit the cache holds what the store does not.</summary>
    public void Drop()
    {
        byKeyAndHour.Clear();
        totals.Clear();
        dirty.Clear();
        added.Clear();
        heldBytes = 0;
    }

    // The windows of each counted event that some meter takes, in order of the events: the customer's and the total's.
    private void FindTargets(FoldMessage message)
    {
        targets.Clear();
        missing.Clear();
        for (var i = 0; i < message.Parsed.Count; i++)
        {
            if (message.Meters is null || !message.Counts(i)) continue;
            ref readonly var read = ref message.Parsed.Events[i];
            if (!Matches(message.Meters, read, message.Parsed.Properties(read))) continue;
            var hour = WindowNames.HourOf(message.TimeOf(read));
            targets.Add((Target(read.Key.Span, false, hour), Total(hour)));
        }
    }

    private static bool Matches(MeterSet meters, in UsageEvent read, ReadOnlySpan<EventProperty> properties)
    {
        foreach (var meter in meters.ForType(read.Type.Span))
            if (meters.Passes(meter, properties)) return true;
        return false;
    }

    private WindowShards Total(int hour)
    {
        if (!totals.TryGetValue(hour, out var window)) totals[hour] = window = Target("total"u8, true, hour);
        window.LastUsed = batch;
        return window;
    }

    private WindowShards Target(ReadOnlySpan<byte> key, bool total, int hour)
    {
        var hash = new KeyedHash(secret);
        hash.Add(total ? 1UL : 0UL);
        hash.Add(unchecked((ulong)hour));
        hash.Add(key);
        var name = hash.Finish();
        if (!byKeyAndHour.TryGetValue(name, out var window))
        {
            window = new WindowShards(total ? WindowNames.Total : WindowNames.KeyOf(System.Text.Encoding.UTF8.GetString(key)), hour, []);
            byKeyAndHour.Add(name, window);
            missing.Add(window);
        }
        window.LastUsed = batch;
        return window;
    }

    private async Task LoadAsync(WindowShards window, CancellationToken stop)
    {
        var (from, until) = WindowNames.ShardsOf(window.Hour, partition);
        var stored = (await documents.AllAsync(WindowNames.PlaceOf(window.Key, window.Hour), from, until, stop))
            .Where(d => d.Document.Kind == WindowNames.WindowKind)
            .Select(Shard.Of).ToList();
        window.Shards.AddRange(WindowShards.Complete(stored));
        Count(window);
        if (stored.Count == 0) NewKeys.Add(window.Key);
    }

    private void Fold(FoldMessage message, FoldCounts counts)
    {
        if (message.Meters is not { } meters) return;
        var at = 0;
        for (var i = 0; i < message.Parsed.Count; i++)
        {
            if (!message.Counts(i)) continue;
            ref readonly var read = ref message.Parsed.Events[i];
            var properties = message.Parsed.Properties(read);
            var time = message.TimeOf(read);
            var matched = false;
            foreach (var meter in meters.ForType(read.Type.Span))
            {
                if (!meters.Passes(meter, properties)) continue;
                matched = true;
                var why = meters.Read(meter, properties, time, message.Keys[i], out var measure, out var rounded);
                if (why == Unreadable.None) why = Add(meters, meter, properties, targets[at], message.Sequence, time, measure);
                if (why != Unreadable.None) counts.Unreadable.Add(new(message, i, meters.Meters[meter].Id, why));
                else if (rounded) counts.Rounded++;
            }
            if (matched) at++;
            else counts.NoMeter++;
        }
    }

    private Unreadable Add(
        MeterSet meters, int meter, ReadOnlySpan<EventProperty> properties, in (WindowShards Customer, WindowShards Total) target, long sequence, long time, in Measure measure)
    {
        var of = meters.Meters[meter];
        var minute = (int)((time - target.Customer.Hour * NodaTime.NodaConstants.TicksPerHour) / NodaTime.NodaConstants.TicksPerMinute);
        Span<int> ends = stackalloc int[of.KeptGroupings.Count];
        var start = 0;
        // All groups are written before any is added: an event counts in all groupings of a meter or in none.
        for (var g = 0; g < of.KeptGroupings.Count; g++)
        {
            var room = start + GroupKey.MaxBytes(of.KeptGroupings[g].Count);
            if (room > groupBuffer.Length) Array.Resize(ref groupBuffer, room * 2);
            if (!GroupKey.TryWrite(of.KeptGroupings[g], properties, groupBuffer.AsSpan(start), out var length)) return Unreadable.GroupTooLong;
            ends[g] = start + length;
            start += length;
        }
        start = 0;
        for (var g = 0; g < of.KeptGroupings.Count; g++)
        {
            var group = groupBuffer.AsSpan(start, ends[g] - start);
            start = ends[g];
            var hash = GroupKey.Hash(secret, meters.Hashed[meter].Hash, g, group);
            var placed = of.Aggregation == Aggregation.Unique ? Window.PlaceOf(hash, measure.Element) : hash;
            if (ShardFor(target.Customer, placed, sequence) is { } customer) added.Add(customer, hash, meters.Hashed[meter], g, group, minute, measure);
            if (ShardFor(target.Total, placed, sequence) is { } total) added.Add(total, hash, meters.Hashed[meter], g, group, minute / 15, measure);
        }
        return Unreadable.None;
    }

    // The number under which the document that a hash is placed in takes part in this batch; null when it has the message already.
    private int? ShardFor(WindowShards window, UInt128 placed, long sequence)
    {
        var shard = window.At(placed);
        if (shard.Watermark >= sequence) return null;
        if (!window.Dirty) dirty.Add(window);
        window.Dirty = true;
        return shard.Added ??= added.NewWindow();
    }

    private void Count(WindowShards window)
    {
        var bytes = window.SizeBytes;
        heldBytes += bytes - window.CountedBytes;
        window.CountedBytes = bytes;
    }

    // Keeps the windows used last, within the budget.
    private void Trim()
    {
        if (heldBytes <= cacheBytes) return;
        foreach (var (name, window) in byKeyAndHour.OrderBy(w => w.Value.LastUsed).ToList())
        {
            if (heldBytes <= cacheBytes * 3 / 4) return;
            heldBytes -= window.CountedBytes;
            byKeyAndHour.Remove(name);
            if (window.Key == WindowNames.Total) totals.Remove(window.Hour);
        }
    }
}
