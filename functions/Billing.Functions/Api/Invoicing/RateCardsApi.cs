using System.Globalization;
using Billing.Domain.Pricing;
using Billing.Functions.Hosting.Access;
using Billing.UseCases.Access;
using Billing.UseCases.Pricing;
using NodaTime;

namespace Billing.Functions.Api.Invoicing;

/// <summary>Rate cards.</summary>
public static class RateCardsApi
{
    public static void Map(IEndpointRouteBuilder app)
    {
        var cards = app.MapGroup("/v1/contract-pricing/rate-cards").WithTags("Rate cards");
        cards.MapPost("/create", CreateAsync).Needs(Scope.Write).WithName("createRateCard");
        cards.MapPost("/get", GetAsync).Needs(Scope.Read).WithName("getRateCard");
        cards.MapPost("/update", UpdateAsync).Needs(Scope.Write).WithName("updateRateCard");
        cards.MapPost("/list", ListAsync).Needs(Scope.Read).WithName("listRateCards");
        cards.MapPost("/archive", ArchiveAsync).Needs(Scope.Write).WithName("archiveRateCard");
        cards.MapPost("/setRateCardProductsOrder", SetOrderAsync).Needs(Scope.Write).WithName("setRateCardProductsOrder");
        cards.MapPost("/moveRateCardProducts", MoveAsync).Needs(Scope.Write).WithName("moveRateCardProducts");
    }

    /// <summary>Creates a rate card. Its aliases move to it from the cards that had them.</summary>
    internal static async Task<Answer<Data<ShownId>>> CreateAsync(CreateRateCard body, RateCards cards, Caller caller, CancellationToken stop)
    {
        var wanted = new NewRateCard(body.Name, body.Description, body.Aliases ?? [], body.FiatCreditTypeId, body.CustomFields ?? new Dictionary<string, string>())
        {
            Conversions = body.CreditTypeConversions ?? [],
            CreatedBy = caller.KeyName,
        };
        return Answers.Of(await cards.CreateAsync(wanted, caller.Ids, stop), c => new ShownId(c.Id));
    }

    /// <summary>Reads a rate card, without its rates.</summary>
    internal static async Task<Answer<Data<ShownRateCard>>> GetAsync(ShownId body, RateCards cards, PricingUnits units, CancellationToken stop) =>
        (await cards.GetAsync(body.Id, stop)).Is(out var card, out var refusal)
            ? Answers.Of<ShownRateCard>(await ShowAsync(card, units, stop))
            : Answers.Of<ShownRateCard>(refusal);

    /// <summary>Changes name, description or aliases, and adds conversions; those that are there never change.</summary>
    internal static async Task<Answer<Data<ShownId>>> UpdateAsync(UpdateRateCard body, RateCards cards, CancellationToken stop)
    {
        var change = new RateCardChange(body.Name, body.Description, body.Aliases) { AddedConversions = body.AddCreditTypeConversions ?? [] };
        return Answers.Of(await cards.UpdateAsync(body.RateCardId, change, stop), c => new ShownId(c.Id));
    }

    /// <summary>Sets the order of a card's products on invoices; those that are left out follow.</summary>
    internal static async Task<Answer<Data<ShownId>>> SetOrderAsync(NewProductOrder body, ProductOrders orders, CancellationToken stop) =>
        Answers.Of(await orders.SetAsync(body.RateCardId, body.ProductOrder, stop), c => new ShownId(c.Id));

    /// <summary>Moves products of a card to other places, counted from 0.</summary>
    internal static async Task<Answer<Data<ShownId>>> MoveAsync(ProductMoves body, ProductOrders orders, CancellationToken stop) =>
        Answers.Of(await orders.MoveAsync(body.RateCardId, body.Moves, stop), c => new ShownId(c.Id));

    /// <summary>Lists rate cards that are not archived.</summary>
    internal static async Task<Answer<Listing<ShownRateCard>>> ListAsync([AsParameters] PageQuery page, RateCards cards, PricingUnits units, CancellationToken stop)
    {
        if (!page.Check().Is(out var wanted, out var refusal)) return Answers.List<ShownRateCard>(refusal);
        var list = await cards.ListAsync(ArchiveFilter.NotArchived, wanted.From, wanted.Limit, stop);
        var shown = new List<ShownRateCard>();
        foreach (var card in list.Items) shown.Add(await ShowAsync(card, units, stop));
        return Answers.List<ShownRateCard>(new Listing<ShownRateCard>(shown, PageCursor.Encode(list.Next)));
    }

    /// <summary>Archives a rate card: contracts that have it keep it.</summary>
    internal static async Task<Answer<Data<ShownId>>> ArchiveAsync(ShownId body, RateCards cards, CancellationToken stop) =>
        Answers.Of(await cards.ArchiveAsync(body.Id, stop), c => new ShownId(c.Id));

    private static async Task<ShownRateCard> ShowAsync(RateCard c, PricingUnits units, CancellationToken stop)
    {
        var unitNames = await units.NamesAsync(c.Conversions.Select(v => v.CustomCreditTypeId), stop);
        var conversions = c.Conversions.Select(v => new ShownConversion(ShownCreditType.Of(v.CustomCreditTypeId, unitNames), v.FiatPerCustomCredit.ToString(CultureInfo.InvariantCulture))).ToList();
        return new ShownRateCard(
            c.Id, c.Name, c.Description, c.Aliases, ShownCreditType.Of(c.FiatCreditTypeId), conversions.Count == 0 ? null : conversions, c.CreatedAt, c.CreatedBy ?? "system", c.ArchivedAt, c.CustomFields);
    }

    /// <summary>What a new rate card shall be.</summary>
    internal sealed record CreateRateCard(
        string Name,
        string? Description = null,
        IReadOnlyList<RateCardAlias>? Aliases = null,
        string? FiatCreditTypeId = null,
        IReadOnlyList<CreditTypeConversion>? CreditTypeConversions = null,
        IReadOnlyDictionary<string, string>? CustomFields = null);

    /// <summary>What changes; an absent member stays.</summary>
    internal sealed record UpdateRateCard(
        string RateCardId, string? Name = null, string? Description = null, IReadOnlyList<RateCardAlias>? Aliases = null, IReadOnlyList<CreditTypeConversion>? AddCreditTypeConversions = null);

    /// <summary>A rate card.</summary>
    internal sealed record ShownRateCard(
        string Id,
        string Name,
        string? Description,
        IReadOnlyList<RateCardAlias> Aliases,
        ShownCreditType FiatCreditType,
        IReadOnlyList<ShownConversion>? CreditTypeConversions,
        Instant CreatedAt,
        string CreatedBy,
        Instant? ArchivedAt,
        IReadOnlyDictionary<string, string> CustomFields);

    /// <summary>What a custom pricing unit costs on a card.</summary>
    /// <param name="FiatPerCustomCredit">A decimal as text.</param>
    internal sealed record ShownConversion(ShownCreditType CustomCreditType, string FiatPerCustomCredit);

    /// <summary>The order of a card's products.</summary>
    internal sealed record NewProductOrder(string RateCardId, IReadOnlyList<string> ProductOrder);

    /// <summary>Products to move, one after the other.</summary>
    internal sealed record ProductMoves(string RateCardId, [property: System.Text.Json.Serialization.JsonPropertyName("product_moves")] IReadOnlyList<ProductMove> Moves);
}
