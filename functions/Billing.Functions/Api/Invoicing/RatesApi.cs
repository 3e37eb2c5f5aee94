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

    /// <summary>Adds one rate to a rate card.</summary>
    internal static async Task<Answer<Data<ShownRate>>> AddOneAsync(AddRate body, Rates rates, PricingUnits units, Caller caller, CancellationToken stop)
    {
        if (body.RateCardId is not { } card) return Answers.Of<ShownRate>(new Refusal("body_invalid", "/rate_card_id is missing.", "/rate_card_id"));
        if (!Read(body).Is(out var rate, out var refusal)) return Answers.Of<ShownRate>(refusal);
        var added = await rates.AddAsync(card, [rate], caller.Ids, stop);
        return added.Is(out var list, out refusal)
            ? Answers.Of<ShownRate>(ShownRate.Of(list[0].Price, list[0].CreditTypeId, await units.NamesAsync([list[0].CreditTypeId], stop)))
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
        [AsParameters] PageQuery page, GetRates body, Rates rates, PricingUnits units, IClock clock, CancellationToken stop) =>
        page.Check(list: CursorName).Is(out var wanted, out var refusal)
            ? await ListAsync(await rates.InForceAsync(body.RateCardId, body.At, body.Selectors ?? [], wanted.From, wanted.Limit, stop), units, clock, stop)
            : Answers.List<ShownRateRow>(refusal);

    /// <summary>Lists which rate holds when.</summary>
    internal static async Task<Answer<Listing<ShownRateRow>>> ScheduleAsync(
        [AsParameters] PageQuery page, GetSchedule body, Rates rates, PricingUnits units, IClock clock, CancellationToken stop) =>
        page.Check(list: CursorName).Is(out var wanted, out var refusal)
            ? await ListAsync(await rates.ScheduleAsync(body.RateCardId, body.StartingAt, body.EndingBefore, body.Selectors ?? [], wanted.From, wanted.Limit, stop), units, clock, stop)
            : Answers.List<ShownRateRow>(refusal);

    private static async Task<Answer<Listing<ShownRateRow>>> ListAsync(Outcome<Listed<RateRow>> rows, PricingUnits units, IClock clock, CancellationToken stop)
    {
        if (!rows.Is(out var list, out var refusal)) return Answers.List<ShownRateRow>(refusal);
        var unitNames = await units.NamesAsync(list.Items.Select(r => r.Rate.CreditTypeId), stop);
        return Answers.List<ShownRateRow>(new Listing<ShownRateRow>([.. list.Items.Select(r => Show(r, clock.GetCurrentInstant(), unitNames))], PageCursor.Encode(list.Next, CursorName)));
    }

    private static Outcome<NewRate> Read(AddRate rate)
    {
        var body = new NewPrice(rate.RateType, rate.Price, rate.Tiers, rate.PackageSize, rate.Rounding, rate.Quantity, rate.IsProrated, rate.CustomRate);
        if (!body.Read().Is(out var price, out var refusal)) return refusal;
        Price? commitRate = null;
        if (rate.CommitRate is { } own)
        {
            if (!own.Read().Is(out commitRate, out refusal)) return refusal with { Field = "/commit_rate" + refusal.Field };
        }
        var values = (rate.PricingGroupValues ?? new Dictionary<string, string>()).ToDictionary(v => v.Key, v => (string?)v.Value);
        return new NewRate(rate.ProductId, price, rate.StartingAt, rate.EndingBefore, rate.Entitled, values, rate.CreditTypeId)
        {
            Terms = new RateTerms
            {
                CommitRate = commitRate,
                BillingFrequency = rate.BillingFrequency,
                FreeUnits = rate.FreeUnits ?? 0,
                Minimum = rate.Minimum ?? rate.MinimumConfig?.Minimum,
                Maximum = rate.Maximum,
                CounterFrequency = rate.CounterFrequency,
            },
        };
    }

    private static ShownRateRow Show(RateRow row, Instant now, IReadOnlyDictionary<string, string> unitNames)
    {
        var product = row.Product.At(now);
        return new ShownRateRow(
            row.Product.Id, product.Name, product.Tags, row.Product.CustomFields, row.Rate.Entitled, ShownRate.Of(row.Rate.Price, row.Rate.CreditTypeId, unitNames),
            row.Rate.PricingGroupValues.Count > 0 ? row.Rate.PricingGroupValues : null, row.StartingAt, row.EndingBefore,
            row.Rate.Terms.CommitRate is { } commitRate ? ShownRate.Of(commitRate, row.Rate.CreditTypeId, unitNames) : null,
            row.Rate.Terms.BillingFrequency, row.Rate.Terms.FreeUnits == 0 ? null : row.Rate.Terms.FreeUnits, row.Rate.Terms.Minimum, row.Rate.Terms.Maximum, row.Rate.Terms.CounterFrequency);
    }

    /// <summary>A rate to add.</summary>
    /// <param name="FreeUnits">Units of the counter's period that cost nothing.</param>
    /// <param name="Minimum">What all usage at this rate costs at the least in a statement period.</param>
    /// <param name="Maximum">What it costs at the most.</param>
    /// <param name="CounterFrequency">How long tiers, packages and free units are counted on; none: the statement period.</param>
    internal sealed record AddRate(
        string ProductId,
        Instant StartingAt,
        bool Entitled,
        RateType RateType,
        string? RateCardId = null,
        Instant? EndingBefore = null,
        decimal? Price = null,
        IReadOnlyList<NewTier>? Tiers = null,
        IReadOnlyDictionary<string, string>? PricingGroupValues = null,
        string? CreditTypeId = null,
        NewPrice? CommitRate = null,
        BillingFrequency? BillingFrequency = null,
        decimal? PackageSize = null,
        PackageRounding? Rounding = null,
        decimal? Quantity = null,
        bool? IsProrated = null,
        JsonElement? CustomRate = null,
        decimal? FreeUnits = null,
        decimal? Minimum = null,
        decimal? Maximum = null,
        MinimumConfig? MinimumConfig = null,
        BillingFrequency? CounterFrequency = null);

    /// <summary>A minimum, as percentage rates give it.</summary>
    internal sealed record MinimumConfig(decimal Minimum);

    /// <summary>Rates to add to a card.</summary>
    internal sealed record AddRates(string RateCardId, IReadOnlyList<AddRate> Rates);

    /// <summary>Which rates; at is now when absent.</summary>
    internal sealed record GetRates(string RateCardId, Instant? At = null, IReadOnlyList<RateSelector>? Selectors = null);

    /// <summary>Which rates, and when.</summary>
    internal sealed record GetSchedule(string RateCardId, Instant StartingAt, Instant? EndingBefore = null, IReadOnlyList<RateSelector>? Selectors = null);

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
        Instant? EndingBefore,
        ShownRate? CommitRate,
        BillingFrequency? BillingFrequency,
        decimal? FreeUnits,
        decimal? Minimum,
        decimal? Maximum,
        BillingFrequency? CounterFrequency);
}
