using Billing.AzureStandIns.CosmosServer;
using Microsoft.AspNetCore.Builder;
using Microsoft.Azure.Cosmos;

namespace Billing.AzureStandIns;

/// <summary>All services that the product uses in Azure, on this machine, with their containers and tables as the templates make them.</summary>
public sealed class SimulatedAzure : IAsyncDisposable
{
    private const string EmulatorKey = "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGgyIPMbJqCeyPdTx9Mpl8eQ==";
    private readonly WebApplication cosmosApp;
    private readonly IReadOnlyList<Uri> claimAccounts;

    private SimulatedAzure(WebApplication cosmosApp, Uri cosmos, CosmosStandIn server, IReadOnlyList<Uri> claimAccounts, FaultyProxy blobs, EventHubsStandIn hub) =>
        (this.cosmosApp, CosmosAddress, Cosmos, this.claimAccounts, Tables, Blobs, Hub) = (cosmosApp, cosmos, server, claimAccounts, new FaultyProxy(claimAccounts[0]), blobs, hub);

    public Uri CosmosAddress { get; }

    public CosmosStandIn Cosmos { get; }

    /// <summary>All accounts of the claims, which are one process's.</summary>
    public FaultyProxy Tables { get; }

    public FaultyProxy Blobs { get; }

    public EventHubsStandIn Hub { get; }

    /// <summary>The app's settings, as the templates set them.</summary>
    public Dictionary<string, string> Settings => new()
    {
        ["BILLING_COSMOS"] = CosmosAddress.AbsoluteUri,
        ["BILLING_TABLES"] = string.Join(',', claimAccounts.Select(a => new Uri(Tables.Endpoint, a.AbsolutePath))),
        ["BILLING_BLOBS"] = Blobs.Endpoint.AbsoluteUri,
        ["EVENTHUB__fullyQualifiedNamespace"] = Hub.Endpoint.AbsoluteUri,
        ["EVENTHUB_NAME"] = Hub.Hub,
        ["EVENTHUB_CONSUMER_GROUP"] = "billing",
        ["BILLING_BILL_SCHEDULE"] = "0 * * * * *",
        ["BILLING_DELIVER_SCHEDULE"] = "*/15 * * * * *",
        ["BILLING_SWEEP_SCHEDULE"] = "0 30 * * * *",
        ["COSMOS_DISABLE_IMDS_ACCESS"] = "true",
    };

    /// <param name="partitions">Of the hub.</param>
    /// <param name="accounts">Storage accounts that share the claims; the first one has the blobs too.</param>
    public static async Task<SimulatedAzure> StartAsync(int partitions, int accounts = 1)
    {
        Environment.SetEnvironmentVariable("COSMOS_DISABLE_IMDS_ACCESS", "true");
        var azurite = await Azurite.RunningAsync();
        var storage = Enumerable.Range(0, accounts).Select(_ => azurite.NewAccount()).ToList();
        var (blobs, tables) = (storage[0].Blobs, storage.ConvertAll(a => a.Tables));
        var (cosmosApp, url, server) = await CosmosStandIn.StartAsync();
        var azure = new SimulatedAzure(cosmosApp, new Uri(url), server, tables, new FaultyProxy(blobs), new EventHubsStandIn("usage", partitions));
        await azure.Tables.StartAsync();
        await azure.Blobs.StartAsync();
        await azure.Hub.StartAsync();
        using var client = new CosmosClient(url, EmulatorKey, new CosmosClientOptions { ConnectionMode = ConnectionMode.Gateway, LimitToEndpoint = true });
        await ProvisionAsync(client);
        foreach (var account in tables) await Azurite.MakeTableAsync(account, "claims");
        await Azurite.MakeContainerAsync(blobs, "archive");
        return azure;
    }

    /// <summary>Makes the database and its containers as the templates do.</summary>
    public static async Task ProvisionAsync(CosmosClient client)
    {
        var database = (await client.CreateDatabaseAsync("billing")).Database;
        await database.CreateContainerAsync(new ContainerProperties("usage", ["/key", "/month"]));
        await database.CreateContainerAsync(new ContainerProperties("accounts", "/customerId"));
        await database.CreateContainerAsync(new ContainerProperties("catalog", ["/kind", "/ownerId"]));
    }

    public async ValueTask DisposeAsync()
    {
        await cosmosApp.DisposeAsync();
        await Tables.DisposeAsync();
        await Blobs.DisposeAsync();
        await Hub.DisposeAsync();
    }
}
