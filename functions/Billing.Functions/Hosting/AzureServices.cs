namespace Billing.Functions.Hosting;

/// <summary>The services that hold everything in Azure. Their identity is the app's own; none has a key or secret.</summary>
/// <param name="Cosmos">BILLING_COSMOS: the account that holds the documents.</param>
/// <param name="Tables">BILLING_TABLES: the storage accounts that hold the claims, with commas between; the list and its order never change.</param>
/// <param name="Blobs">BILLING_BLOBS: the storage account that holds the archive.</param>
/// <param name="EventHubs">EVENTHUB__fullyQualifiedNamespace: the namespace of the event log; the trigger of the host reads the same setting.</param>
/// <param name="Hub">EVENTHUB_NAME: the event hub.</param>
public sealed record AzureServices(Uri Cosmos, IReadOnlyList<Uri> Tables, Uri Blobs, Uri EventHubs, string Hub)
{
    private static readonly string[] Names = ["BILLING_COSMOS", "BILLING_TABLES", "BILLING_BLOBS", "EVENTHUB__fullyQualifiedNamespace", "EVENTHUB_NAME"];

    /// <summary>Reads the settings; null when BILLING_COSMOS is not set. Errors: throws when another is missing or no address.</summary>
    public static AzureServices? From(IConfiguration configuration)
    {
        var values = Names.Select(n => configuration[n.Replace("__", ":", StringComparison.Ordinal)]?.Trim()).ToArray();
        if (string.IsNullOrEmpty(values[0])) return null;
        for (var i = 0; i < Names.Length; i++)
            if (string.IsNullOrEmpty(values[i])) throw new ArgumentException($"{Names[i]} is not set; with BILLING_COSMOS all of {string.Join(", ", Names)} are.");
        return new AzureServices(
            Address(Names[0], values[0]!), [.. values[1]!.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(t => Address(Names[1], t))],
            Address(Names[2], values[2]!), Address(Names[3], values[3]!.Contains("://", StringComparison.Ordinal) ? values[3]! : "https://" + values[3]), values[4]!);
    }

    private static Uri Address(string name, string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http" ? uri : throw new ArgumentException($"{name} is an address as https://…, not '{text}'.");
}
