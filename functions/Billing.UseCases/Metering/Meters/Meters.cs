using Billing.Domain.Metering;
using Billing.Domain.Values;
using Billing.UseCases.CustomFields;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>What a new meter shall be.</summary>
/// <param name="Slug">OpenMeter's key; null: the id.</param>
public sealed record NewMeter(
    string Name,
    string? Slug,
    string? Description,
    Aggregation Aggregation,
    IReadOnlyList<string>? EventTypes,
    IReadOnlyList<string>? NotEventTypes,
    IReadOnlyList<PropertyFilter> Filters,
    PropertyPath? Value,
    IReadOnlyList<IReadOnlyList<Dimension>> Groupings,
    IReadOnlyDictionary<string, string> CustomFields)
{
    /// <summary>See <see cref="Meter.BucketSize"/>.</summary>
    public BucketSize? BucketSize { get; init; }

    /// <summary>See <see cref="Meter.EventBounds"/>.</summary>
    public EventBounds? EventBounds { get; init; }
}

/// <summary>Creates, finds, renames and archives meters.</summary>
public sealed class Meters(IDocumentStore documents, MeterCatalog catalog, FillMeters fill, IClock clock)
{
    /// <summary>Dimensions one grouping may have.</summary>
    public const int MaxDimensions = 20;

    /// <summary>Groupings one meter may have.</summary>
    public const int MaxGroupings = 20;

    private const string SlugKind = "meter-slug";

    private readonly FieldRules fields = new(documents, clock);

    /// <summary>Creates the meter and tells the log, so that it counts every event from here on; what came before is filled in by a job.</summary>
    public async Task<Outcome<MeterDocument>> CreateAsync(NewMeter wanted, IdSource ids, CancellationToken stop)
    {
        if (Check(wanted) is { } refusal) return refusal;
        var id = ids.New();
        if (ids.Derived && await catalog.ReadAsync(id, stop) is { } there) return await MarkedAsync(there.Meter, stop);
        var slug = wanted.Slug ?? id;
        if (await fields.AdmitAsync([new WantedFields(FieldEntity.BillableMetric, id, wanted.CustomFields)], stop) is { } wrong) return wrong;
        if (await ClaimSlugAsync(slug, id, stop) is { } taken) return taken;
        var now = clock.GetCurrentInstant();
        var meter = new MeterDocument
        {
            Meter = new Meter(id, wanted.Aggregation, wanted.EventTypes, wanted.NotEventTypes, wanted.Filters, wanted.Value, wanted.Groupings) { BucketSize = wanted.BucketSize, EventBounds = wanted.EventBounds },
            Name = wanted.Name,
            Slug = slug,
            Description = wanted.Description,
            CustomFields = wanted.CustomFields,
            CreatedAt = now,
            UpdatedAt = now,
            Fill = new MeterFill(new Dictionary<string, long>(), 0),
        };
        await catalog.TryWriteAsync(meter, null, stop);
        return await MarkedAsync(meter, stop);
    }

    /// <summary>By id, or by the slug of a meter that is not archived.</summary>
    public async Task<Outcome<MeterDocument>> FindAsync(string idOrSlug, CancellationToken stop)
    {
        if (await catalog.ReadAsync(idOrSlug, stop) is { } byId) return byId.Meter;
        if (await documents.ReadAsync(SlugPlace(idOrSlug), SlugKind, stop) is { } claim
            && await catalog.ReadAsync(StoredJson.Read<SlugClaim>(claim).MeterId, stop) is { } bySlug) return bySlug.Meter;
        return NotFound(idOrSlug);
    }

    public Task<IReadOnlyList<MeterDocument>> ListAsync(CancellationToken stop) => catalog.AllAsync(stop);

    /// <summary>Changes names and custom fields; a definition never changes.</summary>
    public async Task<Outcome<MeterDocument>> RenameAsync(
        string id, string name, string? description, IReadOnlyDictionary<string, string> customFields, CancellationToken stop) =>
        IsName(name)
            ? await ChangeAsync(id, m => m with { Name = name, Description = description, CustomFields = customFields, UpdatedAt = clock.GetCurrentInstant() }, stop)
            : BadName;

    /// <summary>Takes the meter off the lists and frees its slug. It goes on counting for what already uses it. Safe to repeat.</summary>
    public async Task<Outcome<MeterDocument>> ArchiveAsync(string id, CancellationToken stop)
    {
        var archived = await ChangeAsync(id, m => m.ArchivedAt is null ? m with { ArchivedAt = clock.GetCurrentInstant() } : m, stop);
        if (!archived.Is(out var meter, out _)) return archived;
        var claim = await documents.ReadAsync(SlugPlace(meter.Slug), SlugKind, stop);
        if (claim is not null && StoredJson.Read<SlugClaim>(claim).MeterId == id)
            await documents.CommitAsync(claim.Document.Place, [new Write.Delete(SlugKind, claim.ETag)], stop);
        return meter;
    }

    private static readonly Refusal BadName = new("invalid_meter", "Give a name of 1 to 256 characters.", "/name");

    private static bool IsName(string name) => name.Length is > 0 and <= 256;

    private async Task<Outcome<MeterDocument>> ChangeAsync(string id, Func<MeterDocument, MeterDocument> change, CancellationToken stop)
    {
        while (await catalog.ReadAsync(id, stop) is { } read)
        {
            var changed = change(read.Meter);
            if (changed == read.Meter || await catalog.TryWriteAsync(changed, read.ETag, stop)) return changed;
        }
        return NotFound(id);
    }

    private async Task<Outcome<MeterDocument>> MarkedAsync(MeterDocument meter, CancellationToken stop)
    {
        await fill.MarkAsync(meter.Meter.Id, stop);
        return meter;
    }

    // A slug whose meter never came to be (a crash in between) is free again after a minute.
    private async Task<Refusal?> ClaimSlugAsync(string slug, string id, CancellationToken stop)
    {
        var now = clock.GetCurrentInstant();
        var document = new Document(SlugPlace(slug), SlugKind, SlugKind, StoredJson.Write(new SlugClaim(id, now)));
        if ((await documents.CommitAsync(document.Place, [new Write.Create(document)], stop)).Done) return null;
        var taken = new Refusal("meter_slug_taken", $"A meter with the slug '{slug}' exists.", "/slug", RefusalKind.Conflict);
        if (await documents.ReadAsync(document.Place, SlugKind, stop) is not { } stored) return taken;
        var claim = StoredJson.Read<SlugClaim>(stored);
        if (claim.MeterId == id) return null;
        if (await catalog.ReadAsync(claim.MeterId, stop) is not null || claim.At > now - Duration.FromMinutes(1)) return taken;
        return (await documents.CommitAsync(document.Place, [new Write.Replace(document, stored.ETag)], stop)).Done ? null : taken;
    }

    private static Refusal? Check(NewMeter wanted)
    {
        if (!IsName(wanted.Name)) return BadName;
        if (wanted.Aggregation == Aggregation.Count && wanted.Value is not null) return new("invalid_meter", "COUNT takes no value property.", "/aggregation_key");
        if (wanted.Aggregation != Aggregation.Count && wanted.Value is null) return new("invalid_meter", "This aggregation needs the property that holds the value.", "/aggregation_key");
        if (wanted.BucketSize is not null && wanted.Aggregation != Aggregation.Max)
            return new("invalid_meter", $"Only MAX takes a bucket size: it bills each bucket's peak, and {wanted.Aggregation.ToString().ToUpperInvariant()} has none.", "/bucket_size");
        if (wanted.EventBounds is { } bounds)
        {
            var field = bounds.Minimum is null ? "/event_maximum" : "/event_minimum";
            if (wanted.Aggregation != Aggregation.Sum) return new("invalid_meter", "Only SUM takes bounds of what one event adds.", field);
            if (bounds.Check() is { } wrong) return wrong;
        }
        if (wanted.Groupings.Count > MaxGroupings) return new("invalid_meter", $"At most {MaxGroupings} group keys are taken.", "/group_keys");
        for (var g = 0; g < wanted.Groupings.Count; g++)
        {
            var names = wanted.Groupings[g].Select(d => d.Name).ToList();
            if (names.Count is 0 or > MaxDimensions || names.Any(n => n.Length == 0) || names.Distinct().Count() != names.Count)
                return new("invalid_meter", $"A group key has 1 to {MaxDimensions} different names.", $"/group_keys/{g}");
        }
        return null;
    }

    private static Refusal NotFound(string id) => new("meter_not_found", $"There is no meter '{id}'.", null, RefusalKind.NotFound);

    private static Place SlugPlace(string slug) => new(Container.Catalog, SlugKind, slug);

    private sealed record SlugClaim(string MeterId, Instant At);
}
