using Azure.Core;
using Azure.Core.Pipeline;
using Billing.UseCases.Cost;

namespace Billing.Storage.Azure.Connecting;

/// <summary>Counts what a storage account bills: each try of a request that reaches it.</summary>
internal sealed class CountPolicy(BilledUnits units, Func<Request, BilledUnit?> unitOf) : HttpPipelineSynchronousPolicy
{
    /// <summary>Of Table storage: a transaction a request.</summary>
    public static CountPolicy OfTables(BilledUnits units) => new(units, _ => BilledUnit.TableTransactions);

    /// <summary>Of Blob storage: a put or a list is a write, a delete is free.</summary>
    public static CountPolicy OfBlobs(BilledUnits units) => new(units, request =>
        request.Method == RequestMethod.Delete ? null
        : request.Method == RequestMethod.Put || request.Uri.Query.Contains("comp=list", StringComparison.Ordinal) ? BilledUnit.BlobWrites
        : BilledUnit.BlobReads);

    public override void OnReceivedResponse(HttpMessage message)
    {
        if (unitOf(message.Request) is { } unit) units.Add(unit);
    }
}
