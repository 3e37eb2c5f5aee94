using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.UseCases.Pricing;

namespace Billing.UseCases.Contracts;

/// <summary>What terms are checked against: the rate card of a contract with its rates, and the products that are named.</summary>
/// <param name="Card">Null: the contract has none.</param>
/// <param name="Products">By id; those of the rates too. What does not exist is left out.</param>
/// <param name="Metrics">Of the products.</param>
internal sealed record Catalog(RateCard? Card, RateSchedule Rates, IReadOnlyDictionary<string, Product> Products, IReadOnlyDictionary<string, PricedMetric> Metrics)
{
    /// <summary>Products that the contract has already: they may have been archived since.</summary>
    public IReadOnlySet<string> Kept { get; init; } = new HashSet<string>();

    /// <summary>What amounts are in where nothing is said: the card's currency, or cents of a dollar.</summary>
    public string CurrencyId => Card?.FiatCreditTypeId ?? Currencies.Usd.Id;

    /// <summary>A product of one of some types that can still be sold.</summary>
    public Outcome<Product> Product(string id, string field, params ReadOnlySpan<ProductType> types)
    {
        if (!Products.TryGetValue(id, out var product)) return new Refusal("product_not_found", $"No product has the id '{id}'.", field, RefusalKind.NotFound);
        if (product.ArchivedAt is not null && !Kept.Contains(id)) return new Refusal("product_archived", $"Product {id} is archived; it takes no new terms.", field, RefusalKind.Conflict);
        foreach (var type in types)
            if (product.Type == type) return product;
        return new Refusal("wrong_product_type", $"Product {id} is {Spell(product.Type)}; {string.Join(" or ", types.ToArray().Select(Spell))} is needed here.", field);
    }

    /// <summary>The unit of what can be drawn: the card's currency, or a custom pricing unit that it converts.</summary>
    public Outcome<string> Unit(string? creditTypeId, string field)
    {
        var id = creditTypeId ?? CurrencyId;
        if (string.Equals(id, CurrencyId, StringComparison.OrdinalIgnoreCase)) return CurrencyId;
        return Card?.Conversions.FirstOrDefault(c => string.Equals(c.CustomCreditTypeId, id, StringComparison.OrdinalIgnoreCase)) is { } unit
            ? unit.CustomCreditTypeId
            : new Refusal("credit_type_not_on_card", "Nothing is priced in this unit: it is neither the rate card's currency nor a custom pricing unit that the card has a conversion for.", field);
    }

    /// <summary>A currency that can be invoiced.</summary>
    public Outcome<string> Fiat(string? creditTypeId, string field) =>
        Currencies.Find(creditTypeId ?? CurrencyId) is { } currency ? currency.Id : new Refusal("not_a_currency", "What is invoiced is in a fiat currency; the list of credit types has them.", field);

    /// <summary>True when all usage that the card prices can be told apart by a property.</summary>
    public Refusal? CheckFilter(string groupKey)
    {
        foreach (var product in Rates.Products.Select(id => Products[id]).Where(p => p.Type == ProductType.Usage))
        {
            var terms = product.Updates.Select(u => product.At(u.StartingAt)).Prepend(product.Initial);
            if (terms.FirstOrDefault(t => !Metrics[t.BillableMetricId!].CanRead([.. t.GroupKeys().Union([groupKey])])) is { } wrong)
                return new Refusal("not_a_group_key", $"'{groupKey}' is not in one group key with [{string.Join(", ", wrong.GroupKeys())}] of the metric of '{wrong.Name}'.", "/usage_filter/group_key");
        }
        return null;
    }

    private static string Spell(ProductType type) => type switch
    {
        ProductType.ProfessionalService => "PROFESSIONAL_SERVICE",
        _ => type.ToString().ToUpperInvariant(),
    };
}

/// <summary>Reads catalogs.</summary>
public sealed class Catalogs(RateCards cards, Rates rates, Products products, ReadMetrics readMetrics)
{
    /// <param name="cardId">The contract's; null when it has none.</param>
    /// <param name="productIds">That the terms name.</param>
    /// <param name="stop">Gives up.</param>
    internal async Task<Catalog> ReadAsync(string? cardId, IEnumerable<string> productIds, CancellationToken stop)
    {
        var card = cardId is null ? null : (await cards.GetAsync(cardId, stop)).Value;
        var schedule = new RateSchedule(card is null ? [] : await rates.OfVersionAsync(card.Id, card.Version, stop));
        var found = new Dictionary<string, Product>(StringComparer.Ordinal);
        foreach (var id in schedule.Products.Concat(productIds).OfType<string>().Distinct(StringComparer.Ordinal))
            if ((await products.GetAsync(id, stop)).Is(out var product, out _)) found[id] = product;
        var counted = found.Values.SelectMany(p => p.Updates.Select(u => u.BillableMetricId).Append(p.Initial.BillableMetricId)).OfType<string>().ToHashSet(StringComparer.Ordinal);
        return new Catalog(card, schedule, found, (await readMetrics(counted, stop)).ToDictionary(m => m.Id, StringComparer.Ordinal));
    }

    /// <summary>The id of the rate card that a contract asks for; empty when it has none.</summary>
    internal async Task<Outcome<string>> CardAsync(NewContract wanted, CancellationToken stop)
    {
        if (wanted.RateCardId is not null && wanted.RateCardAlias is not null)
            return new Refusal("two_rate_cards", "Give rate_card_id or rate_card_alias, not both.", "/rate_card_alias");
        if (wanted.RateCardId is null && wanted.RateCardAlias is null) return "";
        var card = wanted.RateCardId is { } id ? await cards.GetAsync(id, stop) : await cards.ByAliasAsync(wanted.RateCardAlias!, wanted.StartingAt, stop);
        if (!card.Is(out var found, out var refusal)) return refusal;
        return found.ArchivedAt is null
            ? found.Id
            : new Refusal("rate_card_archived", "An archived rate card takes no new contracts.", "/rate_card_id", RefusalKind.Conflict);
    }
}
