using System.Globalization;
using System.Security.Cryptography;
using System.Xml.Linq;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Billing.Storage.Azure.Connecting;
using Billing.UseCases.Cost;

namespace Billing.Storage.Azure.Metering;

/// <summary>One container of Blob storage, over REST: what an official client of Blob storage would replace.</summary>
/// <param name="endpoint">Of the account, as <c>https://{account}.blob.core.windows.net</c>.</param>
/// <param name="container">Its name; provisioning makes it.</param>
/// <param name="units">Takes what is billed.</param>
internal sealed class BlobContainer(Uri endpoint, string container, BilledUnits units)
{
    private const string Version = "2023-11-03";
    private readonly HttpPipeline pipeline = RestPipeline.Build(endpoint, RestPipeline.StorageScope, new EmulatorKeyPolicy(forTables: false), CountPolicy.OfBlobs(units));

    /// <summary>Stores a blob unless its name is taken; false when it was.</summary>
    public async Task<bool> CreateAsync(string name, ReadOnlyMemory<byte> content, CancellationToken stop)
    {
        // A put that is repeated after a lost answer meets itself: its tag tells.
        var tag = RandomNumberGenerator.GetHexString(16, lowercase: true);
        using var message = Message(RequestMethod.Put, name, stop);
        message.Request.Headers.Add("x-ms-blob-type", "BlockBlob");
        message.Request.Headers.Add("x-ms-meta-put", tag);
        message.Request.Headers.Add("If-None-Match", "*");
        message.Request.Headers.Add("Content-Length", content.Length.ToString(CultureInfo.InvariantCulture));
        message.Request.Content = RequestContent.Create(content);
        await pipeline.SendAsync(message, stop);
        if (message.Response.Status == 201) return true;
        if (message.Response.Status is not (409 or 412)) throw new RequestFailedException(message.Response);
        using var look = Message(RequestMethod.Head, name, stop);
        await pipeline.SendAsync(look, stop);
        return look.Response.Headers.TryGetValue("x-ms-meta-put", out var put) && put == tag;
    }

    /// <summary>The blob; null when it is not there.</summary>
    public async Task<ReadOnlyMemory<byte>?> ReadAsync(string name, CancellationToken stop)
    {
        using var message = Message(RequestMethod.Get, name, stop);
        await pipeline.SendAsync(message, stop);
        return message.Response.Status switch
        {
            200 => message.Response.Content.ToMemory(),
            404 => default(ReadOnlyMemory<byte>?),
            _ => throw new RequestFailedException(message.Response),
        };
    }

    public async Task DeleteAsync(string name, CancellationToken stop)
    {
        using var message = Message(RequestMethod.Delete, name, stop);
        await pipeline.SendAsync(message, stop);
        if (message.Response.Status is not (202 or 404)) throw new RequestFailedException(message.Response);
    }

    /// <summary>A page of names with a prefix, in ordinal order, and the marker of the next page (null at the end).</summary>
    public async Task<(IReadOnlyList<string> Names, string? Next)> ListAsync(string prefix, string? marker, CancellationToken stop)
    {
        using var message = Message(RequestMethod.Get, null, stop);
        var uri = message.Request.Uri;
        uri.AppendQuery("restype", "container");
        uri.AppendQuery("comp", "list");
        if (prefix.Length > 0) uri.AppendQuery("prefix", prefix);
        if (marker is not null) uri.AppendQuery("marker", marker);
        await pipeline.SendAsync(message, stop);
        if (message.Response.Status != 200) throw new RequestFailedException(message.Response);
        var list = XElement.Load(message.Response.Content.ToStream());
        return ([.. list.Element("Blobs")!.Elements("Blob").Select(b => b.Element("Name")!.Value)], list.Element("NextMarker")?.Value is { Length: > 0 } next ? next : null);
    }

    private HttpMessage Message(RequestMethod method, string? blob, CancellationToken stop)
    {
        var message = pipeline.MessageTo(method, endpoint, $"{container}{(blob is null ? "" : "/" + Uri.EscapeDataString(blob))}", stop);
        message.Request.Headers.Add("x-ms-version", Version);
        message.Request.Headers.SetValue("x-ms-date", RestPipeline.Date());
        return message;
    }
}
