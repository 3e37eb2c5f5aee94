using Billing.Domain.Credits;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Contracts;

/// <summary>Sums purchases of a billing period, for caps of discounts.</summary>
/// <param name="Alias">Unique in the contract.</param>
/// <param name="CreditTypeId">Unit of the payments that it counts.</param>
/// <param name="Specifiers">What counts: a purchase that fits any of them.</param>
public sealed record SpendTracker(string Alias, string CreditTypeId, IReadOnlyList<SpendSpecifier> Specifiers, Instant? ArchivedAt = null)
{
    /// <summary>What a contract invoices in a period for prepaid commits that fit: the sum of the payments dated in it, as they are after discounts.</summary>
    /// <remarks>Source: Metronome, auto-recharge-options ("based on invoice amounts") and spend-trackers.</remarks>
    public decimal Spent(string contractId, IEnumerable<Commit> commits, Interval period) => Exact.Sum(commits
        .Where(c => c.Type == CommitType.Prepaid && c.ArchivedAt is null && (c.ContractId ?? c.InvoiceContractId) == contractId && Specifiers.Any(s => s.Fits(c)))
        .Select(c => c.Invoicing).OfType<PaymentSchedule>()
        .Where(p => !p.DoNotInvoice && string.Equals(p.CreditTypeId, CreditTypeId, StringComparison.OrdinalIgnoreCase))
        .SelectMany(p => p.Items).Where(i => period.Contains(i.Timestamp)).Select(i => i.Amount));
}

/// <summary>Purchases of commits that a tracker counts.</summary>
/// <param name="Sources">Any of them.</param>
/// <param name="Discounted">By what the purchase says of itself, or whether its threshold gave a discount.</param>
public sealed record SpendSpecifier(IReadOnlyList<SpendSource> Sources, DiscountFilter Discounted = DiscountFilter.Any)
{
    internal bool Fits(Commit commit) => Sources.Contains(commit.IsAutomatic ? SpendSource.ThresholdRecharge : SpendSource.Manual)
        && (Discounted == DiscountFilter.Any || Discounted == DiscountFilter.DiscountedOnly == (commit.CountsAsDiscounted == true));
}

/// <summary>Who bought.</summary>
public enum SpendSource
{
    /// <summary>A threshold.</summary>
    ThresholdRecharge,

    /// <summary>A person, or a recurring commit.</summary>
    Manual,
}

public enum DiscountFilter
{
    Any,
    DiscountedOnly,
    UndiscountedOnly,
}
