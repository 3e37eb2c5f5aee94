namespace Billing.AzureStandIns;

/// <summary>A Cosmos DB server that others wrote (npm's @vercel/cosmosdb-server), one for the whole process: a second opinion on what it can do.</summary>
public static class OtherCosmosServer
{
    private static readonly Lazy<Task<Uri>> Only = new(StartAsync);

    /// <summary>Where it listens, without TLS.</summary>
    public static Task<Uri> RunningAsync() => Only.Value;

    private static async Task<Uri> StartAsync()
    {
        var port = ThisMachine.FreePort();
        await NodeServer.StartAsync("@vercel/cosmosdb-server/lib/cli.js", ["--no-ssl", "--host", "127.0.0.1", "--port", $"{port}"], [port]);
        return new Uri($"http://127.0.0.1:{port}/");
    }
}
