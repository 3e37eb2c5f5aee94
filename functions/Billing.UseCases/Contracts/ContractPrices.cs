using System.Globalization;
using Billing.Domain.Contracts;
using Billing.Domain.Invoicing;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Contracts;

/// <summary>A quantity of a subscription and its price, from an instant on.</summary>
/// <param name="UnitPrice">Of a whole period; null: nothing priced it.</param>
public sealed record PricedQuantity(Instant StartingAt, decimal Quantity, decimal? UnitPrice);

/// <summary>Who had seats for a time.</summary>
/// <param name="Total">Assigned or not.</param>
/// <param name="EndingBefore">Null: nothing is known to change it.</param>
public sealed record SeatSpan(IReadOnlyList<string> SeatIds, decimal Total, Instant StartingAt, Instant? EndingBefore);

/// <summary>Which prices a contract has, and what its subscriptions had.</summary>
public sealed class ContractPrices(IDocumentStore store, IClock clock, Catalogs catalogs)
{
    /// <summary>The prices in force at an instant (null: now) that a selector chooses, or all; a page of them.</summary>
    public async Task<Outcome<Listed<ContractRate>>> RatesAsync(
        string customerId, string contractId, Instant? at, IReadOnlyList<RateSelector> selectors, string? after, int limit, CancellationToken stop)
    {
        if (await ContractDocuments.FindAsync(store, customerId, contractId, stop) is not { } found) return Contracts.NotFound(contractId);
        var catalog = await catalogs.ReadAsync(found.Value.RateCardId, found.Value.OverwrittenProducts(), stop);
        var rows = ContractRates.At(found.Value, catalog.Rates, catalog.Products, catalog.Card?.ProductOrder ?? [], catalog.CurrencyId, at ?? clock.GetCurrentInstant())
            .Where(r => selectors.Count == 0 || selectors.Any(s => s.Matches(r.Rate, r.Product))).ToList();
        var skip = int.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out var passed) ? passed : 0;
        return new Listed<ContractRate>([.. rows.Skip(skip).Take(limit)], skip + limit < rows.Count ? (skip + limit).ToString(CultureInfo.InvariantCulture) : null);
    }

    /// <summary>The quantities and prices that a subscription had up to now, from each instant at which one of them changed.</summary>
    public async Task<Outcome<(string CurrencyId, PricedQuantity[] History)>> QuantitiesAsync(string customerId, string contractId, string subscriptionId, CancellationToken stop)
    {
        if (!(await FindAsync(customerId, contractId, subscriptionId, stop)).Is(out var found, out var refusal)) return refusal;
        var (contract, subscription) = found;
        var catalog = await catalogs.ReadAsync(contract.RateCardId, [subscription.ProductId], stop);
        var (now, cycle) = (clock.GetCurrentInstant(), subscription.CycleOf(contract));
        var end = subscription.EndOf(contract);
        var times = subscription.Quantities.Select(q => q.StartingAt).ToHashSet();
        for (var start = subscription.StartingAt; start <= now && !(end <= start); start = cycle.PeriodAt(start).End) times.Add(start);
        var history = new List<PricedQuantity>();
        foreach (var at in times.Where(t => t <= now && !(end <= t)).Order())
        {
            // A price holds for a whole period.
            var period = Instant.Max(cycle.PeriodAt(at).Start, subscription.StartingAt);
            var entry = new PricedQuantity(at, subscription.QuantityAt(at), ContractRates.OfSubscription(contract, catalog.Rates, catalog.CurrencyId, catalog.Products[subscription.ProductId], subscription.Frequency, period));
            if (history.Count == 0 || history[^1].Quantity != entry.Quantity || history[^1].UnitPrice != entry.UnitPrice) history.Add(entry);
        }
        return (catalog.CurrencyId, history.ToArray());
    }

    /// <summary>Who had the seats of a subscription, in order.</summary>
    public async Task<Outcome<SeatSpan[]>> SeatsAsync(string customerId, string contractId, string subscriptionId, CancellationToken stop)
    {
        if (!(await FindAsync(customerId, contractId, subscriptionId, stop)).Is(out var found, out var refusal)) return refusal;
        var (contract, subscription) = found;
        if (subscription.Seats is not { } seats) return new Refusal("not_seat_based", "Only a SEAT_BASED subscription has seats.", "/subscription_id");
        var end = subscription.EndOf(contract);
        var times = subscription.Quantities.Select(q => q.StartingAt).Concat(seats.Assignments.SelectMany(a => new[] { a.StartingAt, a.EndingBefore ?? a.StartingAt }))
            .Where(t => !(end <= t)).Distinct().Order().ToList();
        var spans = new List<SeatSpan>();
        for (var i = 0; i < times.Count; i++)
        {
            var span = new SeatSpan([.. seats.At(times[i]).Order(StringComparer.Ordinal)], subscription.QuantityAt(times[i]), times[i], i + 1 < times.Count ? times[i + 1] : end);
            if (spans.Count > 0 && spans[^1].Total == span.Total && spans[^1].SeatIds.SequenceEqual(span.SeatIds)) spans[^1] = spans[^1] with { EndingBefore = span.EndingBefore };
            else spans.Add(span);
        }
        return spans.ToArray();
    }

    private async Task<Outcome<(Contract Contract, Subscription Subscription)>> FindAsync(string customerId, string contractId, string subscriptionId, CancellationToken stop)
    {
        if (await ContractDocuments.FindAsync(store, customerId, contractId, stop) is not { } found) return Contracts.NotFound(contractId);
        return found.Value.Subscriptions.FirstOrDefault(s => s.Id == subscriptionId) is { } subscription
            ? (found.Value, subscription)
            : new Refusal("subscription_not_found", $"The contract has no subscription '{subscriptionId}'.", "/subscription_id", RefusalKind.NotFound);
    }
}
