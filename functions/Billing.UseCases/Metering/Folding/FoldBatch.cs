using Billing.Domain.Metering;
using Billing.Domain.Metering.Events;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>A message on its way into windows.</summary>
internal sealed class FoldMessage(long sequence, Instant enqueuedAt, ParsedMessage parsed)
{
    public long Sequence { get; } = sequence;

    public Instant EnqueuedAt { get; } = enqueuedAt;

    public ParsedMessage Parsed { get; } = parsed;

    /// <summary>By event index.</summary>
    public Verdict[] Verdicts { get; set; } = [];

    /// <summary>By event index: the dedup keys.</summary>
    public UInt128[] Keys { get; set; } = [];

    /// <summary>The meters that take this message.</summary>
    public MeterSet? Meters { get; set; }

    public bool Counts(int index) => Verdicts[index] is Verdict.Fresh or Verdict.Replay;

    /// <summary>Event time, or the log's enqueued time when the producer gave none.</summary>
    public long TimeOf(in UsageEvent of) => of.Time ?? EnqueuedAt.ToUnixTimeTicks();
}

/// <summary>A value that a meter could not read, for the list of what was not counted.</summary>
internal readonly record struct UnreadableValue(long Sequence, int Index, string MeterId, Unreadable Why);

/// <summary>What a fold counted.</summary>
internal sealed class FoldCounts
{
    public long NoMeter { get; set; }

    public long Rounded { get; set; }

    public List<UnreadableValue> Unreadable { get; } = [];
}

/// <summary>Another owner of the partition changed a document in between: drop what is cached, read the progress, fold again.</summary>
public sealed class StaleFoldException(string message) : Exception(message);
