using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Pricing;

/// <summary>A name that a contract can find a rate card by; it belongs to the card that took it last.</summary>
public sealed record RateCardAlias(string Name, Instant? StartingAt = null, Instant? EndingBefore = null)
{
    /// <summary>True from its start to before its end.</summary>
    public bool Holds(Instant at) => !(StartingAt > at) && !(EndingBefore <= at);
}

/// <summary>What a custom pricing unit costs on a card.</summary>
/// <param name="CustomCreditTypeId">The unit.</param>
/// <param name="FiatPerCustomCredit">Price of one, in the card's currency, above 0.</param>
public sealed record CreditTypeConversion(string CustomCreditTypeId, decimal FiatPerCustomCredit);

/// <summary>A price book.</summary>
/// <param name="Version">Grows by one with each change, new rates included; an invoice names the one it read.</param>
public sealed record RateCard(
    string Id,
    string Name,
    string? Description,
    IReadOnlyList<RateCardAlias> Aliases,
    string FiatCreditTypeId,
    int Version,
    Instant CreatedAt,
    Instant? ArchivedAt,
    IReadOnlyDictionary<string, string> CustomFields)
{
    /// <summary>Custom pricing units that its rates may use; conversions are added, never changed.</summary>
    public IReadOnlyList<CreditTypeConversion> Conversions { get; init; } = [];

    /// <summary>Name of the API key that made it; null: the system.</summary>
    public string? CreatedBy { get; init; }

    /// <summary>Product ids in the order of the lines, as far as it was set; further products follow in the order of their first rates.</summary>
    public IReadOnlyList<string> ProductOrder { get; init; } = [];

    /// <summary>True for the card's currency and the units it converts.</summary>
    public bool Takes(string creditTypeId) =>
        string.Equals(creditTypeId, FiatCreditTypeId, StringComparison.OrdinalIgnoreCase)
        || Conversions.Any(c => string.Equals(c.CustomCreditTypeId, creditTypeId, StringComparison.OrdinalIgnoreCase));

    /// <summary>The refusal for a card that cannot be kept, or null.</summary>
    public static Refusal? Check(string name, IReadOnlyList<RateCardAlias> aliases, string fiatCreditTypeId)
    {
        if (string.IsNullOrWhiteSpace(name)) return new Refusal("name_missing", "A rate card needs a name.", "/name");
        if (Currencies.Find(fiatCreditTypeId) is null)
        {
            return new Refusal("unknown_currency", "No fiat currency has this id; the list of credit types has them.", "/fiat_credit_type_id");
        }
        if (aliases.Any(a => a.Name.Length is 0 or > 128))
        {
            return new Refusal("bad_alias", "An alias has 1 to 128 characters.", "/aliases");
        }
        return aliases.Select(a => a.StartingAt is { } start ? Hours.CheckOrder(start, a.EndingBefore, "/aliases") : null)
            .FirstOrDefault(r => r is not null);
    }

    /// <summary>The refusal for conversions that cannot be added, or null.</summary>
    public Refusal? CheckNew(IReadOnlyList<CreditTypeConversion> added)
    {
        if (added.Any(c => c.FiatPerCustomCredit <= 0))
            return new Refusal("bad_conversion", "A custom credit costs more than 0.", "/credit_type_conversions/fiat_per_custom_credit");
        return added.Any(c => Takes(c.CustomCreditTypeId)) || added.Select(c => c.CustomCreditTypeId).Distinct(StringComparer.OrdinalIgnoreCase).Count() != added.Count
            ? new Refusal("conversion_exists", "The card has a conversion for this unit; conversions are added, never changed.", "/credit_type_conversions", RefusalKind.Conflict)
            : null;
    }
}
