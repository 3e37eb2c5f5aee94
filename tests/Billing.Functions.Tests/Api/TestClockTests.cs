using System.Net.Http.Json;
using Billing.Functions.Hosting;
using Billing.Functions.Tests.Hosting;
using Billing.UseCases.Access;
using Billing.UseCases.Clock;
using Billing.UseCases.Documents;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Xunit;

namespace Billing.Functions.Tests.Api;

public sealed class TestClockTests
{
    [Fact]
    public async Task The_clock_is_real_until_it_is_set_and_then_stands_still()
    {
        await using var server = await ProbeServer.StartAsync();
        var clock = server.Services.GetRequiredService<IClock>();
        server.Clock.Now = Instant.FromUtc(2026, 3, 2, 0, 0);
        Assert.Equal(Instant.FromUtc(2026, 3, 2, 0, 0), clock.GetCurrentInstant());
        var moved = await MoveAsync(server, "2026-04-01T00:00:00Z");
        Assert.Equal("""{"data":{"now":"2026-04-01T00:00:00+00:00"}}""", await moved.Content.ReadAsStringAsync());
        server.Clock.Now = Instant.FromUtc(2026, 5, 1, 0, 0);
        Assert.Equal(Instant.FromUtc(2026, 4, 1, 0, 0), clock.GetCurrentInstant());
    }

    [Fact]
    public async Task The_clock_never_goes_back()
    {
        await using var server = await ProbeServer.StartAsync();
        var back = await MoveAsync(server, "2026-02-28T23:59:59Z");
        await BadRequestTests.ProblemAsync(back, 409, "clock_goes_forward");
        Assert.Equal(["false"], back.Headers.GetValues("x-should-retry"));
        Assert.Equal(200, (int)(await MoveAsync(server, "2026-04-01T00:00:00Z")).StatusCode);
        Assert.Equal(200, (int)(await MoveAsync(server, "2026-04-01T00:00:00Z")).StatusCode);
        await BadRequestTests.ProblemAsync(await MoveAsync(server, "2026-03-31T00:00:00Z"), 409, "clock_goes_forward");
    }

    [Fact]
    public async Task The_clock_survives_a_restart()
    {
        await using var first = await ProbeServer.StartAsync();
        await MoveAsync(first, "2026-04-01T00:00:00Z");
        await using var second = await ProbeServer.StartAsync(store: first.Services.GetRequiredService<IDocumentStore>());
        Assert.Equal(Instant.FromUtc(2026, 4, 1, 0, 0), second.Services.GetRequiredService<IClock>().GetCurrentInstant());
    }

    [Fact]
    public async Task A_reset_drains_then_empties_all_but_keys_then_sets_the_clock_to_any_time()
    {
        await using var server = await ProbeServer.StartAsync();
        var key = await server.KeyWithAsync("admin");
        await MoveAsync(server, "2026-04-01T00:00:00Z");
        await server.Client().SendAsync(ProbeServer.Post("/probe/make", """{"name":"a"}""", "k"));
        var answer = await server.Client(key).PostAsJsonAsync("/v1/test/reset", new { now = "2025-01-01T00:00:00Z" });
        Assert.Equal("""{"data":{"now":"2025-01-01T00:00:00+00:00"}}""", await answer.Content.ReadAsStringAsync());
        var store = server.Services.GetRequiredService<IDocumentStore>();
        Assert.Empty((await store.OfKindAsync(Container.Catalog, "idempotency", null, 10, default)).Items);
        Assert.Single((await store.OfKindAsync(Container.Catalog, ApiKeys.Kind, null, 10, default)).Items);
        Assert.Equal(200, (int)(await server.Client(key).GetAsync("/v1/api-keys")).StatusCode);
    }

    [Fact]
    public async Task Work_runs_at_the_time_it_was_due()
    {
        var seen = new List<string>();
        var dues = new Queue<Instant>([Instant.FromUtc(2026, 3, 5, 0, 0), Instant.FromUtc(2026, 3, 9, 0, 0), Instant.FromUtc(2026, 6, 1, 0, 0)]);
        IClock? clock = null;
        var work = new DueWork(
            _ => Task.CompletedTask,
            _ => Task.FromResult<Instant?>(dues.Peek()),
            _ =>
            {
                while (dues.Peek() <= clock!.GetCurrentInstant()) seen.Add($"{dues.Dequeue()} at {clock.GetCurrentInstant()}");
                return Task.CompletedTask;
            });
        await using var server = await ProbeServer.StartAsync(
            work: new BackgroundWork(work, (_, _) => Task.CompletedTask, _ => Task.FromResult(true), () => null));
        clock = server.Services.GetRequiredService<IClock>();
        await MoveAsync(server, "2026-04-01T00:00:00Z");
        Assert.Equal(["2026-03-05T00:00:00Z at 2026-03-05T00:00:00Z", "2026-03-09T00:00:00Z at 2026-03-09T00:00:00Z"], seen);
    }

    [Fact]
    public async Task Without_the_switch_the_clock_can_not_be_set()
    {
        await using var server = await ProbeServer.StartAsync(testClock: false);
        await BadRequestTests.ProblemAsync(await MoveAsync(server, "2026-04-01T00:00:00Z"), 404, "route_not_found");
    }

    [Fact]
    public async Task Only_an_admin_sets_the_clock()
    {
        await using var server = await ProbeServer.StartAsync();
        var answer = await server.Client(await server.KeyWithAsync("write")).PostAsJsonAsync("/v1/test/clock", new { now = "2026-04-01T00:00:00Z" });
        await BadRequestTests.ProblemAsync(answer, 403, "scope_missing");
    }

    private static Task<HttpResponseMessage> MoveAsync(ProbeServer server, string now) =>
        server.Client().PostAsJsonAsync("/v1/test/clock", new { now });
}
