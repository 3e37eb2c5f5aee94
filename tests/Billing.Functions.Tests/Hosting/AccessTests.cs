using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Billing.UseCases.Access;
using Billing.UseCases.Documents;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Xunit;

namespace Billing.Functions.Tests.Hosting;

public sealed class AccessTests
{
    [Theory]
    // held | open endpoints of: ingest, read, write, admin
    [InlineData("ingest", "ingest")]
    [InlineData("read", "read")]
    [InlineData("write", "read write")]
    [InlineData("admin", "ingest read write admin")]
    [InlineData("ingest read", "ingest read")]
    public async Task A_key_opens_what_its_scopes_imply_and_nothing_else(string held, string open)
    {
        await using var server = await ProbeServer.StartAsync();
        var client = server.Client(await server.KeyWithAsync(held.Split(' ')));
        foreach (var scope in new[] { "ingest", "read", "write", "admin" })
        {
            var answer = await client.PostAsync("/probe/" + scope, null);
            if (open.Split(' ').Contains(scope))
            {
                Assert.Equal(200, (int)answer.StatusCode);
            }
            else
            {
                var problem = await BadRequestTests.ProblemAsync(answer, 403, "scope_missing");
                Assert.Contains($"'{scope}'", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData(null, "api_key_missing")]
    [InlineData("", "api_key_missing")]
    [InlineData("Basic ZGV2Og==", "api_key_invalid")]
    [InlineData("dev", "api_key_invalid")]
    [InlineData("Bearer", "api_key_invalid")]
    [InlineData("Bearer Dev", "api_key_invalid")]
    [InlineData("Bearer bk_", "api_key_invalid")]
    public async Task Without_a_known_key_the_answer_is_401_and_says_how_to_send_one(string? header, string code)
    {
        await using var server = await ProbeServer.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/probe/read");
        if (header is not null) request.Headers.TryAddWithoutValidation("Authorization", header);
        var answer = await server.Client(token: null).SendAsync(request);
        await BadRequestTests.ProblemAsync(answer, 401, code);
        Assert.StartsWith("Bearer realm=\"billing\"", answer.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unknown_wrong_expired_and_revoked_keys_get_the_same_answer()
    {
        await using var server = await ProbeServer.StartAsync();
        var good = await server.KeyWithAsync("read");
        var wrong = good[..^1] + (good[^1] == 'A' ? 'B' : 'A');
        // The id's last digit changes: no key has it.
        var unknown = good[..34] + (good[34] == '0' ? '1' : '0') + good[35..];
        var expiring = await MadeAsync(server, new { name = "e", scopes = new[] { "read" }, expires_at = "2026-03-01T00:00:01Z" });
        var revoked = await MadeAsync(server, new { name = "r", scopes = new[] { "read" } });
        Assert.Equal(200, await StatusAsync(server, good));
        Assert.Equal(200, await StatusAsync(server, expiring.Key));
        Assert.Equal(200, await StatusAsync(server, revoked.Key));
        server.Clock.Now = Instant.FromUtc(2026, 3, 1, 0, 0, 1);
        await server.Client().PostAsJsonAsync("/v1/api-keys/revoke", new { id = revoked.Id });
        var answers = new HashSet<string>();
        foreach (var token in new[] { wrong, unknown, expiring.Key, revoked.Key })
        {
            var answer = await server.Client(token).PostAsync("/probe/read", null);
            answers.Add($"{(int)answer.StatusCode} {answer.Headers.WwwAuthenticate} {await answer.Content.ReadAsStringAsync()}");
        }
        Assert.StartsWith("401 ", Assert.Single(answers), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_keys_text_is_answered_once_and_is_nowhere_in_the_store()
    {
        await using var server = await ProbeServer.StartAsync();
        using var request = ProbeServer.Post("/v1/api-keys", """{"name":"Prod","scopes":["WRITE","ingest","write"]}""", "once");
        var made = (await ProbeServer.JsonAsync(await server.Client().SendAsync(request))).GetProperty("data");
        var token = made.GetProperty("key").GetString()!;
        Assert.Equal("""["ingest","write"]""", made.GetProperty("scopes").GetRawText());
        Assert.Equal(token[^4..], made.GetProperty("last_four").GetString());
        var listed = await server.Client().GetStringAsync("/v1/api-keys");
        Assert.Contains("\"Prod\"", listed, StringComparison.Ordinal);
        Assert.DoesNotContain(token, listed, StringComparison.Ordinal);
        var store = server.Services.GetRequiredService<IDocumentStore>();
        foreach (var kind in new[] { "api-key", "idempotency" })
        {
            var stored = Assert.Single((await store.OfKindAsync(Container.Catalog, kind, null, 100, default)).Items);
            var text = Encoding.UTF8.GetString(stored.Document.Body.Span);
            Assert.DoesNotContain(token[36..], text, StringComparison.Ordinal);
            if (kind == "api-key") continue;
            var kept = JsonDocument.Parse(text).RootElement.GetProperty("sealed").GetBytesFromBase64();
            Assert.DoesNotContain(token[36..], Encoding.Latin1.GetString(kept), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_request_that_died_before_it_answered_makes_its_key_again_with_a_new_text()
    {
        await using var server = await ProbeServer.StartAsync();
        var keys = server.Services.GetRequiredService<ApiKeys>();
        var wanted = new NewApiKey("a", [Scope.Read], null);
        var lost = (await keys.IssueAsync(wanted, IdSource.DerivedFrom("k"), default)).Value;
        var again = (await keys.IssueAsync(wanted, IdSource.DerivedFrom("k"), default)).Value;
        Assert.Equal(lost.Key.Id, again.Key.Id);
        Assert.Null(await keys.FindAsync(lost.Token, default));
        Assert.NotNull(await keys.FindAsync(again.Token, default));
        Assert.Equal("api_key_exists", (await keys.IssueAsync(wanted with { Name = "b" }, IdSource.DerivedFrom("k"), default)).Refusal!.Code);
        server.Clock.Now += Duration.FromDays(7);
        Assert.Equal("api_key_exists", (await keys.IssueAsync(wanted, IdSource.DerivedFrom("k"), default)).Refusal!.Code);
    }

    [Theory]
    [InlineData("""{"name":" ","scopes":["read"]}""", "name_invalid")]
    [InlineData("""{"name":"a","scopes":[]}""", "scopes_missing")]
    [InlineData("""{"name":"a","scopes":["read"],"expires_at":"2026-03-01T00:00:00Z"}""", "expires_at_past")]
    [InlineData("""{"name":"a","scopes":["root"]}""", "body_invalid")]
    [InlineData("""{"name":"a","scopes":["read"],"owner":"x"}""", "body_invalid")]
    public async Task A_key_that_could_not_be_used_is_not_made(string body, string code)
    {
        await using var server = await ProbeServer.StartAsync();
        await BadRequestTests.ProblemAsync(await server.Client().SendAsync(ProbeServer.Post("/v1/api-keys", body)), 400, code);
        Assert.Equal("""{"data":[],"next_page":null}""", await server.Client().GetStringAsync("/v1/api-keys"));
    }

    [Fact]
    public async Task Keys_are_listed_in_pages()
    {
        await using var server = await ProbeServer.StartAsync();
        for (var i = 0; i < 5; i++) await server.KeyWithAsync("read");
        var seen = new List<string>();
        var next = "";
        for (var pages = 1; ; pages++)
        {
            var page = await ProbeServer.JsonAsync(await server.Client().GetAsync($"/v1/api-keys?limit=2&next_page={next}"));
            seen.AddRange(page.GetProperty("data").EnumerateArray().Select(k => k.GetProperty("id").GetString()!));
            next = page.GetProperty("next_page").GetString();
            if (next is not null) continue;
            // 5 keys by 2: pages of 2, 2 and 1
            Assert.Equal(3, pages);
            break;
        }
        Assert.Equal(5, seen.Distinct().Count());
    }

    [Fact]
    public async Task Revoking_an_unknown_key_is_a_404()
    {
        await using var server = await ProbeServer.StartAsync();
        var answer = await server.Client().PostAsJsonAsync("/v1/api-keys/revoke", new { id = "no such/key" });
        await BadRequestTests.ProblemAsync(answer, 404, "api_key_not_found");
    }

    [Fact]
    public async Task Every_endpoint_says_which_scope_it_needs()
    {
        await using var server = await ProbeServer.StartAsync();
        var routes = server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().ToList();
        Assert.True(routes.Count > 5, $"{routes.Count} routes");
        Assert.Empty(routes.Where(r => r.Metadata.GetMetadata<Functions.Hosting.Access.EndpointAccess>() is null).Select(r => r.DisplayName));
    }

    private static async Task<int> StatusAsync(ProbeServer server, string token) =>
        (int)(await server.Client(token).PostAsync("/probe/read", null)).StatusCode;

    private static async Task<(string Id, string Key)> MadeAsync(ProbeServer server, object body)
    {
        var data = (await ProbeServer.JsonAsync(await server.Client().PostAsJsonAsync("/v1/api-keys", body))).GetProperty("data");
        return (data.GetProperty("id").GetString()!, data.GetProperty("key").GetString()!);
    }
}
