using Billing.Storage.Sqlite.Database;

namespace Billing.Storage.Sqlite.Claims;

/// <summary>Reads a run from its first entry to its last, some pages at a time.</summary>
internal sealed class ClaimRunReader(SqliteDatabase database, ClaimRun run)
{
    private const int PagesPerRead = 32;
    private readonly List<ClaimEntry> read = [];
    private long? nextPage = 0;
    private int at;

    /// <summary>The next entry, which stays; false at the end.</summary>
    public bool Peek(out ClaimEntry entry)
    {
        while (at == read.Count && nextPage is { } page) Fetch(page);
        entry = at < read.Count ? read[at] : default;
        return at < read.Count;
    }

    public ClaimEntry Take() => read[at++];

    private void Fetch(long page)
    {
        read.Clear();
        at = 0;
        nextPage = database.Read(connection => run.Read(connection, page, PagesPerRead, read));
    }
}
