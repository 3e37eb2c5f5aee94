using System.Collections.Concurrent;
using System.Text;
using Billing.Domain.Metering.Events;
using Billing.Domain.Values;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>True when a customer has the key now; the key as producers send it.</summary>
public delegate Task<bool> IsKeyOwned(string customerKey, CancellationToken stop);

/// <summary>A key that usage came for and no customer has: none of it is billed.</summary>
/// <param name="Key">As producers send it.</param>
/// <param name="Events">Events counted while nobody had the key.</param>
/// <param name="FirstSeen">When the log took the first of them.</param>
/// <param name="LastSeen">When the log took the newest of them.</param>
public sealed record UnclaimedKey(string Key, long Events, Instant FirstSeen, Instant LastSeen);

/// <summary>Counts the events of keys that no customer has (catalog, kind "unclaimed", one document a key), until one claims them.</summary>
/// <remarks>
/// A fold counts before it writes its progress, guarded by a watermark for each log partition, so a redelivery counts once. It looks for an
/// owner again after it has written, and a claim deletes the document after it has committed: of the two at least one sees the other.
/// That a key is owned is remembered for five minutes of the log's time, so that owned keys cost no reads.
/// </remarks>
public sealed class UnclaimedUsage(IDocumentStore documents, IsKeyOwned isOwned, HashKey secret)
{
    private const string Kind = "unclaimed";
    private const int MaxRemembered = 1_000_000;
    private const int AtOnce = 50;
    private static readonly Duration Remembered = Duration.FromMinutes(5);

    private readonly ConcurrentDictionary<UInt128, Instant> ownedUntil = new();
    private int settled;

    /// <summary>Keys and their events, a page in a stable order. What was claimed meanwhile is left out, and forgotten.</summary>
    public async Task<Listed<UnclaimedKey>> ListAsync(string? after, int limit, CancellationToken stop)
    {
        var keys = new List<UnclaimedKey>();
        do
        {
            var page = await documents.OfKindAsync(Container.Catalog, Kind, after, limit - keys.Count, stop);
            foreach (var stored in page.Items)
            {
                var key = stored.Document.Place.Second;
                if (await isOwned(key, stop)) await ForgetAsync(key, stop);
                else if (stored.Value<Counted>() is var counted) keys.Add(new(key, counted.Parts.Values.Sum(p => p.Events), counted.FirstSeen, counted.LastSeen));
            }
            after = page.Next;
        }
        while (after is not null && keys.Count < limit);
        return new(keys, after);
    }

    /// <summary>Events of all keys that nobody has.</summary>
    public async Task<long> EventsAsync(CancellationToken stop)
    {
        var events = 0L;
        string? next = null;
        do
        {
            var page = await ListAsync(next, 1_000, stop);
            events += page.Items.Sum(k => k.Events);
            next = page.Next;
        }
        while (next is not null);
        return events;
    }

    /// <summary>Keys got or lost an owner: what was remembered of them is wrong, and an owned key is unclaimed no longer.</summary>
    public async Task SettledAsync(IReadOnlyCollection<string> keys, CancellationToken stop)
    {
        Interlocked.Increment(ref settled);
        foreach (var key in keys)
        {
            ownedUntil.TryRemove(HashOf(Encoding.UTF8.GetBytes(key)), out _);
            if (await isOwned(key, stop)) await ForgetAsync(key, stop);
        }
    }

    /// <summary>Forgets what is cached, after a reset.</summary>
    public void Clear() => ownedUntil.Clear();

    /// <summary>Counts a batch's events of keys that nobody has.</summary>
    internal async Task CountAsync(LogPartition partition, IReadOnlyList<FoldMessage> batch, CancellationToken stop)
    {
        var unsure = new Dictionary<UInt128, Found>();
        foreach (var message in batch)
        {
            for (var i = 0; i < message.Parsed.Count; i++)
            {
                if (!message.Counts(i)) continue;
                var key = message.Parsed.Events[i].Key;
                var hash = HashOf(key.Span);
                if (ownedUntil.TryGetValue(hash, out var until) && message.EnqueuedAt < until) continue;
                if (!unsure.TryGetValue(hash, out var found)) unsure.Add(hash, found = new Found(Encoding.UTF8.GetString(key.Span), hash));
                found.Add(message);
            }
        }
        foreach (var together in unsure.Values.Chunk(AtOnce)) await Task.WhenAll(together.Select(f => CountAsync(partition, f, batch[^1].Sequence, stop)));
    }

    private async Task CountAsync(LogPartition partition, Found found, long watermark, CancellationToken stop)
    {
        var before = Volatile.Read(ref settled);
        if (await isOwned(found.Key, stop))
        {
            if (ownedUntil.Count > MaxRemembered) ownedUntil.Clear();
            ownedUntil[found.Hash] = found.LastSeen + Remembered;
            // Whoever took the key away meanwhile has looked for what is remembered too early.
            if (Volatile.Read(ref settled) != before) ownedUntil.TryRemove(found.Hash, out _);
            return;
        }
        while (!await TryCountAsync(partition, found, watermark, stop)) stop.ThrowIfCancellationRequested();
        if (await isOwned(found.Key, stop)) await ForgetAsync(found.Key, stop);
    }

    private async Task<bool> TryCountAsync(LogPartition partition, Found found, long watermark, CancellationToken stop)
    {
        var stored = await documents.FindAsync<Counted>(PlaceOf(found.Key), Kind, stop);
        var counted = stored?.Value ?? new Counted(new Dictionary<string, CountedPart>(), found.FirstSeen, found.LastSeen);
        var part = counted.Parts.GetValueOrDefault(partition.ToString(), new CountedPart(0, 0));
        var events = found.After(part.Watermark);
        if (events == 0) return true;
        counted = new Counted(
            new Dictionary<string, CountedPart>(counted.Parts) { [partition.ToString()] = new CountedPart(part.Events + events, watermark) },
            Instant.Min(counted.FirstSeen, found.FirstSeen), Instant.Max(counted.LastSeen, found.LastSeen));
        var document = PlaceOf(found.Key).Keep(Kind, Kind, counted);
        return await documents.TryAsync(document.Place, stored is null ? new Write.Create(document) : new Write.Replace(document, stored.ETag), stop);
    }

    private async Task ForgetAsync(string key, CancellationToken stop)
    {
        while (await documents.ReadAsync(PlaceOf(key), Kind, stop) is { } stored)
            if (await documents.TryAsync(stored.Document.Place, new Write.Delete(Kind, stored.ETag), stop)) return;
    }

    private UInt128 HashOf(ReadOnlySpan<byte> key) => EventIdentity.Key(secret, default, key);

    private static Place PlaceOf(string key) => new(Container.Catalog, Kind, key);

    /// <summary>What a key's document holds: by log partition, how many events and up to which message.</summary>
    private sealed record Counted(IReadOnlyDictionary<string, CountedPart> Parts, Instant FirstSeen, Instant LastSeen);

    private sealed record CountedPart(long Events, long Watermark);

    /// <summary>The events of a key in a batch.</summary>
    private sealed class Found(string key, UInt128 hash)
    {
        private readonly List<long> sequences = [];

        public string Key { get; } = key;

        public UInt128 Hash { get; } = hash;

        public Instant FirstSeen { get; private set; } = Instant.MaxValue;

        public Instant LastSeen { get; private set; } = Instant.MinValue;

        public void Add(FoldMessage message)
        {
            sequences.Add(message.Sequence);
            FirstSeen = Instant.Min(FirstSeen, message.EnqueuedAt);
            LastSeen = Instant.Max(LastSeen, message.EnqueuedAt);
        }

        public long After(long watermark) => sequences.Count(s => s > watermark);
    }
}
