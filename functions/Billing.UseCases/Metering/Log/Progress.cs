using System.Text.Json.Serialization;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>How far a log partition has been folded, and what became of its events.</summary>
/// <remarks>
/// Invariant: accepted = counted + duplicate + rejected + pending + lost. It is written last, so it never passes an event that was neither
/// folded nor declared lost.
/// </remarks>
public sealed record Progress
{
    public required string LogId { get; init; }

    public required int Partition { get; init; }

    /// <summary>Highest sequence folded or passed as lost; 0 before the first.</summary>
    public long Sequence { get; init; }

    /// <summary>Running maximum of the enqueued time; the partition's part in the cut.</summary>
    public Instant MaxEnqueued { get; init; } = NodaConstants.UnixEpoch;

    /// <summary>Events counted once.</summary>
    public long Counted { get; init; }

    /// <summary>Of the counted: those that no meter took.</summary>
    public long NoMeter { get; init; }

    /// <summary>Further copies, conflicts included.</summary>
    public long Duplicate { get; init; }

    /// <summary>Of the duplicates: those with other content.</summary>
    public long Conflict { get; init; }

    /// <summary>Events that can't be used.</summary>
    public long Rejected { get; init; }

    /// <summary>Values whose digits past the 12th were rounded.</summary>
    public long Rounded { get; init; }

    /// <summary>(event, meter) pairs that the meter could not read.</summary>
    public long Unreadable { get; init; }

    /// <summary>By meter id: the sequence of its first marker (0: it was there before the log); the meter counts what comes after it, its backfill what comes before.</summary>
    public IReadOnlyDictionary<string, long> Markers { get; init; } = new Dictionary<string, long>();

    [JsonIgnore]
    public LogPartition LogPartition => new(LogId, Partition);

    [JsonIgnore]
    public long Folded => Counted + Duplicate + Rejected;
}

/// <summary>Reads and writes progress documents (catalog, kind "progress").</summary>
public sealed class ProgressStore(IDocumentStore documents)
{
    internal const string Kind = "progress";

    /// <summary>The progress, strongly read, with its ETag (null when there is none yet).</summary>
    public async Task<(Progress Progress, string? ETag)> ReadAsync(LogPartition partition, CancellationToken stop)
    {
        var stored = await documents.ReadAsync(PlaceOf(partition), Kind, stop);
        return stored is null
            ? (new Progress { LogId = partition.LogId, Partition = partition.Number }, null)
            : (StoredJson.Read<Progress>(stored), stored.ETag);
    }

    /// <summary>Replaces the progress; false when another owner was faster.</summary>
    public async Task<bool> TryWriteAsync(Progress progress, string? etag, CancellationToken stop)
    {
        var document = new Document(PlaceOf(progress.LogPartition), Kind, Kind, StoredJson.Write(progress));
        var result = await documents.CommitAsync(document.Place, [etag is null ? new Write.Create(document) : new Write.Replace(document, etag)], stop);
        return result.Done;
    }

    private static Place PlaceOf(LogPartition partition) => new(Container.Catalog, Kind, partition.ToString());
}
