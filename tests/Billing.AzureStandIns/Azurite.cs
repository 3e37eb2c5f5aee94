using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Billing.AzureStandIns;

/// <summary>The storage emulator, one for the whole process: blobs and tables, in memory. Installed with <c>npm ci</c> in tests/clients when it is not there.</summary>
public sealed class Azurite
{
    private static readonly Lazy<Task<Azurite>> Only = new(StartAsync);
    private const int MaxAccounts = 100;
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
    private readonly Process process;
    private readonly int blobPort;
    private readonly int tablePort;
    private int accounts;

    private Azurite(Process process, int blobPort, int tablePort)
    {
        (this.process, this.blobPort, this.tablePort) = (process, blobPort, tablePort);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => this.process.Kill(entireProcessTree: true);
    }

    public static Task<Azurite> RunningAsync() => Only.Value;

    /// <summary>An empty account that nobody else is given: where its blobs and its tables are.</summary>
    public (Uri Blobs, Uri Tables) NewAccount()
    {
        var number = Interlocked.Increment(ref accounts);
        return number <= MaxAccounts
            ? (new Uri($"http://127.0.0.1:{blobPort}/account{number}"), new Uri($"http://127.0.0.1:{tablePort}/account{number}"))
            : throw new InvalidOperationException($"One process may have {MaxAccounts} accounts of the emulator.");
    }

    /// <summary>Makes a table, as provisioning does.</summary>
    public static Task MakeTableAsync(Uri account, string name) => MakeAsync(account, forTables: true, HttpMethod.Post, "/Tables", "", $$"""{"TableName":"{{name}}"}""");

    /// <summary>Makes a blob container, as provisioning does.</summary>
    public static Task MakeContainerAsync(Uri account, string name) => MakeAsync(account, forTables: false, HttpMethod.Put, $"/{name}", "restype=container", null);

    private static async Task MakeAsync(Uri endpoint, bool forTables, HttpMethod method, string path, string query, string? json)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(method, $"{endpoint}{path}{(query.Length > 0 ? "?" + query : "")}");
        var date = DateTime.UtcNow.ToString("R", CultureInfo.InvariantCulture);
        request.Headers.Add("x-ms-date", date);
        request.Headers.Add("x-ms-version", "2019-02-02");
        request.Headers.TryAddWithoutValidation("Accept", "application/json;odata=nometadata");
        if (json is not null) request.Content = new StringContent(json, new MediaTypeHeaderValue("application/json"));
        var account = endpoint.AbsolutePath.Trim('/');
        var resource = $"/{account}{endpoint.AbsolutePath}{path}";
        var text = forTables
            ? $"{method}\n\napplication/json\n{date}\n{resource}"
            : $"{method}\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:{date}\nx-ms-version:2019-02-02\n{resource}\nrestype:container";
        var signature = Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(Key), Encoding.UTF8.GetBytes(text)));
        request.Headers.TryAddWithoutValidation("Authorization", $"SharedKey {account}:{signature}");
        using var answer = await client.SendAsync(request);
        if ((int)answer.StatusCode is not (201 or 204 or 409)) throw new InvalidOperationException($"{path} was answered with {answer.StatusCode}.");
    }

    private static async Task<Azurite> StartAsync()
    {
        var clients = Path.Combine(ThisMachine.RepositoryRoot, "tests/clients");
        var script = Path.Combine(clients, "node_modules/azurite/dist/src/azurite.js");
        if (!File.Exists(script))
        {
            using var install = Process.Start(new ProcessStartInfo("npm", ["ci", "--no-audit", "--no-fund"]) { WorkingDirectory = clients, RedirectStandardOutput = true })
                ?? throw new InvalidOperationException("npm could not be started.");
            await install.WaitForExitAsync();
        }
        if (!File.Exists(script)) throw new InvalidOperationException("Azurite is not installed: run 'npm ci' in tests/clients.");
        var (blobPort, queuePort, tablePort) = (ThisMachine.FreePort(), ThisMachine.FreePort(), ThisMachine.FreePort());
        var process = Process.Start(new ProcessStartInfo(
            "node",
            [
                script, "--silent", "--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck",
                "--blobPort", $"{blobPort}", "--queuePort", $"{queuePort}", "--tablePort", $"{tablePort}",
            ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["AZURITE_ACCOUNTS"] = string.Join(';', Enumerable.Range(1, MaxAccounts).Select(n => $"account{n}:{Key}")) },
        }) ?? throw new InvalidOperationException("node could not be started.");
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
}
