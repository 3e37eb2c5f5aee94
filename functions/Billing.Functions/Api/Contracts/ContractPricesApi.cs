using System.Text.Json.Serialization;
using Billing.Domain.Invoicing;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.Functions.Api.Invoicing;
using Billing.Functions.Hosting.Access;
using Billing.UseCases.Access;
using Billing.UseCases.Contracts;
using Billing.UseCases.Pricing;
using NodaTime;

namespace Billing.Functions.Api.Contracts;

/// <summary>The prices of a contract, and what its subscriptions had.</summary>
public static class ContractPricesApi
{
    private const int MaxSpans = 10;

    public static void Map(IEndpointRouteBuilder app)
    {
        var contracts = app.MapGroup("/v1/contracts").Needs(Scope.Read).WithTags("Contracts");
        contracts.MapPost("/getContractRateSchedule", RatesAsync).WithName("getContractRateSchedule");
        contracts.MapPost("/getSubscriptionQuantityHistory", QuantitiesAsync).WithName("getSubscriptionQuantityHistory");
        contracts.MapPost("/getSubscriptionSeatsHistory", SeatsAsync).WithName("getSubscriptionSeatsHistory");
    }

    /// <summary>Lists the prices of a contract at a time: of the rate card, and as overrides change them.</summary>
    internal static async Task<Answer<Listing<ShownContractRate>>> RatesAsync(
        [AsParameters] PageQuery page, GetContractRates body, ContractPrices prices, PricingUnits units, IClock clock, CancellationToken stop)
    {
        if (!page.Check().Is(out var wanted, out var refusal)) return Answers.List<ShownContractRate>(refusal);
        if (!(await prices.RatesAsync(body.CustomerId, body.ContractId, body.At, body.Selectors ?? [], wanted.From, wanted.Limit, stop)).Is(out var list, out refusal)) return Answers.List<ShownContractRate>(refusal);
        var unitNames = await units.NamesAsync(list.Items.SelectMany(r => new[] { r.Rate.CreditTypeId, r.CreditTypeId }), stop);
        return Answers.List<ShownContractRate>(new Listing<ShownContractRate>([.. list.Items.Select(r => ShownContractRate.Of(r, clock.GetCurrentInstant(), unitNames))], PageCursor.Encode(list.Next)));
    }

    /// <summary>Lists the quantities and prices that a subscription had up to now.</summary>
    internal static async Task<Answer<Data<ShownQuantities>>> QuantitiesAsync(OneSubscription body, ContractPrices prices, CancellationToken stop) => Answers.Of(
        await prices.QuantitiesAsync(body.CustomerId, body.ContractId, body.SubscriptionId, stop),
        found => new ShownQuantities(
            body.SubscriptionId, found.CurrencyId,
            [.. found.History.Select(h => new ShownQuantityChange(h.StartingAt, [new ShownPricedQuantity(h.Quantity, h.UnitPrice ?? 0, Exact.Multiply(h.Quantity, h.UnitPrice ?? 0))]))]));

    /// <summary>Lists who had the seats of a subscription.</summary>
    internal static async Task<Answer<Listing<ShownSeatSpan>>> SeatsAsync(SeatsOfSubscription body, ContractPrices prices, CancellationToken stop)
    {
        if (body.Limit is < 1 or > MaxSpans) return Answers.List<ShownSeatSpan>(new Refusal("limit_invalid", $"Give a limit of 1 to {MaxSpans}.", "/limit"));
        if (body.CoveringDate is not null && (body.StartingAt is not null || body.EndingBefore is not null))
            return Answers.List<ShownSeatSpan>(new Refusal("two_filters", "Give covering_date, or starting_at and ending_before.", "/covering_date"));
        if (!PageWanted.Of(body.Cursor, null).Is(out var wanted, out var refusal)) return Answers.List<ShownSeatSpan>(refusal);
        if (!(await prices.SeatsAsync(body.CustomerId, body.ContractId, body.SubscriptionId, stop)).Is(out var spans, out refusal)) return Answers.List<ShownSeatSpan>(refusal);
        var fitting = spans.Where(body.Fits).ToList();
        var (skip, limit) = (int.TryParse(wanted.From, out var passed) ? passed : 0, body.Limit ?? MaxSpans);
        return Answers.List<ShownSeatSpan>(new Listing<ShownSeatSpan>(
            [.. fitting.Skip(skip).Take(limit).Select(s => new ShownSeatSpan(s.SeatIds, s.Total, s.StartingAt, s.EndingBefore))],
            PageCursor.Encode(skip + limit < fitting.Count ? FormattableString.Invariant($"{skip + limit}") : null)));
    }

    /// <summary>Which prices of a contract; at is now when absent.</summary>
    internal sealed record GetContractRates(string CustomerId, string ContractId, Instant? At = null, IReadOnlyList<RateSelector>? Selectors = null);

    /// <summary>Which subscription.</summary>
    internal sealed record OneSubscription(string CustomerId, string ContractId, string SubscriptionId);

    /// <summary>Which subscription, and when.</summary>
    internal sealed record SeatsOfSubscription(
        string CustomerId, string ContractId, string SubscriptionId, Instant? CoveringDate = null, Instant? StartingAt = null, Instant? EndingBefore = null, string? Cursor = null, int? Limit = null)
    {
        public bool Fits(SeatSpan span) => !(span.StartingAt > (CoveringDate ?? EndingBefore)) && !(span.EndingBefore <= CoveringDate) && !(span.EndingBefore <= StartingAt);
    }

    /// <summary>A price of a contract and when it holds.</summary>
    internal sealed record ShownContractRate(
        string ProductId,
        string ProductName,
        IReadOnlyList<string> ProductTags,
        IReadOnlyDictionary<string, string> ProductCustomFields,
        string? RateCardId,
        bool Entitled,
        ShownRate ListRate,
        ShownRate? OverrideRate,
        ShownRate? CommitRate,
        IReadOnlyDictionary<string, string?>? PricingGroupValues,
        BillingFrequency? BillingFrequency,
        Instant StartingAt,
        Instant? EndingBefore)
    {
        public static ShownContractRate Of(ContractRate row, Instant now, IReadOnlyDictionary<string, string> unitNames)
        {
            var (product, rate) = (row.Product.At(now), row.Rate);
            return new ShownContractRate(
                row.Product.Id, product.Name, product.Tags, row.Product.CustomFields, row.RateCardId, row.IsEntitled, ShownRate.Of(rate.Price, rate.CreditTypeId, unitNames),
                row.By is null ? null : ShownRate.Of(row.Price, row.CreditTypeId, unitNames), rate.Terms.CommitRate is { } commitRate ? ShownRate.Of(commitRate, rate.CreditTypeId, unitNames) : null,
                rate.PricingGroupValues.Count > 0 ? rate.PricingGroupValues : null, rate.Terms.BillingFrequency, row.StartingAt, row.EndingBefore);
        }
    }

    /// <summary>What a subscription had.</summary>
    internal sealed record ShownQuantities(string SubscriptionId, string FiatCreditTypeId, IReadOnlyList<ShownQuantityChange> History);

    /// <summary>From an instant on.</summary>
    internal sealed record ShownQuantityChange(Instant StartingAt, IReadOnlyList<ShownPricedQuantity> Data);

    /// <summary>A quantity and what a whole period of it costs.</summary>
    internal sealed record ShownPricedQuantity(decimal Quantity, decimal UnitPrice, decimal Total);

    /// <summary>Who had seats for a time.</summary>
    internal sealed record ShownSeatSpan(
        IReadOnlyList<string> AssignedSeatIds, decimal TotalQuantity, Instant StartingAt, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] Instant? EndingBefore);
}
