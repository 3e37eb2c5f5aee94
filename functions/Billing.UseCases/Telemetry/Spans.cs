using System.Diagnostics;
using Billing.UseCases.Metering;
using NodaTime.Text;

namespace Billing.UseCases.Telemetry;

/// <summary>
/// The way of usage as spans of the source <see cref="Measures.Name"/>: <c>ingest</c> with <c>append</c> in it, and <c>fold</c>, which is linked to the appends of
/// its messages, with a <c>commit windows</c> for each (key, month) in it. No span says whose usage it is.
/// </summary>
/// <remarks>
/// While nobody listens none is made. Spans begin a trace of their own, or go on with the caller's: the framework's activities around them are recorded by
/// nobody, and what has such a parent would not be either.
/// </remarks>
public static class Spans
{
    /// <summary>Most links of a fold.</summary>
    public const int MaxLinks = 32;

    /// <summary>Most commits of a fold that have spans; a batch may touch thousands of keys.</summary>
    public const int MaxCommits = 32;

    internal const string Partition = "billing.partition";

    private const string Commits = "billing.commits";
    private const string ErrorType = "error.type";
    private const string FoldName = "fold";

    private static readonly ActivitySource Source = new(Measures.Name);

    /// <summary>True when somebody listens.</summary>
    public static bool AreHeard => Source.HasListeners();

    /// <summary>Where in a trace the caller is, to be kept with a message; none when nobody records it.</summary>
    public static ActivityContext Here => Source.HasListeners() && Activity.Current is { Recorded: true } current && current.Source == Source ? current.Context : default;

    /// <summary>An ingest request.</summary>
    /// <param name="traceParent">What the request has of the caller's trace, if anything. Its state is left out: anything may stand in it.</param>
    public static Activity? Ingest(string? traceParent) =>
        Source.HasListeners() ? Begin("ingest", ActivityKind.Server, ContextOf(traceParent), []) : null;

    /// <summary>The request was answered, or why it was refused.</summary>
    public static void Answered(this Activity span, string? refusal) => span.SetTag(ErrorType, refusal);

    /// <summary>What it stands for has failed. The fault's text is left out: anything may stand in it.</summary>
    public static void Failed(this Activity span, Exception fault) => span.SetStatus(ActivityStatusCode.Error).SetTag(ErrorType, fault.GetType().FullName);

    /// <summary>What a message says of its trace; none when that can't be read.</summary>
    public static ActivityContext ContextOf(string? traceParent) => ActivityContext.TryParse(traceParent, null, isRemote: true, out var context) ? context : default;

    /// <summary>The same as text, as W3C's trace context has it; null for none.</summary>
    public static string? TextOf(ActivityContext context) => context == default ? null : $"00-{context.TraceId}-{context.SpanId}-{(byte)context.TraceFlags:x2}";

    internal static Activity? Append(IReadOnlyList<NewMessage> messages, int events) =>
        Source.StartActivity("append", ActivityKind.Producer)?.SetTag("billing.messages", messages.Count).SetTag("billing.events", events);

    internal static Activity? Fold(LogPartition partition, MessageStretch stretch, IReadOnlyList<LogMessage> delivered)
    {
        if (!Source.HasListeners()) return null;
        var (first, last) = (stretch.Messages[0].Sequence, stretch.Messages[^1].Sequence);
        var origins = delivered.Where(m => m.Sequence >= first && m.Sequence <= last && m.Origin != default).Select(m => m.Origin).Distinct().Take(MaxLinks);
        return Begin(FoldName, ActivityKind.Consumer, default, [.. origins.Select(o => new ActivityLink(o))])?
            .SetTag(Partition, partition.Number).SetTag("billing.messages", stretch.Messages.Count)
            .SetTag("billing.sequence.first", first).SetTag("billing.sequence.last", last);
    }

    internal static void Folded(this Activity span, Progress before, Progress after) => span
        .SetTag("billing.events.counted", after.Counted - before.Counted)
        .SetTag("billing.events.duplicate", after.Duplicate - before.Duplicate)
        .SetTag("billing.events.rejected", after.Rejected - before.Rejected);

    /// <summary>The commit of changed windows of one (key, month); null outside of a fold, and past <see cref="MaxCommits"/>, which the fold still counts.</summary>
    internal static Activity? Commit(IReadOnlyList<WindowShards> windows)
    {
        if (Activity.Current is not { OperationName: FoldName } fold || fold.Source != Source) return null;
        var number = (fold.GetTagItem(Commits) as int? ?? 0) + 1;
        fold.SetTag(Commits, number);
        if (number > MaxCommits) return null;
        return Source.StartActivity("commit windows", ActivityKind.Client)?
            .SetTag("billing.kind", windows[0].Key == WindowNames.Total ? "total" : "customer").SetTag("billing.windows", windows.Count)
            .SetTag("billing.windows.from", Text(windows.Min(w => w.Hour))).SetTag("billing.windows.until", Text(windows.Max(w => w.Hour) + 1));
    }

    private static Activity? Begin(string name, ActivityKind kind, ActivityContext parent, ActivityLink[] links)
    {
        Activity.Current = null;
        return Source.StartActivity(name, kind, parent, tags: null, links);
    }

    private static string Text(int hour) => InstantPattern.General.Format(WindowNames.Start(hour));
}
