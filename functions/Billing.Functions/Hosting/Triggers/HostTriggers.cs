using Billing.Functions.Hosting.Pipeline;
using Billing.Functions.Hosting.Webhooks;
using Billing.UseCases.Moving;
using Microsoft.AspNetCore.Http.Features;

namespace Billing.Functions.Hosting.Triggers;

/// <summary>The functions that the host calls, each as <c>POST /{name}</c>; their bindings are in the function.json of the same name.</summary>
/// <remarks>
/// The host passes requests from outside to the same port. A function answers 404 to them, and their routes have prefixes that no function's name has.
/// A failed run answers 500: the host then calls again (usage, for ever) or at the next tick (timers).
/// </remarks>
public sealed class HostTriggers(UsageTrigger usage, DueTimer due, WebhookTimer webhooks, Housekeeping housekeeping, Standstill standstill, BillingClock clock, Settings settings, ILogger<HostTriggers> log)
{
    private const string UsageEvents = "UsageEvents";

    private static readonly Dictionary<string, Func<HostTriggers, Stream, CancellationToken, Task>> Functions = new(StringComparer.OrdinalIgnoreCase)
    {
        [UsageEvents] = (all, body, stop) => all.usage.RunAsync(body, stop),
        ["Bill"] = (all, _, stop) => all.due.RunAsync(stop),
        ["Deliver"] = (all, _, stop) => all.webhooks.RunAsync(stop),
        ["Sweep"] = (all, _, stop) => all.SweepAsync(stop),
    };

    // To a function that reads nothing of the answer, an answer with no outputs. The host never ends a call that is answered with nothing.
    private static readonly byte[] Done = "{}"u8.ToArray();

    private readonly UsageTrigger usage = usage;
    private readonly DueTimer due = due;
    private readonly WebhookTimer webhooks = webhooks;

    /// <summary>The names of the functions.</summary>
    public static IReadOnlyCollection<string> Names => Functions.Keys;

    /// <summary>The middleware; runs before everything that is for requests from outside.</summary>
    public async Task RunAsync(HttpContext context, RequestDelegate next)
    {
        var name = context.Request.Path.Value?.TrimStart('/') ?? "";
        if (name.Length == 0)
        {
            // The host asks whether the process is there.
            return;
        }
        if (!Functions.TryGetValue(name, out var function))
        {
            await next(context);
            return;
        }
        if (!HttpMethods.IsPost(context.Request.Method) || !FunctionsHost.IsCaller(context.Request))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        try
        {
            // A batch is as large as the hub makes it.
            if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
            if (settings.TestClock) await clock.LoadAsync(context.RequestAborted);
            if (await HeldAsync(name, context.RequestAborted) is { } reason) log.LogWarning("The function {Function} did nothing: {Reason}", name, reason);
            else await function(this, context.Request.Body, context.RequestAborted);
        }
        catch (Exception fault) when (!context.RequestAborted.IsCancellationRequested)
        {
            log.LogError(fault, "The function {Function} failed.", name);
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            return;
        }
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(Done, context.RequestAborted);
    }

    // A timer that does nothing is done; events that are not folded must come again.
    private async Task<string?> HeldAsync(string name, CancellationToken stop)
    {
        if (!name.Equals(UsageEvents, StringComparison.OrdinalIgnoreCase)) return await standstill.ReasonAsync(stop);
        return await standstill.FoldReasonAsync(stop) is { } reason ? throw new InvalidOperationException(reason) : null;
    }

    private async Task SweepAsync(CancellationToken stop)
    {
        await due.SweepAsync(stop);
        await housekeeping.RunAsync(stop);
    }
}
