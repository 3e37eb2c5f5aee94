using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Billing.AzureStandIns;

namespace Billing.SimulatedAzure;

/// <summary>Sends usage through HTTP and straight to the hub, while instances are killed and services fail, and compares what was counted with what was sent.</summary>
/// <remarks>The oracle is a sum over distinct ids: whatever happens, each counts once.</remarks>
internal sealed class Chaos(AzureStandIns.SimulatedAzure azure, SimulatedHost host, int events, int seed, TimeSpan killEvery)
{
    private const int Senders = 6;

    // Messages that wait, at most: usage keeps coming in until nearly all is counted, and is killed on the way.
    private const int MostWaiting = 300;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(9);

    private readonly SentUsage usage = new(events, seed);
    private readonly Random chance = new(seed);
    private readonly HttpClient client = new() { BaseAddress = host.Address, Timeout = TimeSpan.FromSeconds(60) };
    private volatile int waiting;
    private long folded;
    private int poison;
    private int kills;
    private int faults;

    public async Task<bool> RunAsync()
    {
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "dev");
        var sum = await CreateAsync("/v1/billable-metrics/create", """{"name":"Tokens","aggregation_type":"SUM","aggregation_key":"tokens","event_type_filter":{"in_values":["llm","other"]}}""");
        var count = await CreateAsync("/v1/billable-metrics/create", """{"name":"Calls","aggregation_type":"COUNT","event_type_filter":{"in_values":["llm","other"]}}""");
        var ids = new string[SentUsage.Customers];
        for (var c = 0; c < SentUsage.Customers; c++) ids[c] = await CreateAsync("/v1/customers", $$"""{"name":"Customer {{c}}","ingest_aliases":["c{{c}}"]}""");
        var since = Stopwatch.GetTimestamp();
        using var calm = new CancellationTokenSource();
        azure.Cosmos.Fault = (_, path) => path.Contains("/docs", StringComparison.Ordinal) ? Strikes(120) : null;
        azure.Tables.Fault = azure.Blobs.Fault = (_, _) => Strikes(40);
        azure.Hub.Fault = () => Strikes(25);
        var killing = KillAsync(calm.Token);
        await WaitAsync(SendAsync(since), since);
        var took = Stopwatch.GetElapsedTime(since);
        await calm.CancelAsync();
        await killing;
        azure.Cosmos.Fault = null;
        azure.Tables.Fault = azure.Blobs.Fault = null;
        azure.Hub.Fault = null;
        Console.WriteLine($"counted after {took.TotalSeconds:0} s: {events} events, {usage.Distinct} distinct, {events / took.TotalSeconds:0} a second; {kills} kills, {faults} faults");
        return await CompareAsync(ids, sum, count);
    }

    private async Task SendAsync(long since)
    {
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(PostAsync).Append(PutAsync()));
        Console.WriteLine($"sent {events} events, {usage.Distinct} distinct, after {Stopwatch.GetElapsedTime(since).TotalSeconds:0} s; {kills} kills, {faults} faults");
    }

    private async Task PostAsync(int sender)
    {
        for (var at = sender; at < usage.Requests.Count; at += Senders)
        {
            await RoomAsync();
            while (true)
            {
                try
                {
                    using var body = new StringContent(usage.Requests[at], Encoding.UTF8, "application/json");
                    using var answer = await client.PostAsync("/v1/ingest", body);
                    if (answer.IsSuccessStatusCode) break;
                }
                catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException)
                {
                    // Whether it was taken nobody knows: it is sent again.
                }
                await Task.Delay(100);
            }
        }
    }

    // Producers of their own: packed and not, to any partition, with some that nobody can use.
    private async Task PutAsync()
    {
        foreach (var batch in usage.Direct)
        {
            await RoomAsync();
            var partition = chance.Next(azure.Hub.Partitions);
            if (chance.Next(20) > 0) azure.Hub.Put(partition, Encoding.UTF8.GetBytes($"[{string.Join(',', batch)}]"));
            else
                foreach (var one in batch) azure.Hub.Put(chance.Next(azure.Hub.Partitions), Encoding.UTF8.GetBytes(one));
            if (chance.Next(10) == 0)
            {
                poison++;
                azure.Hub.Put(partition, [0xFF, 0x00, (byte)'{']);
            }
            await Task.Delay(5);
        }
    }

    // Again and again, but not before something was counted since: on a slow machine an instance would be killed each time before it had done anything.
    private async Task KillAsync(CancellationToken stop)
    {
        var which = new Random(seed);
        for (var before = 0L; ; before = Volatile.Read(ref folded))
        {
            await Task.Delay(killEvery, stop).ContinueWith(_ => { }, TaskScheduler.Default);
            while (!stop.IsCancellationRequested && Volatile.Read(ref folded) == before) await Task.Delay(50, CancellationToken.None);
            if (stop.IsCancellationRequested) return;
            var all = host.Instances.Where(i => i.IsReady).ToList();
            if (all.Count == 0) continue;
            all[which.Next(all.Count)].Kill();
            kills++;
        }
    }

    private ServiceFault? Strikes(int oneIn)
    {
        if (Random.Shared.Next(oneIn) != 0) return null;
        Interlocked.Increment(ref faults);
        return Random.Shared.Next(5) switch { 0 => new(429), 1 => new(503), 2 => new(0), 3 => new(500), _ => new(0, Done: true) };
    }

    private async Task RoomAsync()
    {
        while (waiting > MostWaiting) await Task.Delay(50);
    }

    // Until all is sent and nothing waits.
    private async Task WaitAsync(Task sending, long since)
    {
        for (var looks = 1; ; looks++)
        {
            // Before the look: what is sent after it is not seen.
            var sent = sending.IsCompleted;
            var totals = await TotalsAsync();
            if (totals is not null)
            {
                waiting = (int)Of(totals, "pending");
                Volatile.Write(ref folded, Of(totals, "counted") + Of(totals, "duplicate"));
            }
            if (sent && totals is not null && waiting == 0) break;
            if (looks % 20 == 0) Console.WriteLine($"counted {totals?["counted"]}, {waiting} messages wait, after {Stopwatch.GetElapsedTime(since).TotalSeconds:0} s; {kills} kills, {faults} faults");
            if (Stopwatch.GetElapsedTime(since) > Longest) throw new TimeoutException($"Events still wait: {totals}");
            await Task.Delay(500);
        }
        await sending;
    }

    private async Task<bool> CompareAsync(string[] ids, string sum, string count)
    {
        var totals = (await TotalsAsync())!;
        var right = Same("counted", usage.Distinct, Of(totals, "counted")) & Same("rejected", poison, Of(totals, "rejected"))
            & Same("accepted less duplicates", usage.Distinct + poison, Of(totals, "accepted") - Of(totals, "duplicate"));
        var today = DateTime.UtcNow.Date;
        for (var c = 0; c < SentUsage.Customers; c++)
        {
            foreach (var (metric, expected) in (ValueTuple<string, long>[])[(sum, usage.Tokens[c]), (count, usage.Counts[c])])
            {
                var asked = $$"""{"customer_ids":["{{ids[c]}}"],"billable_metrics":[{"id":"{{metric}}"}],"window_size":"none","starting_on":"{{today.AddDays(-1):yyyy-MM-dd}}T00:00:00Z","ending_before":"{{today.AddDays(2):yyyy-MM-dd}}T00:00:00Z"}""";
                using var body = new StringContent(asked, Encoding.UTF8, "application/json");
                using var answer = await client.PostAsync("/v1/usage", body);
                var json = await answer.Content.ReadFromJsonAsync<JsonNode>();
                var value = json!["data"]!.AsArray().Sum(w => w!["value"] is JsonValue v ? decimal.Parse(v.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture) : 0);
                right &= Same($"customer {c}, {(metric == sum ? "tokens" : "calls")}", expected, (long)value);
            }
        }
        return right;
    }

    private static bool Same(string what, long expected, long found)
    {
        Console.WriteLine($"{(expected == found ? "same" : "DIFFERENT")}  {what}: {expected}{(expected == found ? "" : $" sent, {found} counted")}");
        return expected == found;
    }

    private static long Of(JsonNode totals, string name) => totals[name]!.GetValue<long>();

    private async Task<JsonNode?> TotalsAsync()
    {
        try
        {
            return (await client.GetFromJsonAsync<JsonNode>("/v1/ingest/stats"))!["data"];
        }
        catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException)
        {
            return null;
        }
    }

    private async Task<string> CreateAsync(string path, string json)
    {
        using var body = new StringContent(json, Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(path, body);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonNode>())!["data"]!["id"]!.GetValue<string>();
    }
}
