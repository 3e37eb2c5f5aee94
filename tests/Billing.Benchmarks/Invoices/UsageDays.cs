using Billing.Domain.Metering;
using Billing.Domain.Metering.Windows;
using Billing.Domain.Values;
using Billing.UseCases.Documents;
using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.Benchmarks.Invoices;

/// <summary>Writes what the fold leaves behind for a customer: the documents of days, as if the events had come.</summary>
internal sealed class UsageDays(IDocumentStore store, HashKey secret)
{
    private const string Run = "made";

    /// <summary>Writes thirty days of one month.</summary>
    /// <param name="key">The customer's key.</param>
    /// <param name="month">Its first instant.</param>
    /// <param name="meters">What was used.</param>
    /// <param name="cell">By meter's position and hour of the month: events, and units of each.</param>
    /// <param name="stop">Gives up.</param>
    /// <returns>Bytes of the documents.</returns>
    public async Task<long> WriteAsync(string key, Instant month, IReadOnlyList<Meter> meters, Func<int, int, (long Events, long Units)> cell, CancellationToken stop)
    {
        var first = WindowNames.HourOf(month.ToUnixTimeTicks());
        var (writes, bytes) = (new List<Write>(), 0L);
        for (var day = 0; day < BilledCompany.Days; day++)
        {
            var window = new Window(60, HashRange.Whole, 0);
            for (var m = 0; m < meters.Count; m++)
            {
                var of = new Series(GroupKey.Hash(secret, HashedMeter.HashOf(secret, System.Text.Encoding.UTF8.GetBytes(meters[m].Id)), 0, []), meters[m].Id, meters[m].Aggregation, 0, []);
                for (var hour = 0; hour < 24; hour++)
                {
                    var (events, units) = cell(m, day * 24 + hour);
                    if (events > 0) of.At(hour) = Cell(meters[m].Aggregation, events, units);
                }
                window.Merge(of);
            }
            var name = WindowNames.DayOf(first) + day;
            var place = WindowNames.PlaceOf(key, name * 24);
            var body = WindowCodec.Encode(window);
            bytes += body.Length;
            writes.Add(new Write.Upsert(new Document(place, WindowNames.DayPartId(name, Run, HashRange.Whole), WindowNames.DayPartKind, body)));
            writes.Add(new Write.Upsert(new Document(place, WindowNames.DayId(name), WindowNames.DayKind, StoredJson.Write(new DayHeader(Stale: false, Run, [HashRange.Whole.ToString()])))));
        }
        var done = await store.CommitAsync(WindowNames.PlaceOf(key, first), writes, stop);
        return done.Done ? bytes : throw new InvalidOperationException("The days could not be written.");
    }

    // Doubling, since ten million events one by one would be the ingest benchmark's.
    private static CellState Cell(Aggregation aggregation, long events, long units)
    {
        var (cell, twice) = (default(CellState), default(CellState));
        twice.Add(aggregation, new Measure(units * Quantity.One, default, 0, default));
        for (; events > 0; events >>= 1)
        {
            if ((events & 1) == 1) cell.Merge(aggregation, twice);
            var same = twice;
            twice.Merge(aggregation, same);
        }
        return cell;
    }
}
