using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Billing.Benchmarks.Server;

/// <summary>The product as a child process, on its own port and with its own data folder; killed at disposal.</summary>
internal sealed class ServerUnderTest : IAsyncDisposable
{
    public const string Key = "benchmark-key-of-this-run";
    private readonly Process process;

    private ServerUnderTest(Process process, int port, string dataFolder) => (this.process, Port, DataFolder) = (process, port, dataFolder);

    public int Port { get; }

    public string DataFolder { get; }

    public int ProcessId => process.Id;

    /// <summary>Builds the server in Release; answers its executable.</summary>
    public static async Task<string> BuildAsync(bool build, CancellationToken stop)
    {
        var root = Root();
        if (build)
        {
            Console.WriteLine("Building the server in Release …");
            await Commands.RunAsync("dotnet", ["build", Path.Combine(root, "functions", "Billing.Functions"), "-c", "Release", "-v", "q", "--nologo"], stop);
        }
        var executable = Path.Combine(root, "artifacts", "bin", "Billing.Functions", "release", "Billing.Functions");
        return File.Exists(executable) ? executable : throw new InvalidOperationException($"The server is not at {executable}; run without --no-build.");
    }

    /// <summary>Starts the server and waits until it is ready.</summary>
    public static async Task<ServerUnderTest> StartAsync(string executable, string dataFolder, int? partitions, CancellationToken stop)
    {
        var port = FreePort();
        var start = new ProcessStartInfo(executable, ["--urls", $"http://127.0.0.1:{port}"]) { WorkingDirectory = Path.GetDirectoryName(executable), RedirectStandardOutput = true };
        start.Environment["BILLING_DATA"] = dataFolder;
        start.Environment["BILLING_API_KEY"] = Key;
        if (partitions is { } number) start.Environment["BILLING_LOG_PARTITIONS"] = number.ToString(CultureInfo.InvariantCulture);
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data?.Contains("fail:", StringComparison.Ordinal) == true) Console.Error.WriteLine($"server: {line.Data}");
        };
        process.BeginOutputReadLine();
        var server = new ServerUnderTest(process, port, dataFolder);
        try
        {
            using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            for (var tries = 0; ; tries++)
            {
                if (process.HasExited || tries == 300) throw new InvalidOperationException("The server did not become ready.");
                try
                {
                    using var answer = await http.GetAsync(new Uri("/health", UriKind.Relative), stop);
                    if (answer.IsSuccessStatusCode) return server;
                }
                catch (HttpRequestException)
                {
                    // Not listening yet.
                }
                await Task.Delay(100, stop);
            }
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }
        process.Dispose();
    }

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Billing.Functions.sln"))) return folder.FullName;
        throw new InvalidOperationException("Billing.Functions.sln is not above this program: run it from the repository.");
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
