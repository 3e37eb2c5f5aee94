using System.Globalization;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;

namespace Billing.Storage.Azure.Connecting;

/// <summary>Builds the way of a request to a REST service: retries, the service's headers, our identity.</summary>
internal static class RestPipeline
{
    /// <summary>What storage wants to be asked for.</summary>
    public const string StorageScope = "https://storage.azure.com/.default";

    /// <summary>What Event Hubs wants to be asked for.</summary>
    public const string EventHubsScope = "https://eventhubs.azure.net/.default";

    /// <summary>A pipeline that presents our identity; at an emulator, the given policy instead.</summary>
    /// <param name="endpoint">Of the service.</param>
    /// <param name="scope">Whom our identity is presented to.</param>
    /// <param name="emulator">Signs requests to an emulator; null for none.</param>
    /// <param name="count">Sees each try of a request; null for nobody.</param>
    /// <remarks>Errors: throws on an address without TLS that is not of this machine.</remarks>
    public static HttpPipeline Build(Uri endpoint, string scope, HttpPipelinePolicy? emulator, HttpPipelinePolicy? count = null)
    {
        var isEmulator = AzureAccess.IsEmulator(endpoint);
        if (endpoint.Scheme != Uri.UriSchemeHttps && !isEmulator) throw new ArgumentException($"The address of a service begins with https://, not '{endpoint}'.", nameof(endpoint));
        var options = new RestOptions();
        Patience.Apply(options);
        HttpPipelinePolicy[] signing = isEmulator ? emulator is null ? [] : [emulator] : [new BearerTokenAuthenticationPolicy(AzureAccess.Identity, scope)];
        return HttpPipelineBuilder.Build(options, count is null ? signing : [.. signing, count]);
    }

    /// <summary>A request to a path below an address; the path is escaped already.</summary>
    public static HttpMessage MessageTo(this HttpPipeline pipeline, RequestMethod method, Uri endpoint, string path, CancellationToken stop)
    {
        var message = pipeline.CreateMessage(new RequestContext { CancellationToken = stop });
        message.Request.Method = method;
        message.Request.Uri.Reset(endpoint);
        message.Request.Uri.AppendPath("/" + path, escape: false);
        return message;
    }

    /// <summary>The time of a request, as its <c>x-ms-date</c>: real time, whatever the billing clock says.</summary>
    public static string Date() => TimeProvider.System.GetUtcNow().ToString("R", CultureInfo.InvariantCulture);

    private sealed class RestOptions : ClientOptions;
}
