using System.Text.Json;
using Billing.Functions.Tests.Hosting;
using Xunit;

namespace Billing.Functions.Tests.Api;

public sealed class InvoicingApiTests
{
    private static async Task<JsonElement> DataAsync(HttpClient client, string path, string body)
    {
        var answer = await client.SendAsync(ProbeServer.Post(path, body));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await ProbeServer.JsonAsync(answer)).GetProperty("data");
    }

    private static async Task<string> IdAsync(HttpClient client, string path, string body) =>
        (await DataAsync(client, path, body)).GetProperty("id").GetString()!;

    [Fact]
    public async Task A_contract_has_a_draft_at_once_in_the_shape_of_the_official_client()
    {
        await using var server = await ProbeServer.StartAsync();
        using var client = server.Client();
        var metric = await IdAsync(client, "/v1/billable-metrics/create", """{"name":"Calls","aggregation_type":"COUNT"}""");
        var product = await IdAsync(client, "/v1/contract-pricing/products/create", $$"""{"name":"Calls","type":"usage","billable_metric_id":"{{metric}}"}""");
        var card = await IdAsync(client, "/v1/contract-pricing/rate-cards/create", """{"name":"Standard","aliases":[{"name":"list"}]}""");
        await DataAsync(client, "/v1/contract-pricing/rate-cards/addRates",
            $$"""{"rate_card_id":"{{card}}","rates":[{"product_id":"{{product}}","starting_at":"2026-01-01T00:00:00Z","entitled":true,"rate_type":"TIERED","tiers":[{"size":5,"price":0.5},{"price":2}]}]}""");
        var customer = await IdAsync(client, "/v1/customers", """{"name":"Acme","ingest_aliases":["acme"]}""");
        await DataAsync(client, "/v1/contracts/create",
            $$"""{"customer_id":"{{customer}}","starting_at":"2026-03-01T00:00:00Z","rate_card_alias":"list","commits":[],"usage_statement_schedule":{"frequency":"yearly"} }""");

        server.Clock.Now += NodaTime.Duration.FromHours(1);
        var list = await ProbeServer.JsonAsync(await client.GetAsync($"/v1/customers/{customer}/invoices?status=DRAFT"));
        var invoice = Assert.Single(list.GetProperty("data").EnumerateArray());
        Assert.Equal(JsonValueKind.Null, list.GetProperty("next_page").ValueKind);
        Assert.Equal("2027-03-01T00:00:00+00:00", invoice.GetProperty("end_timestamp").GetString());
        var line = Assert.Single(invoice.GetProperty("line_items").EnumerateArray());
        Assert.Equal(
            ("usage", "UsageProductListItem", 1, "0", "5", 0.5m),
            (line.GetProperty("type").GetString(), line.GetProperty("product_type").GetString(), line.GetProperty("tier").GetProperty("level").GetInt32(),
                line.GetProperty("tier").GetProperty("starting_at").GetString(), line.GetProperty("tier").GetProperty("size").GetString(), line.GetProperty("unit_price").GetDecimal()));
        var one = await ProbeServer.JsonAsync(await client.GetAsync($"/v1/customers/{customer}/invoices/{invoice.GetProperty("id").GetString()}?skip_zero_qty_line_items=true"));
        Assert.Empty(one.GetProperty("data").GetProperty("line_items").EnumerateArray());
    }

    [Fact]
    public async Task A_draft_that_cannot_be_rated_is_named_beside_the_invoices_that_can()
    {
        await using var server = await ProbeServer.StartAsync();
        using var client = server.Client();
        await DataAsync(client, "/v1/test/clock", """{"now":"2026-03-02T00:00:00Z"}""");
        var metric = await IdAsync(client, "/v1/billable-metrics/create", """{"name":"Calls","aggregation_type":"COUNT"}""");
        var product = await IdAsync(client, "/v1/contract-pricing/products/create", $$"""{"name":"Calls","type":"USAGE","billable_metric_id":"{{metric}}"}""");
        var customer = await IdAsync(client, "/v1/customers", """{"name":"Acme","ingest_aliases":["acme"]}""");
        var contracts = new List<string>();
        // Two calls at the largest price there is have more digits than can be kept; two at 1 are 2.
        foreach (var price in new[] { "79228162514264337593543950335", "1" })
        {
            var card = await IdAsync(client, "/v1/contract-pricing/rate-cards/create", """{"name":"Standard"}""");
            await DataAsync(client, "/v1/contract-pricing/rate-cards/addRate",
                $$"""{"rate_card_id":"{{card}}","product_id":"{{product}}","starting_at":"2026-01-01T00:00:00Z","entitled":true,"rate_type":"FLAT","price":{{price}}}""");
            contracts.Add(await IdAsync(client, "/v1/contracts/create", $$"""{"customer_id":"{{customer}}","starting_at":"2026-03-01T00:00:00Z","rate_card_id":"{{card}}"}"""));
        }
        await client.SendAsync(ProbeServer.Post("/v1/ingest", """
            [{"transaction_id":"1","customer_id":"acme","event_type":"x"},{"transaction_id":"2","customer_id":"acme","event_type":"x"}]
            """));
        await DataAsync(client, "/v1/test/clock", """{"now":"2026-03-02T00:00:01Z"}""");
        var list = await ProbeServer.JsonAsync(await client.GetAsync($"/v1/customers/{customer}/invoices"));
        var shown = Assert.Single(list.GetProperty("data").EnumerateArray());
        Assert.Equal((contracts[1], 2m), (shown.GetProperty("contract_id").GetString(), shown.GetProperty("total").GetDecimal()));
        var leftOut = Assert.Single(list.GetProperty("left_out").EnumerateArray());
        Assert.Equal(contracts[0], leftOut.GetProperty("contract_id").GetString());
        Assert.Equal("An amount has more digits than can be kept exactly (28).", leftOut.GetProperty("reason").GetString());
        var draft = await client.GetAsync($"/v1/customers/{customer}/invoices/{leftOut.GetProperty("invoice_id").GetString()}");
        await BadRequestTests.ProblemAsync(draft, 409, "draft_not_rated");
        // When it is due, the account is parked for the same reason.
        await DataAsync(client, "/v1/test/clock", """{"now":"2026-04-03T00:00:00Z"}""");
        var parked = Assert.Single((await ProbeServer.JsonAsync(await client.GetAsync("/v1/operations/parked-accounts"))).GetProperty("data").EnumerateArray());
        Assert.EndsWith(leftOut.GetProperty("reason").GetString()!, parked.GetProperty("reason").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Terms_that_are_not_offered_are_refused_and_never_left_out()
    {
        await using var server = await ProbeServer.StartAsync();
        using var client = server.Client();
        var customer = await IdAsync(client, "/v1/customers", """{"name":"Acme"}""");
        var refused = await client.SendAsync(ProbeServer.Post(
            "/v1/contracts/create", $$"""{"customer_id":"{{customer}}","starting_at":"2026-03-01T00:00:00Z","reseller_royalties":[{"reseller_type":"AWS"}]}"""));
        await BadRequestTests.ProblemAsync(refused, 501, "term_not_offered");
        Assert.Empty((await DataAsync(client, "/v2/contracts/list", $$"""{"customer_id":"{{customer}}"}""")).EnumerateArray());
    }

    [Fact]
    public async Task A_taken_alias_is_a_conflict_that_no_client_retries_and_a_repeated_request_makes_one_customer()
    {
        await using var server = await ProbeServer.StartAsync();
        using var client = server.Client();
        async Task<string> Once() => await (await client.SendAsync(ProbeServer.Post("/v1/customers", """{"name":"Acme","ingest_aliases":["acme"]}""", "key"))).Content.ReadAsStringAsync();
        Assert.Equal(await Once(), await Once());
        var taken = await client.SendAsync(ProbeServer.Post("/v1/customers", """{"name":"Other","ingest_aliases":["acme"]}"""));
        await BadRequestTests.ProblemAsync(taken, 409, "alias_taken");
        Assert.Equal(["false"], taken.Headers.GetValues("x-should-retry"));
        Assert.Single((await ProbeServer.JsonAsync(await client.GetAsync("/v1/customers?ingest_alias=acme"))).GetProperty("data").EnumerateArray());
    }

    [Fact]
    public async Task A_product_update_tells_an_absent_conversion_from_a_null_one()
    {
        await using var server = await ProbeServer.StartAsync();
        using var client = server.Client();
        var metric = await IdAsync(client, "/v1/billable-metrics/create", """{"name":"Calls","aggregation_type":"COUNT"}""");
        var product = await IdAsync(client, "/v1/contract-pricing/products/create",
            $$"""{"name":"Calls","type":"USAGE","billable_metric_id":"{{metric}}","quantity_conversion":{"operation":"divide","conversion_factor":1000} }""");
        await DataAsync(client, "/v1/contract-pricing/products/update", $$"""{"product_id":"{{product}}","starting_at":"2026-02-01T00:00:00Z","name":"API calls"}""");
        await DataAsync(client, "/v1/contract-pricing/products/update", $$"""{"product_id":"{{product}}","starting_at":"2026-02-02T00:00:00Z","quantity_conversion":null}""");
        var updates = (await DataAsync(client, "/v1/contract-pricing/products/get", $$"""{"product_id":"{{product}}"}""")).GetProperty("updates").EnumerateArray().ToList();
        Assert.Equal([true, false], updates.Select(u => u.TryGetProperty("quantity_conversion", out _)));
        Assert.Equal("API calls", updates[1].GetProperty("name").GetString());
    }
}
