using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Billing.Functions.Tests.Telemetry;

/// <summary>Takes OTLP over HTTP and keeps what came, as it came: its texts stand in it as UTF-8.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<(string Path, string Text)> received = new();

    private OtlpReceiver(WebApplication app) => this.app = app;

    public string Address => app.Urls.Single();

    public static async Task<OtlpReceiver> StartAsync()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var receiver = new OtlpReceiver(builder.Build());
        receiver.app.MapPost("/{**path}", async (HttpRequest request) =>
        {
            var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            // Without loss, whatever bytes lie between the texts; texts are compared in the same form.
            receiver.received.Enqueue((request.Path, Encoding.Latin1.GetString(body.ToArray())));
            return Results.Bytes([], "application/x-protobuf");
        });
        await receiver.app.StartAsync();
        return receiver;
    }

    /// <summary>The paths that something came to.</summary>
    public IReadOnlyList<string> Paths => [.. received.Select(r => r.Path).Distinct().Order(StringComparer.Ordinal)];

    public bool Has(string text, string? path = null) =>
        received.Any(r => (path is null || r.Path == path) && r.Text.Contains(Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text)), StringComparison.OrdinalIgnoreCase));

    public async ValueTask DisposeAsync() => await app.DisposeAsync();
}
