using System.Globalization;
using Billing.Domain.Metering;
using Billing.Domain.Metering.Windows;
using Billing.Domain.Values;
using Billing.UseCases.Documents;
using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.Simulation;

/// <summary>Compares what the product answers with the oracle, when everything was folded and filled.</summary>
internal sealed class Comparison(Stores stores, IReadOnlyList<Meter> meters, UsageLimits limits, HashKey secret, Random chance)
{
    private static readonly Instant First = Instant.FromUtc(2026, 1, 27, 0, 0);
    private static readonly Instant Last = Instant.FromUtc(2026, 4, 1, 0, 0);

    public async Task CheckAsync(Instance instance)
    {
        var progress = new List<Progress>();
        for (var number = 0; number < stores.Log.Partitions; number++)
            progress.Add((await new ProgressStore(stores.Documents).ReadAsync(new LogPartition(stores.Log.LogId, number), default)).Progress);
        var markers = progress.SelectMany(p => p.Markers.Select(m => ((p.Partition, m.Key), m.Value))).ToDictionary(m => m.Item1, m => m.Value);
        var oracle = await Oracle.ReadAsync(stores, meters, limits, secret, markers);
        await CheckCountsAsync(oracle, progress);
        foreach (var meter in meters)
            for (var grouping = 0; grouping < meter.KeptGroupings.Count; grouping++) await CheckMeterAsync(instance, oracle, meter, grouping);
        await CheckListedAsync(instance, oracle);
        var keys = await instance.Keys.ListAsync(null, 1_000, default);
        Same("keys", string.Join(' ', oracle.Keys.Order(StringComparer.Ordinal)), string.Join(' ', keys.Keys.Select(k => "c:" + k).Order(StringComparer.Ordinal)));
        await CheckDocumentsAsync();
    }

    /// <summary>Every day must have been built, and be read from its own documents.</summary>
    public async Task CheckDaysAsync()
    {
        foreach (var day in await AllAsync(WindowNames.DayKind))
        {
            var header = StoredJson.Read<DayHeader>(day);
            if (header.Stale) throw new SimulationFailure($"{day.Document.Place.First} {day.Document.Id} was never built.");
            var parts = (await AllAsync(WindowNames.DayPartKind)).Where(p => p.Document.Place == day.Document.Place && p.Document.Id.StartsWith($"e{day.Document.Id[1..]}:{header.Run}:", StringComparison.Ordinal)).ToList();
            if (!HashRange.Tile([.. parts.Select(p => WindowNames.RangeOfId(p.Document.Id))])) throw new SimulationFailure($"{day.Document.Place.First} {day.Document.Id} lost parts.");
        }
    }

    private async Task CheckCountsAsync(Oracle oracle, List<Progress> progress)
    {
        long accepted = 0;
        for (var number = 0; number < stores.Log.Partitions; number++) accepted += (await stores.Log.PositionAsync(number, default)).AcceptedEvents!.Value;
        Same("accepted = counted + duplicate + rejected", accepted, progress.Sum(p => p.Folded));
        Same("accepted", oracle.Accepted, accepted);
        Same("counted", oracle.Counted, progress.Sum(p => p.Counted));
        Same("duplicate", oracle.Duplicate, progress.Sum(p => p.Duplicate));
        Same("conflict", oracle.Conflict, progress.Sum(p => p.Conflict));
        Same("rejected", oracle.Rejected, progress.Sum(p => p.Rejected));
        Same("no meter", oracle.NoMeter, progress.Sum(p => p.NoMeter));
        Same("unreadable", oracle.Listed.Count(l => l.Kind == "unreadable" && !l.Partition.StartsWith("backfill~", StringComparison.Ordinal)), progress.Sum(p => p.Unreadable));
    }

    private async Task CheckMeterAsync(Instance instance, Oracle oracle, Meter meter, int grouping)
    {
        var cells = oracle.Cells.Where(c => c.Key.Meter == meter.Id && c.Key.Grouping == grouping).ToLookup(c => c.Key.Key);
        foreach (var key in oracle.Keys.Append("total").Append("c:nobody"))
        {
            await CheckBoundsAsync(instance, meter, grouping, key, [First, Last], cells[key]);
            await CheckBoundsAsync(instance, meter, grouping, key, [.. Every(60)], cells[key]);
            var from = First + Duration.FromMinutes(15 * chance.Next(1_000));
            await CheckBoundsAsync(instance, meter, grouping, key, [from, from + Duration.FromMinutes(15 + 15 * chance.Next(200)), Last - Duration.FromMinutes(15 * chance.Next(900))], cells[key]);
        }
    }

    private static async Task CheckBoundsAsync(
        Instance instance, Meter meter, int grouping, string key, Instant[] bounds, IEnumerable<KeyValuePair<(string Meter, string Key, int Grouping, long Minute, string Group), OracleCell>> cells)
    {
        if (bounds.Length > 2 && bounds[^1] <= bounds[^2]) return;
        var minutes = bounds.Select(b => b.ToUnixTimeSeconds() / 60).ToArray();
        var expected = new SortedDictionary<(int Window, string Group), OracleCell>();
        foreach (var (at, cell) in cells)
        {
            var window = Array.FindLastIndex(minutes, m => m <= at.Minute);
            if (window < 0 || window == minutes.Length - 1) continue;
            if (!expected.TryGetValue((window, at.Group), out var into)) expected.Add((window, at.Group), into = new OracleCell());
            Oracle.Merge(into, cell);
        }
        var rows = await instance.Reader.ReadAsync(new UsageScope([new KeySpan(key, bounds[0], bounds[^1])], bounds), new UsageQuery(meter, grouping, g => g), default);
        var found = rows.ToDictionary(r => (r.Window, Oracle.NameOf(r.Group)), r => Describe(r.State, meter.Aggregation));
        var name = $"{meter.Aggregation} {meter.Id[^3..]} {key} grouping {grouping} from {bounds[0]} in {bounds.Length - 1}";
        foreach (var (at, cell) in expected)
            Same($"{name} {bounds[at.Window]} [{at.Group}]", cell.Describe(meter.Aggregation), found.GetValueOrDefault(at, "nothing"));
        Same($"{name} rows", expected.Count, found.Count);
    }

    private static string Describe(in CellState state, Aggregation aggregation) => aggregation switch
    {
        Aggregation.Count => $"{state.Count}",
        Aggregation.Unique => $"{state.Count} {state.Elements!.Count}",
        _ => $"{state.Count} {state.Value.ToString(CultureInfo.InvariantCulture)}",
    };

    private async Task CheckListedAsync(Instance instance, Oracle oracle)
    {
        var listed = new HashSet<(string, string, long, int, string?)>();
        for (string? next = null; ;)
        {
            (var entries, next) = await instance.Rejected.ListAsync(next, 1 + chance.Next(50), default);
            foreach (var entry in entries) listed.Add((entry.Kind, entry.Partition, entry.Sequence, entry.Index, entry.MeterId));
            if (next is null) break;
        }
        foreach (var entry in oracle.Listed.Except(listed)) throw new SimulationFailure($"Not listed: {entry}.");
        foreach (var entry in listed.Except(oracle.Listed)) throw new SimulationFailure($"Listed, and should not be: {entry}.");
    }

    // Every window's documents tile, and none is past its size.
    private async Task CheckDocumentsAsync()
    {
        var windows = await AllAsync(WindowNames.WindowKind);
        foreach (var window in windows.GroupBy(w => (w.Document.Place, w.Document.Id[..w.Document.Id.LastIndexOf(':')])))
            if (!HashRange.Tile([.. window.Select(w => WindowNames.RangeOfId(w.Document.Id))])) throw new SimulationFailure($"{window.Key} does not tile.");
        if (windows.FirstOrDefault(w => w.Document.Body.Length > 65_536) is { } large) throw new SimulationFailure($"{large.Document.Id} has {large.Document.Body.Length} bytes.");
    }

    private async Task<List<Stored>> AllAsync(string kind) => [.. (await stores.Documents.OfKindAsync(Container.Usage, kind, null, 1_000_000, default)).Items];

    private static IEnumerable<Instant> Every(int minutes)
    {
        for (var at = First; at <= Last; at += Duration.FromMinutes(minutes)) yield return at;
    }

    private static void Same<T>(string what, T expected, T found)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, found)) throw new SimulationFailure($"{what}: expected {expected}, found {found}.");
    }
}
