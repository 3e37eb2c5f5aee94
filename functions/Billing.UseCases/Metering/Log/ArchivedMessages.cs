namespace Billing.UseCases.Metering;

/// <summary>Reads the archive of a log partition: each message once, in order, and nothing that was declared lost.</summary>
public sealed class ArchivedMessages(IArchive archive)
{
    private const int NamesPerList = 16;

    /// <summary>The messages after a sequence that follow one another without a hole, up to another (inclusive), a blob's at a time.</summary>
    /// <remarks>
    /// Ranges of blobs may overlap after a redelivery, and recorded gaps have no messages: both are passed. It ends at the first message that
    /// should be there and is not; the caller knows by <see cref="RegisteredPartition.NextAfter"/> what that is.
    /// </remarks>
    public async IAsyncEnumerable<IReadOnlyList<ArchivedMessage>> ReadAsync(
        RegisteredLog log, int number, long after, long through, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
    {
        var partition = new LogPartition(log.Id, number);
        var next = log[number].NextAfter(after);
        for (string? last = Before(partition, next); next <= through;)
        {
            var names = await archive.ListAsync($"{partition}/", last, NamesPerList, stop);
            if (names.Count == 0) yield break;
            foreach (var name in names)
            {
                last = name;
                var (first, end) = ArchiveSegment.RangeOf(name);
                if (end < next) continue;
                if (first > next) yield break;
                var messages = new List<ArchivedMessage>();
                foreach (var message in ArchiveSegment.Decode((await archive.GetAsync(name, stop))!.Value))
                {
                    if (message.Sequence != next || message.Sequence > through) continue;
                    messages.Add(message);
                    next = log[number].NextAfter(message.Sequence);
                }
                if (messages.Count > 0) yield return messages;
                if (next is null || next > through) yield break;
            }
        }
    }

    /// <summary>The first sequence of a range, both ends inclusive, that is archived and not declared lost; null when none is.</summary>
    public async Task<long?> FirstAsync(RegisteredLog log, int number, long first, long last, CancellationToken stop)
    {
        var partition = new LogPartition(log.Id, number);
        for (var after = Before(partition, first); ;)
        {
            var names = await archive.ListAsync($"{partition}/", after, NamesPerList, stop);
            foreach (var (from, through) in names.Select(ArchiveSegment.RangeOf))
                if (log[number].NextAfter(Math.Max(from, first) - 1) is { } there && there <= Math.Min(through, last)) return there;
            if (names.Count == 0) return null;
            after = names[^1];
        }
    }

    /// <summary>One message; null when the archive has not got it, or it was declared lost.</summary>
    public async Task<ArchivedMessage?> FindAsync(RegisteredLog log, int number, long sequence, CancellationToken stop)
    {
        if (log[number].Loses(sequence)) return null;
        var partition = new LogPartition(log.Id, number);
        var names = await archive.ListAsync($"{partition}/", Before(partition, sequence), 1, stop);
        if (names.Count == 0) return null;
        return ArchiveSegment.Decode((await archive.GetAsync(names[0], stop))!.Value).FirstOrDefault(m => m.Sequence == sequence);
    }

    /// <summary>Names after this one, in a list of the partition's, are those of blobs that end at the sequence or later.</summary>
    public static string? Before(LogPartition partition, long? sequence) => sequence is null or <= 1 ? null : $"{partition}/{sequence - 1:x16}~";
}
