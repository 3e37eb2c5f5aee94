using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Billing.Domain.Values;
using Billing.Functions.Api;
using Billing.Functions.Hosting;
using Billing.Functions.Hosting.Access;
using Billing.UseCases.Access;
using Billing.UseCases.Documents;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NodaTime;

namespace Billing.Functions.Tests;

/// <summary>The server with some endpoints of its own beside the real ones, to try what every endpoint gets from the host.</summary>
public sealed class ProbeServer : IAsyncDisposable
{
    public const string Admin = "dev";

    private readonly WebApplication app;
    private int made;
    private int faults;

    private ProbeServer(WebApplication app) => this.app = app;

    /// <summary>How often the endpoint /probe/make has run.</summary>
    public int Made => made;

    public IServiceProvider Services => app.Services;

    public MovableClock Clock { get; private init; } = new();

    /// <summary>Waits inside /probe/make until it completes.</summary>
    public Task Hold { get; set; } = Task.CompletedTask;

    public CapturedLog Log { get; private init; } = new();

    public static async Task<ProbeServer> StartAsync(
        bool testClock = true, IDocumentStore? store = null, BackgroundWork? work = null, bool sockets = false, string? apiKey = Admin, IReadOnlyList<string>? settings = null, Action<IServiceCollection>? replace = null, Instant? now = null)
    {
        var clock = new MovableClock();
        if (now is { } wanted) clock.Now = wanted;
        var log = new CapturedLog();
        var builder = WebApplication.CreateBuilder(
        [
            "--BILLING_DATA=" + Directory.CreateTempSubdirectory("billing-test-").FullName,
            "--BILLING_API_KEY=" + apiKey,
            "--BILLING_TEST_CLOCK=" + (testClock ? "1" : "0"),
            "--urls=http://127.0.0.1:0",
            .. (settings ?? []).Select(s => "--" + s),
        ]);
        builder.Logging.ClearProviders().AddProvider(log);
        builder.AddBilling(clock);
        if (!sockets) builder.WebHost.UseTestServer();
        if (store is not null) builder.Services.AddSingleton(store);
        if (work is not null) builder.Services.AddSingleton(work);
        replace?.Invoke(builder.Services);
        var app = builder.Build();
        var server = new ProbeServer(app) { Clock = clock, Log = log };
        app.UseBilling();
        app.MapBilling();
        server.MapProbes();
        await app.PrepareAsync(CancellationToken.None);
        await app.StartAsync();
        return server;
    }

    public HttpClient Client(string? token = Admin)
    {
        var client = app.Services.GetRequiredService<IServer>() is TestServer test
            ? test.CreateClient()
            : new HttpClient { BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()) };
        if (token is not null) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    public async Task<string> KeyWithAsync(params string[] scopes)
    {
        var answer = await Client().PostAsJsonAsync("/v1/api-keys", new { name = "test", scopes });
        return (await JsonAsync(answer)).GetProperty("data").GetProperty("key").GetString()!;
    }

    public static async Task<JsonElement> JsonAsync(HttpResponseMessage answer) =>
        JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;

    public static HttpRequestMessage Post(string path, string body, string? idempotencyKey = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (idempotencyKey is not null) request.Headers.Add("Idempotency-Key", idempotencyKey);
        return request;
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private void MapProbes()
    {
        foreach (var scope in Enum.GetValues<Scope>())
            app.MapPost("/probe/" + scope, (Caller caller) => caller.KeyId).Needs(scope);
        app.MapPost("/probe/make", async (ProbeBody body, Caller caller) =>
        {
            Interlocked.Increment(ref made);
            await Hold;
            return body.Name == "refuse"
                ? Answers.Of<ProbeMade>(new Refusal("probe_refused", "No.", "/name", RefusalKind.Conflict))
                : Answers.Of<ProbeMade>(new ProbeMade(caller.Ids.New(), body));
        }).Needs(Scope.Write);
        app.MapPost("/probe/fail-once", (Caller caller) =>
            Interlocked.Increment(ref faults) == 1 ? throw new InvalidOperationException("secret detail") : Results.Text(caller.Ids.New())).Needs(Scope.Write);
        app.MapPost("/probe/events", async (HttpRequest request, CancellationToken stop) =>
        {
            var sizeBytes = 0L;
            var buffer = new byte[64 * 1024];
            int read;
            while ((read = await request.Body.ReadAsync(buffer, stop)) > 0) sizeBytes += read;
            return sizeBytes;
        }).TakesEvents();
        app.MapPost("/probe/strict", (StrictBody body) => body).Needs(Scope.Write);
        app.MapGet("/probe/list", ([AsParameters] PageQuery page, QueryTime? at) =>
            Answers.Of(page.Check(25), wanted => new { wanted.From, wanted.Limit, at?.Value })).Needs(Scope.Read);
        app.MapGet("/probe/refusal/{kind}", (RefusalKind kind) => Answers.Of<int>(new Refusal("probe", "Said no.", "/x", kind))).Needs(Scope.Read);
    }

    public enum Rounding
    {
        [Alias("UP")]
        RoundUp,
        RoundHalfUp,

        [JsonStringEnumMemberName("UsageProductListItem")]
        Special,
    }

    public sealed record ProbeBody(
        string Name, decimal? Amount = null, Instant? StartingAt = null, Rounding? Rounding = null, int? Count = null, IReadOnlyList<ProbeItem>? Items = null, bool? Flag = null);

    public sealed record ProbeItem(decimal UnitPrice);

    public sealed record ProbeMade(string Id, ProbeBody Body);

    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    public sealed record StrictBody(string Name);
}

/// <summary>Real time as the tests want it.</summary>
public sealed class MovableClock : IClock
{
    public Instant Now { get; set; } = Instant.FromUtc(2026, 3, 1, 0, 0);

    public Instant GetCurrentInstant() => Now;
}

/// <summary>Remembers what was logged.</summary>
public sealed class CapturedLog : ILoggerProvider, ILogger
{
    private readonly System.Collections.Concurrent.ConcurrentQueue<string> lines = new();

    public IReadOnlyCollection<string> Lines => lines;

    public ILogger CreateLogger(string categoryName) => this;

    public void Dispose()
    {
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        lines.Enqueue(formatter(state, exception) + " " + exception);
}
