using Billing.Domain.Contracts;
using Billing.UseCases.Contracts;
using NodaTime;

namespace Billing.Functions.Api.Contracts;

/// <summary>A spend tracker.</summary>
/// <param name="AccumulatedSpend">Of the billing period; null when none is.</param>
public sealed record ShownSpendTracker(
    string Alias, string CreditTypeId, ResetFrequency ResetFrequency, IReadOnlyList<NewSpendSpecifier> ApplicableSpendSpecifiers, ShownSpend? AccumulatedSpend)
{
    public static ShownSpendTracker Of(SpendTracker of, ContractView view)
    {
        var asked = NewSpendTracker.Of(of);
        return new ShownSpendTracker(
            asked.Alias, asked.CreditTypeId, asked.ResetFrequency, asked.ApplicableSpendSpecifiers,
            view.Spent.TryGetValue(of.Alias, out var spent) ? new ShownSpend(spent.Amount, spent.Period.Start, spent.Period.End) : null);
    }
}

/// <summary>What was invoiced for commits in a billing period.</summary>
public sealed record ShownSpend(decimal Amount, Instant PeriodStartingAt, Instant PeriodEndingBefore);
