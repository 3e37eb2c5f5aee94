using Billing.Domain.Credits;
using Billing.Domain.Values;

namespace Billing.Domain.Invoicing;

/// <summary>What is left of a customer's commits and credits while their statements are rated, one after the other.</summary>
/// <remarks>Invariant: what was left at first = drawn + left, of every segment.</remarks>
internal sealed class Balances(LedgerTotals ledger)
{
    private Dictionary<string, decimal> taken = new(StringComparer.Ordinal);
    private Dictionary<string, decimal> granted = new(StringComparer.Ordinal);

    /// <summary>The same balances, which later draws on these do not touch.</summary>
    public Balances Copy() => new(ledger) { taken = new(taken, StringComparer.Ordinal), granted = new(granted, StringComparer.Ordinal) };

    /// <summary>What is left of a segment; nothing when it was settled.</summary>
    public decimal Left(AccessSegment segment)
    {
        var totals = ledger.Of(segment.Id);
        if (totals.IsSettled) return 0;
        var amount = granted.TryGetValue(segment.Id, out var other) ? other : segment.Amount;
        return Exact.Add(Exact.Add(amount, totals.Posted), -taken.GetValueOrDefault(segment.Id));
    }

    /// <summary>What the statements rated here drew of a segment.</summary>
    public decimal Taken(string segmentId) => taken.GetValueOrDefault(segmentId);

    /// <summary>Draws an amount that is left.</summary>
    public void Take(AccessSegment segment, decimal amount)
    {
        if (amount < 0 || amount > Left(segment)) throw new ArgumentOutOfRangeException(nameof(amount), amount, "More is drawn than is left.");
        taken[segment.Id] = Exact.Add(taken.GetValueOrDefault(segment.Id), amount);
    }

    /// <summary>Says what a segment holds whose amount follows from other segments (a rollover).</summary>
    public void Grant(AccessSegment segment, decimal amount) => granted[segment.Id] = amount;
}
