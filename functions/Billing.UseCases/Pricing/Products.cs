using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.UseCases.CustomFields;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Pricing;

/// <summary>Products: one document each in the catalog.</summary>
public sealed class Products(IDocumentStore store, IClock clock, ReadMetrics readMetrics)
{
    internal const string Kind = "product";

    private readonly FieldRules fields = new(store, clock);
    private readonly ParsedDocuments<Product> parsed = new(s => s.Value<Product>());

    /// <summary>Creates a product. Errors: refused when the terms or the metric cannot be used.</summary>
    public async Task<Outcome<Product>> CreateAsync(
        ProductType type, ProductTerms terms, IReadOnlyDictionary<string, string> customFields, IdSource ids, CancellationToken stop, string? createdBy = null)
    {
        var id = ids.New();
        if (Product.Check(type, terms) is { } refusal) return refusal;
        if ((await CheckMetricAsync(terms, stop) ?? await CheckPartsAsync(terms, stop)) is { } unusable) return unusable;
        if (await fields.AdmitAsync([new(FieldEntity.ContractProduct, id, customFields), new(FieldEntity.Product, id, customFields)], stop) is { } wrong) return wrong;
        var product = new Product(id, type, terms, [], clock.GetCurrentInstant(), null, customFields) { CreatedBy = createdBy };
        var done = await store.TryAsync(PlaceOf(id), new Write.Create(PlaceOf(id).Keep(Kind, Kind, product)), stop);
        return done ? product : await GetAsync(id, stop);
    }

    /// <summary>One product.</summary>
    public async Task<Outcome<Product>> GetAsync(string id, CancellationToken stop) =>
        await store.ReadAsync(PlaceOf(id), Kind, stop) is { } found ? parsed.Of(found) : NotFound(id);

    /// <summary>Adds an effective-dated change.</summary>
    public Task<Outcome<Product>> UpdateAsync(string id, ProductUpdate update, CancellationToken stop) => ChangeAsync(
        id,
        async product =>
        {
            if (product.Updates.Contains(update)) return product;
            if (product.Check(update) is { } refusal) return refusal;
            var changed = product with { Updates = [.. product.Updates, update] };
            var terms = changed.At(update.StartingAt);
            return (await CheckMetricAsync(terms, stop) ?? await CheckPartsAsync(terms, stop)) is { } unusable ? unusable : changed;
        },
        stop);

    /// <summary>Archives a product: no new rates; rates that it has go on.</summary>
    public Task<Outcome<Product>> ArchiveAsync(string id, CancellationToken stop) => ChangeAsync(
        id,
        product => Task.FromResult<Outcome<Product>>(product with { ArchivedAt = product.ArchivedAt ?? clock.GetCurrentInstant() }),
        stop);

    /// <summary>A page of products.</summary>
    public Task<Listed<Product>> ListAsync(ArchiveFilter filter, string? after, int limit, CancellationToken stop) =>
        store.ListAsync<Product>(Container.Catalog, Kind, p => filter.Fits(p.ArchivedAt), after, limit, stop);

    private async Task<Outcome<Product>> ChangeAsync(string id, Func<Product, Task<Outcome<Product>>> decide, CancellationToken stop)
    {
        while (true)
        {
            if (await store.FindAsync<Product>(PlaceOf(id), Kind, stop) is not { } found) return NotFound(id);
            if (!(await decide(found.Value)).Is(out var changed, out var refusal)) return refusal;
            if (changed == found.Value) return changed;
            if (await store.TryAsync(PlaceOf(id), new Write.Replace(PlaceOf(id).Keep(Kind, Kind, changed), found.ETag), stop)) return changed;
        }
    }

    private async Task<Refusal?> CheckPartsAsync(ProductTerms terms, CancellationToken stop)
    {
        for (var i = 0; i < terms.CompositeProductIds.Count; i++)
            if ((await GetAsync(terms.CompositeProductIds[i], stop)).Refusal is { } missing) return missing with { Field = $"/composite_product_ids/{i}" };
        return null;
    }

    private async Task<Refusal?> CheckMetricAsync(ProductTerms terms, CancellationToken stop)
    {
        if (terms.BillableMetricId is not { } metricId) return null;
        var metric = (await readMetrics([metricId], stop)).FirstOrDefault(m => m.Id == metricId);
        if (metric is null) return new Refusal("metric_not_found", $"No billable metric has the id '{metricId}'.", "/billable_metric_id");
        if (metric.Archived) return new Refusal("metric_archived", "An archived metric takes no new products.", "/billable_metric_id", RefusalKind.Conflict);
        return metric.CanGroupBy(terms.GroupKeys())
            ? null
            : new Refusal(
                "not_a_group_key", $"Pricing and presentation keys together must be one group key of the metric: [{string.Join(", ", terms.GroupKeys())}] is none.", "/pricing_group_key");
    }

    internal static Place PlaceOf(string id) => new(Container.Catalog, Kind, LookupKey.Of(id));

    private static Refusal NotFound(string id) => new("product_not_found", $"No product has the id '{id}'.", "/product_id", RefusalKind.NotFound);
}
