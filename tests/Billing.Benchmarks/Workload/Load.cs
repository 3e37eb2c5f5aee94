using System.Diagnostics;

namespace Billing.Benchmarks.Workload;

/// <summary>What a load did.</summary>
/// <param name="Sent">What the server accepted.</param>
/// <param name="Began">Timestamp of the first request.</param>
/// <param name="Answered">Timestamp of the last answer.</param>
/// <param name="LatenciesMs">Of each request, sorted.</param>
/// <param name="PutOff">Answers that said: later.</param>
internal sealed record LoadResult(Sent Sent, long Began, long Answered, double[] LatenciesMs, long PutOff)
{
    public double Percentile(double p) => LatenciesMs.Length == 0 ? 0 : LatenciesMs[Math.Min(LatenciesMs.Length - 1, (int)(LatenciesMs.Length * p))];
}

/// <summary>Sends events over several connections, each of which waits for its answer before it sends again.</summary>
/// <param name="port">Of the server.</param>
/// <param name="key">API key.</param>
/// <param name="seed">Of the run.</param>
internal sealed class Load(int port, string key, ulong seed)
{
    /// <summary>Events a request.</summary>
    public const int BatchEvents = 500;

    private static readonly TimeSpan Later = TimeSpan.FromMilliseconds(20);
    private long next;

    /// <summary>Sends new events and waits for all answers.</summary>
    /// <param name="events">How many, rounded up to whole batches.</param>
    /// <param name="connections">Side by side, a thread each.</param>
    /// <param name="perSecond">Events a second at most; null for as fast as answers come.</param>
    /// <param name="stop">Gives up.</param>
    public LoadResult Send(long events, int connections, double? perSecond, CancellationToken stop)
    {
        var batches = (events + BatchEvents - 1) / BatchEvents;
        var first = Interlocked.Add(ref next, batches * BatchEvents) - batches * BatchEvents;
        var taken = -1L;
        var (sent, latencies, putOff) = (new Sent(), new List<double>(), 0L);
        Exception? failure = null;
        var began = Stopwatch.GetTimestamp();
        var threads = Enumerable.Range(0, connections).Select(_ => new Thread(() =>
        {
            try
            {
                var worker = new Worker(new LoadConnection(port, key), seed);
                using (worker.Connection)
                {
                    for (long batch; (batch = Interlocked.Increment(ref taken)) < batches && failure is null && !stop.IsCancellationRequested;)
                    {
                        if (perSecond is { } rate) WaitUntil(began, batch * BatchEvents / rate);
                        worker.Send(first + batch * BatchEvents, stop);
                    }
                }
                lock (sent)
                {
                    sent.Add(worker.Sent);
                    latencies.AddRange(worker.LatenciesMs);
                    putOff += worker.PutOff;
                }
            }
            catch (Exception fault)
            {
                failure = fault;
            }
        }) { IsBackground = true }).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        var answered = Stopwatch.GetTimestamp();
        stop.ThrowIfCancellationRequested();
        if (failure is not null) throw new InvalidOperationException("The load failed: " + failure.Message, failure);
        latencies.Sort();
        return new LoadResult(sent, began, answered, [.. latencies], putOff);
    }

    /// <summary>Sends a batch that was sent before once more, as a producer does whose answer got lost.</summary>
    public void SendAgain(CancellationToken stop)
    {
        using var connection = new LoadConnection(port, key);
        new Worker(connection, seed).Send(0, stop);
    }

    private static void WaitUntil(long began, double seconds)
    {
        var wait = seconds - Stopwatch.GetElapsedTime(began).TotalSeconds;
        if (wait > 0) Thread.Sleep(TimeSpan.FromSeconds(wait));
    }

    private sealed class Worker(LoadConnection connection, ulong seed)
    {
        private readonly byte[] body = new byte[2 + BatchEvents * (EventWriter.Length + 1)];
        private readonly EventWriter writer = new();

        public LoadConnection Connection => connection;

        public Sent Sent { get; } = new();

        public List<double> LatenciesMs { get; } = [];

        public long PutOff { get; private set; }

        public void Send(long first, CancellationToken stop)
        {
            var length = writer.WriteBatch(body, seed, first, BatchEvents, Sent);
            var start = Stopwatch.GetTimestamp();
            while (connection.Post(body, length) != 200)
            {
                PutOff++;
                if (stop.WaitHandle.WaitOne(Later)) return;
            }
            LatenciesMs.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
    }
}
