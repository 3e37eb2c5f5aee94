using System.Text.Json;
using Billing.Domain.Pricing;
using Billing.Functions.Hosting.Access;
using Billing.UseCases.Access;
using Billing.UseCases.Pricing;
using NodaTime;

namespace Billing.Functions.Api.Invoicing;

/// <summary>Products.</summary>
public static class ProductsApi
{
    public static void Map(IEndpointRouteBuilder app)
    {
        var products = app.MapGroup("/v1/contract-pricing/products").WithTags("Products");
        products.MapPost("/create", CreateAsync).Needs(Scope.Write).WithName("createProduct");
        products.MapPost("/get", GetAsync).Needs(Scope.Read).WithName("getProduct");
        products.MapPost("/update", UpdateAsync).Needs(Scope.Write).WithName("updateProduct");
        products.MapPost("/list", ListAsync).Needs(Scope.Read).WithName("listProducts");
        products.MapPost("/archive", ArchiveAsync).Needs(Scope.Write).WithName("archiveProduct");
    }

    /// <summary>Creates a product. Pricing and presentation keys together must be one group key of the metric.</summary>
    internal static async Task<Answer<Data<ShownId>>> CreateAsync(CreateProduct body, Products products, Caller caller, CancellationToken stop)
    {
        var terms = new ProductTerms(
            body.Name, body.BillableMetricId, body.PricingGroupKey ?? [], body.PresentationGroupKey ?? [], body.QuantityConversion, body.QuantityRounding, body.Tags ?? [])
        {
            CompositeProductIds = body.CompositeProductIds ?? [],
            CompositeTags = body.CompositeTags ?? [],
            ExcludeFreeUsage = body.ExcludeFreeUsage ?? false,
            IsRefundable = body.IsRefundable ?? true,
        };
        var created = await products.CreateAsync(body.Type, terms, body.CustomFields ?? new Dictionary<string, string>(), caller.Ids, stop, caller.KeyName);
        return Answers.Of(created, p => new ShownId(p.Id));
    }

    /// <summary>Reads a product with its history.</summary>
    internal static async Task<Answer<Data<ShownProduct>>> GetAsync(ProductId body, Products products, IClock clock, CancellationToken stop) =>
        Answers.Of(await products.GetAsync(body.Id, stop), p => Show(p, clock.GetCurrentInstant()));

    /// <summary>Changes a product from an hour on.</summary>
    internal static async Task<Answer<Data<ShownId>>> UpdateAsync(UpdateProduct body, Products products, IClock clock, Caller caller, CancellationToken stop)
    {
        if (!Given.Read<QuantityConversion>(body.QuantityConversion, "/quantity_conversion").Is(out var conversion, out var refusal)
            || !Given.Read<QuantityRounding>(body.QuantityRounding, "/quantity_rounding").Is(out var rounding, out refusal)) return Answers.Of<ShownId>(refusal);
        var update = new ProductUpdate(body.StartingAt, clock.GetCurrentInstant())
        {
            CreatedBy = caller.KeyName,
            Name = body.Name,
            BillableMetricId = body.BillableMetricId,
            PricingGroupKey = body.PricingGroupKey,
            PresentationGroupKey = body.PresentationGroupKey,
            QuantityConversion = conversion is null ? null : new Changed<QuantityConversion>(conversion.Value),
            QuantityRounding = rounding is null ? null : new Changed<QuantityRounding>(rounding.Value),
            Tags = body.Tags,
            CompositeProductIds = body.CompositeProductIds,
            CompositeTags = body.CompositeTags,
            ExcludeFreeUsage = body.ExcludeFreeUsage,
            IsRefundable = body.IsRefundable,
        };
        return Answers.Of(await products.UpdateAsync(body.ProductId, update, stop), p => new ShownId(p.Id));
    }

    /// <summary>Lists products.</summary>
    internal static async Task<Answer<Listing<ShownProduct>>> ListAsync(
        [AsParameters] PageQuery page, ListProducts body, Products products, IClock clock, CancellationToken stop)
    {
        if (!page.Check().Is(out var wanted, out var refusal)) return Answers.List<ShownProduct>(refusal);
        var list = await products.ListAsync(body.ArchiveFilter, wanted.From, wanted.Limit, stop);
        return Answers.List<ShownProduct>(new Listing<ShownProduct>([.. list.Items.Select(p => Show(p, clock.GetCurrentInstant()))], PageCursor.Encode(list.Next)));
    }

    /// <summary>Archives a product: it takes no new rates.</summary>
    internal static async Task<Answer<Data<ShownId>>> ArchiveAsync(ProductId body, Products products, CancellationToken stop) =>
        Answers.Of(await products.ArchiveAsync(body.Id, stop), p => new ShownId(p.Id));

    private static ShownProduct Show(Product product, Instant now) => new(
        product.Id,
        product.Type,
        Show(product.Initial, null, product.CreatedAt, product.CreatedBy),
        Show(product.At(now), null, product.CreatedAt, product.CreatedBy),
        [.. product.Updates.Select(u => Show(product.At(u.StartingAt), u.StartingAt, u.CreatedAt, u.CreatedBy))],
        product.ArchivedAt,
        product.CustomFields);

    private static ShownTerms Show(ProductTerms t, Instant? startingAt, Instant createdAt, string? createdBy) => new(
        t.Name, t.BillableMetricId, t.PricingGroupKey.Count > 0 ? t.PricingGroupKey : null, t.PresentationGroupKey.Count > 0 ? t.PresentationGroupKey : null,
        t.QuantityConversion, t.QuantityRounding, t.Tags, startingAt, createdAt, createdBy ?? "system",
        t.CompositeProductIds.Count > 0 ? t.CompositeProductIds : null, t.CompositeTags.Count > 0 ? t.CompositeTags : null, t.ExcludeFreeUsage ? true : null, t.IsRefundable);

    /// <summary>What a new product shall be.</summary>
    internal sealed record CreateProduct(
        string Name,
        ProductType Type,
        string? BillableMetricId = null,
        IReadOnlyList<string>? PricingGroupKey = null,
        IReadOnlyList<string>? PresentationGroupKey = null,
        QuantityConversion? QuantityConversion = null,
        QuantityRounding? QuantityRounding = null,
        IReadOnlyList<string>? Tags = null,
        IReadOnlyDictionary<string, string>? CustomFields = null,
        IReadOnlyList<string>? CompositeProductIds = null,
        IReadOnlyList<string>? CompositeTags = null,
        bool? ExcludeFreeUsage = null,
        bool? IsRefundable = null);

    /// <summary>What changes, and from when; an absent member stays as it is, a null conversion or rounding goes away.</summary>
    internal sealed record UpdateProduct(
        string ProductId,
        Instant StartingAt,
        string? Name = null,
        string? BillableMetricId = null,
        IReadOnlyList<string>? PricingGroupKey = null,
        IReadOnlyList<string>? PresentationGroupKey = null,
        IReadOnlyList<string>? Tags = null,
        IReadOnlyList<string>? CompositeProductIds = null,
        IReadOnlyList<string>? CompositeTags = null,
        bool? ExcludeFreeUsage = null,
        bool? IsRefundable = null)
    {
        [ReadAs(typeof(QuantityConversion))]
        public JsonElement QuantityConversion { get; init; }

        [ReadAs(typeof(QuantityRounding))]
        public JsonElement QuantityRounding { get; init; }
    }

    /// <summary>Which product.</summary>
    internal sealed record ProductId([property: System.Text.Json.Serialization.JsonPropertyName("product_id")] string Id);

    /// <summary>Which products to list.</summary>
    internal sealed record ListProducts(ArchiveFilter ArchiveFilter = ArchiveFilter.NotArchived);

    /// <summary>A product: as it began, as it is now, and its changes.</summary>
    internal sealed record ShownProduct(
        string Id,
        ProductType Type,
        ShownTerms Initial,
        ShownTerms Current,
        IReadOnlyList<ShownTerms> Updates,
        Instant? ArchivedAt,
        IReadOnlyDictionary<string, string> CustomFields);

    /// <summary>What a product says from a time on.</summary>
    internal sealed record ShownTerms(
        string Name,
        string? BillableMetricId,
        IReadOnlyList<string>? PricingGroupKey,
        IReadOnlyList<string>? PresentationGroupKey,
        QuantityConversion? QuantityConversion,
        QuantityRounding? QuantityRounding,
        IReadOnlyList<string> Tags,
        Instant? StartingAt,
        Instant CreatedAt,
        string CreatedBy,
        IReadOnlyList<string>? CompositeProductIds,
        IReadOnlyList<string>? CompositeTags,
        bool? ExcludeFreeUsage,
        bool IsRefundable);
}
