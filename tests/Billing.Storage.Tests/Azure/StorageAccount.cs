using Billing.AzureStandIns;

namespace Billing.Storage.Tests.Azure;

/// <summary>Containers and tables of the emulator, each with a name that no other test has.</summary>
internal static class StorageAccount
{
    private static readonly Lazy<Task<(Uri Blobs, Uri Tables)>> Account = new(async () => (await Azurite.RunningAsync()).NewAccount());
    private static int names;

    public static string NewName() => $"test{Interlocked.Increment(ref names)}x{Environment.ProcessId}";

    public static async Task<Uri> WithContainerAsync(string container)
    {
        var (blobs, _) = await Account.Value;
        await Azurite.MakeContainerAsync(blobs, container);
        return blobs;
    }

    public static async Task<Uri> WithTableAsync(string table)
    {
        var (_, tables) = await Account.Value;
        await Azurite.MakeTableAsync(tables, table);
        return tables;
    }
}
