using Billing.UseCases.Documents;

namespace Billing.UseCases.Metering;

/// <summary>The keys that usage came for (catalog, kind "subject"), written when a key gets its first window.</summary>
public sealed class KnownKeys(IDocumentStore documents)
{
    public const string Kind = "subject";

    private const int MaxRemembered = 100_000;
    private readonly HashSet<string> known = [];

    /// <summary>Makes sure each key is listed; safe to repeat.</summary>
    public async Task AddAsync(IEnumerable<string> keys, CancellationToken stop)
    {
        List<string> unknown;
        lock (known) unknown = [.. keys.Where(k => k != WindowNames.Total && !known.Contains(k)).Distinct()];
        if (unknown.Count == 0) return;
        await Task.WhenAll(unknown.Select(k => AddAsync(k, stop)));
        lock (known)
        {
            if (known.Count > MaxRemembered) known.Clear();
            known.UnionWith(unknown);
        }
    }

    /// <summary>Keys as producers sent them, a page in a stable order.</summary>
    public async Task<(IReadOnlyList<string> Keys, string? Next)> ListAsync(string? after, int limit, CancellationToken stop)
    {
        var page = await documents.OfKindAsync(Container.Catalog, Kind, after, limit, stop);
        return ([.. page.Items.Select(i => i.Document.Place.Second)], page.Next);
    }

    public void Clear()
    {
        lock (known) known.Clear();
    }

    private async Task AddAsync(string key, CancellationToken stop)
    {
        var place = new Place(Container.Catalog, Kind, key[2..]);
        await documents.CommitAsync(place, [new Write.Create(new Document(place, Kind, Kind, "{}"u8.ToArray()))], stop);
    }
}
