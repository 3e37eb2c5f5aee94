using System.Diagnostics;
using Billing.Benchmarks.Server;
using Npgsql;

namespace Billing.Benchmarks.Postgres;

/// <summary>A PostgreSQL cluster of this run's own, with Debian's defaults but for 2 GB of shared buffers; stopped at disposal.</summary>
/// <remarks>Durable as PostgreSQL is by default: fsync and synchronous_commit on. Reached over a Unix socket, the quickest way in.</remarks>
internal sealed class PostgresCluster : IAsyncDisposable
{
    private const string User = "postgres";
    private readonly Process process;
    private readonly string folder;

    private PostgresCluster(Process process, string folder)
    {
        (this.process, this.folder) = (process, folder);
        Source = NpgsqlDataSource.Create($"Host={folder};Username={User};Database=postgres;Maximum Pool Size=8;Command Timeout=600");
    }

    public NpgsqlDataSource Source { get; }

    /// <summary>The program that is not there; null when all are.</summary>
    public static string? Missing() => new[] { "initdb", "postgres", "pg_ctl" }.FirstOrDefault(p => Commands.Find(p) is null);

    public static async Task<PostgresCluster> StartAsync(string scratch, CancellationToken stop)
    {
        var folder = Path.Combine(scratch, "postgres");
        Directory.CreateDirectory(folder);
        if (IsRoot)
        {
            // PostgreSQL refuses to run as root, and its own user must get through to the folder.
            await Commands.RunAsync("chmod", ["go+x", scratch], stop);
            await Commands.RunAsync("chown", [User, folder], stop);
        }
        var (program, arguments) = As("initdb", ["-D", Path.Combine(folder, "data"), "-U", User, "-A", "trust", "-E", "UTF8", "--locale=C"]);
        await Commands.RunAsync(program, arguments, stop);
        (program, arguments) = As("postgres", ["-D", Path.Combine(folder, "data"), "-k", folder, "-c", "listen_addresses=", "-c", "shared_buffers=2GB"]);
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true };
        var process = Process.Start(start)!;
        process.BeginErrorReadLine();
        var cluster = new PostgresCluster(process, folder);
        try
        {
            for (var tries = 0; ; tries++)
            {
                try
                {
                    await using var connection = await cluster.Source.OpenConnectionAsync(stop);
                    return cluster;
                }
                catch (NpgsqlException) when (tries < 100 && !process.HasExited)
                {
                    await Task.Delay(100, stop);
                }
            }
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Bytes that the database takes, write-ahead log left out.</summary>
    public async Task<long> BytesAsync(string table, CancellationToken stop)
    {
        await using var command = Source.CreateCommand($"SELECT pg_total_relation_size('{table}')");
        return (long)(await command.ExecuteScalarAsync(stop))!;
    }

    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        if (!process.HasExited)
        {
            var (program, arguments) = As("pg_ctl", ["stop", "-D", Path.Combine(folder, "data"), "-m", "immediate"]);
            try
            {
                await Commands.RunAsync(program, arguments, CancellationToken.None);
            }
            catch (InvalidOperationException)
            {
                process.Kill(entireProcessTree: true);
            }
            await process.WaitForExitAsync();
        }
        process.Dispose();
    }

    private static bool IsRoot => Environment.UserName == "root";

    private static (string Program, IEnumerable<string> Arguments) As(string program, IEnumerable<string> arguments) =>
        IsRoot ? (Commands.Find("runuser")!, ["-u", User, "--", Commands.Find(program)!, .. arguments]) : (Commands.Find(program)!, arguments);
}
