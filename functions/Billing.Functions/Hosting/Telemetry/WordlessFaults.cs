using OpenTelemetry;
using OpenTelemetry.Logs;

namespace Billing.Functions.Hosting.Telemetry;

/// <summary>Leaves of a logged exception its types and where it was thrown. Its text may quote what a client sent or a store answered.</summary>
internal sealed class WordlessFaults : BaseProcessor<LogRecord>
{
    public override void OnEnd(LogRecord data)
    {
        if (data.Exception is not { } fault) return;
        var stack = new List<string>();
        for (Exception? at = fault; at is not null; at = at.InnerException) stack.Add($"{at.GetType().FullName}\n{at.StackTrace}");
        data.Attributes = [.. data.Attributes ?? [], new("exception.type", fault.GetType().FullName), new("exception.stacktrace", string.Join('\n', stack))];
        data.Exception = null;
    }
}
