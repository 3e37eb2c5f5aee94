using Billing.AzureStandIns;

namespace Billing.Storage.Tests.Azure;

/// <summary>Containers and tables of the emulator, each with a name that no other test has.</summary>
internal static class StorageAccount
{
    private static int names;

    public static string NewName() => $"test{Interlocked.Increment(ref names)}x{Environment.ProcessId}";

    public static async Task<Uri> WithContainerAsync(string container)
    {
        var azurite = await Azurite.RunningAsync();
        await azurite.MakeContainerAsync(container);
        return azurite.Blobs;
    }

    public static async Task<Uri> WithTableAsync(string table)
    {
        var azurite = await Azurite.RunningAsync();
        await azurite.MakeTableAsync(table);
        return azurite.Tables;
    }
}
