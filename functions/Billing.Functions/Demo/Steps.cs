using System.Diagnostics;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Billing.Functions.Demo;

/// <summary>One bar of the progress display.</summary>
/// <param name="name">What is done.</param>
/// <param name="total">How much there is to do.</param>
/// <param name="unit">What is counted; null when a count says nothing.</param>
internal sealed class Step(string name, long total, string? unit)
{
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private long done;

    public string Name { get; } = name;

    public long Total { get; } = total;

    public long Done => Interlocked.Read(ref done);

    public void Reach(long value)
    {
        Interlocked.Exchange(ref done, value);
        if (value >= Total) watch.Stop();
    }

    /// <summary>Such as <c>306,000 events, 52,110 events/s</c>.</summary>
    public string Rate => unit is null ? "" : $"{Done:N0} {unit}, {Done / Math.Max(watch.Elapsed.TotalSeconds, 0.001):N0} {unit}/s";

    public TimeSpan Elapsed => watch.Elapsed;
}

/// <summary>Shows steps while they run: bars on a terminal, a line for each afterwards in plain text.</summary>
internal sealed class Steps(IAnsiConsole console, bool plain)
{
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(80);

    /// <summary>Runs work that moves one bar.</summary>
    public Task<T> RunAsync<T>(string name, long total, string? unit, Func<Step, Task<T>> work)
    {
        var step = new Step(name, total, unit);
        return RunAsync([step], () => work(step));
    }

    /// <summary>Runs work that moves several bars.</summary>
    public async Task<T> RunAsync<T>(IReadOnlyList<Step> steps, Func<Task<T>> work)
    {
        if (!plain) return await ShowAsync(steps, work);
        var result = await work();
        foreach (var step in steps)
        {
            step.Reach(step.Total);
            console.WriteLine($"  {step.Name,-12} {step.Elapsed.TotalSeconds,5:N1} s  {step.Rate}".TrimEnd());
        }
        return result;
    }

    private async Task<T> ShowAsync<T>(IReadOnlyList<Step> steps, Func<Task<T>> work) => await console.Progress().AutoClear(false)
        .Columns(new TextColumn(), new ProgressBarColumn { Width = 30 }, new PercentageColumn(), new ElapsedTimeColumn())
        .StartAsync(async display =>
        {
            var bars = steps.Select(s => display.AddTask(Text(s), maxValue: Math.Max(1, s.Total))).ToList();
            var running = work();
            while (!running.IsCompleted)
            {
                await Task.WhenAny(running, Task.Delay(Refresh));
                Update();
            }
            if (running.IsCompletedSuccessfully)
            {
                foreach (var step in steps) step.Reach(step.Total);
                Update();
            }
            return await running;

            void Update()
            {
                for (var i = 0; i < steps.Count; i++)
                {
                    bars[i].Description = Text(steps[i]);
                    bars[i].Value = Math.Max(steps[i].Done, steps[i].Total == 0 ? 1 : 0);
                }
            }
        });

    private static string Text(Step step) => $"{step.Name,-12} {step.Rate}";

    /// <summary>Of one width in every display, so that all bars stand under one another.</summary>
    private sealed class TextColumn : ProgressColumn
    {
        public override int? GetColumnWidth(RenderOptions options) => 50;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) => new Text(task.Description);
    }
}
