using Billing.Benchmarks.Server;
using Billing.Benchmarks.Workload;
using Npgsql;
using NpgsqlTypes;

namespace Billing.Benchmarks.Postgres;

/// <summary>A batch of the workload as the columns of a table of events: parsed already, which spares PostgreSQL's side the JSON.</summary>
internal sealed class EventRows
{
    private static readonly string[] Dimensions = [.. Enumerable.Range(0, Draw.Groups).Select(g => $$"""{"model":"model-{{g / Draw.Regions}}","region":"region-{{g % Draw.Regions}}"}""")];
    private static readonly string[] Customers = [.. Enumerable.Range(0, Draw.Customers).Select(BillingApi.CustomerName)];
    private static readonly string[] Meters = [.. Enumerable.Range(0, Draw.Meters).Select(BillingApi.MeterSlug)];

    private readonly string[] customers, sources, ids, meters, dimensions;
    private readonly DateTime[] times;
    private readonly decimal[] values;

    public EventRows(ulong seed, long first, int count)
    {
        (customers, sources, ids, meters, dimensions) = (new string[count], new string[count], new string[count], new string[count], new string[count]);
        (times, values) = (new DateTime[count], new decimal[count]);
        var now = DateTime.UtcNow;
        for (var i = 0; i < count; i++)
        {
            var draw = new Draw(seed, first + i);
            (customers[i], sources[i], meters[i], dimensions[i]) = (Customers[draw.Customer], "benchmark", Meters[draw.Meter], Dimensions[draw.Group]);
            ids[i] = $"{draw.IdHigh >> 32:x8}-{draw.IdHigh >> 16 & 0xFFFF:x4}-{draw.IdHigh & 0xFFFF:x4}-{draw.IdLow >> 48:x4}-{draw.IdLow & 0xFFFF_FFFF_FFFF:x12}";
            (times[i], values[i]) = (now.AddMilliseconds(-draw.AgeMs), draw.Tokens);
        }
    }

    /// <summary>The columns as arrays, for unnest.</summary>
    public void AddTo(NpgsqlParameterCollection parameters)
    {
        const NpgsqlDbType Text = NpgsqlDbType.Array | NpgsqlDbType.Text;
        parameters.Add(new() { Value = customers, NpgsqlDbType = Text });
        parameters.Add(new() { Value = sources, NpgsqlDbType = Text });
        parameters.Add(new() { Value = ids, NpgsqlDbType = Text });
        parameters.Add(new() { Value = meters, NpgsqlDbType = Text });
        parameters.Add(new() { Value = times, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz });
        parameters.Add(new() { Value = values, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Numeric });
        parameters.Add(new() { Value = dimensions, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb });
    }

    /// <summary>The rows, for COPY.</summary>
    public async Task WriteAsync(NpgsqlBinaryImporter to, CancellationToken stop)
    {
        for (var i = 0; i < ids.Length; i++)
        {
            await to.StartRowAsync(stop);
            await to.WriteAsync(customers[i], NpgsqlDbType.Text, stop);
            await to.WriteAsync(sources[i], NpgsqlDbType.Text, stop);
            await to.WriteAsync(ids[i], NpgsqlDbType.Text, stop);
            await to.WriteAsync(meters[i], NpgsqlDbType.Text, stop);
            await to.WriteAsync(times[i], NpgsqlDbType.TimestampTz, stop);
            await to.WriteAsync(values[i], NpgsqlDbType.Numeric, stop);
            await to.WriteAsync(dimensions[i], NpgsqlDbType.Jsonb, stop);
        }
    }
}
