using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Credits;

/// <summary>What a ledger entry tells; on the API it is prefixed by the commit's type.</summary>
public enum LedgerEntryType
{
    /// <summary>A segment's amount becomes available; derived from the terms, never posted.</summary>
    SegmentStart,

    /// <summary>A final invoice drew.</summary>
    AutomatedInvoiceDeduction,

    /// <summary>A renewal took over what was left.</summary>
    Rollover,

    /// <summary>What was left when the access ended; above 0 when a voided invoice takes an expiry back.</summary>
    Expiration,

    /// <summary>The commit was cancelled: what was left is gone.</summary>
    Canceled,

    /// <summary>A voided invoice gives back what it drew.</summary>
    Credited,

    /// <summary>By hand, with a reason.</summary>
    Manual,

    /// <summary>Seats were added to or taken from a balance per seat.</summary>
    SeatBasedAdjustment,

    /// <summary>POSTPAID: what was promised and not used was billed.</summary>
    Trueup,
}

/// <summary>A change of a balance. Entries are only ever added.</summary>
/// <param name="Amount">Added to the balance; below 0 it is taken.</param>
/// <param name="At">When it counts: a deduction at the end of the service period, or of the segment if that is earlier.</param>
/// <param name="InvoiceId">Of a deduction, credit, or true-up.</param>
/// <param name="Reason">Of an entry by hand.</param>
/// <param name="ContractId">Whose usage drew; of a rollover the contract that took over.</param>
/// <param name="CreditMemoId">The memo that gave the credit, or was voided.</param>
public sealed record LedgerEntry(
    string CommitId, string SegmentId, LedgerEntryType Type, decimal Amount, Instant At, string? InvoiceId = null, string? Reason = null, string? ContractId = null,
    string? CreditMemoId = null);

/// <summary>What was posted against a segment so far.</summary>
/// <param name="Posted">Sum of its entries: granted + posted = left.</param>
/// <param name="IsSettled">True once what was left at its end has expired, was taken over, or was trued up.</param>
public sealed record SegmentTotals(decimal Posted, bool IsSettled)
{
    public static readonly SegmentTotals None = new(0, false);
}

/// <summary>The sums of a customer's ledger, by segment.</summary>
/// <remarks>Invariant, of every segment: granted = drawn + expired + rolled over + left, and left ≥ 0 unless taken below by hand.</remarks>
public sealed record LedgerTotals(IReadOnlyDictionary<string, SegmentTotals> Segments)
{
    public static readonly LedgerTotals Empty = new(new Dictionary<string, SegmentTotals>());

    /// <summary>Of a segment; nothing posted when it is not listed.</summary>
    public SegmentTotals Of(string segmentId) => Segments.GetValueOrDefault(segmentId) ?? SegmentTotals.None;

    /// <summary>With the sums of other customers' segments.</summary>
    public LedgerTotals And(IEnumerable<KeyValuePair<string, SegmentTotals>> others) => new(Segments.Concat(others).DistinctBy(s => s.Key).ToDictionary(StringComparer.Ordinal));

    /// <summary>With entries added.</summary>
    /// <param name="entries">To post.</param>
    /// <param name="settled">Segments whose end is settled by them.</param>
    /// <param name="reopened">Segments that are open again.</param>
    public LedgerTotals With(IReadOnlyList<LedgerEntry> entries, IEnumerable<string>? settled = null, IEnumerable<string>? reopened = null)
    {
        var segments = Segments.ToDictionary(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            var before = Of(entry.SegmentId, segments);
            segments[entry.SegmentId] = before with { Posted = Exact.Add(before.Posted, entry.Amount) };
        }
        foreach (var id in settled ?? []) segments[id] = Of(id, segments) with { IsSettled = true };
        foreach (var id in reopened ?? []) segments[id] = Of(id, segments) with { IsSettled = false };
        return new LedgerTotals(segments);
    }

    private static SegmentTotals Of(string id, Dictionary<string, SegmentTotals> segments) => segments.GetValueOrDefault(id) ?? SegmentTotals.None;
}
