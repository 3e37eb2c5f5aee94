using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Billing.Functions.Api;
using Xunit;

namespace Billing.Functions.Tests.Hosting;

public sealed class BadRequestTests
{
    [Theory]
    // body | code | field | part of the detail
    [InlineData("", "body_missing", null, "A JSON body is needed.")]
    [InlineData("   ", "body_missing", "", "A JSON body is needed.")]
    [InlineData("null", "body_missing", null, "A JSON body is needed.")]
    [InlineData("{\"name\":\"a", "body_malformed", "/name", "The body is not JSON: line 1, byte 11, the closing quote of a string is needed, not the end of the text.")]
    [InlineData("{name:1}", "body_malformed", "", "The body is not JSON: line 1, byte 2, a member's name in \"quotes\" is needed, not 'name'.")]
    [InlineData("{\"name\":\"a\"} x", "body_malformed", "", "The body is not JSON: line 1, byte 14, the end of the text is needed, not 'x'.")]
    [InlineData("[]", "body_invalid", "", "The body: An object is needed here, not an array.")]
    [InlineData("\"x\"", "body_invalid", "", "The body: An object is needed here, not \"x\".")]
    [InlineData("{}", "body_invalid", "/name", "/name is missing.")]
    [InlineData("{\"name\":null}", "body_invalid", "/name", "/name must not be null.")]
    [InlineData("{\"name\":1}", "body_invalid", "/name", "/name: A string is needed here, not 1.")]
    [InlineData("{\"name\":\"\\ud800\"}", "body_invalid", "/name", "/name: A string is needed here, not \"\\ud800\".")]
    [InlineData("{\"name\":\"a\",\"name\":\"a\"}", "body_invalid", "/name", "/name is given twice.")]
    [InlineData("{\"name\":\"a\",\"count\":\"7\"}", "body_invalid", "/count", "/count: A whole number is needed here, not \"7\".")]
    [InlineData("{\"name\":\"a\",\"count\":1.5}", "body_invalid", "/count", "/count: A whole number is needed here, not 1.5.")]
    [InlineData("{\"name\":\"a\",\"count\":99999999999}", "body_invalid", "/count", "/count: A whole number is needed here, not 99999999999.")]
    [InlineData("{\"name\":\"a\",\"flag\":1}", "body_invalid", "/flag", "/flag: true or false is needed here, not 1.")]
    [InlineData("{\"name\":\"a\",\"items\":{}}", "body_invalid", "/items", "/items: An array is needed here, not an object.")]
    [InlineData("{\"name\":\"a\",\"items\":[3]}", "body_invalid", "/items/0", "/items/0: An object is needed here, not 3.")]
    [InlineData("{\"name\":\"a\",\"items\":[{\"unit_price\":1},{}]}", "body_invalid", "/items/1/unit_price", "/items/1/unit_price is missing.")]
    [InlineData("{\"name\":\"a\",\"items\":[{\"unit_price\":\"x\"}]}", "body_invalid", "/items/0/unit_price", "/items/0/unit_price: A number, or a string that holds one such as \"12.5\", is needed here, not \"x\".")]
    [InlineData("{\"name\":\"a\",\"amount\":true}", "body_invalid", "/amount", "/amount: A number, or a string that holds one such as \"12.5\", is needed here, not true.")]
    [InlineData("{\"name\":\"a\",\"amount\":1e29}", "body_invalid", "/amount", "/amount: A number that can be kept exactly (at most 28 digits, and at most 28 after the decimal point) is needed here, not 1e29.")]
    [InlineData("{\"name\":\"a\",\"amount\":0.12345678901234567890123456789}", "body_invalid", "/amount", "can be kept exactly")]
    [InlineData("{\"name\":\"a\",\"amount\":79228162514264337593543950336}", "body_invalid", "/amount", "can be kept exactly")]
    [InlineData("{\"name\":\"a\",\"rounding\":\"SIDEWAYS\"}", "body_invalid", "/rounding", "/rounding: One of ROUND_UP, ROUND_HALF_UP, UsageProductListItem is needed here, not \"SIDEWAYS\".")]
    [InlineData("{\"name\":\"a\",\"rounding\":1}", "body_invalid", "/rounding", "/rounding: One of ROUND_UP, ROUND_HALF_UP, UsageProductListItem is needed here, not 1.")]
    [InlineData("{\"name\":\"a\",\"starting_at\":\"2026-01-01\"}", "body_invalid", "/starting_at", "/starting_at: A time with its offset such as \"2026-01-01T00:00:00Z\" (RFC 3339) is needed here, not \"2026-01-01\".")]
    [InlineData("{\"name\":\"a\",\"starting_at\":\"2026-01-01T00:00:00\"}", "body_invalid", "/starting_at", "RFC 3339")]
    [InlineData("{\"name\":\"a\",\"starting_at\":\"2026-02-30T00:00:00Z\"}", "body_invalid", "/starting_at", "RFC 3339")]
    [InlineData("{\"name\":\"a\",\"starting_at\":1767225600}", "body_invalid", "/starting_at", "RFC 3339) is needed here, not 1767225600.")]
    public async Task A_bad_body_answers_400_and_says_where_and_what(string body, string code, string? field, string detail)
    {
        await using var server = await ProbeServer.StartAsync();
        var answer = await server.Client().SendAsync(ProbeServer.Post("/probe/make", body));
        var problem = await ProblemAsync(answer, 400, code);
        Assert.Equal(field, problem.TryGetProperty("field", out var f) ? f.GetString() : null);
        Assert.Contains(detail, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        foreach (var inside in new[] { "System.", "Billing.", "LineNumber", "Path:" })
            Assert.DoesNotContain(inside, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, server.Made);
    }

    [Fact]
    public async Task Unknown_members_are_ignored_unless_the_type_refuses_them()
    {
        await using var server = await ProbeServer.StartAsync();
        var tolerant = await server.Client().SendAsync(ProbeServer.Post("/probe/make", """{"name":"a","later":1}"""));
        Assert.Equal(HttpStatusCode.OK, tolerant.StatusCode);
        var strict = await server.Client().SendAsync(ProbeServer.Post("/probe/strict", """{"name":"a","later":1}"""));
        var problem = await ProblemAsync(strict, 400, "body_invalid");
        Assert.Equal("/later", problem.GetProperty("field").GetString());
        Assert.Equal("/later: there is no such member here.", problem.GetProperty("detail").GetString());
    }

    [Theory]
    [InlineData("/probe/list?limit=0", "limit_invalid", "limit", "limit: A number of 1 to 100 is needed here, not 0.")]
    [InlineData("/probe/list?limit=101", "limit_invalid", "limit", "limit: A number of 1 to 100 is needed here, not 101.")]
    [InlineData("/probe/list?limit=x", "parameter_invalid", "limit", "limit: A whole number is needed here, not \"x\".")]
    [InlineData("/probe/list?limit=99999999999", "parameter_invalid", "limit", "limit: A whole number is needed here, not \"99999999999\".")]
    [InlineData("/probe/list?next_page=*", "next_page_invalid", "next_page", "not one that this list answered")]
    [InlineData("/probe/list?next_page=YQ", "next_page_invalid", "next_page", "not one that this list answered")]
    [InlineData("/probe/list?next_page=_w", "next_page_invalid", "next_page", "not one that this list answered")]
    [InlineData("/probe/list?at=2026-01-01", "parameter_invalid", "at", "at: A time with its offset such as \"2026-01-01T00:00:00Z\" (RFC 3339) is needed here, not \"2026-01-01\".")]
    [InlineData("/v1/billable-metrics?include_archived=yes", "parameter_invalid", "include_archived", "include_archived: true or false is needed here, not \"yes\".")]
    [InlineData("/api/v1/meters?pageSize=many", "parameter_invalid", "pageSize", "pageSize: A whole number is needed here, not \"many\".")]
    [InlineData("/v1/customers/c/invoices?starting_on=today", "parameter_invalid", "starting_on", "starting_on: A time with its offset")]
    [InlineData("/v1/customers/c/invoices?skip_zero_qty_line_items=1", "parameter_invalid", "skip_zero_qty_line_items", "skip_zero_qty_line_items: true or false is needed here, not \"1\".")]
    public async Task A_bad_parameter_answers_400_with_its_name_on_the_wire_and_what_is_needed(string path, string code, string field, string detail)
    {
        await using var server = await ProbeServer.StartAsync();
        var problem = await ProblemAsync(await server.Client().GetAsync(path), 400, code);
        Assert.Equal(field, problem.GetProperty("field").GetString());
        Assert.Contains(detail, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    // {a} stands for what a list answered for "a"
    [InlineData("/probe/list", """{"data":{"limit":25}}""")]
    [InlineData("/probe/list?limit=100&next_page={a}", """{"data":{"from":"a","limit":100}}""")]
    [InlineData("/probe/list?next_page=&at=2026-01-01T02:00:00%2B02:00", """{"data":{"limit":25,"value":"2026-01-01T00:00:00+00:00"}}""")]
    [InlineData("/probe/list?at=2026-01-01T02:00:00+02:00", """{"data":{"limit":25,"value":"2026-01-01T00:00:00+00:00"}}""")]
    public async Task Good_parameters_are_read(string path, string expected)
    {
        await using var server = await ProbeServer.StartAsync();
        Assert.Equal(expected, await server.Client().GetStringAsync(path.Replace("{a}", PageCursor.Encode("a"), StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("GET", "/v1/customers", "")]
    [InlineData("GET", "/v1/api-keys", "")]
    [InlineData("GET", "/v1/operations/parked-accounts", "")]
    [InlineData("GET", "/v1/billable-metrics", "")]
    [InlineData("GET", "/v1/credit-types/list", "")]
    [InlineData("GET", "/v1/ingest/rejected", "")]
    [InlineData("POST", "/v1/contract-pricing/products/list", "{}")]
    [InlineData("POST", "/v1/contract-pricing/rate-cards/list", "{}")]
    [InlineData("POST", "/v1/usage", "{\"starting_on\":\"2026-01-01T00:00:00Z\",\"ending_before\":\"2026-01-02T00:00:00Z\",\"window_size\":\"DAY\"}")]
    public async Task No_list_takes_a_next_page_that_is_made_up_or_of_another_list(string method, string path, string body)
    {
        await using var server = await ProbeServer.StartAsync();
        // Made up: "abc", "-5", a zero byte; and one of the events.
        foreach (var cursor in new[] { "YWJj", "LTU", "AA", PageCursor.Encode("5.0,7.1", "events") })
        {
            using var request = method == "GET" ? new HttpRequestMessage(HttpMethod.Get, $"{path}?next_page={cursor}") : ProbeServer.Post($"{path}?next_page={cursor}", body);
            await ProblemAsync(await server.Client().SendAsync(request), 400, "next_page_invalid");
        }
    }

    [Theory]
    [InlineData("Invalid", 400)]
    [InlineData("NotFound", 404)]
    [InlineData("Conflict", 409)]
    [InlineData("TooLarge", 413)]
    [InlineData("Unsupported", 415)]
    [InlineData("NotOffered", 501)]
    [InlineData("NotReady", 503)]
    [InlineData("Overloaded", 429)]
    public async Task A_refusal_answers_with_the_status_of_its_kind(string kind, int status)
    {
        await using var server = await ProbeServer.StartAsync();
        var answer = await server.Client().GetAsync("/probe/refusal/" + kind);
        var problem = await ProblemAsync(answer, status, "probe");
        Assert.Equal("/x", problem.GetProperty("field").GetString());
        Assert.Equal("/x: Said no.", problem.GetProperty("message").GetString());
        Assert.Equal("urn:billing:problem:probe", problem.GetProperty("type").GetString());
        Assert.Equal(status is 409 or 501 ? ["false"] : null, answer.Headers.TryGetValues("x-should-retry", out var retry) ? retry : null);
        Assert.Equal(status switch { 429 => 5, 503 => 1, _ => null }, answer.Headers.RetryAfter?.Delta?.TotalSeconds);
    }

    [Theory]
    [InlineData("/v1/settings", """{"grace_period_hours":-1}""", "/grace_period_hours: The grace period is 0 to 744 hours. Found: -1.")]
    [InlineData("/v1/customers", """{"name":" "}""", "/name: A customer needs a name.")]
    [InlineData("/v1/contract-pricing/rate-cards/addRate",
        """{"product_id":"p","starting_at":"2026-01-01T00:00:00Z","entitled":true,"rate_type":"FLAT","price":1}""", "/rate_card_id is missing.")]
    [InlineData("/v1/contracts/create", """{"customer_id":"c","starting_at":"2026-01-01T00:30:00Z"}""", "/starting_at: Terms start and end on the hour (1:00, not 1:30), in UTC. Found: \"2026-01-01T00:30:00Z\".")]
    [InlineData("/v1/events/search", """{"transactionIds":[]}""", "/transactionIds: 1 to 100 ids are needed here, not 0.")]
    [InlineData("/v1/ingest", """[{"transaction_id":"1","customer_id":"c","event_type":"x"},{"customer_id":"c"}]""", "/1/transaction_id: transaction_id is missing.")]
    [InlineData("/v1/ingest", """[{"transaction_id":"1","customer_id":"c","event_type":"x","timestamp":"2030-01-01T00:00:00Z"}]""", "/0/timestamp: timestamp lies more than 24 hours in the future.")]
    public async Task The_text_of_a_refusal_names_the_place_and_what_was_found_there(string path, string body, string detail)
    {
        await using var server = await ProbeServer.StartAsync();
        var answer = await server.Client().SendAsync(ProbeServer.Post(path, body));
        Assert.Equal((HttpStatusCode.BadRequest, detail), (answer.StatusCode, (await ProbeServer.JsonAsync(answer)).GetProperty("detail").GetString()));
    }

    [Theory]
    [InlineData("GET", "/v1/no-such-thing", 404, "route_not_found")]
    [InlineData("GET", "/probe/make", 405, "method_not_allowed")]
    [InlineData("DELETE", "/v1/api-keys", 405, "method_not_allowed")]
    public async Task Unknown_routes_and_methods_are_problems_too(string method, string path, int status, string code)
    {
        await using var server = await ProbeServer.StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        await ProblemAsync(await server.Client(token: null).SendAsync(request), status, code);
    }

    [Fact]
    public async Task A_body_that_is_not_JSON_by_its_type_answers_415()
    {
        await using var server = await ProbeServer.StartAsync();
        using var content = new StringContent("{}", Encoding.UTF8, new MediaTypeHeaderValue("text/plain"));
        var problem = await ProblemAsync(await server.Client().PostAsync("/probe/make", content), 415, "content_type_unsupported");
        Assert.Equal("Send the body as application/json, not as text/plain.", problem.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_fault_answers_500_with_an_id_that_is_in_the_log_and_nothing_else()
    {
        await using var server = await ProbeServer.StartAsync();
        var answer = await server.Client().PostAsync("/probe/fail-once", null);
        var problem = await ProblemAsync(answer, 500, "fault");
        var id = problem.GetProperty("id").GetString()!;
        Assert.DoesNotContain("secret detail", problem.GetRawText(), StringComparison.Ordinal);
        var line = Assert.Single(server.Log.Lines);
        Assert.Contains(id, line, StringComparison.Ordinal);
        Assert.Contains("secret detail", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4_000_000, false, 200)]
    [InlineData(4_000_001, false, 413)]
    [InlineData(25_000_000, false, 413)]
    [InlineData(4_000_000, true, 200)]
    [InlineData(4_000_001, true, 413)]
    public async Task An_ingest_request_holds_4_MB_at_most_and_a_larger_one_is_read_to_its_end_before_the_answer(int sizeBytes, bool chunked, int status)
    {
        await using var server = await ProbeServer.StartAsync(sockets: true);
        var body = new byte[sizeBytes];
        Array.Fill(body, (byte)' ');
        (body[0], body[^1]) = ((byte)'[', (byte)']');
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/ingest") { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.TransferEncodingChunked = chunked;
        var answer = await server.Client().SendAsync(request);
        if (status == 413) await ProblemAsync(answer, 413, "too_large");
        else Assert.Equal(status, (int)answer.StatusCode);
    }

    internal static async Task<JsonElement> ProblemAsync(HttpResponseMessage answer, int status, string code)
    {
        var problem = await ProbeServer.JsonAsync(answer);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal(code, problem.GetProperty("code").GetString());
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.NotEmpty(problem.GetProperty("title").GetString()!);
        Assert.Equal(problem.GetProperty("detail").GetString(), problem.GetProperty("message").GetString());
        return problem;
    }
}
