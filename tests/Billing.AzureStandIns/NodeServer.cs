using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Billing.AzureStandIns;

/// <summary>Servers among the npm packages of tests/clients, each for as long as this process runs. They are installed with <c>npm ci</c> when they are not there.</summary>
internal static class NodeServer
{
    private static readonly string Clients = Path.Combine(ThisMachine.RepositoryRoot, "tests/clients");
    private static readonly SemaphoreSlim Installing = new(1, 1);

    /// <summary>Starts a server and waits until it listens.</summary>
    /// <param name="script">The server's, below node_modules.</param>
    /// <param name="arguments">For the script.</param>
    /// <param name="ports">What it will listen on.</param>
    /// <param name="environment">Beside this process's own.</param>
    public static async Task StartAsync(string script, IEnumerable<string> arguments, IReadOnlyList<int> ports, IReadOnlyDictionary<string, string>? environment = null)
    {
        var path = Path.Combine(Clients, "node_modules", script);
        await InstalledAsync(path);
        var start = new ProcessStartInfo("node", [path, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        var process = Process.Start(start) ?? throw new InvalidOperationException("node could not be started.");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => process.Kill(entireProcessTree: true);
        // A pipe that nobody reads is full some day, and the server waits.
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        foreach (var port in ports) await ListensAsync(script, process, port);
    }

    private static async Task InstalledAsync(string path)
    {
        await Installing.WaitAsync();
        try
        {
            if (File.Exists(path)) return;
            using var install = Process.Start(new ProcessStartInfo("npm", ["ci", "--no-audit", "--no-fund"]) { WorkingDirectory = Clients, RedirectStandardOutput = true })
                ?? throw new InvalidOperationException("npm could not be started.");
            await install.WaitForExitAsync();
            if (!File.Exists(path)) throw new InvalidOperationException($"{path} is not installed: run 'npm ci' in tests/clients.");
        }
        finally
        {
            Installing.Release();
        }
    }

    private static async Task ListensAsync(string script, Process process, int port)
    {
        for (var tries = 0; tries < 600 && !process.HasExited; tries++)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, port);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(50);
            }
        }
        throw new InvalidOperationException($"{script} did not start.");
    }
}
