using System.Security.Cryptography;
using System.Text;
using Billing.Domain.Metering.Windows;
using Billing.Domain.Values;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>Makes day documents of hour cells, so that a month is read from thirty documents instead of hundreds.</summary>
/// <remarks>
/// Due-driven: a fold leaves a day stale and due; once the cut is past the due, no fold that began before can touch the day unseen. The
/// header's ETag is kept from before the hours are read, so a fold in between wins and the day stays stale.
/// </remarks>
public sealed class BuildDays(IDocumentStore documents, HashKey secret)
{
    private const int MaxPartBytes = 64 * 1024;
    private const int PartsPerCommit = 20;
    private const int AtOnce = 8;

    /// <summary>When the next day is due; null when none is.</summary>
    public async Task<Instant?> NextDueAsync(CancellationToken stop) =>
        await documents.DueAsync(Container.Usage, WindowNames.DayKind, Instant.MaxValue, 1, stop) is [var first, ..] ? first.Document.Due : null;

    /// <summary>Builds up to <paramref name="limit"/> days that are due at the cut; answers how many.</summary>
    public async Task<int> RunAsync(Instant cut, int limit, CancellationToken stop)
    {
        var due = await documents.DueAsync(Container.Usage, WindowNames.DayKind, cut, limit, stop);
        // Side by side, so that builds share the store's syncs: each touches the documents of its own day only.
        // Started by the caller, on no other thread: whoever steers the order of steps still does.
        foreach (var together in due.Chunk(AtOnce)) await Task.WhenAll(together.Select(header => BuildAsync(header, stop)));
        return due.Count;
    }

    private async Task BuildAsync(Stored header, CancellationToken stop)
    {
        var place = header.Document.Place;
        var day = WindowNames.DayOfId(header.Document.Id);
        var whole = new Window(60, HashRange.Whole, 0);
        var hours = await documents.AllAsync(place, WindowNames.HourPrefix(day * 24), WindowNames.HourPrefix(day * 24 + 23) + "\uFFFF", stop);
        foreach (var stored in hours.Where(s => s.Document.Kind == WindowNames.WindowKind))
            foreach (var series in WindowCodec.Decode(stored.Document.Body.Span, secret).Series) whole.Merge(series, WindowNames.HourOfId(stored.Document.Id) - day * 24);
        var parts = Parts(whole);
        // A build is named by what it replaces: the same build repeated writes the same names.
        var run = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(header.ETag)).AsSpan(0, 8));
        var old = (await documents.AllAsync(place, WindowNames.DayPartPrefix(day), WindowNames.DayPartPrefix(day) + "\uFFFF", stop))
            .Where(p => !p.Document.Id.Contains($":{run}:", StringComparison.Ordinal)).ToList();
        for (var i = 0; i < parts.Count; i += PartsPerCommit)
            await documents.CommitAsync(place, [.. parts.Skip(i).Take(PartsPerCommit).Select(p => new Write.Upsert(
                new Document(place, WindowNames.DayPartId(day, run, p.Range), WindowNames.DayPartKind, p.Body)))], stop);
        var built = new DayHeader(Stale: false, run, [.. parts.Select(p => p.Range.ToString())]);
        var done = await documents.CommitAsync(place, [new Write.Replace(header.Document with { Body = StoredJson.Write(built), Due = null }, header.ETag)], stop);
        // After a conflict the header may still name this run: another builder of the same, or this commit repeated after a lost answer.
        if (!done.Done && !(await documents.ReadAsync(place, header.Document.Id, stop) is { } now && StoredJson.Read<DayHeader>(now).Run == run)) return;
        // What was there before this build is no one's now; parts of a later build are not among it.
        foreach (var part in old) await documents.CommitAsync(place, [new Write.Delete(part.Document.Id, part.ETag)], stop);
    }

    private static List<(HashRange Range, byte[] Body)> Parts(Window window)
    {
        var body = WindowCodec.Encode(window);
        if (body.Length <= MaxPartBytes || window.Range.Depth == HashRange.MaxDepth) return [(window.Range, body)];
        var (low, high) = window.Split();
        return [.. Parts(low), .. Parts(high)];
    }
}
