using System.Collections.Concurrent;
using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Invoicing;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.UseCases.Pricing;

namespace Billing.UseCases.Invoicing;

/// <summary>Loads what rating a contract needs beside its usage.</summary>
public sealed class ContractTerms(RateCards cards, Rates rates, Products products, PricingUnits units, ReadMetrics readMetrics)
{
    private const int MaxSchedules = 64;

    // The rates of a version of a card never change.
    private readonly ConcurrentDictionary<(string Card, int Version), RateSchedule> schedules = new();

    // What pricing needs of a metric never changes; that it is archived matters to whoever makes a product of it.
    private readonly ConcurrentDictionary<string, PricedMetric> metrics = new(StringComparer.Ordinal);

    /// <summary>Forgets what is cached, after a reset.</summary>
    public void Clear()
    {
        schedules.Clear();
        metrics.Clear();
    }

    /// <summary>The terms of a contract as they are now.</summary>
    /// <param name="contract">The contract.</param>
    /// <param name="commits">What its lines may draw from, grants included.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<Terms> OfAsync(Contract contract, IReadOnlyList<Commit> commits, CancellationToken stop) => await OfAsync(contract, commits, null, stop);

    /// <summary>The terms that an invoice was rated with.</summary>
    /// <param name="contract">In the version that the invoice names.</param>
    /// <param name="commits">Likewise.</param>
    /// <param name="versions">Of the rest.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<Terms> AsBilledAsync(Contract contract, IReadOnlyList<Commit> commits, InvoiceVersions versions, CancellationToken stop)
    {
        var now = await OfAsync(contract, commits, versions.RateCard, stop);
        // What was added to a product later was not known; a product that the invoice does not name had no rate.
        return now with
        {
            Products = now.Products.ToDictionary(p => p.Key, p => versions.Products.TryGetValue(p.Key, out var known) ? p.Value with { Updates = [.. p.Value.Updates.Take(known)] } : p.Value),
        };
    }

    private async Task<Terms> OfAsync(Contract contract, IReadOnlyList<Commit> commits, int? cardVersion, CancellationToken stop)
    {
        var card = contract.RateCardId is { } cardId ? (await cards.GetAsync(cardId, stop)).Value : null;
        var schedule = card is null ? new RateSchedule([]) : await ScheduleAsync(card.Id, cardVersion ?? card.Version, stop);
        var sold = new Dictionary<string, Product>(StringComparer.Ordinal);
        var named = commits.Select(c => c.ProductId).Concat(contract.ScheduledCharges.Select(c => c.ProductId)).Concat(contract.Subscriptions.Select(s => s.ProductId))
            .Concat(contract.OverwrittenProducts());
        foreach (var id in schedule.Products.Concat(named).Distinct(StringComparer.Ordinal)) sold[id] = (await products.GetAsync(id, stop)).Value;
        return new Terms(
            contract, card is null ? Currencies.Usd : Currencies.Find(card.FiatCreditTypeId)!, card?.Version ?? 0, schedule, sold, await MetricsAsync(sold.Values, stop))
        {
            Commits = commits,
            Conversions = card?.Conversions ?? [],
            UnitNames = await units.NamesAsync((card?.Conversions ?? []).Select(c => c.CustomCreditTypeId), stop),
            ProductOrder = card?.ProductOrder ?? [],
        };
    }

    private async Task<RateSchedule> ScheduleAsync(string cardId, int version, CancellationToken stop)
    {
        if (schedules.TryGetValue((cardId, version), out var known)) return known;
        if (schedules.Count >= MaxSchedules) schedules.Clear();
        return schedules[(cardId, version)] = new RateSchedule(await rates.OfVersionAsync(cardId, version, stop));
    }

    private async Task<Dictionary<string, PricedMetric>> MetricsAsync(IEnumerable<Product> sold, CancellationToken stop)
    {
        var counted = sold.SelectMany(p => p.Updates.Select(u => u.BillableMetricId).Append(p.Initial.BillableMetricId)).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var unknown = counted.Where(id => !metrics.ContainsKey(id)).ToList();
        foreach (var read in unknown.Count == 0 ? [] : await readMetrics(unknown, stop)) metrics[read.Id] = read;
        return counted.FirstOrDefault(id => !metrics.ContainsKey(id)) is { } missing
            ? throw new InvalidOperationException($"A product counts the metric {missing}, which does not exist.")
            : counted.ToDictionary(id => id, id => metrics[id], StringComparer.Ordinal);
    }
}
