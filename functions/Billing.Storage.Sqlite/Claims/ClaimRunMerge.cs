using System.Runtime.InteropServices;
using Billing.Storage.Sqlite.Database;
using Microsoft.Data.Sqlite;

namespace Billing.Storage.Sqlite.Claims;

/// <summary>The runs of the ledger: adds new ones, merges eight of a tier into one of the next in the background, drops old ones.</summary>
/// <remarks>The ledger holds its turn whenever it asks or changes the runs; a merge takes it to swap them, so that pages go only when nobody reads them.</remarks>
/// <param name="filterBytes">What the filters in memory may take; the largest runs do without when it is not enough.</param>
internal sealed class ClaimRunMerge(SqliteDatabase database, SemaphoreSlim turn, long filterBytes) : IAsyncDisposable
{
    private const int RunsPerTier = 8;

    // A run lives until its youngest claim may go, so runs that span more than this are not merged further.
    private static readonly long MaxSpanTicks = TimeSpan.FromDays(45).Ticks;

    private readonly CancellationTokenSource closing = new();
    private ClaimRun[] runs = [];
    private long nextId = 1;
    private Task merging = Task.CompletedTask;

    /// <summary>Reads the runs; pages that a crash left behind are deleted later.</summary>
    public bool Load(SqliteConnection connection)
    {
        runs = [.. ClaimRun.ReadAll(connection, filterBytes)];
        var last = connection.Prepare("SELECT max(position) FROM claim_page");
        last.Step();
        nextId = Math.Max(runs.Length == 0 ? 0 : runs.Max(r => r.Id), last.IsNull(0) ? 0 : last.Integer(0) >> 32) + 1;
        var known = runs.Select(r => r.Id).ToHashSet();
        var left = Enumerable.Range(1, (int)Math.Min(nextId - 1, 1_000_000)).Select(i => (long)i).Where(i => !known.Contains(i)).ToList();
        if (left.Count > 0) merging = Task.Run(() => DeletePagesAsync(left));
        return true;
    }

    public void Find(SqliteConnection connection, UInt128 key, List<ClaimEntry> into)
    {
        foreach (var run in runs) run.Find(connection, key, into);
    }

    /// <summary>The runs, as they are while no merge is running.</summary>
    public IReadOnlyList<ClaimRun> Runs => runs;

    /// <summary>Stores sorted claims as a run; <paramref name="also"/> happens in the transaction that publishes it.</summary>
    public async Task AddAsync(ReadOnlyMemory<ClaimEntry> sorted, long firstAccepted, long lastAccepted, Action<SqliteConnection> also)
    {
        var run = Begin(0, sorted.Length, firstAccepted, lastAccepted);
        var pages = new ClaimPages(run);
        for (var start = 0; start < sorted.Length;)
        {
            var page = run.PageOf(sorted.Span[start].High);
            var end = start + 1;
            while (end < sorted.Length && run.PageOf(sorted.Span[end].High) == page) end++;
            pages.Add(page, sorted.Span[start..end]);
            start = end;
            if (pages.IsFull) await WriteAsync(pages);
        }
        await WriteAsync(pages);
        await database.WriteAsync(connection =>
        {
            run.Publish(connection);
            also(connection);
            return true;
        });
        runs = [.. WithinBudget([.. runs, run])];
        if (merging.IsCompleted) merging = Task.Run(MergeFullTiersAsync);
    }

    /// <summary>Completes when no merge is running.</summary>
    public Task IdleAsync() => merging;

    /// <summary>Drops runs whose youngest claim is older.</summary>
    public async Task SweepAsync(long acceptedBefore)
    {
        var old = runs.Where(r => r.LastAccepted < acceptedBefore).ToList();
        if (old.Count == 0) return;
        await database.WriteAsync(connection => { old.ForEach(r => r.Withdraw(connection)); return true; });
        runs = [.. runs.Except(old)];
        await DeletePagesAsync([.. old.Select(r => r.Id)]);
    }

    public async ValueTask DisposeAsync()
    {
        // A container that knows the ledger by two names disposes of it twice.
        if (closing.IsCancellationRequested) return;
        await closing.CancelAsync();
        try
        {
            await merging;
        }
        catch (OperationCanceledException)
        {
            // A merge that was cut short left pages of a run nobody knows; the next start deletes them.
        }
        closing.Dispose();
    }

    private async Task MergeFullTiersAsync()
    {
        while (NextMerge() is { } chosen)
        {
            var merged = Begin(chosen.Max(r => r.Tier) + 1, chosen.Sum(r => r.Count), chosen.Min(r => r.FirstAccepted), chosen.Max(r => r.LastAccepted));
            await CopyAsync(chosen, merged);
            await SwapAsync(chosen, merged);
            await DeletePagesAsync([.. chosen.Select(r => r.Id)]);
        }
    }

    private async Task SwapAsync(List<ClaimRun> chosen, ClaimRun merged)
    {
        await turn.WaitAsync(closing.Token);
        try
        {
            await database.WriteAsync(connection =>
            {
                merged.Publish(connection);
                foreach (var run in chosen) run.Withdraw(connection);
                return true;
            });
            runs = [.. WithinBudget([.. runs.ExceptBy(chosen.Select(r => r.Id), r => r.Id), merged])];
        }
        finally
        {
            turn.Release();
        }
    }

    private List<ClaimRun>? NextMerge() => runs.GroupBy(r => r.Tier).OrderBy(t => t.Key)
        .Select(t => t.OrderBy(r => r.FirstAccepted).Take(RunsPerTier).ToList())
        .FirstOrDefault(t => t.Count == RunsPerTier && t.Max(r => r.LastAccepted) - t.Min(r => r.FirstAccepted) <= MaxSpanTicks);

    // Pages of all runs are in order of key: the next page of the merged run takes, from each run, what starts with its bits.
    private async Task CopyAsync(List<ClaimRun> from, ClaimRun into)
    {
        var sources = from.ConvertAll(r => new ClaimRunReader(database, r));
        var pages = new ClaimPages(into);
        var gathered = new List<ClaimEntry>();
        while (true)
        {
            closing.Token.ThrowIfCancellationRequested();
            long? page = null;
            foreach (var source in sources)
                if (source.Peek(out var entry) && (page is null || into.PageOf(entry.High) < page)) page = into.PageOf(entry.High);
            if (page is not { } next) break;
            gathered.Clear();
            foreach (var source in sources)
                while (source.Peek(out var entry) && into.PageOf(entry.High) == next) gathered.Add(source.Take());
            gathered.Sort();
            pages.Add(next, CollectionsMarshal.AsSpan(gathered));
            if (pages.IsFull) await WriteAsync(pages);
        }
        await WriteAsync(pages);
    }

    // In slices, so that what else waits for the writer passes in between.
    private async Task WriteAsync(ClaimPages pages)
    {
        await database.WriteAsync(pages.Write);
        pages.Clear();
    }

    private async Task DeletePagesAsync(IReadOnlyList<long> withdrawn)
    {
        foreach (var run in withdrawn)
        {
            while (!closing.IsCancellationRequested && await database.WriteAsync(connection => ClaimRun.DeletePages(connection, run)))
            {
            }
        }
    }

    // The largest runs lose theirs first: so the fewest are without.
    private IEnumerable<ClaimRun> WithinBudget(IReadOnlyList<ClaimRun> all)
    {
        var left = filterBytes;
        foreach (var run in all.OrderBy(r => r.Count))
            yield return run.Filter is null || (left -= ClaimFilter.BytesFor(run.Count)) >= 0 ? run : run with { Filter = null };
    }

    private ClaimRun Begin(int tier, long count, long firstAccepted, long lastAccepted) =>
        new(Interlocked.Increment(ref nextId) - 1, tier, count, ClaimRun.PageBitsFor(count), firstAccepted, lastAccepted,
            ClaimFilter.BytesFor(count) <= filterBytes ? new ClaimFilter(count) : null);
}
