using Billing.Domain.Values;

namespace Billing.Functions.Hosting.Pipeline;

/// <summary>What was accepted and waits to be counted; past its bound ingest says "later" and takes nothing.</summary>
/// <remarks>
/// The log is on disk and costs no memory, so the bound takes bursts of minutes. It keeps a lasting overload from making every answer
/// older, and from filling the disk.
/// </remarks>
public sealed class Backlog(LogPump pump, Settings settings)
{
    private readonly long maxBytes = (long)settings.MaxBacklogMb << 20;

    /// <summary>Null while there is room; else the refusal.</summary>
    public Refusal? Complaint() => pump.WaitingBytes is var waiting && waiting < maxBytes ? null : new Refusal(
        "backlog_full", $"{waiting >> 20} MB of events wait to be counted. Nothing of this request was stored; send it again in some seconds.", null, RefusalKind.Overloaded);
}
