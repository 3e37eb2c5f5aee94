using Billing.UseCases.Cost;
using Billing.UseCases.CustomFields;
using Billing.UseCases.Documents;
using Billing.UseCases.Metering;
using Billing.UseCases.Spending;

namespace Billing.UseCases.Moving;

/// <summary>Some lines of a section, and where to go on; null at its end.</summary>
internal sealed record MovedPage(IReadOnlyList<MovedLine> Lines, string? Next);

/// <summary>All that an installation is, as lines, whatever stores it lies in.</summary>
/// <remarks>
/// Left out is what means something to one store only: cursors of changes (who follows changes begins anew), counts of what its services cost, and claims
/// of lost messages. A walk that was under way begins anew.
/// </remarks>
/// <param name="asMoved">A document as it is moved; null to leave it out.</param>
internal sealed class MovedContent(IDocumentStore documents, IArchive archive, IDedupLedger ledger, LostClaims lost, Func<Document, Document?> asMoved)
{
    /// <summary>The sections, in the order in which they are moved: the archive and claims first, so that nothing is counted without them.</summary>
    public static readonly IReadOnlyList<string> Sections = ["archive", "claims", "usage", "accounts", "catalog"];

    private const int DocumentsPerPage = 100;
    private const int BlobsPerPage = 16;
    private static readonly string[] KindsOfOneStore = [FindHolders.CursorKind, WatchUsage.Kind, CostDays.Kind];

    /// <summary>True for what stays behind.</summary>
    public static bool IsOfOneStore(Document document) => KindsOfOneStore.Contains(document.Kind);

    public Task<MovedPage> ReadAsync(string section, string? after, CancellationToken stop) => section switch
    {
        "archive" => BlobsAsync(after, stop),
        "claims" => ClaimsAsync(after, stop),
        _ => DocumentsAsync(Enum.Parse<Container>(section, ignoreCase: true), after, stop),
    };

    /// <summary>The tallies of a whole section.</summary>
    public async Task<Dictionary<string, Tally>> TallyAsync(string section, CancellationToken stop)
    {
        var tallies = new Dictionary<string, Tally>();
        for (string? after = null; ;)
        {
            var page = await ReadAsync(section, after, stop);
            Tally.Add(tallies, page.Lines);
            if ((after = page.Next) is null) return tallies;
        }
    }

    private async Task<MovedPage> DocumentsAsync(Container container, string? after, CancellationToken stop)
    {
        var page = await documents.OfKindAsync(container, null, after, DocumentsPerPage, stop);
        return new MovedPage([.. page.Items.Where(i => !IsOfOneStore(i.Document)).Select(i => asMoved(i.Document.Kind == AlertWalk.Kind ? AlertWalk.FromTheFirst(i.Document) : i.Document)).OfType<Document>().Select(MovedLine.Of)], page.Next);
    }

    private async Task<MovedPage> BlobsAsync(string? after, CancellationToken stop)
    {
        var names = await archive.ListAsync("", after, BlobsPerPage, stop);
        var blobs = await Task.WhenAll(names.Select(async name => (Name: name, Content: await archive.GetAsync(name, stop))));
        return new MovedPage([.. blobs.Where(b => b.Content is not null).Select(b => MovedLine.Of(b.Name, b.Content!.Value))], names.Count == 0 ? null : names[^1]);
    }

    private async Task<MovedPage> ClaimsAsync(string? after, CancellationToken stop)
    {
        var claims = await ledger.AllAsync(after, stop);
        return new MovedPage([.. claims.Items.Where(c => !lost.Has(c.Copy.Partition, c.Copy.Sequence)).Select(c => MovedLine.Of(c))], claims.Next);
    }
}
