using Billing.UseCases.Documents;
using Billing.UseCases.Idempotency;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Xunit;

namespace Billing.Functions.Tests.Hosting;

public sealed class IdempotencyTests
{
    private const string Body = """{"name":"a","amount":1.50}""";

    [Theory]
    // second request: path | body | key | status | runs | replayed
    [InlineData("/probe/make", Body, "k", 200, 1, true)]
    [InlineData("/probe/make", Body, "k2", 200, 2, false)]
    [InlineData("/probe/make", Body, null, 200, 2, false)]
    [InlineData("/probe/make", """{"name":"b"}""", "k", 409, 1, false)]
    [InlineData("/probe/make?x=1", Body, "k", 409, 1, false)]
    [InlineData("/probe/strict", Body, "k", 409, 1, false)]
    public async Task The_same_request_with_the_same_key_happens_once(string path, string body, string? key, int status, int runs, bool replayed)
    {
        await using var server = await ProbeServer.StartAsync();
        var first = await server.Client().SendAsync(ProbeServer.Post("/probe/make", Body, "k"));
        var second = await server.Client().SendAsync(ProbeServer.Post(path, body, key));
        Assert.Equal(status, (int)second.StatusCode);
        Assert.Equal(runs, server.Made);
        Assert.Equal(replayed, second.Headers.Contains("Idempotent-Replayed"));
        if (replayed)
        {
            Assert.Equal(await first.Content.ReadAsStringAsync(), await second.Content.ReadAsStringAsync());
            Assert.Equal(first.Content.Headers.ContentType, second.Content.Headers.ContentType);
        }
        if (status != 409) return;
        await BadRequestTests.ProblemAsync(second, 409, "idempotency_key_reused");
        Assert.Equal(["false"], second.Headers.GetValues("x-should-retry"));
    }

    [Fact]
    public async Task One_caller_never_sees_the_answer_of_another()
    {
        await using var server = await ProbeServer.StartAsync();
        var one = await IdAsync(server, await server.KeyWithAsync("write"));
        var other = await IdAsync(server, await server.KeyWithAsync("write"));
        Assert.NotEqual(one, other);
        Assert.Equal(2, server.Made);
    }

    [Fact]
    public async Task A_refusal_is_stored_and_a_body_that_can_not_be_read_is_not()
    {
        await using var server = await ProbeServer.StartAsync();
        for (var i = 0; i < 2; i++)
        {
            var refused = await server.Client().SendAsync(ProbeServer.Post("/probe/make", """{"name":"refuse"}""", "r"));
            await BadRequestTests.ProblemAsync(refused, 409, "probe_refused");
            Assert.Equal(["false"], refused.Headers.GetValues("x-should-retry"));
        }
        Assert.Equal(1, server.Made);
        var unreadable = await server.Client().SendAsync(ProbeServer.Post("/probe/make", "{", "u"));
        Assert.Equal(400, (int)unreadable.StatusCode);
        var corrected = await server.Client().SendAsync(ProbeServer.Post("/probe/make", Body, "u"));
        Assert.Equal(200, (int)corrected.StatusCode);
    }

    [Fact]
    public async Task A_fault_is_not_stored_and_the_retry_gets_the_same_ids()
    {
        await using var server = await ProbeServer.StartAsync();
        var failed = await server.Client().SendAsync(ProbeServer.Post("/probe/fail-once", "", "f"));
        Assert.Equal(500, (int)failed.StatusCode);
        var retried = await server.Client().SendAsync(ProbeServer.Post("/probe/fail-once", "", "f"));
        var expected = IdSource.DerivedFrom("environment\n/probe/fail-once\nf").New();
        Assert.Equal(expected, await retried.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Two_requests_at_once_with_one_key_run_one_after_the_other()
    {
        await using var server = await ProbeServer.StartAsync();
        var hold = new TaskCompletionSource();
        server.Hold = hold.Task;
        var both = Enumerable.Range(0, 8).Select(_ => server.Client().SendAsync(ProbeServer.Post("/probe/make", Body, "k"))).ToList();
        while (server.Made == 0) await Task.Delay(5);
        await Task.Delay(50);
        Assert.Equal(1, server.Made);
        hold.SetResult();
        var bodies = new HashSet<string>();
        foreach (var answer in await Task.WhenAll(both)) bodies.Add(await answer.Content.ReadAsStringAsync());
        Assert.Single(bodies);
        Assert.Equal(1, server.Made);
    }

    [Fact]
    public async Task Answers_are_forgotten_after_seven_days()
    {
        await using var server = await ProbeServer.StartAsync();
        var store = server.Services.GetRequiredService<IDocumentStore>();
        var answers = server.Services.GetRequiredService<StoredAnswers>();
        await server.Client().SendAsync(ProbeServer.Post("/probe/make", Body, "k"));
        server.Clock.Now += Duration.FromDays(7) - Duration.FromSeconds(1);
        Assert.Equal(0, await answers.SweepAsync(100, default));
        await server.Client().SendAsync(ProbeServer.Post("/probe/make", Body, "k"));
        Assert.Equal(1, server.Made);
        server.Clock.Now += Duration.FromSeconds(1);
        Assert.Equal(1, await answers.SweepAsync(100, default));
        Assert.Empty((await store.OfKindAsync(Container.Catalog, "idempotency", null, 100, default)).Items);
        await server.Client().SendAsync(ProbeServer.Post("/probe/make", Body, "k"));
        Assert.Equal(2, server.Made);
    }

    [Fact]
    public async Task An_expired_answer_that_was_not_swept_gives_way_to_the_new_one()
    {
        await using var server = await ProbeServer.StartAsync();
        await server.Client().SendAsync(ProbeServer.Post("/probe/make", Body, "k"));
        server.Clock.Now += Duration.FromDays(7);
        await server.Client().SendAsync(ProbeServer.Post("/probe/make", """{"name":"b"}""", "k"));
        var again = await server.Client().SendAsync(ProbeServer.Post("/probe/make", """{"name":"b"}""", "k"));
        Assert.True(again.Headers.Contains("Idempotent-Replayed"));
        Assert.Equal(2, server.Made);
    }

    [Fact]
    public async Task Ingest_takes_no_idempotency_key_because_events_have_ids()
    {
        await using var server = await ProbeServer.StartAsync();
        await server.Client().SendAsync(ProbeServer.Post("/probe/events", "[1]", "k"));
        var other = await server.Client().SendAsync(ProbeServer.Post("/probe/events", "[12]", "k"));
        Assert.Equal("4", await other.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_body_over_4_MB_is_refused()
    {
        await using var server = await ProbeServer.StartAsync();
        var answer = await server.Client().SendAsync(ProbeServer.Post("/probe/make", new string(' ', 4_000_001), "k"));
        await BadRequestTests.ProblemAsync(answer, 413, "body_too_large");
    }

    [Theory]
    [InlineData(255, 200)]
    [InlineData(256, 400)]
    public async Task A_key_has_255_characters_at_most(int length, int status)
    {
        await using var server = await ProbeServer.StartAsync();
        var answer = await server.Client().SendAsync(ProbeServer.Post("/probe/make", Body, new string('k', length)));
        Assert.Equal(status, (int)answer.StatusCode);
    }

    private static async Task<string> IdAsync(ProbeServer server, string token)
    {
        var answer = await server.Client(token).SendAsync(ProbeServer.Post("/probe/make", Body, "k"));
        return (await ProbeServer.JsonAsync(answer)).GetProperty("data").GetProperty("id").GetString()!;
    }
}
