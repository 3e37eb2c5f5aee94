using Billing.Storage.Sqlite.Database;
using Microsoft.Data.Sqlite;

namespace Billing.Storage.Sqlite.Claims;

/// <summary>Claims accepted in one stretch of time, sorted by key, in pages by the key's first bits; with a filter in memory, if there is room for it.</summary>
internal sealed record ClaimRun(long Id, int Tier, long Count, int PageBits, long FirstAccepted, long LastAccepted, ClaimFilter? Filter)
{
    private const int EntriesPerPage = 64;
    private const int MaxPageBits = 30;

    /// <summary>Page bits that give about 64 entries a page.</summary>
    public static int PageBitsFor(long count)
    {
        var bits = 0;
        while (bits < MaxPageBits && count >> bits > EntriesPerPage) bits++;
        return bits;
    }

    public long PageOf(ulong high) => PageBits == 0 ? 0 : (long)(high >> (64 - PageBits));

    /// <summary>Adds the run's copies of a key. Without a filter each question reads a page.</summary>
    public void Find(SqliteConnection connection, UInt128 key, List<ClaimEntry> into)
    {
        if (Filter?.MayHave((ulong)(key >> 64), ClaimEntry.LowOf(key)) == false) return;
        var page = connection.Prepare("SELECT entries FROM claim_page WHERE position = ?1").Bind(1, Position(Id, PageOf((ulong)(key >> 64))));
        if (!page.Step()) return;
        foreach (ref readonly var entry in ClaimEntry.Read(page.BlobSpan(0)))
            if (entry.Has(key)) into.Add(entry);
        page.Reset();
    }

    /// <summary>Adds the entries of some pages, from a page on, in order of key; answers the page to go on from, or null at the end.</summary>
    public long? Read(SqliteConnection connection, long fromPage, int limit, List<ClaimEntry> into)
    {
        var rows = connection.Prepare("SELECT position, entries FROM claim_page WHERE position >= ?1 AND position < ?2 ORDER BY position LIMIT ?3")
            .Bind(1, Position(Id, fromPage)).Bind(2, Position(Id + 1, 0)).Bind(3, limit);
        long? next = null;
        while (rows.Step())
        {
            into.AddRange(ClaimEntry.Read(rows.BlobSpan(1)));
            next = rows.Integer(0) - Position(Id, 0) + 1;
        }
        return next;
    }

    public static void WritePage(SqliteConnection connection, long run, long page, ReadOnlySpan<byte> entries) =>
        connection.Prepare("INSERT INTO claim_page (position, entries) VALUES (?1, ?2)").Bind(1, Position(run, page)).Bind(2, entries).Execute();

    /// <summary>Makes the run part of the ledger.</summary>
    public void Publish(SqliteConnection connection) =>
        connection.Prepare("INSERT INTO claim_run (id, tier, count, page_bits, first_accepted, last_accepted, filter) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
            .Bind(1, Id).Bind(2, (long)Tier).Bind(3, Count).Bind(4, (long)PageBits).Bind(5, FirstAccepted).Bind(6, LastAccepted).Bind(7, Filter is null ? [] : Filter.Bytes).Execute();

    /// <summary>Takes the run out of the ledger; its pages go with <see cref="DeletePages"/>.</summary>
    public void Withdraw(SqliteConnection connection) =>
        connection.Prepare("DELETE FROM claim_run WHERE id = ?1").Bind(1, Id).Execute();

    /// <summary>Deletes some of the pages of a run that is not in the ledger; false when none are left.</summary>
    public static bool DeletePages(SqliteConnection connection, long run)
    {
        connection.Prepare("DELETE FROM claim_page WHERE position IN (SELECT position FROM claim_page WHERE position >= ?1 AND position < ?2 LIMIT 512)")
            .Bind(1, Position(run, 0)).Bind(2, Position(run + 1, 0)).Execute();
        var changes = connection.Prepare("SELECT changes()");
        changes.Step();
        return changes.Integer(0) > 0;
    }

    /// <summary>All runs of the ledger, with the filters of the smallest as far as a budget goes: so the fewest are without.</summary>
    public static IReadOnlyList<ClaimRun> ReadAll(SqliteConnection connection, long filterBytes)
    {
        var runs = new List<ClaimRun>();
        var rows = connection.Prepare("SELECT id, tier, count, page_bits, first_accepted, last_accepted FROM claim_run ORDER BY count, id");
        while (rows.Step())
            runs.Add(new(rows.Integer(0), (int)rows.Integer(1), rows.Integer(2), (int)rows.Integer(3), rows.Integer(4), rows.Integer(5), null));
        for (var i = 0; i < runs.Count && (filterBytes -= ClaimFilter.BytesFor(runs[i].Count)) >= 0; i++) runs[i] = runs[i] with { Filter = ReadFilter(connection, runs[i].Id) };
        return runs;
    }

    // None when there was no room for it when the run was made.
    private static ClaimFilter? ReadFilter(SqliteConnection connection, long run)
    {
        var row = connection.Prepare("SELECT filter FROM claim_run WHERE id = ?1").Bind(1, run);
        return row.Step() && row.BlobSpan(0) is { IsEmpty: false } bytes ? new ClaimFilter(bytes) : null;
    }

    private static long Position(long run, long page) => (run << 32) + page;
}
