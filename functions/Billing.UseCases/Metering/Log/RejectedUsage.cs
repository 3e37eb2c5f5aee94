using System.Globalization;
using System.Text;
using System.Text.Json;
using Billing.Domain.Metering;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>Something of an event that was not counted.</summary>
/// <param name="Kind">"rejected" (a dead letter), "conflict" (a known id with other content) or "unreadable" (by one meter; the event is accepted).</param>
/// <param name="Partition">Log partition.</param>
/// <param name="Sequence">Of the message.</param>
/// <param name="Index">Of the event in its message.</param>
/// <param name="EnqueuedAt">When the log took it.</param>
/// <param name="Reason">A sentence.</param>
/// <param name="MeterId">Unreadable: by which meter.</param>
/// <param name="Id">The event's id, when it could be read.</param>
/// <param name="Source">The CloudEvent's source, when there is one.</param>
/// <param name="Key">Whose usage, when it could be read.</param>
public sealed record RejectedEvent(
    string Kind, string Partition, long Sequence, int Index, Instant EnqueuedAt, string Reason, string? MeterId, string? Id, string? Source, string? Key);

/// <summary>The list of what was not counted: one blob a batch that has any, beside the archive.</summary>
/// <remarks>
/// Written before the progress, from verdicts that are final, so a redelivery writes the same again: readers skip a
/// (partition, sequence, index, meter) already read. Blobs are named so that the newest come first in ordinal order.
/// </remarks>
public sealed class RejectedUsage(IArchive archive)
{
    /// <summary>Entries of one batch that are listed; further ones are counted in the progress only.</summary>
    public const int MaxPerBatch = 10_000;

    private const string Prefix = "rejected/";

    /// <summary>An event that is listed, with what could be read of it.</summary>
    internal static RejectedEvent Describe(string kind, string partition, FoldMessage message, int index, string reason, string? meterId = null)
    {
        ref readonly var read = ref message.Parsed.Events[index];
        return new(kind, partition, message.Sequence, index, message.EnqueuedAt, reason, meterId, Text(read.Id), Text(read.Source), Text(read.Key));

        static string? Text(ReadOnlyMemory<byte> value) => value.IsEmpty ? null : Encoding.UTF8.GetString(value.Span);
    }

    /// <summary>An event that one meter could not read.</summary>
    internal static RejectedEvent Describe(string partition, UnreadableValue value) =>
        Describe("unreadable", partition, value.Message, value.Index, ReasonOf(value.Why), value.MeterId);

    public async Task WriteAsync(string partition, long first, long last, IReadOnlyList<RejectedEvent> entries, CancellationToken stop)
    {
        if (entries.Count == 0) return;
        var lines = new StringBuilder();
        foreach (var entry in entries.Take(MaxPerBatch)) lines.Append(JsonSerializer.Serialize(entry, StoredJson.Options)).Append('\n');
        await archive.PutIfAbsentAsync($"{Prefix}{long.MaxValue - entries[^1].EnqueuedAt.ToUnixTimeTicks():x16}-{partition.Replace('/', '~')}-{first:x}-{last:x}", Encoding.UTF8.GetBytes(lines.ToString()), stop);
    }

    /// <summary>Entries, newest batch first.</summary>
    /// <param name="after">Where the last page ended; null for the newest.</param>
    /// <param name="limit">How many at the most.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<(IReadOnlyList<RejectedEvent> Entries, string? Next)> ListAsync(string? after, int limit, CancellationToken stop)
    {
        var (name, skip) = Parse(after);
        var entries = new List<RejectedEvent>();
        var seen = new HashSet<(string, long, int, string?)>();
        for (var first = true; ; first = false)
        {
            // A page ends before an entry of a blob, the first one included: that blob comes again.
            var names = first && name is not null ? [name] : await archive.ListAsync(Prefix, name, 1, stop);
            if (names.Count == 0) return (entries, null);
            name = names[0];
            if (await archive.GetAsync(name, stop) is not { } blob) continue;
            var lines = Encoding.UTF8.GetString(blob.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            for (var i = first ? skip : 0; i < lines.Length; i++)
            {
                if (entries.Count == limit) return (entries, $"{i}@{name}");
                var entry = JsonSerializer.Deserialize<RejectedEvent>(lines[i], StoredJson.Options)!;
                if (seen.Add((entry.Partition, entry.Sequence, entry.Index, entry.MeterId))) entries.Add(entry);
            }
            skip = 0;
        }
    }

    private static string ReasonOf(Unreadable why) => why switch
    {
        Unreadable.NoValue => "The meter's value property is absent.",
        Unreadable.NotANumber => "The value is not a number that the meter can read: plain decimal, below 10^15, not closer to zero than 10^-12.",
        Unreadable.GroupTooLong => $"A group value is longer than {MeterSet.MaxGroupValueBytes} bytes.",
        _ => throw new ArgumentOutOfRangeException(nameof(why), why, null),
    };

    private static (string? Name, int Skip) Parse(string? after)
    {
        if (after is null || after.IndexOf('@', StringComparison.Ordinal) is var at && at < 1
            || !int.TryParse(after.AsSpan(0, at), NumberStyles.None, CultureInfo.InvariantCulture, out var skip)
            || !after.AsSpan(at + 1).StartsWith(Prefix, StringComparison.Ordinal)) return (null, 0);
        return (after[(at + 1)..], skip);
    }
}
