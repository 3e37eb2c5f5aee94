using System.Net.Http.Json;
using System.Text.Json;
using Xunit;

namespace Billing.Functions.Tests.Api;

public sealed class UnclaimedUsageTests
{
    [Fact]
    public async Task An_operator_sees_which_counted_events_belong_to_no_customer()
    {
        await using var server = await ProbeServer.StartAsync();
        using var client = server.Client();
        await IngestAsync(client, ("1", "acme"), ("2", "acme"), ("3", "other"));
        Assert.Equal((3, 3), await CountsAsync(client, counted: 3));
        Assert.Equal(["acme 2", "other 1"], await UnclaimedAsync(client));
        var made = await ProbeServer.JsonAsync(await client.PostAsJsonAsync("/v1/customers", new { name = "Acme", ingest_aliases = new[] { "acme" } }));
        var id = made.GetProperty("data").GetProperty("id").GetString()!;
        await IngestAsync(client, ("4", "acme"), ("5", id));
        Assert.Equal((5, 1), await CountsAsync(client, counted: 5));
        Assert.Equal(["other 1"], await UnclaimedAsync(client));
        // Let go: what comes from now on is nobody's, though the clock stands still.
        Assert.True((await client.PostAsJsonAsync($"/v1/customers/{id}/setIngestAliases", new { ingest_aliases = Array.Empty<string>() })).IsSuccessStatusCode);
        await IngestAsync(client, ("6", "acme"), ("7", id));
        Assert.Equal((7, 2), await CountsAsync(client, counted: 7));
        Assert.Equal(["acme 1", "other 1"], await UnclaimedAsync(client));
        await client.PostAsJsonAsync("/v1/test/reset", new { now = "2026-03-01T00:00:00Z" });
        Assert.Empty(await UnclaimedAsync(client));
    }

    private static async Task IngestAsync(HttpClient client, params (string Id, string Key)[] events)
    {
        var answer = await client.PostAsJsonAsync("/v1/ingest", events.Select(e => new { transaction_id = e.Id, customer_id = e.Key, event_type = "call", properties = new { } }));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static async Task<(int Counted, int NoCustomer)> CountsAsync(HttpClient client, int counted)
    {
        for (var tries = 0; ; tries++)
        {
            var stats = (await ProbeServer.JsonAsync(await client.GetAsync("/v1/ingest/stats"))).GetProperty("data");
            if (stats.GetProperty("counted").GetInt32() == counted) return (counted, stats.GetProperty("no_customer").GetInt32());
            Assert.True(tries < 500, stats.GetRawText());
            await Task.Delay(20);
        }
    }

    private static async Task<IEnumerable<string>> UnclaimedAsync(HttpClient client)
    {
        var listed = await ProbeServer.JsonAsync(await client.GetAsync("/v1/ingest/unclaimed"));
        Assert.Equal(JsonValueKind.Null, listed.GetProperty("next_page").ValueKind);
        return listed.GetProperty("data").EnumerateArray().Select(k => $"{k.GetProperty("key").GetString()} {k.GetProperty("events").GetInt32()}").Order();
    }
}
