using Billing.Domain.Metering;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.UseCases.Metering;
using Billing.UseCases.Pricing;
using NodaTime;

namespace Billing.UseCases.Invoicing;

/// <summary>What invoicing reads of metering: metrics and metered usage.</summary>
public sealed class MeteredUsage(UsageReader reader, MeterCatalog catalog, Installation installation, ReadCustomerKeys customerKeys)
{
    /// <summary>The <see cref="ReadMetrics"/> of the product.</summary>
    public async Task<IReadOnlyList<PricedMetric>> MetricsAsync(IReadOnlyCollection<string> ids, CancellationToken stop)
    {
        var metrics = new List<PricedMetric>();
        foreach (var id in ids)
        {
            if (await catalog.ReadAsync(id, stop) is not { } read) continue;
            var meter = read.Meter.Meter;
            metrics.Add(new PricedMetric(
                id, !meter.AddsUp,
                [.. meter.Groupings.Select(g => g.Select(d => d.Name).ToList())], read.Meter.ArchivedAt is not null)
            {
                Accrues = meter.Aggregation == Aggregation.TimeWeightedSum,
            });
        }
        return metrics;
    }

    /// <summary>The <see cref="ReadUsage"/> of the product.</summary>
    public Task<IReadOnlyList<UsageQuantity>> ReadAsync(
        string customerId, IReadOnlyList<MeteredProduct> products, IReadOnlyList<Interval> segments, CancellationToken stop) =>
        ReadAsync(customerId, products, segments, null, stop);

    /// <summary>The <see cref="ReadUsage"/> of what the product would read if certain events came.</summary>
    public ReadUsage With(AssumedUsage assumed) => (customerId, products, segments, stop) => ReadAsync(customerId, products, segments, assumed, stop);

    private async Task<IReadOnlyList<UsageQuantity>> ReadAsync(
        string customerId, IReadOnlyList<MeteredProduct> products, IReadOnlyList<Interval> segments, AssumedUsage? assumed, CancellationToken stop)
    {
        if (segments.Count == 0) return [];
        var keys = await customerKeys(customerId, stop) ?? throw new InvalidOperationException($"There is no customer {customerId}.");
        var asked = new List<AskedProduct>();
        foreach (var product in products) asked.Add(await AskAsync(product, stop));
        var usage = new List<UsageQuantity>();
        foreach (var (bounds, first) in Runs(segments))
        {
            // LATEST bills the change of the value, so what came before the first segment matters.
            var earlier = installation.EarliestUsage < bounds[0];
            foreach (var alike in asked.GroupBy(a => (Latest: earlier && a.IsLatest, Levels: a.Query.Meter.Aggregation == Aggregation.TimeWeightedSum)))
            {
                var before = alike.Key.Latest ? 1 : 0;
                var scope = new UsageScope(keys, before == 1 ? [installation.EarliestUsage, .. bounds] : bounds) { Assumed = assumed };
                var read = await reader.ReadAsync(scope, [.. alike.Select(a => a.Query)], stop);
                foreach (var ((product, query), rows) in alike.Zip(read))
                foreach (var (row, quantity) in query.Meter.Aggregation == Aggregation.Latest ? Changes(rows) : rows.Select(r => (r, r.Value)))
                {
                    if (row.Window < before) continue;
                    var group = product.GroupKeys.Select((k, i) => (k, v: row.Group[i])).ToDictionary(p => p.k, p => p.v);
                    usage.Add(new UsageQuantity(product.ProductId, segments[first + row.Window - before], group, quantity));
                }
            }
        }
        return usage;
    }

    /// <summary>What a product counts, as a question to the windows.</summary>
    private async Task<AskedProduct> AskAsync(MeteredProduct product, CancellationToken stop)
    {
        if (await catalog.FilledAsync(product.BillableMetricId, stop) is not { } meter) throw new UsageNotReadyException($"Metric {product.BillableMetricId} is still counting the events before it.");
        IReadOnlyList<string> keysRead = product.Filter is { } f ? [.. product.GroupKeys.Union([f.GroupKey], StringComparer.Ordinal)] : product.GroupKeys;
        if (meter.GroupingWith(keysRead) is not { } grouping)
            throw new InvalidOperationException($"Metric {meter.Id} has no group key with all of: {string.Join(", ", keysRead)}.");
        var names = meter.KeptGroupings[grouping].Select(d => d.Name).ToList();
        var positions = product.GroupKeys.Select(k => names.IndexOf(k)).ToArray();
        var filtered = product.Filter is { } filter ? names.IndexOf(filter.GroupKey) : -1;
        return new AskedProduct(product, new UsageQuery(meter, grouping, values => filtered >= 0 && !(values[filtered] is { } value && product.Filter!.Values.Contains(value))
            ? null
            : Array.ConvertAll(positions, p => values[p])));
    }

    // Of each group: the value less the value before it; the first from zero.
    private static IEnumerable<(UsageRow Row, decimal Change)> Changes(IReadOnlyList<UsageRow> rows)
    {
        foreach (var group in rows.GroupBy(r => Groups.Key(r.Group)))
        {
            var last = 0m;
            foreach (var row in group.OrderBy(r => r.Window))
            {
                yield return (row, row.Value - last);
                last = row.Value;
            }
        }
    }

    // Segments that follow one another are read at once.
    private static IEnumerable<(IReadOnlyList<Instant> Bounds, int First)> Runs(IReadOnlyList<Interval> segments)
    {
        for (var first = 0; first < segments.Count;)
        {
            var bounds = new List<Instant> { segments[first].Start, segments[first].End };
            var next = first + 1;
            for (; next < segments.Count && segments[next].Start == bounds[^1]; next++) bounds.Add(segments[next].End);
            yield return (bounds, first);
            first = next;
        }
    }

    private sealed record AskedProduct(MeteredProduct Product, UsageQuery Query)
    {
        public bool IsLatest => Query.Meter.Aggregation == Aggregation.Latest;
    }
}
