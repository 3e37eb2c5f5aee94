using System.Diagnostics;
using Billing.Benchmarks.Server;
using Billing.Benchmarks.Workload;

namespace Billing.Benchmarks;

/// <summary>Measures one server from outside: events in over HTTP, sums out of its queries, each sum held against what was sent.</summary>
internal sealed class IngestMeasurement(ServerUnderTest server, Options options, Figures figures, ulong seed, string scratch, CancellationToken stop)
{
    public const string EndToEnd = "ingest to queryable, over HTTP, durable";
    private const double GoalPerSecond = 100_000;
    private const double GoalQueryMs = 5;
    private const double GoalMb = 500;
    private const long WarmUp = 50_000;
    private const long Million = 1_000_000;
    private const int QueryCalls = 200;
    private static readonly TimeSpan FreshnessLasting = TimeSpan.FromSeconds(10);

    private readonly Load load = new(server.Port, ServerUnderTest.Key, seed);
    private readonly Sent sent = new();
    private long duplicates;

    public async Task RunAsync()
    {
        using var api = new BillingApi(server.Port);
        await api.CreateMetersAsync(stop);
        await using var watch = new Watch(api, server.ProcessId);
        watch.Start();
        Console.WriteLine($"Server: {WarmUp:N0} events to warm up, then {options.Preload:N0} stored before measuring.");
        await StoreAsync(api, WarmUp);
        await QueryAsync(api);
        if (options.Preload > Million) await StoreAsync(api, Million);
        if (options.Preload > Million) await QueryAsync(api);
        if (options.Preload > 0) await StoreAsync(api, options.Preload > Million ? options.Preload - Million : options.Preload);
        if (options.Preload > 0) await QueryAsync(api);

        await MeasureAsync(api, watch);
        await QueryAsync(api);
        Disk();
        await FreshnessAsync(api, watch, "at full load", null);
        await FreshnessAsync(api, watch, "at half the load", figures.Of(EndToEnd) / 2);
        Memory(watch);
        load.SendAgain(stop);
        duplicates += Load.BatchEvents;
        await CheckAsync(api, watch.Probes);
        await ProveSyncsAsync(api);
    }

    private async Task StoreAsync(BillingApi api, long events)
    {
        var start = Stopwatch.GetTimestamp();
        sent.Add(load.Send(events, options.Connections, null, stop).Sent);
        await api.DrainedAsync(stop);
        Console.WriteLine($"  {sent.Events:N0} stored ({events / Stopwatch.GetElapsedTime(start).TotalSeconds:N0}/s)");
    }

    private async Task MeasureAsync(BillingApi api, Watch watch)
    {
        Console.WriteLine($"Measuring {options.Events:N0} events in requests of {Load.BatchEvents} over {options.Connections} connections.");
        var before = ProcessUse.Of(server.ProcessId);
        var result = load.Send(options.Events, options.Connections, null, stop);
        var answered = ProcessUse.Of(server.ProcessId);
        await api.DrainedAsync(stop);
        var elapsed = Stopwatch.GetElapsedTime(result.Began).TotalSeconds;
        var use = ProcessUse.Of(server.ProcessId) - before;
        sent.Add(result.Sent);
        await CheckAsync(api, watch.Probes);

        double events = result.Sent.Events;
        var accepting = (result.Answered - result.Began) / (double)Stopwatch.Frequency;
        figures.Add(EndToEnd, events / elapsed, "events/s", "≥ 100,000", v => v >= GoalPerSecond);
        figures.Add("accepted (answered, durable)", events / accepting, "events/s");
        figures.Add("request of 500, p50", result.Percentile(0.50), "ms");
        figures.Add("request of 500, p99", result.Percentile(0.99), "ms");
        figures.Add("requests put off (429, 503)", result.PutOff, "");
        figures.Add("CPU of the server", use.ServerSeconds / events * 1e6, "µs/event");
        figures.Add("CPU of the server until all was answered", (answered - before).ServerSeconds / events * 1e6, "µs/event");
        figures.Add("CPU of the client", (answered - before).ClientSeconds / events * 1e6, "µs/event", "< 1.5", v => v < 1.5);
        figures.Add("what that CPU time allows on 2 idle cores", 2 / ((use.ServerSeconds + (answered - before).ClientSeconds) / events), "events/s");
        figures.Add("cores used by others meanwhile", use.OthersSeconds / elapsed, "");
        figures.Add("most events waiting to be counted", watch.PeakPending, "events");
    }

    private async Task QueryAsync(BillingApi api)
    {
        var ms = await api.MonthQueryMsAsync(QueryCalls, stop);
        figures.Add($"a month of one customer at {sent.Events:N0} events", ms, "ms", "< 5", v => v < GoalQueryMs);
    }

    private async Task FreshnessAsync(BillingApi api, Watch watch, string when, double? perSecond)
    {
        var rate = figures.Of(EndToEnd)!.Value;
        var events = (long)((perSecond ?? rate) * FreshnessLasting.TotalSeconds);
        var loading = Task.Run(() => load.Send(events, options.Connections, perSecond, stop), stop);
        await Task.Delay(500, stop);
        var times = await watch.FreshnessAsync(() => !loading.IsCompleted, stop);
        sent.Add((await loading).Sent);
        await api.DrainedAsync(stop);
        if (times.Count == 0) return;
        figures.Add($"fresh {when}, p50 of {times.Count}", times[times.Count / 2], "ms");
        figures.Add($"fresh {when}, p99", times[Math.Min(times.Count - 1, times.Count * 99 / 100)], "ms", "< 1,000", v => v < 1_000);
    }

    private void Memory(Watch watch)
    {
        foreach (var mark in new[] { 1, 5, 10 })
            if (watch.ResidentMbAt(mark * Million) is { } mb) figures.Add($"server's memory at {mark} million events", mb, "MB", "< 500", v => v < GoalMb);
        figures.Add("server's memory at most", watch.PeakMb, "MB", "< 500", v => v < GoalMb);
    }

    private void Disk()
    {
        var all = ProcessUse.FolderBytes(server.DataFolder);
        var log = new DirectoryInfo(server.DataFolder).EnumerateFiles("*-wal").Sum(f => f.Length);
        figures.Add("on disk", (all - log) / (double)sent.Events, "bytes/event");
        figures.Add("write-ahead log beside it", log / 1e6, "MB");
    }

    // Every total of every meter and group, the counts, and one customer in ten (of one meter each).
    private async Task CheckAsync(BillingApi api, int probes)
    {
        var counts = await api.DrainedAsync(stop);
        var accepted = sent.Events + duplicates + probes;
        figures.Check(counts.Accepted == accepted, $"{counts.Accepted:N0} events are accepted; {accepted:N0} were sent.");
        figures.Check(counts.Counted == sent.Events + probes, $"{counts.Counted:N0} events are counted; {sent.Events + probes:N0} different ones were sent.");
        figures.Check(counts.Duplicate == duplicates, $"{counts.Duplicate:N0} duplicates are counted; {duplicates:N0} were sent.");
        figures.Check(counts.Rejected == 0, $"{counts.Rejected:N0} events are rejected; none was bad.");
        for (var meter = 0; meter < Draw.Meters; meter++)
        {
            var groups = await api.ByGroupAsync(meter, null, stop);
            for (var group = 0; group < Draw.Groups; group++)
                figures.Check(groups.GetValueOrDefault(group) == sent.Of(meter, group), $"Meter {meter}, group {group}: {groups.GetValueOrDefault(group)} instead of {sent.Of(meter, group)}.");
            for (var customer = meter; customer < Draw.Customers; customer += 50)
            {
                var sum = (await api.ByGroupAsync(meter, BillingApi.CustomerName(customer), stop)).Values.Sum();
                figures.Check(sum == sent.OfCustomer(customer, meter), $"Customer {customer}, meter {meter}: {sum} instead of {sent.OfCustomer(customer, meter)}.");
            }
        }
        Console.WriteLine($"  {sent.Events:N0} events held against what was sent: {(figures.Wrong.Count == 0 ? "exact" : "WRONG")}");
    }

    private async Task ProveSyncsAsync(BillingApi api)
    {
        var proof = await SyncTrace.RunAsync(server, () => sent.Add(load.Send(Load.BatchEvents, 1, null, stop).Sent), scratch, stop);
        await api.DrainedAsync(stop);
        figures.Add("syncs seen by strace", proof?.Syncs, "");
        figures.Add("… while requests, one after another, were answered", proof?.Requests, "");
        figures.Add("… of them before any sync came back", proof?.AnsweredWithoutSync, "", "0", v => v == 0);
    }
}
