using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Invoicing;

/// <summary>An invoice fails a check: it is not issued, and the account is parked.</summary>
public sealed class InvoiceCheckException(string message, Exception? inner = null) : InvalidOperationException(message, inner);

/// <summary>What must hold of every invoice before it is issued; a bound against what no customer has ordered.</summary>
public static class InvoiceCheck
{
    /// <summary>More lines than this are a mistake in the prices or the events.</summary>
    public const int MaxLines = 50_000;

    /// <summary>Errors: <see cref="InvoiceCheckException"/> for the first thing that does not hold.</summary>
    /// <param name="invoice">The invoice.</param>
    /// <param name="billedThrough">Of a usage invoice, consolidated or not: where its period must begin; null: at the contract's start.</param>
    /// <param name="firstStart">Where the contract's first period begins.</param>
    public static void Throw(Invoice invoice, Instant? billedThrough, Instant firstStart)
    {
        if (invoice.Lines.Count > MaxLines) throw new InvoiceCheckException($"The invoice has {invoice.Lines.Count} lines; more than {MaxLines} are taken for a mistake.");
        var sum = Exact.Sum(invoice.Lines.Where(l => l.Counts && Same(l.CreditTypeId, invoice.CreditTypeId)).Select(l => l.Total));
        if (sum != invoice.Total) throw new InvoiceCheckException($"The lines sum to {sum}, the total is {invoice.Total}.");
        CheckPeriod(invoice, billedThrough ?? firstStart);
        // Its constituents drew, and were checked.
        if (invoice.Type == InvoiceType.UsageConsolidated) return;
        var applied = invoice.Lines.Where(l => l.Type == LineType.AppliedCommitOrCredit).ToLookup(l => l.Commit!.SegmentId);
        foreach (var draw in invoice.Draws)
        {
            var lines = -Exact.Sum(applied[draw.SegmentId].Select(l => l.Total));
            if (lines != draw.Amount) throw new InvoiceCheckException($"{draw.Amount} is drawn from segment {draw.SegmentId}, its lines apply {lines}.");
        }
        if (applied.Count != invoice.Draws.Count) throw new InvoiceCheckException("A line applies a segment that nothing is drawn from.");
    }

    private static void CheckPeriod(Invoice invoice, Instant from)
    {
        if (invoice.Type is InvoiceType.Usage or InvoiceType.UsageConsolidated && invoice.Start != from)
            throw new InvoiceCheckException($"The period starts at {invoice.Start}, the one before ended at {from}.");
    }

    private static bool Same(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);
}
