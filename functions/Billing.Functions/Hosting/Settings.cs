using Billing.UseCases.Cost;

namespace Billing.Functions.Hosting;

/// <summary>What is read from the environment (or <c>--NAME=value</c>) at start.</summary>
/// <param name="DataFolder">BILLING_DATA: where the embedded store lives, made when it is not there. Default: <c>.billing</c> in the working folder.</param>
/// <param name="ApiKey">BILLING_API_KEY: an admin key, accepted as it is and never stored; null for none.</param>
/// <param name="TestClock">BILLING_TEST_CLOCK=1: the clock can be set through the API.</param>
/// <param name="BehindDays">BILLING_BEHIND_DAYS: how many days late an event may come. Default: 400.</param>
/// <param name="LogPartitions">BILLING_LOG_PARTITIONS: partitions of the embedded log; may grow, never shrink. Default: 2.</param>
/// <param name="MaxBacklogMb">BILLING_MAX_BACKLOG_MB: megabytes (of 2^20 bytes) of events that may wait to be counted; past it ingest answers 429. Default: 2,048, some seven million events.</param>
/// <param name="PrivateWebhooks">BILLING_WEBHOOKS_PRIVATE=1: webhooks may go to addresses of this machine and of private networks.</param>
/// <param name="Prices">BILLING_PRICES: what Azure takes, for GET /v1/operations/cost; see <see cref="PriceTable.Read"/>.</param>
/// <param name="Azure">Where everything is kept in Azure; null for the embedded store.</param>
public sealed record Settings(
    string DataFolder, string? ApiKey, bool TestClock, int BehindDays, int LogPartitions, int MaxBacklogMb = 2_048, bool PrivateWebhooks = false, PriceTable? Prices = null, AzureServices? Azure = null)
{
    /// <summary>Reads the settings. Errors: throws on a switch other than 0 or 1, and on numbers out of bounds.</summary>
    public static Settings From(IConfiguration configuration) => new(
        Path.GetFullPath(Text(configuration, "BILLING_DATA") ?? ".billing"),
        // A reference that the platform could not resolve is text that anyone can guess.
        Text(configuration, "BILLING_API_KEY") is { } key && !key.StartsWith("@Microsoft.KeyVault(", StringComparison.OrdinalIgnoreCase) ? key : null,
        Switch(configuration, "BILLING_TEST_CLOCK"),
        Number(configuration, "BILLING_BEHIND_DAYS", 400, 1, 36_500),
        Number(configuration, "BILLING_LOG_PARTITIONS", 2, 1, 32),
        Number(configuration, "BILLING_MAX_BACKLOG_MB", 2_048, 1, 1_000_000),
        Switch(configuration, "BILLING_WEBHOOKS_PRIVATE"),
        Text(configuration, "BILLING_PRICES") is { } prices ? PriceTable.Read(prices) : null,
        AzureServices.From(configuration));

    /// <summary>The first argument that sets nothing: a BILLING_ setting that the help does not list, or an option without a value; null when there is none.</summary>
    /// <param name="args">As <c>--NAME=value</c>, <c>--NAME value</c>, or the same with one dash or a slash.</param>
    public static string? Unknown(IReadOnlyList<string> args)
    {
        for (var i = 0; i < args.Count; i++)
        {
            var name = args[i].TrimStart('-', '/').Split('=')[0];
            var ours = name.StartsWith("BILLING_", StringComparison.OrdinalIgnoreCase);
            var hasValue = args[i].Contains('=', StringComparison.Ordinal) || (i + 1 < args.Count && args[i + 1] is not ['-', ..]);
            if (!hasValue || (ours && !Greeting.Help.Contains(name + " ", StringComparison.OrdinalIgnoreCase))) return args[i];
            if (!args[i].Contains('=', StringComparison.Ordinal)) i++;
        }
        return null;
    }

    private static bool Switch(IConfiguration configuration, string name) => Text(configuration, name) switch
    {
        null or "0" => false,
        "1" => true,
        var other => throw new ArgumentException($"{name} is 0 or 1, not '{other}'."),
    };

    private static int Number(IConfiguration configuration, string name, int otherwise, int least, int most) =>
        Text(configuration, name) is not { } text ? otherwise
        : int.TryParse(text, out var number) && number >= least && number <= most ? number
        : throw new ArgumentException($"{name} is a whole number from {least} to {most}, not '{text}'.");

    private static string? Text(IConfiguration configuration, string name) =>
        configuration[name] is { } text && !string.IsNullOrWhiteSpace(text) ? text.Trim() : null;
}
