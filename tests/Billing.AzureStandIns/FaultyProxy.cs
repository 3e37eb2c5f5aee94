using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Billing.AzureStandIns;

/// <summary>Passes requests on to a service, and lets some of them go wrong.</summary>
public sealed class FaultyProxy(Uri to) : IAsyncDisposable
{
    private static readonly string[] OfTheConnection = ["Transfer-Encoding", "Connection", "Keep-Alive", "Host"];
    private readonly HttpClient client = new(new SocketsHttpHandler { AllowAutoRedirect = false });
    private WebApplication? app;

    /// <summary>Asked before each request, of its method and path.</summary>
    public Func<string, string, ServiceFault?>? Fault { get; set; }

    /// <summary>The service as it is reached through here.</summary>
    public Uri Endpoint => new(app!.Urls.First() + to.AbsolutePath);

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        app = builder.Build();
        app.Run(PassAsync);
        await app.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (app is not null) await app.DisposeAsync();
        client.Dispose();
    }

    private async Task PassAsync(HttpContext context)
    {
        var fault = Fault?.Invoke(context.Request.Method, context.Request.Path);
        if (fault is { Status: > 0, Done: false })
        {
            context.Response.StatusCode = fault.Status;
            return;
        }
        if (fault is { Done: false })
        {
            context.Abort();
            return;
        }
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), new Uri($"{to.Scheme}://{to.Authority}{context.Request.Path.ToUriComponent()}{context.Request.QueryString}"));
        var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        request.Content = new ByteArrayContent(body.ToArray());
        foreach (var (name, values) in context.Request.Headers.Where(h => !OfTheConnection.Contains(h.Key, StringComparer.OrdinalIgnoreCase)))
            if (!request.Headers.TryAddWithoutValidation(name, values.ToArray())) request.Content.Headers.TryAddWithoutValidation(name, values.ToArray());
        using var answer = await client.SendAsync(request);
        var content = await answer.Content.ReadAsByteArrayAsync();
        if (fault is { Done: true, Status: 0 })
        {
            context.Abort();
            return;
        }
        context.Response.StatusCode = fault?.Status ?? (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers))
            if (!OfTheConnection.Contains(name, StringComparer.OrdinalIgnoreCase)) context.Response.Headers[name] = values.ToArray();
        if (context.Request.Method != "HEAD" && content.Length > 0) await context.Response.Body.WriteAsync(content);
    }
}
