using Billing.Domain.Values;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.CustomFields;

/// <summary>What can carry custom fields. Source: Metronome, customFields.addKey.</summary>
[LowerCase]
public enum FieldEntity
{
    Alert,
    BillableMetric,
    Charge,
    Commit,
    ContractCredit,

    /// <summary>The same products as <see cref="Product"/>, with keys of its own.</summary>
    ContractProduct,
    Contract,
    CreditGrant,
    CustomerPlan,
    Customer,
    Discount,
    Invoice,
    Plan,
    ProfessionalService,
    Product,
    RateCard,
    ScheduledCharge,
    Subscription,
    PackageCommit,
    PackageCredit,
    PackageSubscription,
    PackageScheduledCharge,
}

/// <summary>A key that values may be set for.</summary>
/// <param name="Key">1 to 128 characters.</param>
/// <param name="EnforceUniqueness">True: no two things of the entity have the same value.</param>
/// <param name="Leaving">True while its values are being deleted; it takes none.</param>
public sealed record FieldKey(FieldEntity Entity, string Key, bool EnforceUniqueness, Instant AddedAt, bool Leaving = false);

/// <summary>All keys.</summary>
internal sealed record KnownKeys(IReadOnlyList<FieldKey> Keys);

/// <summary>The keys of custom fields: one document, read whenever values are set.</summary>
internal sealed class FieldKeys(IDocumentStore store)
{
    private const string Kind = "custom-field-keys";
    private const int MaxKeys = 1_000;
    private static readonly Place Place = new(Container.Catalog, Kind);

    /// <summary>All keys, those that leave too, in the order in which they were added.</summary>
    public async Task<IReadOnlyList<FieldKey>> AllAsync(CancellationToken stop) => (await store.FindAsync<KnownKeys>(Place, Kind, stop))?.Value.Keys ?? [];

    /// <summary>The keys once they are changed; on conflict it starts over.</summary>
    public async Task<Outcome<IReadOnlyList<FieldKey>>> ChangeAsync(Func<IReadOnlyList<FieldKey>, Outcome<IReadOnlyList<FieldKey>>> decide, CancellationToken stop)
    {
        while (true)
        {
            var found = await store.FindAsync<KnownKeys>(Place, Kind, stop);
            if (!decide(found?.Value.Keys ?? []).Is(out var keys, out var refusal)) return refusal;
            if (keys.Count > MaxKeys) return new Refusal("too_many_keys", $"At most {MaxKeys} keys of custom fields are kept. Remove some.", null, RefusalKind.Conflict);
            var document = Place.Keep(Kind, Kind, new KnownKeys(keys));
            if (await store.TryAsync(Place, found is null ? new Write.Create(document) : new Write.Replace(document, found.ETag), stop)) return new Outcome<IReadOnlyList<FieldKey>>(keys);
        }
    }
}
