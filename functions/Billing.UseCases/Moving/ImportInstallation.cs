using System.Text.Json;
using Billing.UseCases.Access;
using Billing.UseCases.Documents;
using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.UseCases.Moving;

/// <summary>Brings an exported installation into new stores: holds them, writes part after part, compares, lets go.</summary>
/// <remarks>
/// Each part may be written twice: documents are upserted, blobs and claims stay as they are when they are there. What a server writes at its first start is
/// replaced. A server that ran meanwhile has the former hash key, and changes nothing until it is started anew (<see cref="Standstill"/>).
/// </remarks>
public sealed class ImportInstallation(IDocumentStore documents, IArchive archive, IDedupLedger ledger, IClock clock)
{
    private const int AtOnce = 8;
    private const int ClaimsAtOnce = 2_000;
    private static readonly string[] OfAStart = [Installation.Kind, LogRegistry.Kind, ProgressStore.Kind, ApiKeys.Kind, "clock"];

    /// <summary>Imports.</summary>
    /// <param name="folder">A finished export.</param>
    /// <param name="heard">Completes when every process that uses the stores knows of a hold that was just made.</param>
    /// <param name="say">Told of each step.</param>
    /// <param name="dryRun">Only looks: whether the folder is whole and the stores are new.</param>
    /// <param name="stop">Gives up; the same call goes on later.</param>
    /// <exception cref="InvalidDataException">The folder is no finished export, or damaged.</exception>
    /// <exception cref="InvalidOperationException">The stores hold an installation that is in use.</exception>
    public async Task<Moved> RunAsync(MoveFolder folder, Func<CancellationToken, Task> heard, SayStep say, bool dryRun, CancellationToken stop)
    {
        var manifest = await folder.ReadAsync(stop) ?? throw new InvalidDataException($"{folder.Path} holds no export.");
        if (manifest.FinishedAt is null) throw new InvalidDataException($"The export in {folder.Path} is not finished: run the command 'export' again, it goes on where it was.");
        var secret = await SecretAsync(folder, manifest, stop);
        var before = await Installation.ReadAsync(documents, stop);
        if (before?.Installation is { Held: null } there && there.ImportedFrom == manifest.Id) return new Moved([], ExportInstallation.Sum(manifest), manifest.FinishedAt);
        var mine = before?.Installation.Held is { Kind: HoldKind.Import } held && held.Id == manifest.Id;
        if (!mine)
        {
            await NewAsync(stop);
            // All of it is whole before anything is written.
            foreach (var part in manifest.Parts) await folder.ReadPartAsync(part, stop);
        }
        if (dryRun) return new Moved([], ExportInstallation.Sum(manifest));

        var hold = mine ? before!.Value.Installation.Held! : new Hold(manifest.Id, HoldKind.Import, clock.GetCurrentInstant());
        if (!mine) await HoldAsync(secret, hold, null, stop);
        await heard(stop);
        if (hold.Done == 0)
        {
            await NewAsync(stop);
            await RemoveStartAsync(stop);
        }
        while (hold.Done < manifest.Parts.Count)
        {
            var part = manifest.Parts[hold.Done];
            await WriteAsync(part.Section, await folder.ReadPartAsync(part, stop), stop);
            await HoldAsync(secret, hold = hold with { Done = hold.Done + 1 }, null, stop);
            say(FormattableString.Invariant($"{part.Section}: part {hold.Done} of {manifest.Parts.Count}"));
        }
        // A server that started meanwhile has registered its log before it could know of every meter: it registers again.
        await foreach (var document in CatalogAsync(stop))
            if (LogOf(document) is { } log && !manifest.Logs.Contains(log)) await RemoveAsync(document, stop);
        say("Comparing.");
        var differences = await CompareAsync(manifest, stop);
        if (differences.Count == 0) await HoldAsync(secret, null, manifest.Id, stop);
        return new Moved(differences, ExportInstallation.Sum(manifest));
    }

    /// <summary>Lets an installation go on that an export holds. False when nothing held it.</summary>
    /// <exception cref="InvalidOperationException">There is no installation, or an import into it is not finished.</exception>
    public static async Task<bool> ReleaseAsync(IDocumentStore documents, CancellationToken stop)
    {
        while (true)
        {
            if (await Installation.ReadAsync(documents, stop) is not { } found) throw new InvalidOperationException("The stores hold no installation.");
            if (found.Installation.Held is not { } held) return false;
            if (held.Kind == HoldKind.Import) throw new InvalidOperationException("An import into this installation is not finished: run the command 'import' again, it goes on where it was.");
            if (held is { Kind: HoldKind.Rebuild, Done: > 0 }) throw new InvalidOperationException("The windows of usage are not rebuilt yet: run the command 'rebuild' again.");
            if (await documents.TryAsync(Installation.Place, new Write.Replace(Installation.DocumentOf(found.Installation with { Held = null }), found.ETag), stop)) return true;
        }
    }

    internal static Document WithoutHold(Document installation) =>
        Installation.DocumentOf(StoredJson.Read<Installation>(installation) with { Held = null, ImportedFrom = null });

    private async Task NewAsync(CancellationToken stop)
    {
        var used = new InvalidOperationException("The stores hold an installation that is in use. An export is imported into a new one.");
        if ((await documents.OfKindAsync(Container.Usage, null, null, 1, stop)).Items.Count > 0 || (await documents.OfKindAsync(Container.Accounts, null, null, 1, stop)).Items.Count > 0) throw used;
        await foreach (var document in CatalogAsync(stop))
        {
            if (MovedContent.IsOfOneStore(document)) continue;
            if (!OfAStart.Contains(document.Kind)) throw used;
            if (document.Kind == ProgressStore.Kind && StoredJson.Read<Progress>(document).Folded > 0) throw used;
        }
    }

    // The installation itself is replaced, never gone.
    private async Task RemoveStartAsync(CancellationToken stop)
    {
        await foreach (var document in CatalogAsync(stop))
            if (document.Kind != Installation.Kind) await RemoveAsync(document, stop);
    }

    private async Task RemoveAsync(Document document, CancellationToken stop)
    {
        while (await documents.ReadAsync(document.Place, document.Id, stop) is { } there && !await documents.TryAsync(document.Place, new Write.Delete(document.Id, there.ETag), stop)) stop.ThrowIfCancellationRequested();
    }

    // The log that a document is of; null for a document of something else.
    private static string? LogOf(Document document) => document.Kind switch
    {
        LogRegistry.Kind => document.Place.Second,
        ProgressStore.Kind => StoredJson.Read<Progress>(document).LogId,
        _ => null,
    };

    private async IAsyncEnumerable<Document> CatalogAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
    {
        for (string? after = null; ;)
        {
            var page = await documents.OfKindAsync(Container.Catalog, null, after, 100, stop);
            foreach (var item in page.Items) yield return item.Document;
            if ((after = page.Next) is null) yield break;
        }
    }

    private static async Task<string> SecretAsync(MoveFolder folder, MoveManifest manifest, CancellationToken stop)
    {
        foreach (var part in manifest.Parts.Where(p => p.Section == "catalog"))
            foreach (var line in await folder.ReadPartAsync(part, stop))
                if (MovedLine.ReadDocument(line) is { Kind: Installation.Kind } found) return StoredJson.Read<Installation>(found).HashKey;
        throw new InvalidDataException($"The export in {folder.Path} has no installation in it.");
    }

    private async Task HoldAsync(string secret, Hold? hold, string? importedFrom, CancellationToken stop)
    {
        while (true)
        {
            var now = await Installation.ReadAsync(documents, stop);
            // Until its own document is written, the installation has the secret alone.
            var held = (now?.Installation ?? new Installation(secret, clock.GetCurrentInstant())) with { HashKey = secret, Held = hold, ImportedFrom = importedFrom };
            var document = Installation.DocumentOf(held);
            if (await documents.TryAsync(Installation.Place, now is { } there ? new Write.Replace(document, there.ETag) : new Write.Create(document), stop)) return;
        }
    }

    private async Task WriteAsync(string section, IReadOnlyList<JsonElement> lines, CancellationToken stop)
    {
        var atOnce = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stop };
        switch (section)
        {
            case "archive":
                await Parallel.ForEachAsync(lines.Select(MovedLine.ReadBlob), atOnce, async (blob, token) => await archive.PutIfAbsentAsync(blob.Name, blob.Content, token));
                break;
            case "claims":
                foreach (var claims in lines.Select(MovedLine.ReadClaim).Chunk(ClaimsAtOnce)) await ledger.RestoreAsync(claims, stop);
                break;
            default:
                var held = (await Installation.ReadAsync(documents, stop))!.Value.Installation.Held;
                var moved = lines.Select(MovedLine.ReadDocument).Select(d => d.Kind == Installation.Kind ? Installation.DocumentOf(StoredJson.Read<Installation>(d) with { Held = held }) : d);
                await Parallel.ForEachAsync(moved.GroupBy(d => d.Place).SelectMany(Commits), atOnce, async (commit, token) =>
                {
                    var result = await documents.CommitAsync(commit[0].Place, [.. commit.Select(d => new Write.Upsert(d))], token);
                    if (!result.Done) throw new InvalidOperationException($"Documents of {commit[0].Place} could not be written.");
                });
                break;
        }
    }

    private static IEnumerable<IReadOnlyList<Document>> Commits(IEnumerable<Document> ofPlace)
    {
        var commit = new List<Document>();
        var bytes = 0;
        foreach (var document in ofPlace)
        {
            if (commit.Count == IDocumentStore.MaxWrites || (commit.Count > 0 && bytes + document.Body.Length > IDocumentStore.MaxCommitBytes))
            {
                yield return commit;
                (commit, bytes) = ([], 0);
            }
            commit.Add(document);
            bytes += document.Body.Length;
        }
        if (commit.Count > 0) yield return commit;
    }

    private async Task<List<string>> CompareAsync(MoveManifest manifest, CancellationToken stop)
    {
        // A server that starts meanwhile registers its own log.
        var content = new MovedContent(documents, archive, ledger, LostClaims.None, document =>
            document.Kind == Installation.Kind ? WithoutHold(document) : LogOf(document) is { } log && !manifest.Logs.Contains(log) ? null : document);
        var differences = new List<string>();
        foreach (var section in MovedContent.Sections) differences.AddRange(Tally.Differences(section, manifest.Sections[section].Kinds, await content.TallyAsync(section, stop)));
        return differences;
    }
}
