using Billing.Domain.Metering;
using Billing.Domain.Metering.Events;
using Billing.Domain.Values;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>Folds archived messages, with the verdicts they have there, into the windows of one partition name.</summary>
/// <remarks>Watermarks make it safe to repeat. Every day it touches becomes stale.</remarks>
internal sealed class ArchiveFold(IDocumentStore documents, IArchive archive, KnownKeys knownKeys, IClock clock, HashKey secret, string name, long cacheBytes)
{
    private readonly FoldWindows windows = new(documents, secret, name, cacheBytes);
    private readonly RejectedUsage rejected = new(archive);
    private readonly EventParser parser = new();

    /// <summary>Folds messages that follow one another; durable when it completes.</summary>
    /// <param name="messages">In order.</param>
    /// <param name="metersAt">The meters that take the message with a sequence.</param>
    /// <param name="counts">Whether an event of an hour is taken at all.</param>
    /// <param name="stop">Gives up.</param>
    public async Task FoldAsync(IReadOnlyList<ArchivedMessage> messages, Func<long, MeterSet> metersAt, Func<int, bool> counts, CancellationToken stop)
    {
        var batch = messages.Select(m => FoldMessage.Of(m, parser, secret)).ToList();
        foreach (var message in batch)
        {
            message.Meters = metersAt(message.Sequence);
            for (var i = 0; i < message.Verdicts.Length; i++)
                if (message.Counts(i) && !counts(WindowNames.HourOf(message.TimeOf(message.Parsed.Events[i])))) message.Verdicts[i] = Verdict.Duplicate;
        }
        var counted = new FoldCounts();
        for (var part = 0; part < batch.Count;)
        {
            part = await windows.FoldAsync(batch, part, counted, stop);
            await knownKeys.AddAsync(windows.NewKeys, stop);
            await windows.CommitAsync(batch[part - 1].Sequence, clock.GetCurrentInstant(), always: true, stop);
        }
        await rejected.WriteAsync(name, messages[0].Sequence, messages[^1].Sequence, [.. counted.Unreadable.Select(u => RejectedUsage.Describe(name, u))], stop);
    }
}
