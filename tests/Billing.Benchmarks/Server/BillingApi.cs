using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Billing.Benchmarks.Workload;

namespace Billing.Benchmarks.Server;

/// <summary>What became of the events, as the server counts them.</summary>
internal sealed record Counts(long Accepted, long Counted, long Duplicate, long Rejected, long Pending);

/// <summary>The server's API, as far as the benchmark asks it anything but to take events in bulk.</summary>
internal sealed class BillingApi : IDisposable
{
    /// <summary>A meter of its own for the freshness probe, so that the totals of the workload stay exact.</summary>
    public const string ProbeMeter = "probe";

    private readonly HttpClient http;

    public BillingApi(int port)
    {
        http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        http.DefaultRequestHeaders.Authorization = new("Bearer", ServerUnderTest.Key);
    }

    public static string MeterSlug(int meter) => $"llm_tokens_{meter}";

    /// <summary>Makes the meters of the workload and the probe's.</summary>
    public async Task CreateMetersAsync(CancellationToken stop)
    {
        var groupBy = new Dictionary<string, string> { ["model"] = "$.model", ["region"] = "$.region" };
        for (var meter = 0; meter < Draw.Meters; meter++)
            await PostAsync("/api/v1/meters", new { slug = MeterSlug(meter), eventType = MeterSlug(meter), aggregation = "SUM", valueProperty = "$.tokens", groupBy }, stop);
        await PostAsync("/api/v1/meters", new { slug = ProbeMeter, eventType = ProbeMeter, aggregation = "COUNT" }, stop);
    }

    public Task SendProbeAsync(string id, string customer, CancellationToken stop) => PostAsync("/v1/ingest", new[]
    {
        new { transaction_id = id, customer_id = customer, event_type = ProbeMeter, timestamp = DateTimeOffset.UtcNow.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture) },
    }, stop);

    public async Task<Counts> CountsAsync(CancellationToken stop)
    {
        using var answer = JsonDocument.Parse(await GetAsync("/v1/ingest/stats", stop));
        var data = answer.RootElement.GetProperty("data");
        return new Counts(Of("accepted"), Of("counted"), Of("duplicate"), Of("rejected"), Of("pending"));

        long Of(string name) => data.GetProperty(name).GetInt64();
    }

    /// <summary>Waits until everything accepted is in the windows.</summary>
    public async Task<Counts> DrainedAsync(CancellationToken stop)
    {
        while (true)
        {
            var counts = await CountsAsync(stop);
            if (counts.Pending == 0) return counts;
            await Task.Delay(50, stop);
        }
    }

    /// <summary>Usage by group in the last 31 days: all customers', or one's.</summary>
    /// <returns>Group (see <see cref="Draw.Group"/>) → sum.</returns>
    public async Task<Dictionary<int, decimal>> ByGroupAsync(int meter, string? customer, CancellationToken stop)
    {
        using var answer = JsonDocument.Parse(await GetAsync(MonthQuery(meter, customer), stop));
        return answer.RootElement.GetProperty("data").EnumerateArray().ToDictionary(
            row => Last(row, "model") * Draw.Regions + Last(row, "region"), row => row.GetProperty("value").GetDecimal());

        static int Last(JsonElement row, string name) => row.GetProperty("groupBy").GetProperty(name).GetString()![^1] - '0';
    }

    /// <summary>How often the probe's customer was counted.</summary>
    public async Task<decimal> ProbeCountAsync(string customer, CancellationToken stop)
    {
        using var answer = JsonDocument.Parse(await GetAsync($"/api/v1/meters/{ProbeMeter}/query?subject={customer}&{Range(TimeSpan.FromHours(2))}", stop));
        return answer.RootElement.GetProperty("data").EnumerateArray().Sum(row => row.GetProperty("value").GetDecimal());
    }

    /// <summary>Median time of a month's usage of one customer, by group; every call another customer.</summary>
    public async Task<double> MonthQueryMsAsync(int calls, CancellationToken stop)
    {
        for (var i = 0; i < 20; i++) await GetAsync(MonthQuery(i % Draw.Meters, CustomerName(i)), stop);
        var times = new List<double>(calls);
        for (var i = 0; i < calls; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await GetAsync(MonthQuery(i % Draw.Meters, CustomerName(i * 37 % Draw.Customers)), stop);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        times.Sort();
        return times[calls / 2];
    }

    public static string CustomerName(int customer) => $"customer-{customer:D4}";

    public void Dispose() => http.Dispose();

    private static string MonthQuery(int meter, string? customer) =>
        $"/api/v1/meters/{MeterSlug(meter)}/query?{(customer is null ? "" : $"subject={customer}&")}{Range(TimeSpan.FromDays(31))}&groupBy=model&groupBy=region";

    private static string Range(TimeSpan back)
    {
        var hour = new DateTimeOffset(DateTimeOffset.UtcNow.Ticks / TimeSpan.TicksPerHour * TimeSpan.TicksPerHour, TimeSpan.Zero);
        return $"from={hour - back:yyyy-MM-ddTHH:mm:ssZ}&to={hour.AddHours(2):yyyy-MM-ddTHH:mm:ssZ}";
    }

    private async Task<byte[]> GetAsync(string path, CancellationToken stop)
    {
        using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), stop);
        var body = await answer.Content.ReadAsByteArrayAsync(stop);
        return answer.IsSuccessStatusCode ? body : throw new InvalidOperationException($"GET {path} answered {(int)answer.StatusCode}: {System.Text.Encoding.UTF8.GetString(body)}");
    }

    private async Task PostAsync<T>(string path, T body, CancellationToken stop)
    {
        while (true)
        {
            using var answer = await http.PostAsJsonAsync(new Uri(path, UriKind.Relative), body, stop);
            if (answer.IsSuccessStatusCode) return;
            if ((int)answer.StatusCode is not (429 or 503)) throw new InvalidOperationException($"POST {path} answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync(stop)}");
            await Task.Delay(20, stop);
        }
    }
}
