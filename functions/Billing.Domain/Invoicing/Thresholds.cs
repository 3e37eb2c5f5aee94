using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Invoicing;

/// <summary>A purchase that a threshold makes.</summary>
/// <param name="IsRecharge">True: the balance was low; false: unpaid usage was high.</param>
/// <param name="Commit">What is bought; not paid yet when a gate stands before it.</param>
public sealed record ThresholdPurchase(string ContractId, bool IsRecharge, Commit Commit);

/// <summary>Decides which thresholds are reached.</summary>
/// <remarks>
/// Prepaid: the balance over all commits and credits of contract and customer, in the threshold's unit, is at or below the threshold: what lacks to the recharge
/// amount is bought, for as long as the contract, or a year. Spend: what the open usage statements leave to pay is at or above the threshold: all of it is
/// bought, for the period that it was used in, so that nothing is left to pay. A discount holds until its cap is
/// reached: the purchase that reaches it still has it whole. Nothing is bought while a purchase waits at its gate. Source: Metronome,
/// prepaid-balance-thresholds and set-customer-spend-control; the windows are our policy.
/// </remarks>
public static class Thresholds
{
    private const int YearsWithoutEnd = 1;

    /// <summary>True when a contract has a threshold to watch.</summary>
    public static bool AreWatched(Contract contract) => contract.PrepaidThreshold is { IsEnabled: true } || contract.SpendThreshold is { IsEnabled: true };

    /// <summary>What must be bought.</summary>
    /// <param name="contracts">Open ones.</param>
    /// <param name="commits">All of the customer.</param>
    /// <param name="state">The account rated up to now.</param>
    /// <param name="seed">Different for each decision: ids of what is bought follow from it.</param>
    /// <param name="now">The present.</param>
    public static IReadOnlyList<ThresholdPurchase> Reached(IReadOnlyList<OpenContract> contracts, IReadOnlyList<Commit> commits, AccountState state, string seed, Instant now)
    {
        var purchases = new List<ThresholdPurchase>();
        foreach (var open in contracts.Where(c => AreWatched(c.Terms.Contract) && c.Terms.Contract.PeriodAt(now) is not null))
        {
            if (Recharge(open.Terms, commits, state, seed, now) is { } recharge) purchases.Add(recharge);
            if (Spend(open.Terms, [.. commits, .. purchases.Select(p => p.Commit)], state, seed, now) is { } spend) purchases.Add(spend);
        }
        return purchases;
    }

    private static ThresholdPurchase? Recharge(Terms terms, IReadOnlyList<Commit> commits, AccountState state, string seed, Instant now)
    {
        if (terms.Contract.PrepaidThreshold is not { IsEnabled: true } threshold || IsWaiting(commits, terms, recharge: true)) return null;
        var unit = threshold.CreditTypeId ?? terms.CreditType.Id;
        var perSeat = terms.Contract.RecurringCommits.Where(r => r.Seats is { PerSeat: true }).Select(r => r.Id).ToHashSet(StringComparer.Ordinal);
        var balance = Exact.Sum(commits
            .Where(c => c.ArchivedAt is null && c.IsPaid && c.Type != CommitType.Postpaid && c.IsFor(terms.Contract.Id) && threshold.Counts(c))
            .Where(c => string.Equals(c.CreditTypeId, unit, StringComparison.OrdinalIgnoreCase) && !(c.RecurringCommitId is { } id && perSeat.Contains(id)))
            .SelectMany(c => c.Access).Where(a => a.Covers(now)).Select(state.Left));
        if (balance > threshold.ThresholdAmount) return null;
        var amount = Exact.Add(threshold.RechargeToAmount, -balance);
        var start = Hour(now);
        var end = terms.Contract.EndingBefore ?? start.InUtc().LocalDateTime.PlusYears(YearsWithoutEnd).InUtc().ToInstant();
        return new ThresholdPurchase(terms.Contract.Id, true, Buy(terms, threshold.Commit, threshold.Gate, Discount(terms, threshold.Discount, commits, now), unit, amount, new Interval(start, end), seed + ":recharge", now));
    }

    private static ThresholdPurchase? Spend(Terms terms, IReadOnlyList<Commit> commits, AccountState state, string seed, Instant now)
    {
        if (terms.Contract.SpendThreshold is not { IsEnabled: true } threshold || IsWaiting(commits, terms, recharge: false)) return null;
        if (terms.Contract.PeriodAt(now) is not { } period) return null;
        var unpaid = Exact.Sum(state.Statements
            .Where(s => s.Statement.Type == InvoiceType.Usage && s.Statement.Terms.Contract.Id == terms.Contract.Id && s.Statement.Period.Start <= now && now < s.Statement.Period.End)
            .SelectMany(s => s.Rated.Lines).Where(l => l.Counts && l.AdjustsPeriod is null && l.Type is LineType.Usage or LineType.AppliedCommitOrCredit && terms.IsFiat(l.CreditTypeId))
            .Select(l => l.Total));
        if (unpaid < threshold.ThresholdAmount) return null;
        return new ThresholdPurchase(terms.Contract.Id, false, Buy(terms, threshold.Commit, threshold.Gate, Discount(terms, threshold.Discount, commits, now), terms.CreditType.Id, unpaid, period, seed + ":spend", now));
    }

    /// <summary>The discount that a purchase gets: none once its cap is reached.</summary>
    private static ThresholdDiscount? Discount(Terms terms, ThresholdDiscount? discount, IReadOnlyList<Commit> commits, Instant now) =>
        terms.Contract.PeriodAt(now) is { } period && discount?.Holds(terms.Contract, commits, period) == true ? discount : null;

    private static Commit Buy(
        Terms terms, ThresholdCommit bought, PaymentGate gate, ThresholdDiscount? discount, string unit, decimal amount, Interval window, string seed, Instant now)
    {
        var price = terms.IsFiat(unit)
            ? amount
            : Exact.Multiply(amount, terms.Conversions.First(c => string.Equals(c.CustomCreditTypeId, unit, StringComparison.OrdinalIgnoreCase)).FiatPerCustomCredit);
        var paid = terms.Round(discount is null ? price : Exact.Multiply(price, discount.PaymentFraction), terms.CreditType.Id);
        return new Commit(
            DerivedId.Of("threshold", seed, "commit"), terms.Contract.CustomerId, terms.Contract.Id, 1, CommitType.Prepaid, bought.ProductId, bought.Name, bought.Priority, unit,
            [new AccessSegment(DerivedId.Of("threshold", seed, "segment"), amount, window.Start, window.End)], now)
        {
            Description = bought.Description,
            Invoicing = new PaymentSchedule(terms.CreditType.Id, [new ScheduledPayment(DerivedId.Of("threshold", seed, "payment"), now, paid, 1)]),
            Scope = bought.Scope,
            IsPaid = gate == PaymentGate.None,
            IsAutomatic = true,
            CountsAsDiscounted = discount is { PaymentFraction: < 1 },
        };
    }

    private static bool IsWaiting(IReadOnlyList<Commit> commits, Terms terms, bool recharge)
    {
        var product = recharge ? terms.Contract.PrepaidThreshold?.Commit.ProductId : terms.Contract.SpendThreshold?.Commit.ProductId;
        return commits.Any(c => c.IsAutomatic && !c.IsPaid && c.ArchivedAt is null && c.ContractId == terms.Contract.Id && c.ProductId == product);
    }

    private static Instant Hour(Instant at) => Instant.FromUnixTimeTicks(at.ToUnixTimeTicks() / NodaConstants.TicksPerHour * NodaConstants.TicksPerHour);
}
