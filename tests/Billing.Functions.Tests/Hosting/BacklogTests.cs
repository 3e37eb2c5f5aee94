using System.Net;
using System.Text.Json;
using Billing.Storage.Sqlite.Database;
using Billing.Storage.Sqlite.Documents;
using Billing.UseCases.Documents;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Xunit;

namespace Billing.Functions.Tests.Hosting;

/// <summary>More comes in than is counted: the bound is one megabyte here, and nothing is counted until the test lets it.</summary>
public sealed class BacklogTests
{
    [Theory]
    [InlineData("/v1/ingest", """{"transaction_id":"ID","customer_id":"c","event_type":"t","properties":{"p":"PADDING"}}""")]
    [InlineData("/api/v1/events", """{"specversion":"1.0","id":"ID","source":"s","type":"t","subject":"c","data":{"p":"PADDING"}}""")]
    public async Task Past_the_bound_ingest_says_later_and_takes_nothing_until_the_backlog_is_smaller(string path, string shape)
    {
        var counting = new TaskCompletionSource();
        await using var server = await ProbeServer.StartAsync(testClock: false, settings: ["BILLING_MAX_BACKLOG_MB=1"], replace: services => services.AddSingleton<IDocumentStore>(
            all => new HeldProgress(new SqliteDocumentStore(all.GetRequiredService<SqliteDatabase>()), counting.Task)));
        var client = server.Client();
        var sent = 0;
        // Twenty events of 10 kB a request: six requests are more than a megabyte.
        for (; sent < 6; sent++) Assert.True((await SendAsync(sent)).IsSuccessStatusCode);

        var refused = await SendAsync(sent);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal(5, refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds);
        Assert.False(refused.Headers.Contains("x-should-retry"));
        var problem = await ProbeServer.JsonAsync(refused);
        Assert.Equal("backlog_full", problem.GetProperty("code").GetString());
        Assert.Equal("1 MB of events wait to be counted. Nothing of this request was stored; send it again in some seconds.", problem.GetProperty("message").GetString());
        Assert.Equal((120, 120), await StatsAsync());

        counting.SetResult();
        while (!(await SendAsync(sent)).IsSuccessStatusCode) await Task.Delay(20);
        while (await StatsAsync() is (_, > 0)) await Task.Delay(20);
        Assert.Equal((140, 0), await StatsAsync());

        Task<HttpResponseMessage> SendAsync(int request) => client.SendAsync(ProbeServer.Post(path, $"[{string.Join(',', Enumerable.Range(0, 20)
            .Select(i => shape.Replace("ID", $"{request}-{i}", StringComparison.Ordinal).Replace("PADDING", new string('x', 10_000), StringComparison.Ordinal)))}]"));

        async Task<(int Accepted, int Pending)> StatsAsync()
        {
            var data = JsonDocument.Parse(await client.GetStringAsync("/v1/ingest/stats")).RootElement.GetProperty("data");
            return (data.GetProperty("accepted").GetInt32(), data.GetProperty("pending").GetInt32());
        }
    }

    /// <summary>Documents where progress is written only once it may be.</summary>
    private sealed class HeldProgress(IDocumentStore inner, Task mayGoOn) : IDocumentStore
    {
        public Task<Stored?> ReadAsync(Place place, string id, CancellationToken stop) => inner.ReadAsync(place, id, stop);

        public Task<Page> RangeAsync(Place place, string from, string until, int limit, CancellationToken stop) => inner.RangeAsync(place, from, until, limit, stop);

        public Task<Page> OfKindAsync(Container container, string? kind, string? after, int limit, CancellationToken stop) => inner.OfKindAsync(container, kind, after, limit, stop);

        public Task<IReadOnlyList<Stored>> DueAsync(Container container, string kind, Instant at, int limit, CancellationToken stop) => inner.DueAsync(container, kind, at, limit, stop);

        public Task<Changes<Stored>> ChangesAsync(Container container, string kind, string? cursor, int limit, CancellationToken stop) => inner.ChangesAsync(container, kind, cursor, limit, stop);

        public async Task<CommitResult> CommitAsync(Place place, IReadOnlyList<Write> writes, CancellationToken stop)
        {
            // The log is registered with its first progress before anything is served.
            if (place.First == "progress" && !writes.Any(w => w is Write.Create)) await mayGoOn.WaitAsync(stop);
            return await inner.CommitAsync(place, writes, stop);
        }
    }
}
