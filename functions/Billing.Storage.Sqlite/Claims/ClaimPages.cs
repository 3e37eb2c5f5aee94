using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace Billing.Storage.Sqlite.Claims;

/// <summary>Pages of a run on their way to the disk; the same memory for one slice after another.</summary>
internal sealed class ClaimPages(ClaimRun run)
{
    private const int PagesPerWrite = 512;
    private readonly List<ClaimEntry> entries = [];
    private readonly List<(long Page, int End)> pages = [];

    public bool IsFull => pages.Count >= PagesPerWrite;

    /// <summary>Adds a page of sorted entries, and its keys to the run's filter if it has one.</summary>
    public void Add(long page, ReadOnlySpan<ClaimEntry> sorted)
    {
        if (run.Filter is { } filter)
            foreach (ref readonly var entry in sorted) filter.Add(entry.High, entry.Low);
        entries.AddRange(sorted);
        pages.Add((page, entries.Count));
    }

    public bool Write(SqliteConnection connection)
    {
        var start = 0;
        foreach (var (page, end) in pages)
        {
            ClaimRun.WritePage(connection, run.Id, page, ClaimEntry.Write(CollectionsMarshal.AsSpan(entries)[start..end]));
            start = end;
        }
        return true;
    }

    public void Clear()
    {
        entries.Clear();
        pages.Clear();
    }
}
