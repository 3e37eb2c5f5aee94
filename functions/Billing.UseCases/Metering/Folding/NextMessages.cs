namespace Billing.UseCases.Metering;

/// <summary>Messages that follow one another without a gap and are folded together.</summary>
/// <param name="Messages">Delivered ones have no verdicts yet.</param>
/// <param name="Archived">True when they come from the archive, each with its verdicts.</param>
internal sealed record MessageStretch(IReadOnlyList<ArchivedMessage> Messages, bool Archived);

/// <summary>Finds what a partition folds next.</summary>
internal sealed class NextMessages(IArchive archive)
{
    private readonly ArchivedMessages archived = new(archive);

    /// <summary>The messages from a sequence on, as they were delivered or else from the archive; null when neither has them.</summary>
    /// <remarks>A stretch ends before a recorded gap, so that no blob spans one.</remarks>
    public async Task<MessageStretch?> FindAsync(RegisteredLog log, int number, long first, IReadOnlyList<LogMessage> delivered, CancellationToken stop)
    {
        var until = log[number].LastBeforeGap(first);
        var stretch = new List<ArchivedMessage>(delivered.Count);
        foreach (var message in delivered)
        {
            if (message.Sequence < first + stretch.Count) continue;
            if (message.Sequence != first + stretch.Count || message.Sequence > until) break;
            stretch.Add(new ArchivedMessage(message.Sequence, message.EnqueuedAt, message.Body, default));
        }
        if (stretch.Count > 0) return new(stretch, Archived: false);
        await foreach (var blob in archived.ReadAsync(log, number, first - 1, until, stop)) return new(blob, Archived: true);
        return null;
    }
}

/// <summary>Messages are neither in the log nor in the archive, and nobody has declared them lost.</summary>
/// <param name="partition">Where.</param>
/// <param name="missing">The first sequence that is missing.</param>
/// <param name="found">The next one that is there.</param>
public sealed class LogGapException(LogPartition partition, long missing, long found) : Exception(
    $"Partition {partition} stands still: sequences {missing} to {found - 1} are neither in the log nor in the archive. Bring them back, or record the gap.");

/// <summary>Messages come after the end of a closed log; they are not counted.</summary>
public sealed class LogClosedException(LogPartition partition, LogClosing closed, long end) : Exception(
    $"Partition {partition} ended at sequence {end} when its log was closed at {closed.At} ({closed.Reason}); what comes after it is not counted.");
