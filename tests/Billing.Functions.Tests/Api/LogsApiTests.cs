using System.Net.Http.Json;
using System.Text.Json;
using Billing.Functions.Tests.Hosting;
using Billing.Storage.Sqlite.Database;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Billing.Functions.Tests.Api;

public sealed class LogsApiTests
{
    [Fact]
    public async Task A_hole_in_the_log_stops_counting_with_a_reason_until_it_is_recorded()
    {
        await using var server = await ProbeServer.StartAsync();
        using var client = server.Client();
        await IngestAsync(client, "a");
        await CountedAsync(client, 1);
        // Three messages with seven events that the disk forgot, and one after them.
        await server.Services.GetRequiredService<SqliteDatabase>().WriteAsync(connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = "UPDATE log_position SET last_sequence = last_sequence + 3, accepted_events = accepted_events + 7 WHERE last_sequence > 0";
            return command.ExecuteNonQuery();
        });
        await IngestAsync(client, "b");
        var health = await UntilAsync(client, "/health", h => h.TryGetProperty("reason", out _));
        var log = Assert.Single((await ProbeServer.JsonAsync(await client.GetAsync("/v1/operations/logs"))).GetProperty("data").EnumerateArray());
        var id = log.GetProperty("id").GetString()!;
        var part = log.GetProperty("partitions").EnumerateArray().Single(p => p.GetProperty("folded_through").GetInt64() > 0);
        var (number, folded) = (part.GetProperty("partition").GetInt32(), part.GetProperty("folded_through").GetInt64());
        Assert.Equal(
            $"Partition {id}/{number} stands still: sequences {folded + 1} to {folded + 3} are neither in the log nor in the archive. Bring them back, or record the gap.",
            health.GetProperty("reason").GetString());
        Assert.Equal("failed", health.GetProperty("checks").GetProperty("pipeline").GetString());

        var gap = new { log_id = id, partition = number, first_sequence = folded + 1, last_sequence = folded + 3, reason = "The disk broke.", events = 7 };
        var recorded = (await ProbeServer.JsonAsync(await client.PostAsJsonAsync("/v1/operations/logs/record-gap", gap))).GetProperty("data");
        Assert.Equal(("The disk broke.", 7), (recorded.GetProperty("reason").GetString(), recorded.GetProperty("events").GetInt32()));
        Assert.Contains("environment", recorded.GetProperty("recorded_by").GetString(), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(recorded.GetRawText(), (await ProbeServer.JsonAsync(await client.PostAsJsonAsync("/v1/operations/logs/record-gap", gap))).GetProperty("data").GetRawText());
        var stats = await CountedAsync(client, 2);
        Assert.Equal((9, 7, 0), (stats.GetProperty("accepted").GetInt32(), stats.GetProperty("lost").GetInt32(), stats.GetProperty("pending").GetInt32()));
        await UntilAsync(client, "/health", h => h.GetProperty("status").GetString() == "ready");
        await BadRequestTests.ProblemAsync(
            await client.PostAsJsonAsync("/v1/operations/logs/record-gap", gap with { first_sequence = folded + 4, last_sequence = folded + 4 }), 409, "messages_folded");
    }

    [Fact]
    public async Task The_log_that_the_server_writes_to_is_not_closed()
    {
        await using var server = await ProbeServer.StartAsync();
        using var client = server.Client();
        var log = Assert.Single((await ProbeServer.JsonAsync(await client.GetAsync("/v1/operations/logs"))).GetProperty("data").EnumerateArray());
        Assert.True(log.GetProperty("takes_events").GetBoolean());
        var id = log.GetProperty("id").GetString()!;
        await BadRequestTests.ProblemAsync(await client.PostAsJsonAsync("/v1/operations/logs/close", new { log_id = id, reason = "Moved." }), 409, "log_in_use");
        await BadRequestTests.ProblemAsync(await client.PostAsJsonAsync("/v1/operations/logs/close", new { log_id = "other", reason = "Moved." }), 404, "log_not_found");
    }

    [Theory]
    [InlineData("/v1/operations/logs/close", """{"log_id":"x","reason":"y","force":true}""")]
    [InlineData("/v1/operations/logs/record-gap", """{"log_id":"x","partition":0,"first_sequence":1,"last_sequence":1,"reason":"y","force":true}""")]
    public async Task Only_an_admin_operates_and_what_is_not_known_is_refused(string path, string body)
    {
        await using var server = await ProbeServer.StartAsync();
        await BadRequestTests.ProblemAsync(await server.Client().SendAsync(ProbeServer.Post(path, body)), 400, "body_invalid");
        await BadRequestTests.ProblemAsync(await server.Client(await server.KeyWithAsync("write")).SendAsync(ProbeServer.Post(path, body)), 403, "scope_missing");
        await BadRequestTests.ProblemAsync(await server.Client(await server.KeyWithAsync("write")).GetAsync("/v1/operations/logs"), 403, "scope_missing");
    }

    [Fact]
    public async Task After_a_reset_the_log_goes_on_and_a_new_meter_counts_what_came_since()
    {
        await using var server = await ProbeServer.StartAsync();
        using var client = server.Client();
        await IngestAsync(client, "a", "b");
        foreach (var _ in new[] { 1, 2 })
        {
            await client.PostAsJsonAsync("/v1/test/reset", new { now = "2026-03-01T00:00:00Z" });
            await IngestAsync(client, "a");
            var stats = await CountedAsync(client, 1);
            Assert.Equal((1, 0, 0), (stats.GetProperty("accepted").GetInt32(), stats.GetProperty("duplicate").GetInt32(), stats.GetProperty("lost").GetInt32()));
        }
        var created = await ProbeServer.JsonAsync(await client.PostAsJsonAsync("/v1/billable-metrics/create", new { name = "Calls", aggregation_type = "COUNT" }));
        var metric = created.GetProperty("data").GetProperty("id").GetString();
        await UntilAsync(client, $"/v1/billable-metrics/{metric}", m => !m.GetProperty("data").TryGetProperty("backfill", out _));
        var usage = await ProbeServer.JsonAsync(await client.GetAsync($"/api/v1/meters/{metric}/query?from=2026-02-28T00:00:00Z&to=2026-03-02T00:00:00Z"));
        Assert.Equal(1, usage.GetProperty("data")[0].GetProperty("value").GetInt32());
    }

    private static async Task IngestAsync(HttpClient client, params string[] ids)
    {
        var answer = await client.PostAsJsonAsync("/v1/ingest", ids.Select(id => new { transaction_id = id, customer_id = "c", event_type = "call", properties = new { } }));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static async Task<JsonElement> CountedAsync(HttpClient client, int events) =>
        (await UntilAsync(client, "/v1/ingest/stats", s => s.GetProperty("data").GetProperty("counted").GetInt32() == events && s.GetProperty("data").GetProperty("pending").GetInt32() == 0)).GetProperty("data");

    private static async Task<JsonElement> UntilAsync(HttpClient client, string path, Func<JsonElement, bool> holds)
    {
        for (var tries = 0; ; tries++)
        {
            var answer = await ProbeServer.JsonAsync(await client.GetAsync(path));
            if (holds(answer)) return answer;
            Assert.True(tries < 600, answer.GetRawText());
            await Task.Delay(20);
        }
    }
}
