using Billing.Domain.Pricing;
using Billing.UseCases.Documents;

namespace Billing.UseCases.Pricing;

/// <summary>
/// From alias to rate card. The lookup only names candidates, the newest first; whether a card has the alias, and when, is said by the card.
/// So a creation that broke off leaves a candidate that does not exist and the alias where it was.
/// </summary>
internal sealed class RateCardAliases(IDocumentStore store)
{
    private const string Kind = "rate-card-alias";

    /// <summary>Cards that may have the alias, the one that took it last first.</summary>
    public async Task<IReadOnlyList<string>> CandidatesAsync(string alias, CancellationToken stop) =>
        (await store.FindAsync<IReadOnlyList<string>>(PlaceOf(alias), Kind, stop))?.Value ?? [];

    /// <summary>Puts a card first for each alias.</summary>
    public async Task TakeAsync(string rateCardId, IReadOnlyList<RateCardAlias> aliases, CancellationToken stop)
    {
        foreach (var alias in aliases.Select(a => a.Name).Distinct(StringComparer.Ordinal))
        {
            while (!await TakeAsync(rateCardId, alias, stop))
            {
                // Another card took it at the same moment; read again.
            }
        }
    }

    private async Task<bool> TakeAsync(string rateCardId, string alias, CancellationToken stop)
    {
        var found = await store.FindAsync<IReadOnlyList<string>>(PlaceOf(alias), Kind, stop);
        if (found?.Value is [var first, ..] && first == rateCardId) return true;
        IReadOnlyList<string> candidates = [rateCardId, .. (found?.Value ?? []).Where(id => id != rateCardId)];
        var document = PlaceOf(alias).Keep(Kind, Kind, candidates);
        return await store.TryAsync(PlaceOf(alias), found is null ? new Write.Create(document) : new Write.Replace(document, found.ETag), stop);
    }

    private static Place PlaceOf(string alias) => new(Container.Catalog, Kind, LookupKey.Of(alias));
}
