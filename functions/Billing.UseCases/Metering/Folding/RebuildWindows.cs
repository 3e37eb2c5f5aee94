using Billing.Domain.Metering;
using Billing.Domain.Values;
using Billing.UseCases.Documents;
using Billing.UseCases.Moving;
using NodaTime;

namespace Billing.UseCases.Metering;

/// <summary>What came of a rebuild.</summary>
/// <param name="Removed">Documents of windows and days that were there before.</param>
/// <param name="Messages">Archived messages that were folded.</param>
public sealed record Rebuilt(long Removed, long Messages);

/// <summary>Makes all windows anew from the archive, each message with the verdict that it was archived with; nothing else of usage is kept anywhere else.</summary>
/// <remarks>
/// The installation is held meanwhile: a window that a fold made again would have a watermark, and lack what came before. Broken off, it goes on; what is
/// folded again is skipped by its watermark. Days are built by their timer, from stale headers. Invoices that were issued stay as they are.
/// </remarks>
public sealed class RebuildWindows(IDocumentStore documents, IArchive archive, MeterCatalog catalog, IClock clock, HashKey secret)
{
    private const long CacheBytes = 64L << 20;
    private const int PerPage = 100;
    private const int Removing = 1;
    private const int Gone = 2;
    private static readonly string[] Kinds = [WindowNames.WindowKind, WindowNames.SplitKind, WindowNames.DayKind, WindowNames.DayPartKind];

    private readonly LogRegistry registry = new(documents);
    private readonly ProgressStore progressStore = new(documents);
    private readonly ArchivedMessages archived = new(archive);
    private readonly KnownKeys knownKeys = new(documents);

    /// <summary>Rebuilds.</summary>
    /// <param name="from">The first month that is made anew; null for all. The archive must reach back to a day before it.</param>
    /// <param name="heard">Completes when every process that uses the stores knows of a hold that was just made, and has ended what it was folding.</param>
    /// <param name="dryRun">Only looks whether the archive has all that is needed, and counts.</param>
    /// <param name="say">Told of each step.</param>
    /// <param name="stop">Gives up; the same call goes on later.</param>
    /// <exception cref="InvalidOperationException">The archive lacks messages, a meter is being filled, or the installation is held for something else.</exception>
    public async Task<Rebuilt> RunAsync(YearMonth? from, Func<CancellationToken, Task> heard, bool dryRun, SayStep say, CancellationToken stop)
    {
        var (installation, _) = await Installation.ReadAsync(documents, stop) ?? throw new InvalidOperationException("The stores hold no installation.");
        var held = installation.Held;
        if (held is { Kind: not HoldKind.Rebuild }) throw new InvalidOperationException("The installation is held to be moved; its windows are not rebuilt meanwhile.");
        if (held is not null && held.From != Text(from))
            throw new InvalidOperationException($"A rebuild {(held.From is null ? "of all months" : $"from {held.From}")} was broken off: end that one first, with {(held.From is null ? "no --from" : $"--from={held.From}")}.");
        var folds = await FoldsAsync(from, stop);
        say(FormattableString.Invariant($"{folds.Count} parts to fold from the archive."));
        if (dryRun) return new Rebuilt(await RemoveAsync(from, dryRun, stop), folds.Sum(f => f.Through - f.After));
        // A new id: whoever rebuilt before finds that the hold is not his any more, and ends.
        var hold = new Hold(new IdSource(clock).New(), HoldKind.Rebuild, held?.Since ?? clock.GetCurrentInstant(), Done: held?.Done ?? 0, From: Text(from));
        await Installation.HoldAsync(documents, held?.Id, hold, stop);
        await heard(stop);
        try
        {
            // Once more: what was counted until everyone knew of the hold.
            folds = await FoldsAsync(from, stop);
        }
        catch (InvalidOperationException) when (hold.Done == 0)
        {
            // Nothing is gone yet: it goes on as it was.
            await Installation.HoldAsync(documents, hold.Id, null, stop);
            throw;
        }
        var removed = 0L;
        if (hold.Done < Gone)
        {
            await Installation.HoldAsync(documents, hold.Id, hold = hold with { Done = Removing }, stop);
            removed = await RemoveAsync(from, dryRun, stop);
            await Installation.HoldAsync(documents, hold.Id, hold = hold with { Done = Gone }, stop);
        }
        var messages = 0L;
        foreach (var fold in folds)
        {
            messages += await FoldAsync(fold, from, stop);
            say(FormattableString.Invariant($"{fold.Name}: {messages:N0} messages in all"));
        }
        foreach (var fold in folds)
        {
            if ((await progressStore.ReadAsync(new(fold.Log.Id, fold.Number), stop)).Progress.Sequence == fold.Progress) continue;
            await Installation.HoldAsync(documents, hold.Id, hold with { Done = Removing }, stop);
            throw new InvalidOperationException("Events were counted meanwhile, by a process that did not know of the hold. Stop it, and run the command again: it begins anew.");
        }
        await Installation.HoldAsync(documents, hold.Id, null, stop);
        return new Rebuilt(removed, messages);
    }

    // What the fold of a partition counted, and what each meter counted of messages from before it.
    private async Task<List<ArchivedPart>> FoldsAsync(YearMonth? from, CancellationToken stop)
    {
        var folds = new List<ArchivedPart>();
        var meters = await catalog.AllAsync(stop);
        if (meters.FirstOrDefault(m => m.Fill is not null) is { } filling) throw new InvalidOperationException($"The meter {filling.Meter.Id} is being filled from the archive. Wait until it is, then rebuild.");
        foreach (var log in await registry.AllAsync(stop))
        {
            foreach (var partition in log.Names)
            {
                var (progress, _) = await progressStore.ReadAsync(partition, stop);
                var after = await AfterAsync(log, partition, progress.Sequence, from, stop);
                var markers = new List<(long Sequence, Meter Meter)>();
                foreach (var (id, sequence) in progress.Markers)
                    if (await catalog.DefinitionAsync(id, stop) is { } meter) markers.Add((sequence, meter));
                folds.Add(new ArchivedPart(log, partition.Number, WindowNames.PartitionId(partition), after, progress.Sequence, progress.Sequence, [.. markers.OrderBy(m => m.Sequence)]));
                foreach (var meter in meters.Select(m => m.Meter))
                {
                    var through = progress.Markers.TryGetValue(meter.Id, out var marker) ? marker - 1 : log[partition.Number].End ?? 0;
                    if (through > after) folds.Add(new ArchivedPart(log, partition.Number, WindowNames.BackfillId(meter.Id, partition), after, through, progress.Sequence, [(0, meter)]));
                }
            }
        }
        return folds;
    }

    // Where the archive begins, when it has all from there on, and begins early enough.
    private async Task<long> AfterAsync(RegisteredLog log, LogPartition partition, long through, YearMonth? from, CancellationToken stop)
    {
        var next = log[partition.Number].NextAfter(0);
        if (next is null || next > through) return through;
        var first = await archived.FirstAsync(log, partition.Number, next.Value, through, stop);
        if (first > next && from is { } month && await archived.FindAsync(log, partition.Number, first.Value, stop) is { } oldest
            && oldest.EnqueuedAt <= StartOf(month) - UsageLimits.Default.Ahead)
            next = first;
        var begin = next!.Value;
        for (string? last = ArchivedMessages.Before(partition, begin); next is { } needed && needed <= through;)
        {
            var names = await archive.ListAsync($"{partition}/", last, PerPage, stop);
            if (names.Count == 0 || ArchiveSegment.RangeOf(names[0]).First > needed) throw Lacks(partition, needed, from);
            foreach (var (start, end) in names.Select(ArchiveSegment.RangeOf))
            {
                if (start > next) throw Lacks(partition, next.Value, from);
                if (end >= next) next = log[partition.Number].NextAfter(end);
                if (next is null) break;
            }
            last = names[^1];
        }
        return begin - 1;
    }

    private static InvalidOperationException Lacks(LogPartition partition, long sequence, YearMonth? from) => new(
        $"The archive of {partition} lacks sequence {sequence}, so its windows can't be made anew{(from is null ? "; with --from only those of later months are, as far as the archive reaches back" : "")}.");

    private async Task<long> RemoveAsync(YearMonth? from, bool dryRun, CancellationToken stop)
    {
        var removed = 0L;
        foreach (var kind in Kinds)
        {
            for (string? after = null; ;)
            {
                var page = await documents.OfKindAsync(Container.Usage, kind, after, PerPage, stop);
                foreach (var ofPlace in page.Items.Where(i => from is null || string.CompareOrdinal(i.Document.Place.Second, Text(from)) >= 0).GroupBy(i => i.Document.Place))
                {
                    if (!dryRun && !(await documents.CommitAsync(ofPlace.Key, [.. ofPlace.Select(i => new Write.Delete(i.Document.Id, i.ETag))], stop)).Done)
                        throw new InvalidOperationException($"Windows of {ofPlace.Key} were changed meanwhile. Stop what changes them, and run the command again.");
                    removed += ofPlace.Count();
                }
                if ((after = page.Next) is null) break;
            }
        }
        return removed;
    }

    private async Task<long> FoldAsync(ArchivedPart part, YearMonth? from, CancellationToken stop)
    {
        var firstHour = from is { } month ? WindowNames.HourOf(StartOf(month).ToUnixTimeTicks()) : int.MinValue;
        var windows = new ArchiveFold(documents, archive, knownKeys, clock, secret, part.Name, CacheBytes);
        var sets = new Dictionary<int, MeterSet>();
        var (folded, done) = (0L, part.After);
        await foreach (var messages in archived.ReadAsync(part.Log, part.Number, part.After, part.Through, stop))
        {
            await windows.FoldAsync(messages, MetersAt, hour => hour >= firstHour, stop);
            (folded, done) = (folded + messages.Count, messages[^1].Sequence);
        }
        if (part.Log[part.Number].NextAfter(done) is { } missing && missing <= part.Through) throw Lacks(new(part.Log.Id, part.Number), missing, from);
        return folded;

        // A meter takes what comes after its marker.
        MeterSet MetersAt(long sequence)
        {
            var known = part.Markers.Count(m => m.Sequence < sequence);
            if (sets.TryGetValue(known, out var set)) return set;
            return sets[known] = new MeterSet([.. part.Markers.Take(known).Select(m => m.Meter).OrderBy(m => m.Id, StringComparer.Ordinal)], secret);
        }
    }

    private static Instant StartOf(YearMonth month) => month.OnDayOfMonth(1).AtMidnight().InUtc().ToInstant();

    private static string? Text(YearMonth? month) => month is { } given ? NodaTime.Text.YearMonthPattern.Iso.Format(given) : null;

    /// <summary>Archived messages that go into windows of one name.</summary>
    /// <param name="Log">Whose.</param>
    /// <param name="Number">Of the partition.</param>
    /// <param name="Name">Of the windows.</param>
    /// <param name="After">The sequence before the first.</param>
    /// <param name="Through">The last sequence.</param>
    /// <param name="Progress">How far the partition was folded.</param>
    /// <param name="Markers">The meters, by the sequence after which they count.</param>
    private sealed record ArchivedPart(RegisteredLog Log, int Number, string Name, long After, long Through, long Progress, IReadOnlyList<(long Sequence, Meter Meter)> Markers);
}
