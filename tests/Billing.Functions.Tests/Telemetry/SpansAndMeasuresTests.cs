using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using Billing.Functions.Tests.Hosting.Triggers;
using Billing.Storage.Sqlite.Database;
using Billing.Storage.Sqlite.Documents;
using Billing.UseCases.Documents;
using Billing.UseCases.Metering;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Billing.Functions.Tests.Telemetry;

[Collection(Alone.Name)]
public sealed class SpansAndMeasuresTests
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";
    private const string Caller = "b7ad6b7169203331";

    [Fact]
    public async Task Each_event_is_told_of_by_what_became_of_it()
    {
        using var heard = new Recorder();
        await using var server = await ProbeServer.StartAsync(testClock: false, replace: s => s.AddSingleton<ILoggerProvider>(heard));
        await MeterAsync(server);
        await IngestAsync(server, Event("a"), Event("a"));
        await server.Services.GetRequiredService<IEventLog>().AppendAsync([new NewMessage(0, """{"transaction_id":"of nobody"}"""u8.ToArray(), 1)], default);

        await heard.UntilAsync(() => heard.Sum("billing.events.counted") + heard.Sum("billing.events.duplicate") + heard.Sum("billing.events.rejected") >= 3);
        // The one of nobody did not come by a request.
        Assert.Equal((2, 1, 1, 1), (heard.Sum("billing.events.accepted"), heard.Sum("billing.events.counted"), heard.Sum("billing.events.duplicate"), heard.Sum("billing.events.rejected")));
        Assert.Equal((1, 0), (heard.Sum("billing.deadletters", "rejected"), heard.Sum("billing.deadletters", "conflict")));
        Assert.True(heard.Sum("billing.fold.duration") > 0);
        Assert.Equal(heard.Count("billing.fold.duration"), heard.Count("billing.freshness"));
        await heard.UntilAsync(() => heard.Lines.Any(l => l == "Warning: 1 events of partition 0 could not be used; GET /v1/ingest/rejected lists them."));
    }

    [Fact]
    public async Task A_batch_that_fails_or_comes_again_is_told_of_once()
    {
        using var heard = new Recorder();
        FailingDocuments? documents = null;
        await using var server = await ProbeServer.StartAsync(testClock: false, replace: services => services.AddSingleton<IDocumentStore>(
            all => documents = new FailingDocuments(new SqliteDocumentStore(all.GetRequiredService<SqliteDatabase>()))));
        await MeterAsync(server);
        var failures = 0;
        documents!.CommitFault = (place, writes) => place.First == "progress" && !writes.Any(w => w is Write.Create) && failures++ < 2 ? "The disk is gone." : null;
        await IngestAsync(server, Event("a"), Event("b"));
        await heard.UntilAsync(() => heard.Sum("billing.events.counted") > 0);
        Assert.True(failures > 2);
        Assert.Equal(2, heard.Spans("fold").Count(f => f.Status == ActivityStatusCode.Error && f.GetTagItem("error.type") is "System.IO.IOException"));

        var log = server.Services.GetRequiredService<IEventLog>();
        var message = new LogMessage(1, server.Clock.Now, Encoding.UTF8.GetBytes($"[{Event("a")}]"));
        for (var partition = 0; partition < log.Partitions; partition++)
            if ((await log.PositionAsync(partition, default)).LastSequence > 0) await server.Services.GetRequiredService<RecordUsage>().FoldAsync(new(log.LogId, partition), [message], default);
        Assert.Equal((2, 0), (heard.Sum("billing.events.counted"), heard.Sum("billing.events.duplicate")));
    }

    [Fact]
    public async Task From_the_callers_trace_one_comes_to_the_windows_that_changed()
    {
        using var heard = new Recorder();
        await using var server = await ProbeServer.StartAsync(testClock: false);
        await MeterAsync(server);
        await IngestAsync(server, Event("a"));
        await heard.UntilAsync(() => heard.Spans("fold").Any(f => f.Links.Any()));

        var ingest = Assert.Single(heard.Spans("ingest"));
        Assert.Equal((Trace, Caller), (ingest.TraceId.ToHexString(), ingest.ParentSpanId.ToHexString()));
        var append = Assert.Single(heard.Spans("append"));
        Assert.Equal(ingest.SpanId, append.ParentSpanId);
        var fold = Assert.Single(heard.Spans("fold"), f => f.Links.Any());
        Assert.Equal(append.Context.SpanId, Assert.Single(fold.Links).Context.SpanId);
        Assert.Equal(Trace, fold.Links.Single().Context.TraceId.ToHexString());
        var commits = heard.Spans("commit windows").Where(c => c.ParentSpanId == fold.SpanId).ToList();
        // The key's month and the total's.
        Assert.Equal(["customer", "total"], commits.Select(c => (string)c.GetTagItem("billing.kind")!).Order(StringComparer.Ordinal));
        Assert.All(commits, c => Assert.Equal(("2026-03-01T00:00:00Z", "2026-03-01T01:00:00Z"), ((string)c.GetTagItem("billing.windows.from")!, (string)c.GetTagItem("billing.windows.until")!)));
        Assert.Equal(2, fold.GetTagItem("billing.commits"));
    }

    [Fact]
    public async Task Through_the_hub_the_trace_is_carried_by_the_message_and_Cosmos_says_what_it_charged()
    {
        using var heard = new Recorder();
        await using var app = await AzureApp.StartAsync();
        using var request = Request("/v1/ingest", $"[{Event("a", "2026-11-01T00:00:00Z")}]");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "dev");
        Assert.True((await app.Client.SendAsync(request)).IsSuccessStatusCode);
        await app.DeliverAsync();
        await app.DeliverAsync();

        var fold = Assert.Single(heard.Spans("fold"));
        Assert.Equal(heard.Spans("append").Single().Context.SpanId, Assert.Single(fold.Links).Context.SpanId);
        Assert.Equal(Trace, fold.Links.Single().Context.TraceId.ToHexString());
        Assert.Equal((1, 1), (heard.Sum("billing.events.accepted"), heard.Sum("billing.events.counted")));
        Assert.True(heard.Sum("billing.cosmos.request_charge") > 0);
    }

    [Fact]
    public async Task A_batch_of_many_requests_and_keys_has_some_of_its_links_and_commits()
    {
        using var heard = new Recorder();
        await using var app = await AzureApp.StartAsync();
        app.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "dev");
        Assert.True((await app.Client.SendAsync(ProbeServer.Post("/v1/billable-metrics/create", """{"name":"Calls","aggregation_type":"COUNT"}"""))).IsSuccessStatusCode);
        for (var i = 0; i < 40; i++)
            Assert.True((await app.Client.SendAsync(ProbeServer.Post("/v1/ingest", $"[{Event($"a{i}", "2026-11-01T00:00:00Z", $"c{i}")}]"))).IsSuccessStatusCode);
        await app.DeliverAsync();

        // Each request is a trace of its own; 40 customers and the total were changed.
        Assert.Equal(40, heard.Spans("ingest").Select(s => s.TraceId).Distinct().Count());
        var fold = heard.Spans("fold").Single(f => f.Links.Any());
        Assert.Equal((32, 41), (fold.Links.Count(), (int)fold.GetTagItem("billing.commits")!));
        Assert.Equal(32, heard.Spans("commit windows").Count(c => c.ParentSpanId == fold.SpanId));
    }

    [Fact]
    public async Task Nobody_who_listens_costs_no_span()
    {
        await using var server = await ProbeServer.StartAsync(testClock: false);
        Assert.Null(UseCases.Telemetry.Spans.Ingest(null));
        Assert.Equal(default, UseCases.Telemetry.Spans.Here);
        await IngestAsync(server, Event("a"));
    }

    internal static string Event(string id, string time = "2026-03-01T00:00:00Z", string customer = "acme") =>
        $$"""{"transaction_id":"{{id}}","customer_id":"{{customer}}","event_type":"llm","timestamp":"{{time}}","properties":{"tokens":"12"} }""";

    private static async Task MeterAsync(ProbeServer server) =>
        Assert.True((await server.Client().SendAsync(ProbeServer.Post("/v1/billable-metrics/create", """{"name":"Calls","aggregation_type":"COUNT"}"""))).IsSuccessStatusCode);

    private static async Task IngestAsync(ProbeServer server, params string[] events) =>
        Assert.True((await server.Client().SendAsync(Request("/v1/ingest", $"[{string.Join(',', events)}]"))).IsSuccessStatusCode);

    private static HttpRequestMessage Request(string path, string body)
    {
        var request = ProbeServer.Post(path, body);
        request.Headers.Add("traceparent", $"00-{Trace}-{Caller}-01");
        return request;
    }
}
