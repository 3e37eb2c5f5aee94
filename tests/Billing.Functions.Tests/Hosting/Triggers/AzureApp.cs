using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Billing.AzureStandIns;
using Billing.Functions.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NodaTime;

namespace Billing.Functions.Tests.Hosting.Triggers;

/// <summary>The app as the Functions host starts it, on simulated services; the test is the host.</summary>
internal sealed class AzureApp : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly bool ownAzure;

    private AzureApp(SimulatedAzure azure, bool ownAzure, WebApplication app)
    {
        (Azure, this.ownAzure, this.app) = (azure, ownAzure, app);
        Client = new HttpClient { BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()) };
    }

    public SimulatedAzure Azure { get; }

    public HttpClient Client { get; }

    public static async Task<AzureApp> StartAsync(int partitions = 1, SimulatedAzure? azure = null)
    {
        var ownAzure = azure is null;
        azure ??= await SimulatedAzure.StartAsync(partitions);
        var settings = azure.Settings.Select(s => $"--{s.Key.Replace("__", ":", StringComparison.Ordinal)}={s.Value}");
        var builder = WebApplication.CreateBuilder([.. settings, $"--FUNCTIONS_CUSTOMHANDLER_PORT={ThisMachine.FreePort()}", "--BILLING_API_KEY=dev"]);
        builder.AddBilling(SystemClock.Instance);
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.UseBilling();
        app.MapBilling();
        await app.PrepareAsync(CancellationToken.None);
        await app.StartAsync();
        return new AzureApp(azure, ownAzure, app);
    }

    /// <summary>A call of the host's own.</summary>
    public async Task<(int Status, string Body)> CallAsync(string function, byte[] body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/" + function) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/json; charset=utf-8");
        foreach (var (name, value) in headers.Length > 0 ? headers : [("X-Azure-Functions-InvocationId", "1")]) request.Headers.TryAddWithoutValidation(name, value);
        using var answer = await Client.SendAsync(request);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Brings what a partition of the hub holds from a sequence number on, and expects it to be folded.</summary>
    public async Task DeliverAsync(long from = 0, int most = int.MaxValue, string dataType = "binary", int retry = 0, int partition = 0) =>
        Xunit.Assert.Equal((200, "{}"), await CallAsync("UsageEvents", HubPump.Body(Azure.Hub.Hub, partition, Azure.Hub.Read(partition, from, most), dataType, retry)));

    public void Put(string body) => Azure.Hub.Put(0, Encoding.UTF8.GetBytes(body));

    /// <summary>An answer of the API.</summary>
    public async Task<JsonNode> GetAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "dev");
        using var answer = await Client.SendAsync(request);
        return (await answer.Content.ReadFromJsonAsync<JsonNode>())!;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.DisposeAsync();
        if (ownAzure) await Azure.DisposeAsync();
    }
}
