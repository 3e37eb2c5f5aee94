using Billing.UseCases.Documents;

namespace Billing.UseCases.Metering;

/// <summary>The logs (catalog, kind "log", one document a log).</summary>
public sealed class LogRegistry(IDocumentStore documents)
{
    public const string Kind = "log";

    /// <summary>Every log, closed ones too, in order of registration.</summary>
    public async Task<IReadOnlyList<RegisteredLog>> AllAsync(CancellationToken stop)
    {
        var all = new List<RegisteredLog>();
        for (string? next = null; ;)
        {
            var page = await documents.OfKindAsync(Container.Catalog, Kind, next, 100, stop);
            all.AddRange(page.Items.Select(i => i.Value<RegisteredLog>()));
            if ((next = page.Next) is null) break;
        }
        return [.. all.OrderBy(l => l.OpenedAt).ThenBy(l => l.Id, StringComparer.Ordinal)];
    }

    /// <summary>One log, strongly read; null when it is not registered.</summary>
    public async Task<(RegisteredLog Log, string ETag)?> ReadAsync(string id, CancellationToken stop) =>
        await documents.FindAsync<RegisteredLog>(PlaceOf(id), Kind, stop) is { } found ? (found.Value, found.ETag) : null;

    /// <summary>Creates (no ETag) or replaces; answers the new ETag, or null on a conflict.</summary>
    public async Task<string?> TryWriteAsync(RegisteredLog log, string? etag, CancellationToken stop)
    {
        var document = DocumentOf(log);
        var result = await documents.CommitAsync(document.Place, [etag is null ? new Write.Create(document) : new Write.Replace(document, etag)], stop);
        return result.Done ? result.ETags[0] : null;
    }

    internal static Document DocumentOf(RegisteredLog log) => PlaceOf(log.Id).Keep(Kind, Kind, log);

    private static Place PlaceOf(string id) => new(Container.Catalog, Kind, id);
}
