using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.UseCases.CustomFields;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Pricing;

/// <summary>What a new rate card says.</summary>
public sealed record NewRateCard(
    string Name, string? Description, IReadOnlyList<RateCardAlias> Aliases, string? FiatCreditTypeId, IReadOnlyDictionary<string, string> CustomFields)
{
    public IReadOnlyList<CreditTypeConversion> Conversions { get; init; } = [];

    /// <summary>Name of the API key that makes it.</summary>
    public string? CreatedBy { get; init; }
}

/// <summary>What of a rate card is to change; null leaves it.</summary>
public sealed record RateCardChange(string? Name, string? Description, IReadOnlyList<RateCardAlias>? Aliases)
{
    /// <summary>Units that its rates may use from here on.</summary>
    public IReadOnlyList<CreditTypeConversion> AddedConversions { get; init; } = [];
}

/// <summary>Rate cards: one document each in the catalog, with their rates beside them.</summary>
public sealed class RateCards(IDocumentStore store, IClock clock)
{
    internal const string Kind = "rate-card";

    private readonly PricingUnits units = new(store, clock);
    private readonly Aliases aliases = new(store, "rate-card-alias");
    private readonly FieldRules fields = new(store, clock);

    /// <summary>Creates a card; aliases move to it from the cards that had them.</summary>
    public async Task<Outcome<RateCard>> CreateAsync(NewRateCard wanted, IdSource ids, CancellationToken stop)
    {
        var id = ids.New();
        var currency = Currencies.Find(wanted.FiatCreditTypeId ?? Currencies.Usd.Id)?.Id ?? wanted.FiatCreditTypeId!;
        if (RateCard.Check(wanted.Name, wanted.Aliases, currency) is { } refusal) return refusal;
        var card = new RateCard(
            id, wanted.Name, wanted.Description, wanted.Aliases, currency, 1, clock.GetCurrentInstant(), null, wanted.CustomFields);
        if ((card.CheckNew(wanted.Conversions) ?? await CheckUnitsAsync(wanted.Conversions, "/credit_type_conversions", stop)) is { } wrong) return wrong;
        if (await fields.AdmitAsync([new WantedFields(FieldEntity.RateCard, id, wanted.CustomFields)], stop) is { } notAdmitted) return notAdmitted;
        card = card with { Conversions = wanted.Conversions, CreatedBy = wanted.CreatedBy };
        // The lookup first: a name that points to no card is passed over, a card that no name points to would be lost.
        await aliases.TakeAsync(id, wanted.Aliases, stop);
        var done = await store.TryAsync(PlaceOf(id), new Write.Create(PlaceOf(id).Keep(Kind, Kind, card)), stop);
        return done ? card : await GetAsync(id, stop);
    }

    /// <summary>One card, without its rates.</summary>
    public async Task<Outcome<RateCard>> GetAsync(string id, CancellationToken stop) =>
        await FindAsync(id, stop) is { } found ? found.Value : NotFound(id);

    /// <summary>The card that an alias stands for at a time.</summary>
    public async Task<Outcome<RateCard>> ByAliasAsync(string alias, Instant at, CancellationToken stop)
    {
        foreach (var id in await aliases.CandidatesAsync(alias, stop))
        {
            var card = (await FindAsync(id, stop))?.Value;
            if (card is not null && card.Aliases.Any(a => a.Name == alias && a.Holds(at))) return card;
        }
        return new Refusal("rate_card_not_found", $"No rate card has the alias '{alias}'.", "/rate_card_alias", RefusalKind.NotFound);
    }

    /// <summary>Changes name, description or aliases; new aliases move here.</summary>
    public async Task<Outcome<RateCard>> UpdateAsync(string id, RateCardChange change, CancellationToken stop)
    {
        if (await FindAsync(id, stop) is not { } known) return NotFound(id);
        if (RateCard.Check(change.Name ?? known.Value.Name, change.Aliases ?? known.Value.Aliases, known.Value.FiatCreditTypeId) is { } bad) return bad;
        if (known.Value.CheckNew(change.AddedConversions) is { } exists) return InUpdate(exists);
        if (await CheckUnitsAsync(change.AddedConversions, "/add_credit_type_conversions", stop) is { } unknown) return unknown;
        if (change.Aliases is { } wanted) await aliases.TakeAsync(id, wanted, stop);
        return await ChangeAsync(
            id,
            card =>
            {
                var changed = card with
                {
                    Name = change.Name ?? card.Name,
                    Description = change.Description ?? card.Description,
                    Aliases = change.Aliases ?? card.Aliases,
                    Conversions = [.. card.Conversions, .. change.AddedConversions],
                };
                return card.CheckNew(change.AddedConversions) is { } refusal ? InUpdate(refusal) : changed;
            },
            stop);
    }

    /// <summary>Archives a card: no new contracts or rates; contracts that have it keep it.</summary>
    public Task<Outcome<RateCard>> ArchiveAsync(string id, CancellationToken stop) =>
        ChangeAsync(id, card => card with { ArchivedAt = card.ArchivedAt ?? clock.GetCurrentInstant() }, stop);

    /// <summary>A page of cards.</summary>
    public Task<Listed<RateCard>> ListAsync(ArchiveFilter filter, string? after, int limit, CancellationToken stop) =>
        store.ListAsync<RateCard>(Container.Catalog, Kind, c => filter.Fits(c.ArchivedAt), after, limit, stop);

    internal Task<Found<RateCard>?> FindAsync(string id, CancellationToken stop) => store.FindAsync<RateCard>(PlaceOf(id), Kind, stop);

    internal static Place PlaceOf(string id) => new(Container.Catalog, Kind, LookupKey.Of(id));

    internal static Refusal NotFound(string id) => new("rate_card_not_found", $"No rate card has the id '{id}'.", "/rate_card_id", RefusalKind.NotFound);

    private static Refusal InUpdate(Refusal refusal) => refusal with { Field = refusal.Field?.Replace("/credit_type_conversions", "/add_credit_type_conversions", StringComparison.Ordinal) };

    private async Task<Refusal?> CheckUnitsAsync(IReadOnlyList<CreditTypeConversion> conversions, string field, CancellationToken stop)
    {
        for (var i = 0; i < conversions.Count; i++)
            if (await units.FindAsync(conversions[i].CustomCreditTypeId, stop) is null)
                return new Refusal("credit_type_not_found", $"No pricing unit has the id '{conversions[i].CustomCreditTypeId}'.", $"{field}/{i}/custom_credit_type_id", RefusalKind.NotFound);
        return null;
    }

    internal async Task<Outcome<RateCard>> ChangeAsync(string id, Func<RateCard, Outcome<RateCard>> decide, CancellationToken stop)
    {
        while (true)
        {
            if (await FindAsync(id, stop) is not { } found) return NotFound(id);
            if (!decide(found.Value).Is(out var changed, out var refusal)) return refusal;
            if (changed == found.Value) return changed;
            changed = changed with { Version = found.Value.Version + 1 };
            if (await store.TryAsync(PlaceOf(id), new Write.Replace(PlaceOf(id).Keep(Kind, Kind, changed), found.ETag), stop)) return changed;
        }
    }
}
