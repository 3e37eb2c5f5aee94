using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Billing.AzureStandIns;
using Xunit;

namespace Billing.Functions.Tests.Hosting.Triggers;

/// <summary>Batches of every shape that the host brings.</summary>
public sealed class UsageTriggerTests : IAsyncLifetime
{
    private AzureApp app = null!;

    public async Task InitializeAsync() => app = await AzureApp.StartAsync();

    public async Task DisposeAsync() => await app.DisposeAsync();

    [Fact]
    public async Task Only_the_host_itself_can_call_a_function()
    {
        var body = HubPump.Body("usage", 0, [], "binary", 0);
        foreach (var name in (string[])["x-ms-invocation-id", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"])
            Assert.Equal(404, (await app.CallAsync("UsageEvents", body, ("X-Azure-Functions-InvocationId", "1"), (name, ""))).Status);
        Assert.Equal(404, (await app.CallAsync("UsageEvents", body, ("x-other", "1"))).Status);
        Assert.Equal(404, (await app.CallAsync("Bill", body, ("X-Azure-Functions-InvocationId", "1"), ("x-ms-invocation-id", "2"))).Status);
        Assert.Equal(404, (int)(await app.Client.GetAsync("/UsageEvents")).StatusCode);
        Assert.Equal(200, (int)(await app.Client.GetAsync("/")).StatusCode);
    }

    [Theory]
    [InlineData("Bill")]
    [InlineData("Deliver")]
    [InlineData("Sweep")]
    public async Task A_timer_runs_and_is_answered_with_something(string name) =>
        Assert.Equal((200, "{}"), await app.CallAsync(name, """{"Data":{"timer":{"Schedule":{"AdjustForDST":true},"ScheduleStatus":null,"IsPastDue":false}},"Metadata":{"sys":{}}}"""u8.ToArray()));

    [Fact]
    public async Task Packed_and_single_messages_of_both_shapes_are_counted()
    {
        app.Put($"[{Metronome("a")},{Metronome("b")},{Metronome("c")}]");
        app.Put(Metronome("d"));
        app.Put(CloudEvent("e"));
        app.Put($"[{CloudEvent("f")},{Metronome("g")}]");
        app.Put("[]");
        await app.DeliverAsync();
        await TotalsAsync(counted: 7, duplicate: 0, rejected: 0);
    }

    [Theory]
    [InlineData("binary")]
    [InlineData("string")]
    public async Task Bodies_come_as_base64_or_as_text(string dataType)
    {
        app.Put(Metronome("a"));
        app.Put($"[{Metronome("ü\\u0022\\\\")},{Metronome("b")}]");
        await app.DeliverAsync(dataType: dataType, retry: 3);
        await TotalsAsync(counted: 3, duplicate: 0, rejected: 0);
    }

    [Fact]
    public async Task What_can_not_be_used_is_listed_and_does_not_block_the_rest()
    {
        for (var i = 0; i < 500; i++) app.Put(Metronome($"a{i}"));
        app.Put("{ this is no JSON");
        app.Azure.Hub.Put(0, [0xFF, 0xFE, 0x00, 0x80]);
        app.Azure.Hub.Put(0, []);
        app.Put("\"123\"");
        app.Put("null");
        app.Put("""{"transaction_id":"no customer"}""");
        for (var i = 500; i < 1_000; i++) app.Put(Metronome($"a{i}"));
        await app.DeliverAsync();
        var totals = await app.GetAsync("/v1/ingest/stats");
        Assert.Equal(1_000, totals["data"]!["counted"]!.GetValue<long>());
        Assert.Equal(6, totals["data"]!["rejected"]!.GetValue<long>());
        Assert.Equal(0, totals["data"]!["pending"]!.GetValue<long>());
        var listed = await app.GetAsync("/v1/ingest/rejected");
        Assert.Equal(6, listed["data"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_batch_brought_again_and_cut_differently_counts_once()
    {
        for (var i = 0; i < 40; i++) app.Put($"[{Metronome($"a{i}")},{Metronome($"b{i / 2}")}]");
        await app.DeliverAsync(from: 0, most: 17);
        await app.DeliverAsync(from: 0, most: 17, retry: 1);
        await app.DeliverAsync(from: 5, most: 20);
        await app.DeliverAsync(from: 0);
        // 40 ids a0 to a39; b0 to b19 each twice.
        await TotalsAsync(counted: 60, duplicate: 20, rejected: 0);
    }

    [Fact]
    public async Task A_gap_stops_the_partition_and_the_host_keeps_the_batch()
    {
        for (var i = 0; i < 4; i++) app.Put(Metronome($"a{i}"));
        await app.DeliverAsync(from: 0, most: 2);
        var (status, _) = await app.CallAsync("UsageEvents", HubPump.Body("usage", 0, app.Azure.Hub.Read(0, 3, 1), "binary", 0));
        Assert.Equal(500, status);
        var health = await app.GetAsync("/health");
        Assert.Contains("sequences 3 to 3", health["reason"]!.GetValue<string>(), StringComparison.Ordinal);
        await app.DeliverAsync(from: 2);
        await TotalsAsync(counted: 4, duplicate: 0, rejected: 0);
        Assert.Equal("ready", (await app.GetAsync("/health"))["status"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_hub_made_anew_is_another_log_whose_first_messages_count()
    {
        for (var i = 0; i < 3; i++) app.Put(Metronome($"a{i}"));
        await app.DeliverAsync();
        app.Azure.Hub.Recreate();
        app.Put(Metronome("a0"));
        app.Put(Metronome("new"));
        await app.DeliverAsync();
        await TotalsAsync(counted: 4, duplicate: 1, rejected: 0);
        Assert.Equal(2, (await app.GetAsync("/v1/operations/logs"))["data"]!.AsArray().Count);
    }

    [Fact]
    public async Task What_it_cost_is_told_by_unit_and_for_a_million_events()
    {
        for (var i = 0; i < 30; i++) app.Put($"[{Metronome($"a{i}")},{Metronome($"b{i / 2}")}]");
        await app.DeliverAsync();
        await app.DeliverAsync();
        await using var other = await AzureApp.StartAsync(azure: app.Azure);
        var cost = (await other.GetAsync("/v1/operations/cost"))["data"]!;
        Assert.Equal(0, Of(cost, "events"));
        cost = (await app.GetAsync("/v1/operations/cost"))["data"]!;
        // 60 events came, of which 15 were copies; what was brought again was folded already. 30 messages each time.
        Assert.Equal(60, Of(cost, "events"));
        var lines = cost["lines"]!.AsArray().ToDictionary(l => l!["unit"]!.GetValue<string>(), l => (Count: l!["count"]!.GetValue<decimal>(), Price: l["price_per_million"]!.GetValue<decimal>(), Dollars: l["dollars"]!.GetValue<decimal>()));
        Assert.Equal(60, lines["hubIngress"].Count);
        Assert.InRange(lines["executions"].Count, 4, 10);
        Assert.InRange(lines["requestUnits"].Count, 50, 5_000);
        Assert.InRange(lines["tableTransactions"].Count, 10, 100);
        Assert.True(lines["blobWrites"].Count >= 1 && lines["instanceSeconds"].Count > 0);
        Assert.All(lines.Values, l => Assert.Equal(l.Count * l.Price / 1_000_000, l.Dollars));
        var dollars = lines.Values.Sum(l => l.Dollars) + cost["hours"]!.GetValue<decimal>() * cost["price_per_hour"]!.GetValue<decimal>();
        Assert.Equal(dollars, cost["dollars"]!.GetValue<decimal>());
        Assert.Equal(decimal.Round(dollars * 1_000_000 / 60, 12), cost["dollars_per_million_events"]!.GetValue<decimal>());
        Assert.Equal(0, Of((await app.GetAsync("/v1/operations/cost?from=2020-01-01&to=2020-02-01"))["data"]!, "events"));
        Assert.Contains("YYYY-MM-DD", (await app.GetAsync("/v1/operations/cost?from=May"))["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Contains("ends before", (await app.GetAsync("/v1/operations/cost?from=2026-02-01&to=2026-01-01"))["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_batch_is_refused_and_changes_nothing()
    {
        foreach (var body in (string[])["", "{}", "[]", """{"Data":{"events":"[\"YQ==\"]"},"Metadata":{}}""",
            """{"Data":{"events":"[\"YQ==\",\"YQ==\"]"},"Metadata":{"PartitionContext":{"PartitionId":"0"},"SequenceNumberArray":"[0]","EnqueuedTimeUtcArray":"[\"2026-01-01T00:00:00\"]"}}"""])
            Assert.Equal(500, (await app.CallAsync("UsageEvents", Encoding.UTF8.GetBytes(body))).Status);
        await TotalsAsync(counted: 0, duplicate: 0, rejected: 0);
    }

    [Fact]
    public async Task Two_instances_that_hold_a_partition_at_once_count_once()
    {
        await using var other = await AzureApp.StartAsync(azure: app.Azure);
        for (var i = 0; i < 30; i++) app.Put($"[{Metronome($"a{i}")},{Metronome($"b{i}")}]");
        var batches = Enumerable.Range(0, 6).Select(n => HubPump.Body("usage", 0, app.Azure.Hub.Read(0, 5 * n, 5), "binary", 0)).ToList();
        foreach (var batch in batches)
        {
            var answers = await Task.WhenAll(app.CallAsync("UsageEvents", batch), other.CallAsync("UsageEvents", batch));
            // Who was slower may have to be called again; the host does.
            for (var tries = 0; tries < 20 && (await app.CallAsync("UsageEvents", batch)).Status != 200; tries++) await Task.Delay(50);
            Assert.Contains(answers, a => a.Status == 200);
        }
        await TotalsAsync(counted: 60, duplicate: 0, rejected: 0);
    }

    private async Task TotalsAsync(long counted, long duplicate, long rejected)
    {
        var totals = (await app.GetAsync("/v1/ingest/stats"))["data"]!;
        Assert.Equal((counted, duplicate, rejected, 0), (Of(totals, "counted"), Of(totals, "duplicate"), Of(totals, "rejected"), Of(totals, "pending")));
        Assert.Equal(counted + duplicate + rejected, Of(totals, "accepted"));
    }

    private static long Of(JsonNode totals, string name) => totals[name]!.GetValue<long>();

    private static string Metronome(string id) =>
        $$"""{"transaction_id":"{{id}}","customer_id":"acme","event_type":"llm","timestamp":"{{Now()}}","properties":{"tokens":"12"} }""";

    private static string CloudEvent(string id) =>
        $$"""{"specversion":"1.0","id":"{{id}}","source":"app","type":"llm","subject":"acme","time":"{{Now()}}","data":{"tokens":"12"} }""";

    private static string Now() => DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}
