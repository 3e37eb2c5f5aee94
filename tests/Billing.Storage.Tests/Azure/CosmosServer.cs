using Billing.AzureStandIns;
using Billing.AzureStandIns.CosmosServer;
using Billing.Storage.Azure.Documents;
using Billing.UseCases.Cost;
using Microsoft.AspNetCore.Builder;
using Microsoft.Azure.Cosmos;

namespace Billing.Storage.Tests.Azure;

/// <summary>A Cosmos stand-in with the containers as the templates make them.</summary>
internal sealed class CosmosServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly string url;

    private CosmosServer(WebApplication app, string url, CosmosStandIn server) => (this.app, this.url, Server) = (app, url, server);

    public CosmosStandIn Server { get; }

    public static async Task<CosmosServer> StartAsync()
    {
        Environment.SetEnvironmentVariable("COSMOS_DISABLE_IMDS_ACCESS", "true");
        var (app, url, server) = await CosmosStandIn.StartAsync();
        var made = new CosmosServer(app, url, server);
        await SimulatedAzure.ProvisionAsync(made.Open().Database.Client);
        return made;
    }

    /// <summary>The store as another process opens it.</summary>
    public (CosmosDocumentStore Store, Database Database) Open(BilledUnits? units = null)
    {
        var database = CosmosAccount.Open(new Uri(url), units ?? new BilledUnits());
        return (new CosmosDocumentStore(database), database);
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();
}
