using System.Text;
using System.Text.Json.Nodes;

namespace Billing.AzureStandIns.CosmosServer;

/// <summary>What a request costs, in request units, as Cosmos DB documents it for small items with few indexed properties: 1 for a read of 1 KB, 5 for a write of 1 KB.</summary>
internal static class Charge
{
    private const double OfRead = 1;
    private const double OfWrite = 5;
    private const double OfQuery = 2.5;

    public static double Of(string method, bool isQuery, List<BatchOp>? batch, int requestBytes, object? answer)
    {
        if (batch is not null) return batch.Sum(op => OfWrite * Kilobytes(op.Body?.Length ?? 0));
        if (isQuery) return OfQuery + OfRead * Kilobytes(Bytes(answer));
        return method is "POST" or "PUT" or "PATCH" or "DELETE" ? OfWrite * Kilobytes(requestBytes) : OfRead * Kilobytes(Bytes(answer));
    }

    private static int Kilobytes(int bytes) => Math.Max(1, (bytes + 1_023) / 1_024);

    private static int Bytes(object? answer) => answer switch
    {
        null => 0,
        JsonNode node => Encoding.UTF8.GetByteCount(node.ToJsonString()),
        string text => Encoding.UTF8.GetByteCount(text),
        _ => 0,
    };
}
