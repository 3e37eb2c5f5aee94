using System.Diagnostics;

namespace Billing.Benchmarks.Server;

/// <summary>Looks at the server from outside while it works: memory as the count grows, what is pending, how fresh its answers are.</summary>
internal sealed class Watch(BillingApi api, int process) : IAsyncDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(10);
    private readonly CancellationTokenSource ending = new();
    private readonly List<(long Counted, double Mb)> memory = [];
    private Task running = Task.CompletedTask;
    private int probes;

    /// <summary>The most resident memory seen, in MB.</summary>
    public double PeakMb { get; private set; }

    /// <summary>The most events seen accepted and not counted yet.</summary>
    public long PeakPending { get; private set; }

    public void Start() => running = Task.Run(LookAsync);

    /// <summary>Resident memory when the count of events first reached a mark; null when it never did.</summary>
    public double? ResidentMbAt(long events)
    {
        lock (memory)
        {
            foreach (var (counted, mb) in memory)
                if (counted >= events) return mb;
            return null;
        }
    }

    /// <summary>Sends single events and asks until each is in a query's answer.</summary>
    /// <returns>Milliseconds from the ingest answer to the query's answer, sorted; one that did not come within 30 s stands as 30,000.</returns>
    public async Task<List<double>> FreshnessAsync(Func<bool> goOn, CancellationToken stop)
    {
        var found = new List<double>();
        while (goOn() && !stop.IsCancellationRequested)
        {
            var customer = $"probe-{++probes}";
            await api.SendProbeAsync($"probe-{Guid.NewGuid()}", customer, stop);
            var answered = Stopwatch.GetTimestamp();
            while (await api.ProbeCountAsync(customer, stop) == 0 && Stopwatch.GetElapsedTime(answered).TotalSeconds < 30) await Task.Delay(AskEvery, stop);
            found.Add(Math.Min(30_000, Stopwatch.GetElapsedTime(answered).TotalMilliseconds));
            // Odd, so that the probes do not fall into step with the server's own rhythm.
            await Task.Delay(37 + probes % 7 * 31, stop);
        }
        found.Sort();
        return found;
    }

    /// <summary>Probe events sent so far.</summary>
    public int Probes => probes;

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await running;
        ending.Dispose();
    }

    private async Task LookAsync()
    {
        try
        {
            while (true)
            {
                var counts = await api.CountsAsync(ending.Token);
                var mb = ProcessUse.ResidentMb(process);
                lock (memory) memory.Add((counts.Counted, mb));
                PeakMb = Math.Max(PeakMb, mb);
                PeakPending = Math.Max(PeakPending, counts.Pending);
                await Task.Delay(LookEvery, ending.Token);
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException || ending.IsCancellationRequested)
        {
            // The watch is over.
        }
    }
}
