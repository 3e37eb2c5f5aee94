namespace Billing.Functions.Hosting;

/// <summary>What is read from the environment (or <c>--NAME=value</c>) at start.</summary>
/// <param name="DataFolder">BILLING_DATA: where the embedded store lives, made when it is not there. Default: <c>.billing</c> in the working folder.</param>
/// <param name="ApiKey">BILLING_API_KEY: an admin key, accepted as it is and never stored; null for none.</param>
/// <param name="TestClock">BILLING_TEST_CLOCK=1: the clock can be set through the API.</param>
public sealed record Settings(string DataFolder, string? ApiKey, bool TestClock)
{
    /// <summary>Reads the settings. Errors: throws on a BILLING_TEST_CLOCK other than 0 or 1.</summary>
    public static Settings From(IConfiguration configuration) => new(
        Path.GetFullPath(Text(configuration, "BILLING_DATA") ?? ".billing"),
        Text(configuration, "BILLING_API_KEY"),
        Text(configuration, "BILLING_TEST_CLOCK") switch
        {
            null or "0" => false,
            "1" => true,
            var other => throw new ArgumentException($"BILLING_TEST_CLOCK is 0 or 1, not '{other}'."),
        });

    private static string? Text(IConfiguration configuration, string name) =>
        configuration[name] is { } text && !string.IsNullOrWhiteSpace(text) ? text.Trim() : null;
}
