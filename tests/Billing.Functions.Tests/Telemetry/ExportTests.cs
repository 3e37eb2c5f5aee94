using System.Text.Json;
using Billing.Storage.Sqlite.Database;
using Billing.Storage.Sqlite.Documents;
using Billing.UseCases.Documents;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Billing.Functions.Tests.Telemetry;

[Collection(Alone.Name)]
public sealed class ExportTests
{
    private const string Key = "bk_Geheimnis_7f3a";
    private const string Alias = "jane.doe@example.org";
    private const string Name = "Grünwald & Söhne";
    private const string EventId = "event-of-jane-4711";
    private const string Secret = "subject-of-jane-9000";

    [Fact]
    public async Task Traces_measures_and_logs_arrive_and_none_says_whose_they_are()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var heard = new Recorder();
        FailingDocuments? documents = null;
        await using (var server = await ProbeServer.StartAsync(
            apiKey: Key, settings: ["OTEL_EXPORTER_OTLP_ENDPOINT=" + receiver.Address, "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_SERVICE_NAME=billing-under-test"],
            replace: services => services.AddSingleton<ILoggerProvider>(heard).AddSingleton<IDocumentStore>(
                all => documents = new FailingDocuments(new SqliteDocumentStore(all.GetRequiredService<SqliteDatabase>())))))
        {
            using var client = server.Client(Key);
            await ClockAsync(client, "2026-03-02T00:00:00Z");
            await BillAsync(client, Alias, Name, "1");
            // Two events at the largest price there is have more digits than can be kept.
            await BillAsync(client, Secret, Secret, "79228162514264337593543950335");

            // A window can't be written, twice, and the fault quotes what was to be written.
            var failures = 0;
            documents!.CommitFault = (place, _) => place.Container == Container.Usage && failures++ < 2 ? $"Could not write {place.First} for {Key}, {EventId}." : null;
            await SendAsync(client, "/v1/ingest", $"[{Event(EventId, Alias)},{Event(EventId + "-2", Secret)},{Event(EventId + "-3", Secret)}]");
            await heard.UntilAsync(() => heard.Sum("billing.events.counted") >= 3);
            Assert.True(failures >= 2);
            var log = server.Services.GetRequiredService<UseCases.Metering.IEventLog>();
            await log.AppendAsync([new(0, System.Text.Encoding.UTF8.GetBytes($$"""{"transaction_id":"{{EventId}}-4","customer_id":"{{Alias}}"}"""), 1)], default);
            await heard.UntilAsync(() => heard.Sum("billing.deadletters", "rejected") >= 1);

            // A fault behind a path that names a key.
            documents.ReadFault = place => place.First == Secret || place.Second == Secret ? $"Could not read {Secret}." : null;
            Assert.Equal(500, (int)(await client.GetAsync($"/v1/customers/{Secret}")).StatusCode);
            documents.ReadFault = _ => null;

            await ClockAsync(client, "2026-04-03T00:00:00Z");
            Assert.Equal((1, 1), (heard.Sum("billing.invoices.issued", "usage"), heard.Sum("billing.accounts.parked")));
        }

        Assert.Equal(["/v1/logs", "/v1/metrics", "/v1/traces"], receiver.Paths);
        foreach (var span in (string[])["ingest", "append", "fold", "commit windows", "System.IO.IOException", "billing-under-test"]) Assert.True(receiver.Has(span, "/v1/traces"), span);
        foreach (var measure in heard.Measured.Append("billing.invoices.issued").Append("billing.freshness")) Assert.True(receiver.Has(measure, "/v1/metrics"), measure);
        foreach (var line in (string[])["could not be folded", "events of partition", "/v1/customers/{customer", "System.IO.IOException", "CommitPlaceAsync"]) Assert.True(receiver.Has(line, "/v1/logs"), line);
        foreach (var text in (string[])[Key, "Geheimnis", Alias, "jane", Name, "Grünwald", EventId, Secret])
        {
            Assert.False(receiver.Has(text), text);
            Assert.DoesNotContain(heard.Lines, l => l.Contains(text, StringComparison.OrdinalIgnoreCase));
        }
    }

    [Fact]
    public async Task One_kind_can_be_sent_alone_to_an_address_of_its_own()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var heard = new Recorder();
        await using (var server = await ProbeServer.StartAsync(settings: [$"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT={receiver.Address}/own/path", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf"]))
        {
            await SendAsync(server.Client(), "/v1/ingest", $"[{Event("a", "acme")}]");
            await heard.UntilAsync(() => heard.Spans("fold").Count > 0);
        }
        Assert.Equal(["/own/path"], receiver.Paths);
        Assert.True(receiver.Has("fold"));
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=somewhere")]
    [InlineData("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT=ftp://somewhere")]
    public async Task An_address_that_is_none_keeps_the_server_from_starting(string setting) =>
        Assert.Contains("begins with http", (await Assert.ThrowsAsync<ArgumentException>(() => ProbeServer.StartAsync(settings: [setting]))).Message, StringComparison.Ordinal);

    private static string Event(string id, string customer) => SpansAndMeasuresTests.Event(id, "2026-03-01T12:00:00Z", customer);

    private static Task<string?> ClockAsync(HttpClient client, string now) => SendAsync(client, "/v1/test/clock", $$"""{"now":"{{now}}"}""");

    private static async Task BillAsync(HttpClient client, string alias, string name, string price)
    {
        var metric = await SendAsync(client, "/v1/billable-metrics/create", $$"""{"name":"{{name}}","aggregation_type":"COUNT"}""");
        var product = await SendAsync(client, "/v1/contract-pricing/products/create", $$"""{"name":"{{name}}","type":"USAGE","billable_metric_id":"{{metric}}"}""");
        var card = await SendAsync(client, "/v1/contract-pricing/rate-cards/create", $$"""{"name":"{{name}}"}""");
        await SendAsync(client, "/v1/contract-pricing/rate-cards/addRate",
            $$"""{"rate_card_id":"{{card}}","product_id":"{{product}}","starting_at":"2026-01-01T00:00:00Z","entitled":true,"rate_type":"FLAT","price":{{price}}}""");
        var customer = await SendAsync(client, "/v1/customers", $$"""{"name":"{{name}}","ingest_aliases":["{{alias}}"]}""");
        await SendAsync(client, "/v1/contracts/create", $$"""{"customer_id":"{{customer}}","starting_at":"2026-03-01T00:00:00Z","rate_card_id":"{{card}}"}""");
    }

    /// <summary>The id of what was made, if anything.</summary>
    private static async Task<string?> SendAsync(HttpClient client, string path, string body)
    {
        var answer = await client.SendAsync(ProbeServer.Post(path, body));
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return text.StartsWith('{') && JsonDocument.Parse(text).RootElement.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Object && data.TryGetProperty("id", out var id) ? id.GetString() : null;
    }
}
