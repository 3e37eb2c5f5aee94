using Billing.Domain.Metering;
using Billing.Domain.Metering.Events;
using Billing.Domain.Values;
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

    /// <summary>A message from the archive, with the verdicts it has there.</summary>
    public static FoldMessage Of(ArchivedMessage archived, EventParser parser, HashKey secret)
    {
        var parsed = new ParsedMessage();
        parser.ReadLogged(archived.Body, parsed);
        var message = new FoldMessage(archived.Sequence, archived.EnqueuedAt, parsed) { Verdicts = archived.Verdicts.ToArray(), Keys = new UInt128[parsed.Count] };
        for (var i = 0; i < parsed.Count; i++) message.Keys[i] = EventIdentity.Key(secret, parsed.Events[i].Source.Span, parsed.Events[i].Id.Span);
        return message;
    }

    /// <summary>The meters that take this message.</summary>
    public MeterSet? Meters { get; set; }

    public bool Counts(int index) => Verdicts[index] is Verdict.Fresh or Verdict.Replay;

    /// <summary>Event time, or the log's enqueued time when the producer gave none.</summary>
    public long TimeOf(in UsageEvent of) => of.Time ?? EnqueuedAt.ToUnixTimeTicks();
}

/// <summary>A value that a meter could not read, for the list of what was not counted.</summary>
internal readonly record struct UnreadableValue(FoldMessage Message, int Index, string MeterId, Unreadable Why);

/// <summary>What a fold counted.</summary>
internal sealed class FoldCounts
{
    public long NoMeter { get; set; }

    public long Rounded { get; set; }

    public List<UnreadableValue> Unreadable { get; } = [];
}

/// <summary>Another owner of the partition changed a document in between: drop what is cached, read the progress, fold again.</summary>
public sealed class StaleFoldException(string message) : Exception(message);
