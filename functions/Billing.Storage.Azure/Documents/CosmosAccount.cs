using Billing.Storage.Azure.Connecting;
using Billing.UseCases.Cost;
using Microsoft.Azure.Cosmos;

namespace Billing.Storage.Azure.Documents;

/// <summary>Opens the Cosmos account.</summary>
public static class CosmosAccount
{
    /// <summary>The database that holds the containers.</summary>
    public const string DatabaseName = "billing";

    // As the client library sets up its own.
    private const int MaxConnections = 50;
    private static readonly TimeSpan ConnectionLife = TimeSpan.FromMinutes(5);

    private const string LocalPlanner = "AZURE_COSMOS_USE_QUERY_PLAN_INTEROP_LINUX";

    /// <summary>The database, over HTTPS on port 443 (gateway mode: it works through any network, and needs few connections). Nothing is asked of the account yet.</summary>
    /// <remarks>Errors: throws on an address without TLS that is not of this machine.</remarks>
    public static Database Open(Uri endpoint, BilledUnits units)
    {
        if (endpoint.Scheme != Uri.UriSchemeHttps && !AzureAccess.IsEmulator(endpoint))
            throw new ArgumentException($"The Cosmos account's address begins with https://, not '{endpoint}'.", nameof(endpoint));
        // Queries are planned in this process, not by a request each.
        if (Environment.GetEnvironmentVariable(LocalPlanner) is null) Environment.SetEnvironmentVariable(LocalPlanner, "true");
        var options = new CosmosClientOptions
        {
            ApplicationName = "billing",
            ConnectionMode = ConnectionMode.Gateway,
            // An emulator's account names addresses that may be another's.
            LimitToEndpoint = AzureAccess.IsEmulator(endpoint),
            HttpClientFactory = () => new HttpClient(new ChargeMeter(units, new SocketsHttpHandler { PooledConnectionLifetime = ConnectionLife, MaxConnectionsPerServer = MaxConnections })),
            RequestTimeout = Patience.OneTry,
            MaxRetryAttemptsOnRateLimitedRequests = 9,
            MaxRetryWaitTimeOnRateLimitedRequests = TimeSpan.FromSeconds(30),
            CosmosClientTelemetryOptions = new CosmosClientTelemetryOptions { DisableSendingMetricsToService = true },
        };
        var client = AzureAccess.IsEmulator(endpoint)
            ? new CosmosClient(endpoint.AbsoluteUri, AzureAccess.EmulatorCosmosKey, options)
            : new CosmosClient(endpoint.AbsoluteUri, AzureAccess.Identity, options);
        return client.GetDatabase(DatabaseName);
    }
}
