using System.Diagnostics;
using Billing.Benchmarks.Server;
using Billing.Benchmarks.Workload;
using Npgsql;

namespace Billing.Benchmarks.Postgres;

/// <summary>What a team would write itself: a row per event, unique by (customer, source, id), ON CONFLICT DO NOTHING, sums at query time.</summary>
internal sealed class PostgresMeasurement(PostgresCluster cluster, Options options, Figures figures, ulong seed, CancellationToken stop)
{
    private const int Batch = 1_000;
    private const int CopyBatch = 10_000;
    private const long MostMeasured = 500_000;
    private const int QueryCalls = 200;
    private const double GoalRatio = 2.5;
    private const string Columns = "customer, source, id, type, at, value, dims";

    private const string Insert = $"""
        INSERT INTO usage_events ({Columns}) SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING
        """;

    private const string MonthOfAll = """
        SELECT type, dims->>'model', dims->>'region', sum(value) FROM usage_events WHERE customer = $1 AND at >= $2 AND at < $3 GROUP BY 1, 2, 3
        """;

    private const string MonthOfOne = """
        SELECT dims->>'model', dims->>'region', sum(value) FROM usage_events WHERE customer = $1 AND at >= $2 AND at < $3 AND type = 'llm_tokens_0' GROUP BY 1, 2
        """;

    private long next;

    public async Task RunAsync()
    {
        Console.WriteLine($"PostgreSQL: {options.Preload:N0} rows stored before measuring.");
        await ExecuteAsync("CREATE TABLE usage_events (customer text NOT NULL, source text NOT NULL, id text NOT NULL, type text NOT NULL, at timestamptz NOT NULL, value numeric NOT NULL, dims jsonb NOT NULL)");
        await PreloadAsync();
        var one = await MeasureAsync("PostgreSQL, 1 connection, batches of 1,000, ON CONFLICT DO NOTHING", 1, InsertAsync, Batch);
        figures.Add("times PostgreSQL (1 connection)", figures.Of(IngestMeasurement.EndToEnd) / one, "×", "≥ 2.5", v => v >= GoalRatio);
        await MeasureAsync("PostgreSQL, 2 connections", 2, InsertAsync, Batch);
        await MeasureAsync("PostgreSQL, COPY of 10,000 to a stage + INSERT ON CONFLICT", 1, CopyAsync, CopyBatch);
        await ExecuteAsync("VACUUM ANALYZE usage_events");
        figures.Add($"PostgreSQL, a month of one customer and meter at {next:N0} events", await QueryMsAsync(MonthOfOne), "ms");
        figures.Add($"PostgreSQL, a month of one customer, all meters, at {next:N0} events", await QueryMsAsync(MonthOfAll), "ms");
        figures.Add("PostgreSQL on disk", await cluster.BytesAsync("usage_events", stop) / (double)next, "bytes/event");
    }

    // The index is built afterwards with the room that a grown one has, so that the first splits do not count against PostgreSQL.
    private async Task PreloadAsync()
    {
        await using (var connection = await cluster.Source.OpenConnectionAsync(stop))
        {
            for (long left = options.Preload; left > 0; left -= CopyBatch)
            {
                await using var import = await connection.BeginBinaryImportAsync($"COPY usage_events ({Columns}) FROM STDIN (FORMAT BINARY)", stop);
                await Take((int)Math.Min(left, CopyBatch)).WriteAsync(import, stop);
                await import.CompleteAsync(stop);
            }
        }
        await ExecuteAsync("CREATE UNIQUE INDEX one_event ON usage_events (customer, source, id) WITH (fillfactor = 70)");
        await ExecuteAsync("VACUUM ANALYZE usage_events");
        await ExecuteAsync("CHECKPOINT");
    }

    private async Task<double> MeasureAsync(string name, int connections, Func<NpgsqlConnection, EventRows, Task> store, int batch)
    {
        var batches = (Math.Min(options.Events, MostMeasured) + batch - 1) / batch;
        var taken = -1L;
        var before = await CountAsync();
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(async () =>
        {
            await using var connection = await cluster.Source.OpenConnectionAsync(stop);
            while (Interlocked.Increment(ref taken) < batches) await store(connection, Take(batch));
        }, stop)));
        var rate = batches * batch / Stopwatch.GetElapsedTime(start).TotalSeconds;
        var stored = await CountAsync() - before;
        figures.Check(stored == batches * batch, $"PostgreSQL holds {stored:N0} new rows instead of {batches * batch:N0}.");
        figures.Add(name, rate, "events/s");
        return rate;
    }

    private async Task InsertAsync(NpgsqlConnection connection, EventRows rows)
    {
        await using var command = new NpgsqlCommand(Insert, connection);
        rows.AddTo(command.Parameters);
        await command.PrepareAsync(stop);
        await command.ExecuteNonQueryAsync(stop);
    }

    private async Task CopyAsync(NpgsqlConnection connection, EventRows rows)
    {
        await using var make = new NpgsqlCommand("CREATE TEMP TABLE IF NOT EXISTS stage (LIKE usage_events)", connection);
        await make.ExecuteNonQueryAsync(stop);
        await using (var import = await connection.BeginBinaryImportAsync($"COPY stage ({Columns}) FROM STDIN (FORMAT BINARY)", stop))
        {
            await rows.WriteAsync(import, stop);
            await import.CompleteAsync(stop);
        }
        await using var move = new NpgsqlCommand("WITH moved AS (INSERT INTO usage_events SELECT * FROM stage ON CONFLICT DO NOTHING) SELECT 1; TRUNCATE stage", connection);
        await move.ExecuteNonQueryAsync(stop);
    }

    private async Task<double> QueryMsAsync(string sql)
    {
        await using var connection = await cluster.Source.OpenConnectionAsync(stop);
        var times = new List<double>(QueryCalls);
        for (var i = -20; i < QueryCalls; i++)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            command.Parameters.Add(new() { Value = BillingApi.CustomerName((i + 20) * 37 % Draw.Customers) });
            command.Parameters.Add(new() { Value = DateTime.UtcNow.AddDays(-31) });
            command.Parameters.Add(new() { Value = DateTime.UtcNow });
            await command.PrepareAsync(stop);
            var start = Stopwatch.GetTimestamp();
            await using (var rows = await command.ExecuteReaderAsync(stop))
            {
                while (await rows.ReadAsync(stop))
                {
                }
            }
            if (i >= 0) times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        times.Sort();
        return times[QueryCalls / 2];
    }

    private EventRows Take(int count) => new(seed, Interlocked.Add(ref next, count) - count, count);

    private async Task<long> CountAsync()
    {
        await using var command = cluster.Source.CreateCommand("SELECT count(*) FROM usage_events");
        return (long)(await command.ExecuteScalarAsync(stop))!;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = cluster.Source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(stop);
    }
}
