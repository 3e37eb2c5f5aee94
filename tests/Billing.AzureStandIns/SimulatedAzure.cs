using Billing.AzureStandIns.CosmosServer;
using Microsoft.AspNetCore.Builder;
using Microsoft.Azure.Cosmos;

namespace Billing.AzureStandIns;

/// <summary>All services that the product uses in Azure, on this machine, with their containers and tables as the templates make them.</summary>
public sealed class SimulatedAzure : IAsyncDisposable
{
    private const string EmulatorKey = "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGgyIPMbJqCeyPdTx9Mpl8eQ==";
    private readonly WebApplication cosmosApp;

    private SimulatedAzure(WebApplication cosmosApp, Uri cosmos, CosmosStandIn server, FaultyProxy tables, FaultyProxy blobs, EventHubsStandIn hub) =>
        (this.cosmosApp, CosmosAddress, Cosmos, Tables, Blobs, Hub) = (cosmosApp, cosmos, server, tables, blobs, hub);

    public Uri CosmosAddress { get; }

    public CosmosStandIn Cosmos { get; }

    public FaultyProxy Tables { get; }

    public FaultyProxy Blobs { get; }

    public EventHubsStandIn Hub { get; }

    /// <summary>The app's settings, as the templates set them.</summary>
    public Dictionary<string, string> Settings => new()
    {
        ["BILLING_COSMOS"] = CosmosAddress.AbsoluteUri,
        ["BILLING_TABLES"] = Tables.Endpoint.AbsoluteUri,
        ["BILLING_BLOBS"] = Blobs.Endpoint.AbsoluteUri,
        ["EVENTHUB__fullyQualifiedNamespace"] = Hub.Endpoint.AbsoluteUri,
        ["EVENTHUB_NAME"] = Hub.Hub,
        ["EVENTHUB_CONSUMER_GROUP"] = "billing",
        ["BILLING_BILL_SCHEDULE"] = "0 * * * * *",
        ["BILLING_DELIVER_SCHEDULE"] = "*/15 * * * * *",
        ["BILLING_SWEEP_SCHEDULE"] = "0 30 * * * *",
        ["COSMOS_DISABLE_IMDS_ACCESS"] = "true",
    };

    public static async Task<SimulatedAzure> StartAsync(int partitions)
    {
        Environment.SetEnvironmentVariable("COSMOS_DISABLE_IMDS_ACCESS", "true");
        var (blobs, tables) = (await Azurite.RunningAsync()).NewAccount();
        var (cosmosApp, url, server) = await CosmosStandIn.StartAsync();
        var azure = new SimulatedAzure(cosmosApp, new Uri(url), server, new FaultyProxy(tables), new FaultyProxy(blobs), new EventHubsStandIn("usage", partitions));
        await azure.Tables.StartAsync();
        await azure.Blobs.StartAsync();
        await azure.Hub.StartAsync();
        using var client = new CosmosClient(url, EmulatorKey, new CosmosClientOptions { ConnectionMode = ConnectionMode.Gateway, LimitToEndpoint = true });
        await ProvisionAsync(client);
        await Azurite.MakeTableAsync(tables, "claims");
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
