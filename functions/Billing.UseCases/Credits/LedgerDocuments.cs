using Billing.Domain.Credits;
using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;

namespace Billing.UseCases.Credits;

/// <summary>How the ledger lies in its customer's partition: sums by segment in one document, the entries of each commit in one of their own.</summary>
/// <remarks>Entries are named by the head's version that they were committed with, so none is ever written twice.</remarks>
internal static class LedgerDocuments
{
    private const string TotalsId = "ledger";
    private const string EntriesPrefix = "entries:";

    /// <summary>The sums, with what a write must present (null: none is kept yet).</summary>
    public static async Task<(LedgerTotals Totals, string? ETag)> TotalsAsync(IDocumentStore store, string customerId, CancellationToken stop) =>
        await store.FindAsync<LedgerTotals>(Accounts.PlaceOf(customerId), TotalsId, stop) is { } found ? (found.Value, found.ETag) : (LedgerTotals.Empty, null);

    /// <summary>Every entry of a customer, in the order in which they were posted.</summary>
    public static async Task<List<LedgerEntry>> EntriesAsync(IDocumentStore store, string customerId, CancellationToken stop) =>
        [.. (await store.AllAsync(Accounts.PlaceOf(customerId), EntriesPrefix, EntriesPrefix + "~", stop)).SelectMany(d => d.Value<LedgerEntry[]>())];

    /// <summary>The writes that post entries; none for none.</summary>
    /// <param name="customerId">Whose.</param>
    /// <param name="before">The sums as they were read.</param>
    /// <param name="etag">Of the sums.</param>
    /// <param name="posting">What to post.</param>
    /// <param name="version">Of the head that the commit writes.</param>
    public static IEnumerable<Write> Post(string customerId, LedgerTotals before, string? etag, Posting posting, long version)
    {
        if (posting.Entries.Count == 0 && posting.Settled.Count == 0 && posting.Reopened.Count == 0) yield break;
        var place = Accounts.PlaceOf(customerId);
        var totals = place.Keep(TotalsId, "ledger", before.With(posting.Entries, posting.Settled, posting.Reopened));
        yield return etag is null ? new Write.Create(totals) : new Write.Replace(totals, etag);
        if (posting.Entries.Count > 0) yield return new Write.Create(place.Keep($"{EntriesPrefix}{version:D12}", "ledger-entries", posting.Entries));
    }
}

/// <summary>Opens again what had expired, when what was drawn is given back.</summary>
internal static class Reopening
{
    /// <summary>The entry that takes back what has expired of a segment for an invoice that is void; none when nothing has.</summary>
    /// <param name="posted">Every entry of the ledger.</param>
    /// <param name="entry">Names commit, segment, invoice, contract and time; its type and amount are set here.</param>
    public static IEnumerable<LedgerEntry> Of(IReadOnlyList<LedgerEntry> posted, LedgerEntry entry)
    {
        var expired = Exact.Sum(posted.Where(e => e.SegmentId == entry.SegmentId && e.Type == LedgerEntryType.Expiration).Select(e => e.Amount));
        if (expired != 0) yield return entry with { Type = LedgerEntryType.Expiration, Amount = -expired };
    }
}

/// <summary>What a commit adds to a ledger.</summary>
/// <param name="Settled">Segments whose end it settles.</param>
/// <param name="Reopened">Segments that it opens again.</param>
internal sealed record Posting(IReadOnlyList<LedgerEntry> Entries, IReadOnlyList<string> Settled, IReadOnlyList<string> Reopened)
{
    public static readonly Posting Nothing = new([], [], []);

    /// <summary>Both.</summary>
    public Posting And(Posting other) => new([.. Entries, .. other.Entries], [.. Settled, .. other.Settled], [.. Reopened, .. other.Reopened]);
}
