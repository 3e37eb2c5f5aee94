using System.Numerics;
using System.Text;
using Billing.Domain.Metering;
using Billing.Domain.Metering.Events;
using Billing.Domain.Values;
using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.Simulation;

/// <summary>What a cell must hold.</summary>
internal sealed class OracleCell
{
    public long Count { get; set; }
    public BigInteger Sum { get; set; }
    public BigInteger Max { get; set; }
    public BigInteger Min { get; set; }
    public HashSet<string> Different { get; } = [];
    public (Instant Time, UInt128 Hash, BigInteger Value) Latest { get; set; }

    public string Describe(Aggregation aggregation) => aggregation switch
    {
        Aggregation.Count => $"{Count}",
        Aggregation.Unique => $"{Different.Count} {Different.Count}",
        Aggregation.Max => $"{Count} {Max}",
        Aggregation.Min => $"{Count} {Min}",
        Aggregation.Latest => $"{Count} {Latest.Value}",
        _ => $"{Count} {Sum}",
    };
}

/// <summary>What the whole pipeline must come to, worked out from the raw log in the plainest way.</summary>
internal sealed class Oracle
{
    /// <summary>By meter, key, kept grouping, minute since 1970 and group.</summary>
    public Dictionary<(string Meter, string Key, int Grouping, long Minute, string Group), OracleCell> Cells { get; } = [];

    /// <summary>Every (kind, sequence, index, partition, meter) that must be listed.</summary>
    public HashSet<(string Kind, string Partition, long Sequence, int Index, string? Meter)> Listed { get; } = [];

    public HashSet<string> Keys { get; } = [];

    public long Accepted { get; private set; }
    public long Counted { get; private set; }
    public long NoMeter { get; private set; }
    public long Duplicate { get; private set; }
    public long Conflict { get; private set; }
    public long Rejected { get; private set; }

    public static async Task<Oracle> ReadAsync(Stores stores, IReadOnlyList<Meter> meters, UsageLimits limits, HashKey secret, IReadOnlyDictionary<(int, string), long> markers)
    {
        var oracle = new Oracle();
        var contents = new Dictionary<UInt128, string>();
        var copies = new List<(UInt128 Key, LogPartition Partition, LogMessage Message, int Index, OracleEvent Event)>();
        for (var number = 0; number < stores.Log.Partitions; number++)
        {
            var partition = new LogPartition(stores.Log.LogId, number);
            foreach (var message in stores.Log.Read(number, 0))
            {
                var events = OracleEvent.ReadMessage(message.Body, message.EnqueuedAt, limits.Behind, out _);
                oracle.Accepted += events.Count;
                for (var i = 0; i < events.Count; i++)
                {
                    if (events[i] is { } good) copies.Add((KeyOf(secret, good), partition, message, i, good));
                    else
                    {
                        oracle.Rejected++;
                        oracle.Listed.Add(("rejected", partition.ToString(), message.Sequence, i, null));
                    }
                }
            }
        }
        foreach (var group in copies.GroupBy(c => c.Key))
        {
            var first = await FirstAsync(stores, group.Key, [.. group.Select(c => (c.Partition, c.Message.Sequence, c.Index))]);
            foreach (var copy in group.Where(c => (c.Partition, c.Message.Sequence, c.Index) == first))
            {
                contents[group.Key] = copy.Event.Canonical();
                oracle.Count(copy.Partition, copy.Message, copy.Index, copy.Event, copy.Key, meters, markers);
            }
            foreach (var copy in group.Where(c => (c.Partition, c.Message.Sequence, c.Index) != first))
            {
                oracle.Duplicate++;
                if (copy.Event.Canonical() == contents[group.Key]) continue;
                oracle.Conflict++;
                oracle.Listed.Add(("conflict", copy.Partition.ToString(), copy.Message.Sequence, copy.Index, null));
            }
        }
        return oracle;
    }

    // Of copies in several partitions any may be first, but of one partition's copies only the lowest.
    private static async Task<(LogPartition, long, int)> FirstAsync(Stores stores, UInt128 key, List<(LogPartition Partition, long Sequence, int Index)> copies)
    {
        var known = await stores.Ledger.FindAsync(key, LostClaims.None, CancellationToken.None);
        if (known.Count == 0) throw new SimulationFailure($"An event was never claimed: {copies[0]}.");
        var first = (known[0].Partition, known[0].Sequence, known[0].Index);
        if (copies.Where(c => c.Partition == first.Partition).OrderBy(c => (c.Sequence, c.Index)).FirstOrDefault() != first) throw new SimulationFailure($"The first claim {first} is not the lowest copy of its partition.");
        return first;
    }

    private void Count(LogPartition partition, LogMessage message, int index, OracleEvent of, UInt128 hash, IReadOnlyList<Meter> meters, IReadOnlyDictionary<(int, string), long> markers)
    {
        Counted++;
        var time = of.Time ?? message.EnqueuedAt;
        var takenAtFolding = false;
        foreach (var meter in meters)
        {
            if (!Takes(meter, of)) continue;
            var live = message.Sequence > markers.GetValueOrDefault((partition.Number, meter.Id), long.MaxValue);
            takenAtFolding |= live;
            Keys.Add("c:" + of.Key);
            if (!Measure(meter, of, out var value, out var element) || Groups(meter, of) is not { } groups)
            {
                Listed.Add(("unreadable", live ? partition.ToString() : $"backfill~{meter.Id}~{WindowNames.PartitionId(partition)}", message.Sequence, index, meter.Id));
                continue;
            }
            for (var g = 0; g < groups.Count; g++)
            {
                Add(meter, "c:" + of.Key, g, Minute(time, 1), groups[g], value, element, time, hash);
                Add(meter, "total", g, Minute(time, 15), groups[g], value, element, time, hash);
            }
        }
        if (!takenAtFolding) NoMeter++;
    }

    private void Add(Meter meter, string key, int grouping, long minute, string group, BigInteger value, string element, Instant time, UInt128 hash)
    {
        if (!Cells.TryGetValue((meter.Id, key, grouping, minute, group), out var cell)) Cells.Add((meter.Id, key, grouping, minute, group), cell = new OracleCell());
        Merge(cell, new OracleCell { Count = 1, Sum = value, Max = value, Min = value, Latest = (time, hash, value), Different = { element } });
    }

    /// <summary>Adds a cell to another.</summary>
    public static void Merge(OracleCell into, OracleCell other)
    {
        into.Max = into.Count == 0 ? other.Max : BigInteger.Max(into.Max, other.Max);
        into.Min = into.Count == 0 ? other.Min : BigInteger.Min(into.Min, other.Min);
        if (into.Count == 0 || (other.Latest.Time, other.Latest.Hash).CompareTo((into.Latest.Time, into.Latest.Hash)) > 0) into.Latest = other.Latest;
        into.Count += other.Count;
        into.Sum += other.Sum;
        into.Different.UnionWith(other.Different);
    }

    private static bool Takes(Meter meter, OracleEvent of)
    {
        if (meter.EventTypes is { Count: > 0 } types && !types.Contains(of.Type)) return false;
        if (meter.NotEventTypes is { } not && not.Contains(of.Type)) return false;
        foreach (var filter in meter.Filters)
        {
            var found = of.Find(filter.Path.Text);
            if (filter.Exists is { } wanted && wanted != found.HasValue) return false;
            if (filter.In is { Count: > 0 } && !(found is { } f && filter.In.Contains(f.Text))) return false;
            if (filter.NotIn is not null && found is { } g && filter.NotIn.Contains(g.Text)) return false;
        }
        return true;
    }

    private static bool Measure(Meter meter, OracleEvent of, out BigInteger value, out string element)
    {
        (value, element) = (0, "");
        if (meter.Aggregation == Aggregation.Count) return true;
        if (of.Find(meter.Value!.Text) is not { } found) return false;
        element = found.Text;
        if (meter.Aggregation == Aggregation.Unique) return true;
        if (!found.CanBeNumber || OracleEvent.Number(found.Text) is not { } number) return false;
        value = number.Scaled;
        return true;
    }

    private static List<string>? Groups(Meter meter, OracleEvent of)
    {
        var groups = new List<string>();
        foreach (var grouping in meter.KeptGroupings)
        {
            var values = grouping.Select(d => of.Find(d.Path.Text)?.Text).ToList();
            if (values.Any(v => v is not null && Encoding.UTF8.GetByteCount(v) > 512)) return null;
            groups.Add(NameOf(values));
        }
        return groups;
    }

    /// <summary>A group as one text.</summary>
    public static string NameOf(IEnumerable<string?> values) => string.Join('|', values.Select(v => v is null ? "-" : "=" + v));

    private static long Minute(Instant time, int step) => time.ToUnixTimeSeconds() / 60 / step * step;

    private static UInt128 KeyOf(HashKey secret, OracleEvent of) =>
        EventIdentity.Key(secret, Encoding.UTF8.GetBytes(of.Source), Encoding.UTF8.GetBytes(of.Id));
}
