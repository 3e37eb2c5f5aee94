using Billing.Domain.Metering;
using Billing.Domain.Pricing;
using Billing.UseCases.Metering;
using Billing.UseCases.Pricing;
using NodaTime;

namespace Billing.UseCases.Invoicing;

/// <summary>What invoicing reads of metering: metrics and metered usage.</summary>
public sealed class MeteredUsage(UsageReader reader, MeterCatalog catalog, ReadCustomerKeys customerKeys)
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
                id, meter.Aggregation is Aggregation.Max or Aggregation.Min or Aggregation.Avg or Aggregation.Unique or Aggregation.Latest,
                [.. meter.Groupings.Select(g => g.Select(d => d.Name).ToList())], read.Meter.ArchivedAt is not null));
        }
        return metrics;
    }

    /// <summary>The <see cref="ReadUsage"/> of the product.</summary>
    public async Task<IReadOnlyList<UsageQuantity>> ReadAsync(
        string customerId, IReadOnlyList<MeteredProduct> products, IReadOnlyList<Interval> segments, CancellationToken stop)
    {
        if (segments.Count == 0) return [];
        var keys = await customerKeys(customerId, stop) ?? throw new InvalidOperationException($"There is no customer {customerId}.");
        var usage = new List<UsageQuantity>();
        foreach (var product in products)
        {
            if (await catalog.ReadAsync(product.BillableMetricId, stop) is not { } read) throw new InvalidOperationException($"There is no metric {product.BillableMetricId}.");
            if (read.Meter.Fill is not null) throw new UsageNotReadyException($"Metric {product.BillableMetricId} is still counting the events before it.");
            var meter = read.Meter.Meter;
            if (meter.GroupingWith(product.GroupKeys) is not { } grouping)
                throw new InvalidOperationException($"Metric {meter.Id} has no group key with all of: {string.Join(", ", product.GroupKeys)}.");
            var positions = product.GroupKeys.Select(k => meter.KeptGroupings[grouping].Select(d => d.Name).ToList().IndexOf(k)).ToArray();
            foreach (var (bounds, first) in Runs(segments))
            {
                foreach (var row in await reader.ReadAsync(new UsageQuery(meter, grouping, keys, bounds, values => Array.ConvertAll(positions, p => values[p])), stop))
                {
                    var group = product.GroupKeys.Select((k, i) => (k, v: row.Group[i])).ToDictionary(p => p.k, p => p.v);
                    usage.Add(new UsageQuantity(product.ProductId, segments[first + row.Window], group, row.State.Result(meter.Aggregation)));
                }
            }
        }
        return usage;
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
}
