using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;

namespace Billing.AzureStandIns;

/// <summary>The Azure Functions host as far as a custom handler sees it: it reads the published host.json and function.json, passes HTTP on, and calls triggers.</summary>
/// <param name="folder">What was published.</param>
/// <param name="settings">The app's settings.</param>
/// <param name="hub">Where batches come from; null for none.</param>
/// <param name="echo">Takes what the app writes, line by line.</param>
/// <param name="apart">Each trigger on an instance of its own, as on Flex Consumption; else all on one.</param>
public sealed class SimulatedHost(string folder, IReadOnlyDictionary<string, string> settings, EventHubsStandIn? hub, bool apart, Action<string>? echo = null) : IAsyncDisposable
{
    private static readonly string[] OfTheConnection = ["Transfer-Encoding", "Connection", "Keep-Alive", "Host", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded"];

    private readonly JsonNode host = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "host.json")))!;
    private readonly IReadOnlyList<HostFunction> functions = HostFunction.ReadAll(folder);
    private readonly Dictionary<string, HostInstance> instances = [];
    private readonly CancellationTokenSource stopping = new();
    private readonly List<Task> running = [];
    private WebApplication? app;

    public IReadOnlyList<HostFunction> Functions => functions;

    public Uri Address => new(app!.Urls.First());

    public IReadOnlyCollection<HostInstance> Instances => instances.Values;

    /// <summary>Starts everything; timers run at an interval instead of their schedule, null for never.</summary>
    public async Task StartAsync(int port, TimeSpan? timers)
    {
        if (host["customHandler"]?["enableProxyingHttpRequest"]?.GetValue<bool>() != true) throw new InvalidOperationException("host.json does not let requests be passed on as they are.");
        if (host["configurationProfile"] is not null || host["customHandler"]?["http"] is not null) throw new InvalidOperationException("host.json has routes beside function.json: the host would not start.");
        if (host["retry"] is not null) throw new InvalidOperationException("A retry in host.json is every function's.");
        foreach (var function in functions) Setting(function);
        await InstanceOf("http").RunningAsync(stopping.Token);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k =>
        {
            k.Listen(IPAddress.Loopback, port);
            k.Limits.MaxRequestBodySize = 104_857_600;
        });
        app = builder.Build();
        app.Run(PassAsync);
        await app.StartAsync();
        foreach (var function in functions.Where(f => f.Type == "eventHubTrigger"))
            for (var partition = 0; partition < hub!.Partitions; partition++) running.Add(new HubPump(hub, function, host, settings, InstanceOf(function.Name), partition).RunAsync(stopping.Token));
        if (timers is { } every) running.AddRange(functions.Where(f => f.Type == "timerTrigger").Select(f => TickAsync(f, every)));
    }

    /// <summary>Calls a timer now; false when it failed.</summary>
    public Task<bool> TickAsync(string function) => InstanceOf(function).CallAsync(function, Timer(), stopping.Token);

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await Task.WhenAll(running).ContinueWith(_ => { }, TaskScheduler.Default);
        if (app is not null) await app.DisposeAsync();
        foreach (var instance in instances.Values) instance.Dispose();
        stopping.Dispose();
    }

    private HostInstance InstanceOf(string group)
    {
        var key = apart ? group : "all";
        lock (instances)
        {
            if (!instances.TryGetValue(key, out var instance))
                instances.Add(key, instance = new HostInstance(folder, host["customHandler"]!["description"]!["defaultExecutablePath"]!.GetValue<string>(), settings, echo));
            return instance;
        }
    }

    // %NAME% in a binding is a setting; the host does not start without it.
    private void Setting(HostFunction function)
    {
        foreach (var (name, value) in function.Trigger)
            if (value is JsonValue text && text.TryGetValue<string>(out var of))
                foreach (Match match in Regex.Matches(of, "%([^%]+)%"))
                    if (!settings.ContainsKey(match.Groups[1].Value)) throw new InvalidOperationException($"{function.Name}: {name} names the setting {match.Groups[1].Value}, which is not there.");
    }

    private static byte[] Timer() => System.Text.Encoding.UTF8.GetBytes(new JsonObject
    {
        ["Data"] = new JsonObject { ["timer"] = new JsonObject { ["Schedule"] = new JsonObject { ["AdjustForDST"] = true }, ["ScheduleStatus"] = null, ["IsPastDue"] = false } },
        ["Metadata"] = new JsonObject { ["sys"] = new JsonObject { ["MethodName"] = "Timer", ["UtcNow"] = DateTime.UtcNow, ["RandGuid"] = Guid.NewGuid() } },
    }.ToJsonString());

    private async Task TickAsync(HostFunction function, TimeSpan every)
    {
        while (!stopping.IsCancellationRequested)
        {
            await Task.Delay(every, stopping.Token);
            await InstanceOf(function.Name).CallAsync(function.Name, Timer(), stopping.Token);
        }
    }

    private bool Routes(HttpRequest request) => functions.Where(f => f.Type == "httpTrigger").Any(f =>
    {
        var prefix = host["extensions"]?["http"]?["routePrefix"]?.GetValue<string>() ?? "api";
        var route = (prefix.Length > 0 ? prefix + "/" : "") + f.Trigger["route"]!.GetValue<string>();
        var pattern = "^/" + Regex.Escape(route).Replace(@"/\{\*path}", "(/.*)?", StringComparison.Ordinal) + "/?$";
        return Regex.IsMatch(request.Path.Value ?? "", pattern, RegexOptions.IgnoreCase)
            && f.Trigger["methods"]!.AsArray().Any(m => string.Equals(m!.GetValue<string>(), request.Method, StringComparison.OrdinalIgnoreCase));
    });

    private async Task PassAsync(HttpContext context)
    {
        if (!Routes(context.Request))
        {
            context.Response.StatusCode = 404;
            return;
        }
        var body = new FileBufferingReadStream(context.Request.Body, 1 << 20);
        for (var attempt = 1; ; attempt++)
        {
            var instance = InstanceOf("http");
            await instance.RunningAsync(context.RequestAborted);
            using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), $"http://{instance.Authority}{context.Features.Get<IHttpRequestFeature>()!.RawTarget}");
            if (context.Request.ContentLength > 0 || context.Request.Headers.TransferEncoding.Count > 0) request.Content = new StreamContent(body);
            foreach (var (name, values) in context.Request.Headers.Where(h => !OfTheConnection.Contains(h.Key, StringComparer.OrdinalIgnoreCase)))
                if (!request.Headers.TryAddWithoutValidation(name, values.ToArray())) request.Content?.Headers.TryAddWithoutValidation(name, values.ToArray());
            request.Headers.TryAddWithoutValidation("X-Forwarded-For", "127.0.0.1");
            request.Headers.TryAddWithoutValidation("X-Forwarded-Host", context.Request.Host.Value);
            request.Headers.TryAddWithoutValidation("X-Forwarded-Proto", context.Request.Scheme);
            var id = Guid.NewGuid().ToString();
            foreach (var name in (string[])["X-Azure-Functions-InvocationId", "x-ms-invocation-id"])
            {
                request.Headers.Remove(name);
                request.Headers.TryAddWithoutValidation(name, id);
            }
            try
            {
                using var answer = await instance.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
                context.Response.StatusCode = (int)answer.StatusCode;
                foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers))
                    if (!OfTheConnection.Contains(name, StringComparer.OrdinalIgnoreCase)) context.Response.Headers[name] = values.ToArray();
                await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
                return;
            }
            catch (HttpRequestException) when (!context.Response.HasStarted)
            {
                // The host sends again what has no body to read, up to ten times.
                if (request.Content is not null || attempt == 10)
                {
                    context.Response.StatusCode = 502;
                    return;
                }
                await Task.Delay(50 * attempt, context.RequestAborted);
            }
        }
    }
}
