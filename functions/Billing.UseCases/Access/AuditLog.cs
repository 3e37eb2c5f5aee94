using Billing.Domain.Values;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Access;

/// <summary>How an audited request ended.</summary>
[LowerCase]
public enum AuditStatus
{
    /// <summary>It began, and nobody knows how it ended: the process died meanwhile.</summary>
    Pending,
    Success,
    Failure,
}

/// <summary>A request that may have changed something.</summary>
/// <param name="Action">Name of the operation, as the API's description has it.</param>
/// <param name="ActorId">Id of the API key.</param>
/// <param name="ResourceId">What was made or changed; null while that is not known.</param>
public sealed record AuditEntry(
    string Id, Instant At, string Action, string ActorId, string ActorName, string RequestId, string? Ip, string? UserAgent, string ResourceType, string? ResourceId, AuditStatus Status)
{
    /// <summary>How many things it changed.</summary>
    public int Changes { get; init; }
}

/// <summary>Which entries are wanted; null takes all.</summary>
public sealed record AuditFilter(Instant? StartingOn = null, Instant? EndingBefore = null, string? ResourceType = null, string? ResourceId = null, bool NewestFirst = false)
{
    internal bool Fits(AuditEntry entry) =>
        !(entry.At < StartingOn) && !(entry.At >= EndingBefore) && (ResourceType is null || entry.ResourceType == ResourceType) && (ResourceId is null || entry.ResourceId == ResourceId);
}

/// <summary>Who did what. An entry is written before the change and once more after it, so that no change is without one.</summary>
/// <remarks>One partition a day (catalog, kind "audit"); the days that have entries are listed beside them.</remarks>
public sealed class AuditLog(IDocumentStore store)
{
    private const string Kind = "audit";
    private const string DayKind = "audit-day";
    private const string Prefix = "audit:";
    private static readonly Place Days = new(Container.Catalog, DayKind);

    private string knownDay = "";

    /// <summary>Writes an entry, or writes it anew once its end is known.</summary>
    /// <param name="changes">What the request changed; each entry's lie in a document of their own, so that a list need not read them.</param>
    public async Task WriteAsync(AuditEntry entry, IReadOnlyList<RecordedChange> changes, CancellationToken stop)
    {
        var day = DayOf(entry.At);
        if (Volatile.Read(ref knownDay) != day)
        {
            await store.TryAsync(Days, new Write.Upsert(Days.Keep("day:" + day, DayKind, day)), stop);
            Volatile.Write(ref knownDay, day);
        }
        var place = PlaceOf(day);
        List<Write> writes = [new Write.Upsert(place.Keep(IdOf(entry), Kind, entry with { Changes = changes.Count }))];
        if (changes.Count > 0) writes.Add(new Write.Upsert(place.Keep(ChangesIdOf(entry), "audit-changes", changes)));
        await store.CommitAsync(place, writes, stop);
    }

    /// <summary>What the request of an entry changed, in order.</summary>
    public async Task<IReadOnlyList<RecordedChange>> ChangesAsync(AuditEntry entry, CancellationToken stop) =>
        entry.Changes == 0 ? [] : (await store.FindAsync<RecordedChange[]>(PlaceOf(DayOf(entry.At)), ChangesIdOf(entry), stop))?.Value ?? [];

    /// <summary>Forgets what is cached, after a reset.</summary>
    public void Clear() => Volatile.Write(ref knownDay, "");

    /// <summary>A page of entries in the order of time.</summary>
    /// <param name="filter">Which ones.</param>
    /// <param name="after">The id of the last one of the page before, as <see cref="Listed{T}.Next"/> says it.</param>
    /// <param name="limit">How many at the most.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<Listed<AuditEntry>> ListAsync(AuditFilter filter, string? after, int limit, CancellationToken stop)
    {
        var days = (await store.AllAsync(Days, "day:", "day:~", stop)).Select(d => d.Value<string>())
            .Where(d => !(filter.StartingOn is { } from && string.CompareOrdinal(d, DayOf(from)) < 0) && !(filter.EndingBefore is { } until && string.CompareOrdinal(d, DayOf(until)) > 0));
        var found = new List<AuditEntry>();
        foreach (var day in filter.NewestFirst ? days.Reverse() : days)
        {
            // A day before the place where the last page ended holds nothing more.
            if (after is not null && (filter.NewestFirst ? string.CompareOrdinal(day, after[..10]) > 0 : string.CompareOrdinal(day, after[..10]) < 0)) continue;
            var entries = (await store.AllAsync(PlaceOf(day), Prefix, Prefix + "~", stop)).Select(s => s.Value<AuditEntry>()).Where(filter.Fits);
            foreach (var entry in filter.NewestFirst ? entries.Reverse() : entries)
            {
                if (after is not null && (filter.NewestFirst ? string.CompareOrdinal(Cursor(entry), after) >= 0 : string.CompareOrdinal(Cursor(entry), after) <= 0)) continue;
                if (found.Count == limit) return new Listed<AuditEntry>(found, Cursor(found[^1]));
                found.Add(entry);
            }
        }
        return new Listed<AuditEntry>(found, null);
    }

    private static Place PlaceOf(string day) => new(Container.Catalog, Kind, day);

    private static string DayOf(Instant at) => at.InUtc().Date.ToString("uuuu-MM-dd", System.Globalization.CultureInfo.InvariantCulture);

    private static string IdOf(AuditEntry entry) => $"{Prefix}{entry.At.ToUnixTimeTicks():D20}:{entry.Id}";

    private static string ChangesIdOf(AuditEntry entry) => "changes:" + entry.Id;

    private static string Cursor(AuditEntry entry) => $"{DayOf(entry.At)} {IdOf(entry)}";
}
