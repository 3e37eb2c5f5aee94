using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Billing.Functions.Tests.Telemetry;

/// <summary>Tests that hear everything the process says of itself: nothing else runs meanwhile.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "telemetry";
}

/// <summary>Hears spans, measures and log lines.</summary>
internal sealed class Recorder : ILoggerProvider, ILogger
{
    private readonly ActivityListener activities;
    private readonly MeterListener measures = new();
    private readonly ConcurrentQueue<Activity> spans = new();
    private readonly ConcurrentQueue<(string Name, double Value, IReadOnlyList<KeyValuePair<string, object?>> Tags)> measured = new();
    private readonly ConcurrentQueue<string> lines = new();

    public Recorder()
    {
        activities = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Billing",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(activities);
        measures.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == "Billing") listener.EnableMeasurementEvents(instrument);
        };
        measures.SetMeasurementEventCallback<long>((of, value, tags, _) => measured.Enqueue((of.Name, value, tags.ToArray())));
        measures.SetMeasurementEventCallback<double>((of, value, tags, _) => measured.Enqueue((of.Name, value, tags.ToArray())));
        measures.Start();
    }

    public IEnumerable<string> Lines => lines;

    public IEnumerable<string> Measured => measured.Select(m => m.Name).Distinct();

    public IReadOnlyList<Activity> Spans(string name) => [.. spans.Where(s => s.OperationName == name)];

    /// <summary>What was measured in all, of one kind if that is said.</summary>
    public double Sum(string name, string? kind = null) =>
        measured.Where(m => m.Name == name && (kind is null || m.Tags.Any(t => t.Key == "billing.kind" && kind.Equals(t.Value)))).Sum(m => m.Value);

    /// <summary>How often it was measured.</summary>
    public int Count(string name) => measured.Count(m => m.Name == name);

    /// <summary>Waits until it is so: what is told of a batch is told just after its progress can be read.</summary>
    public async Task UntilAsync(Func<bool> isSo)
    {
        for (var tries = 0; tries < 500 && !isSo(); tries++) await Task.Delay(20);
        Assert.True(isSo(), string.Join('\n', measured.Select(m => $"{m.Name} {m.Value} {string.Join(',', m.Tags)}").Concat(spans.Select(s => s.OperationName)).Concat(lines)));
    }

    public void Dispose()
    {
        activities.Dispose();
        measures.Dispose();
    }

    ILogger ILoggerProvider.CreateLogger(string categoryName) => this;

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        lines.Enqueue($"{logLevel}: {formatter(state, exception)}");
}
