using Billing.UseCases.Cost;

namespace Billing.Functions.Hosting.Triggers;

/// <summary>Counts the calls that the Functions host bills: how many, and for how long the instance had any to work on.</summary>
public sealed class CountedCalls(BilledUnits units, CostDays days, TimeProvider realTime, ILogger<CountedCalls> log)
{
    private readonly Lock gate = new();
    private int running;
    private long since;

    /// <summary>The middleware; the first of all.</summary>
    public async Task RunAsync(HttpContext context, RequestDelegate next)
    {
        Begin();
        try
        {
            await next(context);
        }
        finally
        {
            End();
        }
        try
        {
            Pass();
            await days.AddIfDueAsync();
        }
        catch (Exception fault)
        {
            // What was counted is kept for the next time; the call itself is done.
            log.LogWarning(fault, "What Azure bills could not be noted down.");
        }
    }

    private void Begin()
    {
        units.Add(BilledUnit.Executions);
        lock (gate)
            if (running++ == 0) since = realTime.GetTimestamp();
    }

    // An instance that is never idle counts as it goes.
    private void Pass()
    {
        lock (gate)
        {
            if (running == 0) return;
            units.Add(BilledUnit.InstanceSeconds, realTime.GetElapsedTime(since).TotalSeconds);
            since = realTime.GetTimestamp();
        }
    }

    private void End()
    {
        lock (gate)
            if (--running == 0) units.Add(BilledUnit.InstanceSeconds, realTime.GetElapsedTime(since).TotalSeconds);
    }
}
