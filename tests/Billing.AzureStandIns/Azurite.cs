using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Billing.AzureStandIns;

/// <summary>The storage emulator, one for the whole process: blobs and tables, in memory. Installed with <c>npm ci</c> in tests/clients when it is not there.</summary>
public sealed class Azurite
{
    private static readonly Lazy<Task<Azurite>> Only = new(StartAsync);
    private readonly Process process;

    private Azurite(Process process, int blobPort, int tablePort)
    {
        this.process = process;
        Blobs = new Uri($"http://127.0.0.1:{blobPort}/devstoreaccount1");
        Tables = new Uri($"http://127.0.0.1:{tablePort}/devstoreaccount1");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => this.process.Kill(entireProcessTree: true);
    }

    public Uri Blobs { get; }

    public Uri Tables { get; }

    public static Task<Azurite> RunningAsync() => Only.Value;

    private static async Task<Azurite> StartAsync()
    {
        var clients = Path.Combine(RepositoryRoot(), "tests/clients");
        var script = Path.Combine(clients, "node_modules/azurite/dist/src/azurite.js");
        if (!File.Exists(script))
        {
            using var install = Process.Start(new ProcessStartInfo("npm", ["ci", "--no-audit", "--no-fund"]) { WorkingDirectory = clients, RedirectStandardOutput = true })
                ?? throw new InvalidOperationException("npm could not be started.");
            await install.WaitForExitAsync();
        }
        if (!File.Exists(script)) throw new InvalidOperationException("Azurite is not installed: run 'npm ci' in tests/clients.");
        var (blobPort, queuePort, tablePort) = (FreePort(), FreePort(), FreePort());
        var process = Process.Start(new ProcessStartInfo(
            "node",
            [
                script, "--silent", "--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck",
                "--blobPort", $"{blobPort}", "--queuePort", $"{queuePort}", "--tablePort", $"{tablePort}",
            ])
        { RedirectStandardOutput = true, RedirectStandardError = true }) ?? throw new InvalidOperationException("node could not be started.");
        var running = new Azurite(process, blobPort, tablePort);
        await ListensAsync(process, blobPort);
        await ListensAsync(process, tablePort);
        return running;
    }

    private static async Task ListensAsync(Process process, int port)
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
        throw new InvalidOperationException("Azurite did not start.");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string RepositoryRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Billing.Functions.sln"))) return folder.FullName;
        throw new InvalidOperationException("The repository's root was not found.");
    }
}
