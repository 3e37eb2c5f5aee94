using System.Globalization;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Pricing;

/// <summary>A rate to add; a null credit type is the card's currency.</summary>
public sealed record NewRate(
    string ProductId,
    Price Price,
    Instant StartingAt,
    Instant? EndingBefore,
    bool Entitled,
    IReadOnlyDictionary<string, string?> PricingGroupValues,
    string? CreditTypeId = null)
{
    public RateTerms Terms { get; init; } = RateTerms.None;
}

/// <summary>A rate and the time it is in force, with its product.</summary>
public sealed record RateRow(Rate Rate, Product Product, Instant StartingAt, Instant? EndingBefore);

/// <summary>The rates of a card: added in batches that never change, each a version of the card.</summary>
public sealed class Rates(IDocumentStore store, RateCards cards, Products products, IClock clock)
{
    private const int MaxBatch = 2000;
    private const int MaxBatchBytes = 1_200_000;
    private const int RatesPerDocument = 100;

    /// <summary>Adds rates, all or none. Errors: refused with the place of the first that cannot be added.</summary>
    public async Task<Outcome<Rate[]>> AddAsync(string rateCardId, IReadOnlyList<NewRate> wanted, IdSource ids, CancellationToken stop)
    {
        if (wanted.Count > MaxBatch) return new Refusal("too_many_rates", $"At most {MaxBatch} rates go in one request.", "/rates", RefusalKind.TooLarge);
        var batch = ids.New();
        var rateIds = wanted.Select(_ => ids.New()).ToList();
        while (true)
        {
            if (await cards.FindAsync(rateCardId, stop) is not { } card) return RateCards.NotFound(rateCardId);
            var place = RateCards.PlaceOf(rateCardId);
            if (ids.Derived && await store.FindAsync<int>(place, BatchId(batch), stop) is { } done) return await AddedAsync(place, done.Value, stop);
            if (!(await CheckAsync(card.Value, wanted, rateIds, stop)).Is(out var rates, out var refusal)) return refusal;
            var version = card.Value.Version + 1;
            var writes = new List<Write>
            {
                new Write.Replace(place.Keep(RateCards.Kind, RateCards.Kind, card.Value with { Version = version }), card.ETag),
            };
            writes.AddRange(rates.Chunk(RatesPerDocument).Select((chunk, i) =>
                new Write.Create(place.Keep($"{From(version)}:{i:D4}", "rates", chunk))));
            // Remembers what a repeated request must answer.
            if (ids.Derived) writes.Add(new Write.Create(place.Keep(BatchId(batch), "rates-batch", version)));
            if (writes.OfType<Write.Create>().Sum(w => w.Document.Body.Length) > MaxBatchBytes)
            {
                return new Refusal("too_many_rates", "The rates are too large for one request; send fewer.", "/rates", RefusalKind.TooLarge);
            }
            if ((await store.CommitAsync(place, writes, stop)).Done) return rates;
        }
    }

    /// <summary>Rates in force at an instant.</summary>
    public Task<Outcome<Listed<RateRow>>> InForceAsync(
        string rateCardId, Instant? at, IReadOnlyList<RateSelector> selectors, string? after, int limit, CancellationToken stop)
    {
        var instant = at ?? clock.GetCurrentInstant();
        return ListAsync(
            rateCardId,
            (schedule, product) => schedule.InForce(product, instant).Select(r => new RateSegment(r, r.StartingAt, r.EndingBefore)),
            selectors, after, limit, stop);
    }

    /// <summary>Which rate holds when, from an instant on.</summary>
    public Task<Outcome<Listed<RateRow>>> ScheduleAsync(
        string rateCardId, Instant startingAt, Instant? endingBefore, IReadOnlyList<RateSelector> selectors, string? after, int limit, CancellationToken stop) =>
        ListAsync(rateCardId, (schedule, product) => schedule.Segments(product, startingAt, endingBefore), selectors, after, limit, stop);

    /// <summary>All rates of a card up to one of its versions, in the order they were added.</summary>
    internal async Task<IReadOnlyList<Rate>> OfVersionAsync(string rateCardId, int version, CancellationToken stop)
    {
        var documents = await store.AllAsync(RateCards.PlaceOf(rateCardId), From(0), From(version + 1), stop);
        return [.. documents.SelectMany(d => d.Value<Rate[]>())];
    }

    private async Task<Rate[]> AddedAsync(Place place, int version, CancellationToken stop) =>
        [.. (await store.AllAsync(place, From(version), From(version + 1), stop)).SelectMany(d => d.Value<Rate[]>())];

    private async Task<Outcome<Listed<RateRow>>> ListAsync(
        string rateCardId, Func<RateSchedule, string, IEnumerable<RateSegment>> of, IReadOnlyList<RateSelector> selectors, string? after, int limit, CancellationToken stop)
    {
        if (await cards.FindAsync(rateCardId, stop) is not { } card) return RateCards.NotFound(rateCardId);
        var schedule = new RateSchedule(await OfVersionAsync(rateCardId, card.Value.Version, stop));
        var rows = new List<RateRow>();
        foreach (var id in schedule.Products)
        {
            var product = (await products.GetAsync(id, stop)).Value;
            rows.AddRange(of(schedule, id).Select(s => new RateRow(s.Rate, product, s.StartingAt, s.EndingBefore))
                .Where(r => selectors.Count == 0 || selectors.Any(s => s.Matches(r.Rate, product))));
        }
        var skip = int.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out var passed) ? passed : 0;
        var next = skip + limit < rows.Count ? (skip + limit).ToString(CultureInfo.InvariantCulture) : null;
        return new Listed<RateRow>([.. rows.Skip(skip).Take(limit)], next);
    }

    private async Task<Outcome<Rate[]>> CheckAsync(RateCard card, IReadOnlyList<NewRate> wanted, List<string> ids, CancellationToken stop)
    {
        var known = new Dictionary<string, Product>(StringComparer.Ordinal);
        var rates = new List<Rate>();
        for (var i = 0; i < wanted.Count; i++)
        {
            var w = wanted[i];
            if (!known.TryGetValue(w.ProductId, out var product))
            {
                if (!(await products.GetAsync(w.ProductId, stop)).Is(out product, out var missing)) return At(i, missing);
                known[w.ProductId] = product;
            }
            var rate = new Rate(
                ids[i], product.Id, w.Price, w.StartingAt, w.EndingBefore, w.Entitled, w.PricingGroupValues, w.CreditTypeId ?? card.FiatCreditTypeId)
            {
                Terms = w.Terms,
            };
            if (rate.Check(card, product) is { } refusal) return At(i, refusal);
            rates.Add(rate);
        }
        return rates.ToArray();
    }

    private static Refusal At(int index, Refusal refusal) => refusal with { Field = $"/rates/{index}{refusal.Field}" };

    private static string From(int version) => $"rates:{version:D10}";

    private static string BatchId(string batch) => $"batch:{batch}";
}
