using Billing.Domain.Contracts;
using Billing.Domain.Invoicing;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.UseCases.Pricing;
using NodaTime;

namespace Billing.UseCases.Invoicing;

/// <summary>Loads what was agreed and what was used, and rates it: the same for a draft, a preview and a final invoice.</summary>
public sealed class PeriodRating(RateCards cards, Rates rates, Products products, ReadMetrics readMetrics, ReadUsage readUsage)
{
    /// <summary>The terms of a contract as they are now.</summary>
    public async Task<Terms> TermsAsync(Contract contract, CancellationToken stop)
    {
        if (contract.RateCardId is not { } cardId)
        {
            return new Terms(contract, Currencies.Usd, 0, new RateSchedule([]), new Dictionary<string, Product>(), new Dictionary<string, PricedMetric>());
        }
        var card = (await cards.GetAsync(cardId, stop)).Value;
        var schedule = new RateSchedule(await rates.OfVersionAsync(cardId, card.Version, stop));
        var sold = new Dictionary<string, Product>(StringComparer.Ordinal);
        foreach (var id in schedule.Products) sold[id] = (await products.GetAsync(id, stop)).Value;
        var counted = sold.Values.SelectMany(p => p.Updates.Select(u => u.BillableMetricId).Append(p.Initial.BillableMetricId))
            .OfType<string>().ToHashSet(StringComparer.Ordinal);
        var metrics = (await readMetrics(counted, stop)).ToDictionary(m => m.Id, StringComparer.Ordinal);
        if (counted.FirstOrDefault(id => !metrics.ContainsKey(id)) is { } missing)
        {
            throw new InvalidOperationException($"A product counts the metric {missing}, which does not exist.");
        }
        return new Terms(contract, Currencies.Find(card.FiatCreditTypeId)!, card.Version, schedule, sold, metrics);
    }

    /// <summary>Rates a period up to an instant. Errors: as <see cref="Rating.Rate"/> and <see cref="ReadUsage"/>.</summary>
    public async Task<RatedPeriod> RateAsync(Terms terms, Interval period, Instant until, CancellationToken stop)
    {
        var usage = new List<UsageQuantity>();
        // Products with the same cuts are read together; most have none, so this is one read for most contracts.
        foreach (var alike in Segmenting.Segments(terms, period, until).GroupBy(s => string.Join(' ', s.Segments)))
        {
            usage.AddRange(await readUsage(terms.Contract.CustomerId, [.. alike.Select(s => s.Product)], alike.First().Segments, stop));
        }
        return Rating.Rate(terms, usage, period, until);
    }

    /// <summary>The invoice of a period.</summary>
    internal static Invoice Invoice(Terms terms, RatedPeriod rated, Interval period, int n, Instant issuedAt, InvoiceStatus status, long? number) => new(
        InvoiceDocuments.InvoiceId(terms.Contract.Id, InvoiceType.Usage, period.Start, n),
        terms.Contract.CustomerId,
        terms.Contract.Id,
        InvoiceType.Usage,
        status,
        number,
        terms.CreditType.Id,
        period.Start,
        period.End,
        issuedAt,
        terms.Contract.NetPaymentTermsDays,
        rated.Subtotal,
        rated.Subtotal,
        terms.Versions(),
        rated.Lines,
        rated.Unrated);
}
