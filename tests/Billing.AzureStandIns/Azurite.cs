using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace Billing.AzureStandIns;

/// <summary>The storage emulator, one for the whole process: blobs and tables, in memory.</summary>
public sealed class Azurite
{
    private static readonly Lazy<Task<Azurite>> Only = new(StartAsync);
    private const int MaxAccounts = 100;
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
    private readonly int blobPort;
    private readonly int tablePort;
    private int accounts;

    private Azurite(int blobPort, int tablePort) => (this.blobPort, this.tablePort) = (blobPort, tablePort);

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
        var (blobPort, queuePort, tablePort) = (ThisMachine.FreePort(), ThisMachine.FreePort(), ThisMachine.FreePort());
        await NodeServer.StartAsync(
            "azurite/dist/src/azurite.js",
            [
                "--silent", "--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck",
                "--blobPort", $"{blobPort}", "--queuePort", $"{queuePort}", "--tablePort", $"{tablePort}",
            ],
            [blobPort, tablePort],
            new Dictionary<string, string> { ["AZURITE_ACCOUNTS"] = string.Join(';', Enumerable.Range(1, MaxAccounts).Select(n => $"account{n}:{Key}")) });
        return new Azurite(blobPort, tablePort);
    }
}
