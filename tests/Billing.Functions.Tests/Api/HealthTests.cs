using Billing.Functions.Hosting;
using Billing.UseCases.Clock;
using Xunit;

namespace Billing.Functions.Tests.Api;

public sealed class HealthTests
{
    [Theory]
    // store | pipeline | status | body
    [InlineData("open", true, 200, """{"status":"ready","checks":{"store":"passed","pipeline":"passed"}}""")]
    [InlineData("closed", true, 503, """{"status":"degraded","checks":{"store":"failed","pipeline":"passed"}}""")]
    [InlineData("throws", true, 503, """{"status":"degraded","checks":{"store":"failed","pipeline":"passed"}}""")]
    [InlineData("hangs", true, 503, """{"status":"degraded","checks":{"store":"failed","pipeline":"passed"}}""")]
    [InlineData("open", false, 503, """{"status":"degraded","checks":{"store":"passed","pipeline":"failed"},"reason":"It stands still."}""")]
    public async Task Health_is_200_only_when_the_store_is_open_and_the_pipeline_runs(string store, bool pipeline, int status, string body)
    {
        Func<CancellationToken, Task<bool>> isOpen = store switch
        {
            "open" => _ => Task.FromResult(true),
            "closed" => _ => Task.FromResult(false),
            "throws" => _ => throw new IOException("disk gone"),
            _ => async stop =>
            {
                await Task.Delay(Timeout.Infinite, stop);
                return true;
            },
        };
        await using var server = await ProbeServer.StartAsync(work: new BackgroundWork(DueWork.None, (_, _) => Task.CompletedTask, isOpen, () => pipeline ? null : "It stands still."));
        var answer = await server.Client(token: null).GetAsync("/health");
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(body, await answer.Content.ReadAsStringAsync());
    }
}
