using Billing.UseCases.Documents;
using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.UseCases.Moving;

/// <summary>Says how a move goes: what is done, in a sentence.</summary>
public delegate void SayStep(string step);

/// <summary>What came of a move.</summary>
/// <param name="Differences">What the final comparison found, a sentence each; empty when all is equal.</param>
/// <param name="Kinds">What was moved, by kind.</param>
/// <param name="DoneBefore">When it was done already, and nothing was done now; null otherwise.</param>
public sealed record Moved(IReadOnlyList<string> Differences, IReadOnlyDictionary<string, long> Kinds, Instant? DoneBefore = null);

/// <summary>Writes a whole installation into a folder: holds it, lets what waits be counted, copies, compares.</summary>
/// <remarks>
/// Broken off, it goes on where it was, as long as the hold stands. The installation stays held afterwards: what it is goes on elsewhere. Its logs are
/// closed in the copy, since nothing is ever sent to them there.
/// </remarks>
public sealed class ExportInstallation(IDocumentStore documents, IArchive archive, IDedupLedger ledger, IClock clock)
{
    private const int PartBytes = 16 << 20;
    private const string Reason = "The installation was moved.";

    private readonly LogRegistry registry = new(documents);
    private readonly ProgressStore progressStore = new(documents);

    /// <summary>Exports.</summary>
    /// <param name="folder">New, empty, or of an export that was broken off.</param>
    /// <param name="heard">Completes when every process that uses the stores knows of a hold that was just made.</param>
    /// <param name="drain">Completes when all that was taken is counted.</param>
    /// <param name="say">Told of each step.</param>
    /// <param name="stop">Gives up; the same call goes on later.</param>
    /// <exception cref="InvalidDataException">The folder is something else.</exception>
    /// <exception cref="InvalidOperationException">There is nothing to export, or it is held for another move.</exception>
    public async Task<Moved> RunAsync(MoveFolder folder, Func<CancellationToken, Task> heard, Func<CancellationToken, Task> drain, SayStep say, CancellationToken stop)
    {
        var (manifest, held) = await BeginAsync(folder, say, stop);
        if (manifest.FinishedAt is { } finished) return new Moved([], Sum(manifest), finished);
        if (!held.Sealed)
        {
            say("Waiting until all that was taken is counted.");
            await heard(stop);
            await drain(stop);
            await Installation.HoldAsync(documents, held.Id, held with { Sealed = true }, stop);
            await heard(stop);
        }
        var logs = await registry.AllAsync(stop);
        if (manifest.Ends is null) await folder.WriteAsync(manifest = manifest with { Ends = await EndsAsync(logs, stop) }, stop);
        var content = Content(logs, manifest.Ends, manifest.BegunAt);
        foreach (var section in MovedContent.Sections) manifest = await CopyAsync(folder, manifest, section, content, say, stop);
        say("Comparing.");
        var differences = new List<string>();
        foreach (var section in (string[])["usage", "accounts", "catalog"])
            differences.AddRange(Tally.Differences(section, manifest.Sections[section].Kinds, await content.TallyAsync(section, stop)));
        // The archive and the claims change with the progress alone.
        foreach (var (partition, end) in await EndsAsync(await registry.AllAsync(stop), stop))
            if (manifest.Ends!.GetValueOrDefault(partition) != end) differences.Add($"Events of {partition} were counted meanwhile.");
        if (differences.Count == 0)
        {
            // Still held by this export: what is in the folder is what the installation is.
            await Installation.HoldAsync(documents, held.Id, held with { Sealed = true }, stop);
            await folder.WriteAsync(manifest with { FinishedAt = clock.GetCurrentInstant(), Logs = [.. logs.Select(l => l.Id)] }, stop);
        }
        else
        {
            // Something was changed meanwhile, so the copy is of no one moment: it is begun anew.
            folder.Clear();
            await Installation.HoldAsync(documents, held.Id, null, stop);
        }
        return new Moved(differences, Sum(manifest));
    }

    /// <summary>What an export would have in it, by kind; nothing is held or written.</summary>
    public async Task<IReadOnlyDictionary<string, long>> CountAsync(CancellationToken stop)
    {
        if (await Installation.ReadAsync(documents, stop) is null) throw new InvalidOperationException("There is nothing to export: the stores hold no installation.");
        var logs = await registry.AllAsync(stop);
        var content = Content(logs, await EndsAsync(logs, stop), clock.GetCurrentInstant());
        var kinds = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var section in MovedContent.Sections)
            foreach (var (kind, tally) in await content.TallyAsync(section, stop)) kinds[kind] = kinds.GetValueOrDefault(kind) + tally.Count;
        return kinds;
    }

    private async Task<(MoveManifest Manifest, Hold Held)> BeginAsync(MoveFolder folder, SayStep say, CancellationToken stop)
    {
        var manifest = await folder.ReadAsync(stop);
        while (true)
        {
            if (await Installation.ReadAsync(documents, stop) is not { } found) throw new InvalidOperationException("There is nothing to export: the stores hold no installation.");
            var held = found.Installation.Held;
            if (held is { Kind: HoldKind.Import }) throw new InvalidOperationException("An import into this installation is not finished: finish it first.");
            if (manifest is not null && held?.Id == manifest.Id) return (manifest, held);
            if (manifest?.FinishedAt is not null) return (manifest, new Hold(manifest.Id, HoldKind.Export, manifest.BegunAt, Sealed: true));
            if (manifest is not null)
            {
                say("The installation was let go since the export was broken off: it begins anew.");
                folder.Clear();
                manifest = null;
            }
            if (held is not null)
                throw new InvalidOperationException($"The installation is held since {held.Since} by an export into another folder. Go on with that one, or let it go with the command 'release'.");
            var now = clock.GetCurrentInstant();
            var begun = new MoveManifest(MoveFolder.Format, new IdSource(clock).New(), now, null, null, [], MovedContent.Sections.ToDictionary(s => s, _ => new MoveSection(null, false, new Dictionary<string, Tally>())), []);
            // The folder first: a hold without one would be nobody's.
            await folder.WriteAsync(begun, stop);
            var hold = new Hold(begun.Id, HoldKind.Export, now);
            if (await documents.TryAsync(Installation.Place, new Write.Replace(Installation.DocumentOf(found.Installation with { Held = hold }), found.ETag), stop)) return (begun, hold);
            folder.Clear();
        }
    }

    private async Task<Dictionary<string, long>> EndsAsync(IReadOnlyList<RegisteredLog> logs, CancellationToken stop)
    {
        var ends = new Dictionary<string, long>();
        foreach (var partition in logs.SelectMany(l => l.Names)) ends.Add(partition.ToString(), (await progressStore.ReadAsync(partition, stop)).Progress.Sequence);
        return ends;
    }

    private MovedContent Content(IReadOnlyList<RegisteredLog> logs, IReadOnlyDictionary<string, long> ends, Instant at)
    {
        var closed = logs.Where(l => l.Closed is null).ToDictionary(l => l.Id, log => log with
        {
            Closed = new LogClosing(at, Reason, "export"),
            Proposed = [],
            Partitions = [.. log.Names.Select(p => log[p.Number] with { End = ends.GetValueOrDefault(p.ToString()) })],
        });
        return new MovedContent(documents, archive, ledger, new LostClaims(logs.SelectMany(l => l.Lost)), document => document.Kind switch
        {
            LogRegistry.Kind when closed.GetValueOrDefault(document.Place.Second) is { } log => LogRegistry.DocumentOf(log),
            Installation.Kind => ImportInstallation.WithoutHold(document),
            _ => document,
        });
    }

    private static async Task<MoveManifest> CopyAsync(MoveFolder folder, MoveManifest manifest, string section, MovedContent content, SayStep say, CancellationToken stop)
    {
        while (!manifest.Sections[section].Done)
        {
            var lines = new List<MovedLine>();
            var next = manifest.Sections[section].Next;
            long bytes = 0;
            do
            {
                var page = await content.ReadAsync(section, next, stop);
                lines.AddRange(page.Lines);
                bytes += page.Lines.Sum(l => (long)l.Json.Length);
                next = page.Next;
            }
            while (next is not null && bytes < PartBytes);
            var kinds = new Dictionary<string, Tally>(manifest.Sections[section].Kinds);
            Tally.Add(kinds, lines);
            manifest = manifest with
            {
                Sections = new Dictionary<string, MoveSection>(manifest.Sections) { [section] = new MoveSection(next, next is null, kinds) },
                Parts = lines.Count == 0 ? manifest.Parts : [.. manifest.Parts, await folder.WritePartAsync(section, manifest.Parts.Count + 1, lines, stop)],
            };
            await folder.WriteAsync(manifest, stop);
            say(FormattableString.Invariant($"{section}: {kinds.Values.Sum(k => k.Count):N0}"));
        }
        return manifest;
    }

    internal static IReadOnlyDictionary<string, long> Sum(MoveManifest manifest) =>
        manifest.Sections.Values.SelectMany(s => s.Kinds).GroupBy(k => k.Key).OrderBy(k => k.Key, StringComparer.Ordinal).ToDictionary(k => k.Key, k => k.Sum(t => t.Value.Count));
}
