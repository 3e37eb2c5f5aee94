using Billing.Domain.Pricing;
using Billing.UseCases.Documents;

namespace Billing.UseCases.Pricing;

/// <summary>
/// From alias to rate card, or to package. The lookup only names candidates, the newest first; whether one has the alias, and when, is said by itself.
/// So a creation that broke off leaves a candidate that does not exist and the alias where it was.
/// </summary>
/// <param name="store">The catalog.</param>
/// <param name="kind">Of the lookups: aliases of rate cards and of packages are apart.</param>
internal sealed class Aliases(IDocumentStore store, string kind)
{
    /// <summary>Ids of what may have the alias, the one that took it last first.</summary>
    public async Task<IReadOnlyList<string>> CandidatesAsync(string alias, CancellationToken stop) =>
        (await store.FindAsync<IReadOnlyList<string>>(PlaceOf(alias), kind, stop))?.Value ?? [];

    /// <summary>Puts an owner first for each alias.</summary>
    public async Task TakeAsync(string ownerId, IReadOnlyList<RateCardAlias> aliases, CancellationToken stop)
    {
        foreach (var alias in aliases.Select(a => a.Name).Distinct(StringComparer.Ordinal))
        {
            while (!await TakeAsync(ownerId, alias, stop))
            {
                // Another took it at the same moment; read again.
            }
        }
    }

    private async Task<bool> TakeAsync(string ownerId, string alias, CancellationToken stop)
    {
        var found = await store.FindAsync<IReadOnlyList<string>>(PlaceOf(alias), kind, stop);
        if (found?.Value is [var first, ..] && first == ownerId) return true;
        IReadOnlyList<string> candidates = [ownerId, .. (found?.Value ?? []).Where(id => id != ownerId)];
        var document = PlaceOf(alias).Keep(kind, kind, candidates);
        return await store.TryAsync(PlaceOf(alias), found is null ? new Write.Create(document) : new Write.Replace(document, found.ETag), stop);
    }

    private Place PlaceOf(string alias) => new(Container.Catalog, kind, LookupKey.Of(alias));
}
