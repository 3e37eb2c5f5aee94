using System.Collections.Concurrent;
using Billing.Domain.Metering;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>A meter with its names and life: a billable metric to one API, a meter to the other.</summary>
public sealed record MeterDocument
{
    public required Meter Meter { get; init; }

    public required string Name { get; init; }

    /// <summary>OpenMeter's key; unique among meters that are not archived.</summary>
    public required string Slug { get; init; }

    public string? Description { get; init; }

    public IReadOnlyDictionary<string, string> CustomFields { get; init; } = new Dictionary<string, string>();

    public required Instant CreatedAt { get; init; }

    public Instant UpdatedAt { get; init; }

    /// <summary>It is listed no longer; what uses it goes on counting.</summary>
    public Instant? ArchivedAt { get; init; }

    /// <summary>How the events before it are being counted; done when null.</summary>
    public MeterFill? Fill { get; init; }
}

/// <summary>The job that folds the archive into a new meter.</summary>
/// <param name="Done">By log partition: the last archived sequence folded; no entry: not begun.</param>
/// <param name="Events">Events read so far.</param>
public sealed record MeterFill(IReadOnlyDictionary<string, long> Done, long Events);

/// <summary>The meters (catalog, kind "meter", one partition each).</summary>
public sealed class MeterCatalog(IDocumentStore documents)
{
    public const string Kind = "meter";

    // Definitions never change, so what was once found may be kept.
    private readonly ConcurrentDictionary<string, Meter> definitions = new();
    private readonly ConcurrentDictionary<string, Meter> filled = new();
    private readonly ParsedDocuments<MeterDocument> parsed = new(StoredJson.Read<MeterDocument>);

    /// <summary>The meter with its ETag, strongly read; null when there is none.</summary>
    public async Task<(MeterDocument Meter, string ETag)?> ReadAsync(string id, CancellationToken stop)
    {
        if (!DocumentId.IsValid(id)) return null;
        var stored = await documents.ReadAsync(PlaceOf(id), Kind, stop);
        return stored is null ? null : (parsed.Of(stored), stored.ETag);
    }

    /// <summary>The definition, or null when the catalog has no such meter.</summary>
    public async Task<Meter?> DefinitionAsync(string id, CancellationToken stop)
    {
        if (definitions.TryGetValue(id, out var known)) return known;
        if (await ReadAsync(id, stop) is not { } read) return null;
        return definitions[id] = read.Meter.Meter;
    }

    /// <summary>The definition once all events before the meter are counted, which they then are for ever; null until then.</summary>
    /// <remarks>Errors: throws <see cref="InvalidOperationException"/> when the catalog has no such meter.</remarks>
    public async Task<Meter?> FilledAsync(string id, CancellationToken stop)
    {
        if (filled.TryGetValue(id, out var known)) return known;
        if (await ReadAsync(id, stop) is not { } read) throw new InvalidOperationException($"There is no metric {id}.");
        return read.Meter.Fill is null ? filled[id] = read.Meter.Meter : null;
    }

    /// <summary>All meters, archived ones included, oldest first.</summary>
    public async Task<IReadOnlyList<MeterDocument>> AllAsync(CancellationToken stop)
    {
        var all = new List<MeterDocument>();
        for (string? next = null; ;)
        {
            var page = await documents.OfKindAsync(Container.Catalog, Kind, next, 500, stop);
            all.AddRange(page.Items.Select(StoredJson.Read<MeterDocument>));
            if ((next = page.Next) is null) break;
        }
        return [.. all.OrderBy(m => m.CreatedAt).ThenBy(m => m.Meter.Id, StringComparer.Ordinal)];
    }

    /// <summary>Creates (no ETag) or replaces; false on a conflict. A meter that is filling is due at once.</summary>
    public async Task<bool> TryWriteAsync(MeterDocument meter, string? etag, CancellationToken stop)
    {
        var document = new Document(PlaceOf(meter.Meter.Id), Kind, Kind, StoredJson.Write(meter), meter.Fill is null ? null : meter.CreatedAt);
        return (await documents.CommitAsync(document.Place, [etag is null ? new Write.Create(document) : new Write.Replace(document, etag)], stop)).Done;
    }

    /// <summary>Forgets what is cached, after a reset.</summary>
    public void Clear()
    {
        definitions.Clear();
        filled.Clear();
    }

    internal static Place PlaceOf(string id) => new(Container.Catalog, Kind, id);
}
