using System.Net;
using Azure.Core;
using Microsoft.Azure.Cosmos;
using Polly;
using Polly.Retry;

namespace Billing.Storage.Azure.Connecting;

/// <summary>How long a service is waited for, and how often it is asked again: the same for all of them.</summary>
/// <remarks>Waits double from <see cref="FirstWait"/> to <see cref="LongestWait"/>, with jitter; a service that says how long to wait is obeyed.</remarks>
internal static class Patience
{
    /// <summary>Tries after the first one.</summary>
    public const int Retries = 6;

    /// <summary>Longest time for one try.</summary>
    public static readonly TimeSpan OneTry = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    private static readonly ResiliencePipeline Again = new ResiliencePipelineBuilder()
        .AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = Retries,
            Delay = FirstWait,
            MaxDelay = LongestWait,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            ShouldHandle = args => ValueTask.FromResult(args.Outcome.Exception is { } fault && IsTransient(fault, args.Context.CancellationToken)),
            DelayGenerator = args => ValueTask.FromResult(ToldToWait(args.Outcome.Exception)),
        })
        .Build();

    /// <summary>Sets it on the client of a REST service.</summary>
    public static void Apply(ClientOptions options)
    {
        options.Retry.Mode = RetryMode.Exponential;
        options.Retry.MaxRetries = Retries;
        options.Retry.Delay = FirstWait;
        options.Retry.MaxDelay = LongestWait;
        options.Retry.NetworkTimeout = OneTry;
    }

    /// <summary>Runs what may be run again, until it gives no transient fault.</summary>
    public static async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> run, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        return await Again.ExecuteAsync(async token => await run(token), stop);
    }

    /// <summary>True for an answer that another try may change.</summary>
    public static bool IsTransient(HttpStatusCode status) =>
        status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or HttpStatusCode.Gone or (HttpStatusCode)449 or >= HttpStatusCode.InternalServerError;

    /// <summary>True for a fault that another try may not meet. A cancellation that the caller did not ask for is a try that took too long.</summary>
    public static bool IsTransient(Exception fault, CancellationToken stop) => fault switch
    {
        TransientFaultException => true,
        CosmosException cosmos => IsTransient(cosmos.StatusCode),
        HttpRequestException or IOException => true,
        OperationCanceledException => !stop.IsCancellationRequested,
        _ => false,
    };

    private static TimeSpan? ToldToWait(Exception? fault) => ((fault as TransientFaultException)?.InnerException ?? fault) is CosmosException { RetryAfter: { } told } ? told : null;
}

/// <summary>A fault that another try may not meet, and of which it is known that nothing was done, or only what may be done again.</summary>
internal sealed class TransientFaultException(Exception inner) : Exception(inner.Message, inner);
