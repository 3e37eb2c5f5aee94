using Billing.Domain.Values;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Pricing;

/// <summary>A unit of an installation's own, such as "AI credits"; what it costs stands on each rate card.</summary>
public sealed record PricingUnit(string Id, string Name, Instant CreatedAt);

/// <summary>Custom pricing units, beside the fiat currencies: one document each in the catalog.</summary>
public sealed class PricingUnits(IDocumentStore store, IClock clock)
{
    private const string Kind = "pricing-unit";

    /// <summary>Creates a unit.</summary>
    public async Task<Outcome<PricingUnit>> CreateAsync(string name, IdSource ids, CancellationToken stop)
    {
        if (string.IsNullOrWhiteSpace(name) || name.Length > 128) return new Refusal("name_missing", "A pricing unit has a name of 1 to 128 characters.", "/name");
        if (Currencies.All.Any(c => string.Equals(c.Name, name, StringComparison.OrdinalIgnoreCase)))
            return new Refusal("name_of_a_currency", "This is the name of a currency.", "/name", RefusalKind.Conflict);
        var unit = new PricingUnit(ids.New(), name, clock.GetCurrentInstant());
        var done = await store.TryAsync(PlaceOf(unit.Id), new Write.Create(PlaceOf(unit.Id).Keep(Kind, Kind, unit)), stop);
        return done ? unit : (await FindAsync(unit.Id, stop))!;
    }

    /// <summary>The unit, or null.</summary>
    public async Task<PricingUnit?> FindAsync(string id, CancellationToken stop) => (await store.FindAsync<PricingUnit>(PlaceOf(id), Kind, stop))?.Value;

    /// <summary>What those of the ids that are of pricing units are called; currencies have their names and are not read.</summary>
    public async Task<IReadOnlyDictionary<string, string>> NamesAsync(IEnumerable<string> ids, CancellationToken stop)
    {
        var names = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var id in ids.Distinct(StringComparer.OrdinalIgnoreCase).Where(id => Currencies.Find(id) is null))
            if (await FindAsync(id, stop) is { } unit) names[id] = unit.Name;
        return names;
    }

    /// <summary>A page of units.</summary>
    public Task<Listed<PricingUnit>> ListAsync(string? after, int limit, CancellationToken stop) =>
        store.ListAsync<PricingUnit>(Container.Catalog, Kind, _ => true, after, limit, stop);

    private static Place PlaceOf(string id) => new(Container.Catalog, Kind, LookupKey.Of(id));
}
