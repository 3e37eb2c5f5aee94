using System.Text.Json;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.Functions.Hosting.Access;
using Billing.UseCases.Access;
using Billing.UseCases.Documents;
using Billing.UseCases.Pricing;
using NodaTime;

namespace Billing.Functions.Api.Invoicing;

/// <summary>The rates of rate cards.</summary>
public static class RatesApi
{
    private const string CursorName = "rates";

    public static void Map(IEndpointRouteBuilder app)
    {
        var rates = app.MapGroup("/v1/contract-pricing/rate-cards").WithTags("Rates");
        rates.MapPost("/addRate", AddOneAsync).Needs(Scope.Write).WithName("addRate");
        rates.MapPost("/addRates", AddManyAsync).Needs(Scope.Write).WithName("addRates");
        rates.MapPost("/getRates", InForceAsync).Needs(Scope.Read).WithName("getRates");
        rates.MapPost("/getRateSchedule", ScheduleAsync).Needs(Scope.Read).WithName("getRateSchedule");
    }

    public enum RateType
    {
        Flat,
        Percentage,
        Subscription,
        Tiered,
        TieredPercentage,
        Custom,
    }

    /// <summary>Adds one rate to a rate card.</summary>
    internal static async Task<Answer<Data<ShownRate>>> AddOneAsync(AddRate body, Rates rates, Caller caller, CancellationToken stop)
    {
        if (body.RateCardId is not { } card) return Answers.Of<ShownRate>(new Refusal("body_invalid", "/rate_card_id is missing.", "/rate_card_id"));
        if (!Read(body).Is(out var rate, out var refusal)) return Answers.Of<ShownRate>(refusal);
        var added = await rates.AddAsync(card, [rate], caller.Ids, stop);
        return added.Is(out var list, out refusal)
            ? Answers.Of<ShownRate>(Show(list[0].Price, list[0].CreditTypeId))
            : Answers.Of<ShownRate>(refusal with { Field = refusal.Field?.Replace("/rates/0", "", StringComparison.Ordinal) });
    }

    /// <summary>Adds rates to a rate card, all or none.</summary>
    internal static async Task<Answer<Data<ShownId>>> AddManyAsync(AddRates body, Rates rates, Caller caller, CancellationToken stop)
    {
        var wanted = new List<NewRate>();
        foreach (var (rate, i) in body.Rates.Select((r, i) => (r, i)))
        {
            if (!Read(rate).Is(out var read, out var refusal)) return Answers.Of<ShownId>(refusal with { Field = $"/rates/{i}{refusal.Field}" });
            wanted.Add(read);
        }
        return Answers.Of(await rates.AddAsync(body.RateCardId, wanted, caller.Ids, stop), _ => new ShownId(body.RateCardId));
    }

    /// <summary>Lists the rates in force at a time.</summary>
    internal static async Task<Answer<Listing<ShownRateRow>>> InForceAsync(
        [AsParameters] PageQuery page, GetRates body, Rates rates, IClock clock, CancellationToken stop) =>
        page.Check(list: CursorName).Is(out var wanted, out var refusal)
            ? List(await rates.InForceAsync(body.RateCardId, body.At, body.Selectors ?? [], wanted.From, wanted.Limit, stop), clock)
            : Answers.List<ShownRateRow>(refusal);

    /// <summary>Lists which rate holds when.</summary>
    internal static async Task<Answer<Listing<ShownRateRow>>> ScheduleAsync(
        [AsParameters] PageQuery page, GetSchedule body, Rates rates, IClock clock, CancellationToken stop) =>
        page.Check(list: CursorName).Is(out var wanted, out var refusal)
            ? List(await rates.ScheduleAsync(body.RateCardId, body.StartingAt, body.EndingBefore, body.Selectors ?? [], wanted.From, wanted.Limit, stop), clock)
            : Answers.List<ShownRateRow>(refusal);

    private static Answer<Listing<ShownRateRow>> List(Outcome<Listed<RateRow>> rows, IClock clock) =>
        rows.Is(out var list, out var refusal)
            ? Answers.List<ShownRateRow>(new Listing<ShownRateRow>([.. list.Items.Select(r => Show(r, clock.GetCurrentInstant()))], PageCursor.Encode(list.Next, CursorName)))
            : Answers.List<ShownRateRow>(refusal);

    private static Outcome<NewRate> Read(AddRate rate)
    {
        if (rate.CommitRate is { ValueKind: JsonValueKind.Object })
        {
            return new Refusal("commit_rate_not_offered", "Commit rates are not offered.", "/commit_rate", RefusalKind.NotOffered);
        }
        var values = (rate.PricingGroupValues ?? new Dictionary<string, string>()).ToDictionary(v => v.Key, v => (string?)v.Value);
        NewRate With(Price price) => new(rate.ProductId, price, rate.StartingAt, rate.EndingBefore, rate.Entitled, values, rate.CreditTypeId);
        return rate.RateType switch
        {
            RateType.Flat when rate.Price is { } price => With(new Price.Flat(price)),
            RateType.Flat => new Refusal("price_missing", "A FLAT rate needs a price.", "/price"),
            RateType.Tiered => With(new Price.Tiered([.. (rate.Tiers ?? []).Select(t => new Tier(t.Size, t.Price))])),
            _ => new Refusal("rate_type_not_offered", "Rates are FLAT or TIERED.", "/rate_type", RefusalKind.NotOffered),
        };
    }

    internal static ShownRate Show(Price price, string creditTypeId) => price switch
    {
        Price.Flat flat => new ShownRate(RateType.Flat, flat.UnitPrice, null, ShownCreditType.Of(creditTypeId)),
        Price.Tiered tiered => new ShownRate(RateType.Tiered, null, tiered.Tiers, ShownCreditType.Of(creditTypeId)),
        _ => throw new ArgumentOutOfRangeException(nameof(price), price.GetType().Name, "Unknown rate type."),
    };

    private static ShownRateRow Show(RateRow row, Instant now)
    {
        var product = row.Product.At(now);
        return new ShownRateRow(
            row.Product.Id, product.Name, product.Tags, row.Product.CustomFields, row.Rate.Entitled, Show(row.Rate.Price, row.Rate.CreditTypeId),
            row.Rate.PricingGroupValues.Count > 0 ? row.Rate.PricingGroupValues : null, row.StartingAt, row.EndingBefore);
    }

    /// <summary>A rate to add.</summary>
    internal sealed record AddRate(
        string ProductId,
        Instant StartingAt,
        bool Entitled,
        RateType RateType,
        string? RateCardId = null,
        Instant? EndingBefore = null,
        decimal? Price = null,
        IReadOnlyList<AddTier>? Tiers = null,
        IReadOnlyDictionary<string, string>? PricingGroupValues = null,
        string? CreditTypeId = null,
        JsonElement? CommitRate = null);

    /// <summary>A tier: its size is its width, and the last has none.</summary>
    internal sealed record AddTier(decimal Price, decimal? Size = null);

    /// <summary>Rates to add to a card.</summary>
    internal sealed record AddRates(string RateCardId, IReadOnlyList<AddRate> Rates);

    /// <summary>Which rates; at is now when absent.</summary>
    internal sealed record GetRates(string RateCardId, Instant? At = null, IReadOnlyList<RateSelector>? Selectors = null);

    /// <summary>Which rates, and when.</summary>
    internal sealed record GetSchedule(string RateCardId, Instant StartingAt, Instant? EndingBefore = null, IReadOnlyList<RateSelector>? Selectors = null);

    /// <summary>A price.</summary>
    internal sealed record ShownRate(RateType RateType, decimal? Price, IReadOnlyList<Tier>? Tiers, ShownCreditType CreditType);

    /// <summary>A rate and when it holds.</summary>
    internal sealed record ShownRateRow(
        string ProductId,
        string ProductName,
        IReadOnlyList<string> ProductTags,
        IReadOnlyDictionary<string, string> ProductCustomFields,
        bool Entitled,
        ShownRate Rate,
        IReadOnlyDictionary<string, string?>? PricingGroupValues,
        Instant StartingAt,
        Instant? EndingBefore);
}
