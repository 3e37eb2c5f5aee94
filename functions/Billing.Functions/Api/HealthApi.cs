using Billing.Domain.Values;
using Billing.Functions.Hosting;
using Billing.Functions.Hosting.Access;
using Billing.UseCases.Moving;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Billing.Functions.Api;

/// <summary>Says whether this process can do its work. Needs no key.</summary>
public static class HealthApi
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static void Map(IEndpointRouteBuilder app) =>
        app.MapGet("/health", AnswerAsync).NeedsNoKey().WithName("getHealth").WithTags("Health")
            .Produces<Health>(StatusCodes.Status503ServiceUnavailable);

    /// <summary>200 when the store is open and events are being counted; 503 otherwise.</summary>
    internal static async Task<Results<Ok<Health>, JsonHttpResult<Health>>> AnswerAsync(
        BackgroundWork work, Standstill standstill, IHostApplicationLifetime life, CancellationToken stop)
    {
        var store = await StoreAsync(work, stop);
        var stopped = work.PipelineStopped() ?? (store ? await standstill.ReasonAsync(stop) : null);
        var status = (store && stopped is null, life.ApplicationStarted.IsCancellationRequested) switch
        {
            (true, _) => HealthStatus.Ready,
            (false, true) => HealthStatus.Degraded,
            (false, false) => HealthStatus.Starting,
        };
        var health = new Health(status, new HealthChecks(Shown(store), Shown(stopped is null)), stopped);
        return status == HealthStatus.Ready
            ? TypedResults.Ok(health)
            : TypedResults.Json(health, statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<bool> StoreAsync(BackgroundWork work, CancellationToken stop)
    {
        try
        {
            return await work.StoreIsOpen(stop).WaitAsync(Patience, stop);
        }
        catch (Exception) when (!stop.IsCancellationRequested)
        {
            // Whatever the store throws, it does not answer; the requests that need it log the cause.
            return false;
        }
    }

    private static CheckStatus Shown(bool passed) => passed ? CheckStatus.Passed : CheckStatus.Failed;

    /// <summary>How the process is.</summary>
    [LowerCase]
    internal enum HealthStatus
    {
        /// <summary>All checks passed.</summary>
        Ready,

        /// <summary>Not all parts run yet.</summary>
        Starting,

        /// <summary>A part that ran has failed.</summary>
        Degraded,
    }

    /// <summary>What came of a check.</summary>
    [LowerCase]
    internal enum CheckStatus
    {
        Passed,
        Failed,
    }

    /// <param name="Reason">Why events are not being counted; only when they are not.</param>
    internal sealed record Health(HealthStatus Status, HealthChecks Checks, string? Reason);

    /// <param name="Store">The store answers within 2 s.</param>
    /// <param name="Pipeline">Every partition of the log is being counted, and the installation is not held to be moved.</param>
    internal sealed record HealthChecks(CheckStatus Store, CheckStatus Pipeline);
}
