using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Billing.Storage.Azure.Connecting;

namespace Billing.Storage.Azure.Claims;

/// <summary>The body of an entity group transaction, and what its answer says.</summary>
internal static partial class TableBatch
{
    /// <summary>Writes in one transaction, at most.</summary>
    public const int MaxWrites = 100;

    public static (string Boundary, ReadOnlyMemory<byte> Body) Write(string tableUri, IReadOnlyList<TableWrite> writes)
    {
        var id = RandomNumberGenerator.GetHexString(32, lowercase: true);
        var body = new MemoryStream(writes.Count * 700);
        Line(body, $"--batch_{id}");
        Line(body, $"Content-Type: multipart/mixed; boundary=changeset_{id}");
        Line(body, "");
        foreach (var write in writes)
        {
            Line(body, $"--changeset_{id}");
            Line(body, "Content-Type: application/http");
            Line(body, "Content-Transfer-Encoding: binary");
            Line(body, "");
            var row = $"{tableUri}(PartitionKey='{write.Row.PartitionKey}',RowKey='{write.Row.RowKey}')";
            Line(body, write switch
            {
                { ETag: null } => $"POST {tableUri} HTTP/1.1",
                { Delete: true } => $"DELETE {row} HTTP/1.1",
                _ => $"PUT {row} HTTP/1.1",
            });
            Line(body, "Content-Type: application/json");
            Line(body, "Accept: application/json;odata=minimalmetadata");
            Line(body, "Prefer: return-no-content");
            Line(body, "DataServiceVersion: 3.0;");
            if (write.ETag is { } etag) Line(body, $"If-Match: {etag}");
            Line(body, "");
            if (!write.Delete)
            {
                using (var json = new Utf8JsonWriter(body)) write.Row.Write(json);
                Line(body, "");
            }
        }
        Line(body, $"--changeset_{id}--");
        Line(body, $"--batch_{id}--");
        return ($"batch_{id}", body.GetBuffer().AsMemory(0, (int)body.Length));
    }

    /// <summary>The index of the first write that failed on what is there; null when all were done.</summary>
    /// <exception cref="TransientFaultException">The service had no time for it; nothing was done.</exception>
    /// <exception cref="InvalidOperationException">The service refused it for another reason; nothing was done.</exception>
    public static int? ReadConflict(string answer, int writes)
    {
        var bad = Status().Matches(answer).Select(m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture)).FirstOrDefault(s => s >= 300);
        if (bad == 0) return null;
        var refused = new InvalidOperationException($"Table storage refused a transaction of {writes} rows with {bad}: {answer[..Math.Min(answer.Length, 1_000)]}");
        if (Patience.IsTransient((HttpStatusCode)bad)) throw new TransientFaultException(refused);
        if (bad is not (404 or 409 or 412)) throw refused;
        // The message begins with the index of the write; of a single one it may not.
        var index = Index().Match(answer);
        return index.Success ? int.Parse(index.Groups[1].Value, CultureInfo.InvariantCulture) : 0;
    }

    private static void Line(MemoryStream body, string line)
    {
        body.Write(Encoding.UTF8.GetBytes(line));
        body.Write("\r\n"u8);
    }

    [GeneratedRegex(@"HTTP/1\.1 (\d{3})")]
    private static partial Regex Status();

    [GeneratedRegex("\"value\":\"(\\d{1,3}):")]
    private static partial Regex Index();
}
