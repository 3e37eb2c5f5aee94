using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Billing.AzureStandIns;
using Billing.Functions.Upkeep;
using Billing.Functions.Tests.Hosting.Triggers;
using Billing.UseCases.Documents;
using Billing.UseCases.Metering;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Xunit;

namespace Billing.Functions.Tests.Upkeep;

/// <summary>From one machine to Azure and back, by the commands.</summary>
public sealed class UpkeepTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("billing-test-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public async Task An_installation_goes_to_Azure_and_comes_back_with_every_figure()
    {
        var home = Path.Combine(root, "home");
        string customer, before;
        await using (var server = await ProbeServer.StartAsync(testClock: false, settings: ["BILLING_DATA=" + home], now: SystemClock.Instance.GetCurrentInstant()))
        {
            using var client = server.Client();
            customer = await SellAsync(client);
            await SendAsync(client, [.. Enumerable.Range(0, 40).Select(n => Event($"a{n}"))]);
            await CountedAsync(client, 40);
            before = await InvoicesAsync(client, customer);
            // The folder is the server's.
            Assert.Equal((2, "in use by another process"), await RunAsync("export", Path.Combine(root, "out"), $"--BILLING_DATA={home}"));
        }
        // Its usage made anew is the same usage.
        using (var output = new StringWriter())
        {
            Assert.Equal(0, await UpkeepCommand.RunAsync("rebuild", [$"--BILLING_DATA={home}"], SystemClock.Instance, output, TextWriter.Null));
            Assert.Contains("messages folded", output.ToString(), StringComparison.Ordinal);
        }
        Assert.Contains("\"total\":20,", before.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal((0, "compared: equal"), await RunAsync("export", Path.Combine(root, "out"), $"--BILLING_DATA={home}"));

        // What was moved stands still where it was.
        await using (var held = await ProbeServer.StartAsync(testClock: false, settings: ["BILLING_DATA=" + home], now: SystemClock.Instance.GetCurrentInstant()))
        {
            using var client = held.Client();
            using var refused = await client.SendAsync(ProbeServer.Post("/v1/ingest", $"[{Event("x")}]"));
            Assert.Equal(503, (int)refused.StatusCode);
            Assert.Contains("installation_held", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            Assert.Equal(503, (int)(await client.SendAsync(ProbeServer.Post("/v1/customers", """{"name":"B"}"""))).StatusCode);
            Assert.Equal(before, await InvoicesAsync(client, customer));
        }

        await using var azure = await SimulatedAzure.StartAsync(2);
        string[] settings = [.. azure.Settings.Where(s => !s.Key.EndsWith("_SCHEDULE", StringComparison.Ordinal)).Select(s => $"--{s.Key.Replace("__", ":", StringComparison.Ordinal)}={s.Value}")];
        // The app that was deployed before: it has written what it writes at its start.
        await using (var first = await AzureApp.StartAsync(azure: azure)) await first.GetAsync("/v1/ingest/stats");
        Assert.Equal((0, "compared: equal"), await RunAsync("import", Path.Combine(root, "out"), settings));
        await using (var app = await AzureApp.StartAsync(azure: azure))
        {
            app.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "dev");
            Assert.Equal(before, await InvoicesAsync(app.Client, customer));
            // Five of before and five new ones, to either partition.
            for (var n = 35; n < 45; n++) azure.Hub.Put(n % 2, Encoding.UTF8.GetBytes(Event($"a{n}")));
            await app.DeliverAsync(partition: 0);
            await app.DeliverAsync(partition: 1);
            await CountedAsync(app.Client, 45);
            Assert.Contains("\"total\":22.5,", (await InvoicesAsync(app.Client, customer)).Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
            Assert.Equal((0, "compared: equal"), await RunAsync("export", Path.Combine(root, "back"), settings));
            // What comes to the hub now stays there.
            azure.Hub.Put(0, Encoding.UTF8.GetBytes(Event("later")));
            Assert.Equal(500, (await app.CallAsync("UsageEvents", HubPump.Body("usage", 0, azure.Hub.Read(0, 5, 1), "binary", 0))).Status);
        }

        var again = Path.Combine(root, "again");
        Assert.Equal((0, "compared: equal"), await RunAsync("import", Path.Combine(root, "back"), $"--BILLING_DATA={again}"));
        await using var last = await ProbeServer.StartAsync(testClock: false, settings: ["BILLING_DATA=" + again], now: SystemClock.Instance.GetCurrentInstant());
        using var home2 = last.Client();
        await SendAsync(home2, Event("a0"), Event("a44"), Event("a50"));
        await CountedAsync(home2, 46);
        Assert.Contains("\"total\":23,", (await InvoicesAsync(home2, customer)).Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_usage_is_made_anew_nothing_is_counted_taken_or_answered_whoever_starts_a_server()
    {
        var home = Path.Combine(root, "home");
        var place = new Place(Container.Catalog, "installation");
        await using (var server = await ProbeServer.StartAsync(testClock: false, settings: ["BILLING_DATA=" + home], now: SystemClock.Instance.GetCurrentInstant()))
        {
            using var client = server.Client();
            await SendAsync(client, Event("a"));
            await CountedAsync(client, 1);
            var store = server.Services.GetRequiredService<IDocumentStore>();
            var installation = (await store.ReadAsync(place, "installation", default))!;
            var held = JsonNode.Parse(installation.Document.Body.Span)!.AsObject();
            held["held"] = JsonNode.Parse("""{"id":"x","kind":"Rebuild","since":"2026-03-01T00:00:00Z","sealed":false,"done":2}""");
            await store.CommitAsync(place, [new Write.Replace(installation.Document with { Body = Encoding.UTF8.GetBytes(held.ToJsonString()) }, installation.ETag)], default);
        }
        await using var again = await ProbeServer.StartAsync(testClock: false, settings: ["BILLING_DATA=" + home], now: SystemClock.Instance.GetCurrentInstant());
        using var asking = again.Client();
        await again.Services.GetRequiredService<IEventLog>().AppendAsync([new NewMessage(0, Encoding.UTF8.GetBytes(Event("waits")), 1)], default);
        Assert.Equal(503, (int)(await asking.GetAsync("/v1/ingest/stats")).StatusCode);
        Assert.Equal(503, (int)(await asking.SendAsync(ProbeServer.Post("/v1/ingest", $"[{Event("x")}]"))).StatusCode);
        Assert.Contains("'rebuild'", await (await asking.GetAsync("/health")).Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await Task.Delay(500);
        var folded = 0L;
        for (var partition = 0; partition < 2; partition++)
            folded += (await again.Services.GetRequiredService<ProgressStore>().ReadAsync(new LogPartition(again.Services.GetRequiredService<IEventLog>().LogId, partition), default)).Progress.Folded;
        Assert.Equal(1, folded);
    }

    [Theory]
    [InlineData("export needs a folder.", "export")]
    [InlineData("export takes one folder, but 2 were given.", "export", "a", "b")]
    [InlineData("There is no option '--dry'.", "export", "a", "--dry")]
    [InlineData("There is no setting '--BILLING_DATE=x'.", "import", "a", "--BILLING_DATE=x")]
    [InlineData("--from is a month as YYYY-MM, not '2026'.", "rebuild", "--from=2026")]
    [InlineData("export has no --from.", "export", "a", "--from=2026-01")]
    [InlineData("rebuild takes no folder", "rebuild", "a")]
    [InlineData("release takes no folder, but 'a' was given.", "release", "a")]
    [InlineData("There is no data folder", "export", "a", "--BILLING_DATA=/no/such/folder")]
    [InlineData("holds no export", "import", "a", "--BILLING_DATA=DATA")]
    public async Task What_can_not_be_done_is_said_and_nothing_is_written(string said, params string[] line)
    {
        var data = Path.Combine(root, "data");
        string[] args = [.. line[1..].Select(a => a == "a" ? Path.Combine(root, "a") : a.Replace("DATA=DATA", "DATA=" + data, StringComparison.Ordinal))];
        using var errors = new StringWriter();
        Assert.Equal(2, await UpkeepCommand.RunAsync(line[0], args, SystemClock.Instance, TextWriter.Null, errors));
        Assert.Contains(said.Replace("'a'", $"'{Path.Combine(root, "a")}'", StringComparison.Ordinal), errors.ToString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(root, "a")));
    }

    // The code, and the part of the last line that says it.
    private static async Task<(int Code, string Said)> RunAsync(string command, string folder, params string[] settings)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var code = await UpkeepCommand.RunAsync(command, [folder, .. settings], SystemClock.Instance, output, errors);
        var all = output.ToString() + errors;
        return (code, new[] { "compared: equal", "in use by another process" }.FirstOrDefault(s => all.Contains(s, StringComparison.Ordinal)) ?? all);
    }

    private static async Task<string> SellAsync(HttpClient client)
    {
        var metric = await IdAsync(client, "/v1/billable-metrics/create", """{"name":"Calls","aggregation_type":"COUNT"}""");
        var product = await IdAsync(client, "/v1/contract-pricing/products/create", $$"""{"name":"Calls","type":"USAGE","billable_metric_id":"{{metric}}"}""");
        var card = await IdAsync(client, "/v1/contract-pricing/rate-cards/create", """{"name":"Standard"}""");
        await IdAsync(client, "/v1/contract-pricing/rate-cards/addRates",
            $$"""{"rate_card_id":"{{card}}","rates":[{"product_id":"{{product}}","starting_at":"2026-01-01T00:00:00Z","entitled":true,"rate_type":"FLAT","price":0.5}]}""");
        var customer = await IdAsync(client, "/v1/customers", """{"name":"Acme","ingest_aliases":["acme"]}""");
        var day = SystemClock.Instance.GetCurrentInstant().InUtc().Date.PlusDays(-1);
        await IdAsync(client, "/v1/contracts/create",
            $$"""{"customer_id":"{{customer}}","starting_at":"{{day.ToString("uuuu-MM-dd", CultureInfo.InvariantCulture)}}T00:00:00Z","rate_card_id":"{{card}}","usage_statement_schedule":{"frequency":"QUARTERLY"} }""");
        return customer;
    }

    private static async Task<string> IdAsync(HttpClient client, string path, string body)
    {
        using var answer = await client.SendAsync(ProbeServer.Post(path, body));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        var data = (await ProbeServer.JsonAsync(answer)).GetProperty("data");
        return data.TryGetProperty("id", out var id) ? id.GetString()! : "";
    }

    private static async Task SendAsync(HttpClient client, params string[] events)
    {
        using var answer = await client.SendAsync(ProbeServer.Post("/v1/ingest", $"[{string.Join(',', events)}]"));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static async Task CountedAsync(HttpClient client, long counted)
    {
        for (var tries = 0; ; tries++)
        {
            var totals = (await ProbeServer.JsonAsync(await client.GetAsync("/v1/ingest/stats"))).GetProperty("data");
            if (totals.GetProperty("pending").GetInt64() == 0 || tries == 200)
            {
                Assert.Equal((counted, 0), (totals.GetProperty("counted").GetInt64(), totals.GetProperty("pending").GetInt64()));
                return;
            }
            await Task.Delay(50);
        }
    }

    private static async Task<string> InvoicesAsync(HttpClient client, string customer)
    {
        using var answer = await client.GetAsync($"/v1/customers/{customer}/invoices?status=DRAFT");
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return JsonSerializer.Serialize((await ProbeServer.JsonAsync(answer)).GetProperty("data"));
    }

    private static string Event(string id) =>
        $$"""{"transaction_id":"{{id}}","customer_id":"acme","event_type":"call","timestamp":"{{DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)}}","properties":{} }""";
}
