using System.Net.Http.Headers;
using System.Text.Json;
using Billing.Functions.Tests.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Billing.Functions.Tests.Api;

/// <summary>The program as it is started, with nothing of the tests in it.</summary>
public sealed class ProgramTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("billing-test-").FullName;
    private WebApplicationFactory<Program> program = null!;

    public Task InitializeAsync()
    {
        program = new WebApplicationFactory<Program>().WithWebHostBuilder(web => web
            .UseSetting("BILLING_DATA", folder).UseSetting("BILLING_API_KEY", "").UseSetting("BILLING_TEST_CLOCK", "1"));
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await program.DisposeAsync();

    [Fact]
    public async Task The_first_start_makes_an_admin_key_that_only_the_owner_can_read()
    {
        using var client = program.CreateClient();
        var file = Path.Combine(folder, "api-key");
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(file)).Trim());
        Assert.Contains("First key", await client.GetStringAsync("/v1/api-keys"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_mapped_route_is_described_with_an_id_and_an_answer()
    {
        using var client = program.CreateClient();
        var paths = (await ProbeServer.JsonAsync(await client.GetAsync("/openapi/v1.json"))).GetProperty("paths");
        var routes = program.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(r => !r.RoutePattern.RawText!.StartsWith("/openapi/", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(routes);
        var ids = new HashSet<string>();
        foreach (var route in routes)
        {
            foreach (var method in route.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods)
            {
                var where = $"{method} {route.RoutePattern.RawText}";
                Assert.True(paths.TryGetProperty(route.RoutePattern.RawText!.TrimEnd('/'), out var path), where);
                var operation = path.GetProperty(method.ToLowerInvariant());
                Assert.True(ids.Add(operation.GetProperty("operationId").GetString()!), where);
                var done = operation.GetProperty("responses").EnumerateObject().Single(r => r.Name[0] == '2').Value;
                Assert.True(
                    done.TryGetProperty("content", out var content)
                        ? content.EnumerateObject().All(c => c.Value.GetProperty("schema").EnumerateObject().Any())
                        : route.Metadata.GetOrderedMetadata<Microsoft.AspNetCore.Http.Metadata.IProducesResponseTypeMetadata>().Any(p => p.Type == typeof(void)),
                    where);
                Assert.False(string.IsNullOrEmpty(operation.GetProperty("summary").GetString()), where);
            }
        }
    }

    [Fact]
    public async Task The_description_has_the_bearer_key_and_the_wire_names_and_types()
    {
        using var client = program.CreateClient();
        var document = await ProbeServer.JsonAsync(await client.GetAsync("/openapi/v1.json"));
        var scheme = document.GetProperty("components").GetProperty("securitySchemes").GetProperty("bearer");
        Assert.Equal("http", scheme.GetProperty("type").GetString());
        var make = document.GetProperty("paths").GetProperty("/v1/api-keys").GetProperty("post");
        Assert.Equal("""[{"bearer":[]}]""", Compact(make.GetProperty("security")));
        foreach (var status in new[] { "400", "401", "403", "409" })
            Assert.True(make.GetProperty("responses").GetProperty(status).GetProperty("content").TryGetProperty("application/problem+json", out _), status);
        var schemas = document.GetProperty("components").GetProperty("schemas");
        var properties = schemas.GetProperty("CreateKey").GetProperty("properties");
        Assert.Equal(["name", "scopes", "expires_at"], properties.EnumerateObject().Select(p => p.Name));
        Assert.Equal("""["name","scopes"]""", Compact(schemas.GetProperty("CreateKey").GetProperty("required")));
        Assert.Equal("date-time", properties.GetProperty("expires_at").GetProperty("format").GetString());
        Assert.Equal("""["ingest","read","write","admin"]""", Compact(schemas.GetProperty("Scope").GetProperty("enum")));
        Assert.False(document.GetProperty("paths").GetProperty("/health").GetProperty("get").TryGetProperty("security", out _));
    }

    [Fact]
    public async Task Decimals_are_described_as_numbers_that_may_be_sent_as_text()
    {
        await using var server = await ProbeServer.StartAsync();
        var document = await ProbeServer.JsonAsync(await server.Client(token: null).GetAsync("/openapi/v1.json"));
        var price = document.GetProperty("components").GetProperty("schemas").GetProperty("ProbeItem").GetProperty("properties").GetProperty("unit_price");
        Assert.Equal("""["number","string"]""", Compact(price.GetProperty("type")));
        await BadRequestTests.ProblemAsync(await server.Client(token: null).GetAsync("/openapi/v2.json"), 404, "route_not_found");
    }

    private static string Compact(JsonElement element) => JsonSerializer.Serialize(element);
}
