using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Values;

namespace Billing.Domain.Invoicing;

/// <summary>What a renewal takes over from the contract before.</summary>
/// <remarks>
/// For each commit with a rollover fraction: a commit of the new contract, from its start, for as long as the old one was open, of
/// min(left, fraction × amount). It burns first. Its amount follows from what the old contract's last statement leaves, so it is only known for good
/// when that is final. Source: Metronome, manage-customer-lifecycle; the window is our policy.
/// </remarks>
public static class Rollovers
{
    /// <summary>The version of a rollover whose amount is not known for good; once it is, it is stored with a higher one.</summary>
    public const int Derived = 0;

    /// <summary>The commits that a renewal takes over, with the largest amount they can have.</summary>
    /// <param name="before">Commits of the contract that ends, grants included.</param>
    /// <param name="renewal">The contract that renews it.</param>
    public static IReadOnlyList<Commit> Of(IReadOnlyList<Commit> before, Contract renewal)
    {
        if (renewal.Renewal is not { } from) return [];
        return
        [
            .. before.Where(c => c.ContractId == from.FromContractId && c.ArchivedAt is null && c.RolloverFraction > 0 && c.Access[0].StartingAt < renewal.StartingAt).Select(c =>
            {
                var length = c.Access[^1].EndingBefore - c.Access[0].StartingAt;
                var most = Exact.Multiply(c.Amount, c.RolloverFraction!.Value);
                return new Commit(
                    DerivedId.Of("rollover", renewal.Id, c.Id, "commit"), renewal.CustomerId, renewal.Id, Derived, c.Type, c.ProductId, c.Name, c.Priority, c.CreditTypeId,
                    [new AccessSegment(DerivedId.Of("rollover", renewal.Id, c.Id, "segment"), most, renewal.StartingAt, renewal.StartingAt + length)], renewal.StartingAt)
                {
                    Description = c.Description,
                    Scope = c.Scope,
                    RateType = c.RateType,
                    RolledOver = new RolledOverFrom(c.Id, from.FromContractId),
                    CustomFields = c.CustomFields,
                };
            }),
        ];
    }

    /// <summary>What a rolled over commit holds, given what is left of the one before.</summary>
    public static decimal Amount(Commit rolledOver, decimal left) => Math.Max(0, Math.Min(left, rolledOver.Access[0].Amount));

    /// <summary>Gives the derived rollovers of a contract their amounts, as the statements rated so far leave them.</summary>
    internal static void Grant(Terms terms, Balances balances)
    {
        foreach (var commit in terms.Commits.Where(c => c.RolledOver is not null && c.Version == Derived && c.ContractId == terms.Contract.Id))
        {
            if (terms.RolledOverFrom.FirstOrDefault(c => c.Id == commit.RolledOver!.CommitId) is not { } source) continue;
            balances.Grant(commit.Access[0], Amount(commit, Exact.Sum(source.Access.Select(balances.Left))));
        }
    }
}
