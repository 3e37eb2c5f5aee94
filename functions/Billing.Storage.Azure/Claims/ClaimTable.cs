using System.Text.Json;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Billing.Storage.Azure.Connecting;
using Billing.UseCases.Cost;

namespace Billing.Storage.Azure.Claims;

/// <summary>One write of an entity group transaction.</summary>
/// <param name="Row">The entity.</param>
/// <param name="ETag">Null: insert, which fails when the row is there; else replace or delete of this version.</param>
/// <param name="Delete">Deletes instead of replacing.</param>
internal sealed record TableWrite(ClaimRow Row, string? ETag, bool Delete = false);

/// <summary>Where a query goes on, as the service says it.</summary>
internal sealed record TableCursor(string Partition, string Row);

/// <summary>One table of Table storage, over REST: what an official client of Table storage would replace.</summary>
/// <param name="endpoint">Of the account, as <c>https://{account}.table.core.windows.net</c>.</param>
/// <param name="table">Its name; provisioning makes it.</param>
/// <param name="units">Takes what is billed.</param>
internal sealed class ClaimTable(Uri endpoint, string table, BilledUnits units)
{
    private const string Version = "2019-02-02";
    private const string Json = "application/json;odata=minimalmetadata";
    private readonly HttpPipeline pipeline = RestPipeline.Build(endpoint, RestPipeline.StorageScope, new EmulatorKeyPolicy(forTables: true), CountPolicy.OfTables(units));
    private readonly string root = endpoint.AbsoluteUri.TrimEnd('/');

    /// <summary>Does all writes or none; answers the index of the first that failed on what is there, or null. Bounds: 1 to 100 writes, one partition, each row once.</summary>
    public Task<int?> CommitAsync(IReadOnlyList<TableWrite> writes, CancellationToken stop)
    {
        // The emulator takes what the service refuses.
        if (writes.Count is 0 or > TableBatch.MaxWrites || writes.Any(w => w.Row.PartitionKey != writes[0].Row.PartitionKey) || writes.Select(w => w.Row.RowKey).Distinct().Count() < writes.Count)
            throw new ArgumentException($"A transaction has 1 to {TableBatch.MaxWrites} rows of one partition, each once.", nameof(writes));
        return Patience.RunAsync(
            async token =>
            {
                var (boundary, body) = TableBatch.Write($"{root}/{table}", writes);
                using var message = Message(RequestMethod.Post, "$batch", token);
                message.Request.Headers.Add("Content-Type", $"multipart/mixed; boundary={boundary}");
                message.Request.Content = RequestContent.Create(body);
                await pipeline.SendAsync(message, token);
                if (message.Response.Status != 202) throw new RequestFailedException(message.Response);
                return TableBatch.ReadConflict(message.Response.Content.ToString(), writes.Count);
            }, stop);
    }

    /// <summary>The row with its ETag; null when it is not there.</summary>
    public async Task<(ClaimRow Row, string ETag)?> ReadAsync(string partitionKey, string rowKey, CancellationToken stop)
    {
        using var message = Message(RequestMethod.Get, $"{table}(PartitionKey='{partitionKey}',RowKey='{rowKey}')", stop);
        await pipeline.SendAsync(message, stop);
        if (message.Response.Status == 404) return null;
        if (message.Response.Status != 200) throw new RequestFailedException(message.Response);
        using var entity = JsonDocument.Parse(message.Response.Content);
        return (ClaimRow.Read(entity.RootElement), entity.RootElement.GetProperty("odata.etag").GetString()!);
    }

    /// <summary>The rows that fit a filter, in order of their keys, page by page.</summary>
    public async IAsyncEnumerable<IReadOnlyList<(ClaimRow Row, string ETag)>> QueryAsync(string filter, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
    {
        TableCursor? next = null;
        do
        {
            (var rows, next) = await PageAsync(filter, next, stop);
            yield return rows;
        }
        while (next is not null);
    }

    /// <summary>One page of the rows that fit a filter (null: of all), and where to go on.</summary>
    public async Task<(IReadOnlyList<(ClaimRow Row, string ETag)> Rows, TableCursor? Next)> PageAsync(string? filter, TableCursor? from, CancellationToken stop)
    {
        using var message = Message(RequestMethod.Get, $"{table}()", stop);
        if (filter is not null) message.Request.Uri.AppendQuery("$filter", filter);
        if (from is not null)
        {
            message.Request.Uri.AppendQuery("NextPartitionKey", from.Partition);
            message.Request.Uri.AppendQuery("NextRowKey", from.Row);
        }
        await pipeline.SendAsync(message, stop);
        if (message.Response.Status != 200) throw new RequestFailedException(message.Response);
        var next = message.Response.Headers.TryGetValue("x-ms-continuation-NextPartitionKey", out var partition)
            ? new TableCursor(partition, message.Response.Headers.TryGetValue("x-ms-continuation-NextRowKey", out var row) ? row : "")
            : null;
        using var page = JsonDocument.Parse(message.Response.Content);
        return ([.. page.RootElement.GetProperty("value").EnumerateArray().Select(e => (ClaimRow.Read(e), e.GetProperty("odata.etag").GetString()!))], next);
    }

    private HttpMessage Message(RequestMethod method, string path, CancellationToken stop)
    {
        var message = pipeline.MessageTo(method, endpoint, path, stop);
        message.Request.Headers.Add("x-ms-version", Version);
        message.Request.Headers.SetValue("x-ms-date", RestPipeline.Date());
        message.Request.Headers.Add("DataServiceVersion", "3.0;NetFx");
        message.Request.Headers.Add("MaxDataServiceVersion", "3.0;NetFx");
        message.Request.Headers.Add("Accept", Json);
        return message;
    }
}
