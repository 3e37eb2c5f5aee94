using System.Security.Cryptography;
using System.Text;
using Azure.Core;
using Azure.Core.Pipeline;

namespace Billing.Storage.Azure.Connecting;

/// <summary>Signs requests to an account of the storage emulator with its well-known key ("Shared Key" of the storage services' REST documentation).</summary>
/// <param name="forTables">Tables sign less than blobs.</param>
internal sealed class EmulatorKeyPolicy(bool forTables) : HttpPipelineSynchronousPolicy
{
    private static readonly byte[] Key = Convert.FromBase64String(AzureAccess.EmulatorStorageKey);
    private static readonly string[] Signed =
        ["Content-Encoding", "Content-Language", "Content-Length", "Content-MD5", "Content-Type", "Date", "If-Modified-Since", "If-Match", "If-None-Match", "If-Unmodified-Since", "Range"];

    public override void OnSendingRequest(HttpMessage message)
    {
        var request = message.Request;
        request.Headers.SetValue("x-ms-date", RestPipeline.Date());
        var text = forTables ? OfTable(request) : OfBlob(request);
        request.Headers.SetValue("Authorization", $"SharedKey {Account(request)}:{Convert.ToBase64String(HMACSHA256.HashData(Key, Encoding.UTF8.GetBytes(text)))}");
    }

    private static string OfTable(Request request)
    {
        var comp = QueryOf(request).FirstOrDefault(q => q.Name == "comp");
        return $"{request.Method.Method}\n\n{Header(request, "Content-Type")}\n{Header(request, "x-ms-date")}\n{Resource(request)}{(comp.Name is null ? "" : $"?comp={comp.Value}")}";
    }

    private static string OfBlob(Request request)
    {
        var text = new StringBuilder(request.Method.Method).Append('\n');
        foreach (var name in Signed) text.Append(name == "Content-Length" && Header(request, name) == "0" ? "" : Header(request, name)).Append('\n');
        foreach (var header in request.Headers.Where(h => h.Name.StartsWith("x-ms-", StringComparison.OrdinalIgnoreCase)).OrderBy(h => h.Name, StringComparer.OrdinalIgnoreCase))
            text.Append(header.Name.ToLowerInvariant()).Append(':').Append(header.Value).Append('\n');
        text.Append(Resource(request));
        foreach (var (name, value) in QueryOf(request).OrderBy(q => q.Name, StringComparer.Ordinal)) text.Append('\n').Append(name).Append(':').Append(value);
        return text.ToString();
    }

    private static string Resource(Request request) => $"/{Account(request)}{request.Uri.ToUri().AbsolutePath}";

    // An emulator's accounts are the first segment of its paths.
    private static string Account(Request request) => request.Uri.ToUri().AbsolutePath.Split('/', 3)[1];

    private static string Header(Request request, string name) => request.Headers.TryGetValue(name, out var value) ? value : "";

    private static IEnumerable<(string Name, string Value)> QueryOf(Request request) =>
        request.Uri.ToUri().Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(part => part.Split('=', 2)).Select(pair => (Uri.UnescapeDataString(pair[0]), Uri.UnescapeDataString(pair.Length > 1 ? pair[1] : "")));
}
