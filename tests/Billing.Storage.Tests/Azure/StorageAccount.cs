using Azure.Core;
using Billing.AzureStandIns;
using Billing.Storage.Azure.Connecting;

namespace Billing.Storage.Tests.Azure;

/// <summary>Makes containers and tables in the emulator, as the templates make them in an account.</summary>
internal static class StorageAccount
{
    private static int names;

    /// <summary>A name that no other test has.</summary>
    public static string NewName() => $"test{Interlocked.Increment(ref names)}x{Environment.ProcessId}";

    public static async Task<Uri> WithContainerAsync(string container)
    {
        var endpoint = (await Azurite.RunningAsync()).Blobs;
        await SendAsync(endpoint, forTables: false, RequestMethod.Put, $"/{container}", "restype=container", null);
        return endpoint;
    }

    public static async Task<Uri> WithTableAsync(string table)
    {
        var endpoint = (await Azurite.RunningAsync()).Tables;
        await SendAsync(endpoint, forTables: true, RequestMethod.Post, "/Tables", "", $$"""{"TableName":"{{table}}"}""");
        return endpoint;
    }

    private static async Task SendAsync(Uri endpoint, bool forTables, RequestMethod method, string path, string query, string? json)
    {
        var pipeline = RestPipeline.Build(endpoint, RestPipeline.StorageScope, new EmulatorKeyPolicy(forTables));
        using var message = pipeline.CreateMessage();
        message.Request.Method = method;
        message.Request.Uri.Reset(endpoint);
        message.Request.Uri.AppendPath(path, escape: false);
        if (query.Length > 0) message.Request.Uri.Query = "?" + query;
        message.Request.Headers.Add("x-ms-version", "2019-02-02");
        message.Request.Headers.Add("x-ms-date", RestPipeline.Date());
        message.Request.Headers.Add("Accept", "application/json;odata=nometadata");
        if (json is not null)
        {
            message.Request.Headers.Add("Content-Type", "application/json");
            message.Request.Content = RequestContent.Create(BinaryData.FromString(json));
        }
        await pipeline.SendAsync(message, CancellationToken.None);
        if (message.Response.Status is not (201 or 204)) throw new InvalidOperationException($"{path} was answered with {message.Response.Status}.");
    }
}
