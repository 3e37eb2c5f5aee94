using Billing.UseCases.Clock;
using NodaTime;

namespace Billing.Functions.Hosting;

/// <summary>What runs beside the requests, as far as the host has to know it.</summary>
/// <param name="Due">Drains the pipeline and runs due work; the test clock steers it.</param>
/// <param name="EmptyStores">Empties every store and cache but for API keys, to start anew at an instant; the pipeline is drained before.</param>
/// <param name="StoreIsOpen">Completes with true when the store answers.</param>
/// <param name="PipelineStopped">Null while every partition of the log is being counted; else why one is not, in a sentence for anyone to read.</param>
public sealed record BackgroundWork(
    DueWork Due,
    Func<Instant, CancellationToken, Task> EmptyStores,
    Func<CancellationToken, Task<bool>> StoreIsOpen,
    Func<string?> PipelineStopped);
