using Xunit;

namespace Billing.Simulation;

public sealed class SimulationTests
{
    private const int Seeds = 300;

    [Fact]
    public void Whatever_fails_and_in_whatever_order_every_event_is_counted_exactly_once()
    {
        var failures = new List<string>();
        Parallel.For(1, Seeds + 1, new ParallelOptions { MaxDegreeOfParallelism = 2 }, seed =>
        {
            if (Run.Try(seed) is { } failure) lock (failures) failures.Add($"seed {seed}: {failure}");
        });
        Assert.True(failures.Count == 0, string.Join("\n", failures.Take(5)));
    }

    [Theory]
    [InlineData(7)]
    [InlineData(8)]
    public void A_seed_replays(int seed) => Assert.Equal(Run.Trace(seed), Run.Trace(seed));
}
