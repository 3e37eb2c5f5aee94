using System.Diagnostics;
using Billing.Benchmarks.Postgres;
using Billing.Benchmarks.Server;

namespace Billing.Benchmarks;

/// <summary>The whole run: the machine's limits, the server, PostgreSQL, and the table.</summary>
internal sealed class BenchmarkRun(Options options, CancellationToken stop)
{
    private readonly Figures figures = new();
    private readonly ulong seed = (ulong)Stopwatch.GetTimestamp() << 20;

    /// <returns>The exit code: 1 when a check failed.</returns>
    public async Task<int> RunAsync()
    {
        var scratch = Directory.CreateTempSubdirectory("billing-benchmarks-");
        try
        {
            var executable = await ServerUnderTest.BuildAsync(options.Build, stop);
            Console.WriteLine($"{DateTimeOffset.UtcNow:u}, {Environment.ProcessorCount} cores, .NET {Environment.Version}, load average {ProcessUse.LoadAverage()}, seed {seed}");
            figures.Add("fdatasync of 30 KB appends", Probes.SyncsPerSecond(scratch.FullName), "syncs/s");
            figures.Add("bare JSON parsing on one core (the limit)", Probes.ParsedPerSecond(seed), "events/s");
            await MeasureServerAsync(executable, scratch.FullName);
            if (options.Postgres) await MeasurePostgresAsync(scratch.FullName);
            figures.Add("fdatasync of 30 KB appends, at the end", Probes.SyncsPerSecond(scratch.FullName), "syncs/s");
            Console.WriteLine($"Load average {ProcessUse.LoadAverage()}");
        }
        finally
        {
            scratch.Delete(recursive: true);
        }
        figures.Print();
        if (options.Json is { } file) figures.Save(file);
        return figures.Wrong.Count == 0 ? 0 : 1;
    }

    private async Task MeasureServerAsync(string executable, string scratch)
    {
        var data = Path.Combine(scratch, "server");
        await using (var server = await ServerUnderTest.StartAsync(executable, data, options.Partitions, stop))
            await new IngestMeasurement(server, options, figures, seed, scratch, stop).RunAsync();
        Directory.Delete(data, recursive: true);
    }

    private async Task MeasurePostgresAsync(string scratch)
    {
        if (PostgresCluster.Missing() is { } missing)
        {
            Console.WriteLine($"PostgreSQL is not measured: {missing} is not installed (Debian: postgresql-15).");
            return;
        }
        await using var cluster = await PostgresCluster.StartAsync(scratch, stop);
        await new PostgresMeasurement(cluster, options, figures, seed, stop).RunAsync();
    }
}
