using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Pricing;

/// <summary>A name that a contract can find a rate card by; it belongs to the card that took it last.</summary>
public sealed record RateCardAlias(string Name, Instant? StartingAt = null, Instant? EndingBefore = null)
{
    /// <summary>True from its start to before its end.</summary>
    public bool Holds(Instant at) => !(StartingAt > at) && !(EndingBefore <= at);
}

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
}
