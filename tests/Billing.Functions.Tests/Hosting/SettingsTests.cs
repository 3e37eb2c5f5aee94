using Billing.Functions.Hosting;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace Billing.Functions.Tests.Hosting;

public sealed class SettingsTests
{
    [Fact]
    public void Nothing_needs_to_be_set()
    {
        var settings = Read();
        Assert.Equal(new Settings(Path.GetFullPath(".billing"), null, false, 400, 2, 2_048), settings);
    }

    [Theory]
    [InlineData("BILLING_MAX_BACKLOG_MB", "1", "1000000", "0", "1000001")]
    [InlineData("BILLING_LOG_PARTITIONS", "1", "32", "0", "33")]
    [InlineData("BILLING_BEHIND_DAYS", "1", "36500", "0", "36501")]
    public void A_number_out_of_bounds_keeps_the_server_from_starting(string name, string least, string most, string tooLittle, string tooMuch)
    {
        Assert.NotEqual(Read((name, least)), Read((name, most)));
        foreach (var wrong in new[] { tooLittle, tooMuch, "many", "1.5" })
            Assert.Equal($"{name} is a whole number from {least} to {most}, not '{wrong}'.", Assert.Throws<ArgumentException>(() => Read((name, wrong))).Message);
    }

    [Theory]
    [InlineData("BILLING_DATA")]
    [InlineData("BILLING_API_KEY")]
    [InlineData("BILLING_TEST_CLOCK")]
    [InlineData("BILLING_BEHIND_DAYS")]
    [InlineData("BILLING_LOG_PARTITIONS")]
    [InlineData("BILLING_MAX_BACKLOG_MB")]
    public void Help_tells_of_each(string name) => Assert.Contains($"  {name} ", Greeting.Help, StringComparison.Ordinal);

    private static Settings Read(params (string Name, string Value)[] set) =>
        Settings.From(new ConfigurationBuilder().AddInMemoryCollection(set.ToDictionary(s => s.Name, s => (string?)s.Value)).Build());
}
