using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Invoicing;

/// <summary>What a renewal takes over from the contract before.</summary>
/// <remarks>
/// For each commit with a rollover fraction that was open when the renewal began: a commit of the new contract, from its start, for as long as the old one
/// was open, of min(left, fraction × amount). Left is what its open segments hold: what ended earlier has expired. It burns first. A POSTPAID one stays a
/// promise: it is trued up at its own end, and the commit before only for what was not taken over. The amount follows from what the old contract's last
/// statement leaves, so it is only known for good when that is final. Source: Metronome, manage-customer-lifecycle; the window is our policy.
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
            .. before.Where(c => c.ContractId == from.FromContractId && c.ArchivedAt is null && c.IsPaid && c.RolloverFraction > 0 && OpenAt(c, renewal.StartingAt).Any()).Select(c =>
            {
                var length = c.Access[^1].EndingBefore - c.Access[0].StartingAt;
                var most = Exact.Multiply(c.Amount, c.RolloverFraction!.Value);
                var rolledOver = new Commit(
                    DerivedId.Of("rollover", renewal.Id, c.Id, "commit"), renewal.CustomerId, renewal.Id, Derived, c.Type, c.ProductId, c.Name, c.Priority, c.CreditTypeId,
                    [new AccessSegment(DerivedId.Of("rollover", renewal.Id, c.Id, "segment"), most, renewal.StartingAt, renewal.StartingAt + length)], renewal.StartingAt)
                {
                    Description = c.Description,
                    Scope = c.Scope,
                    RateType = c.RateType,
                    RolledOver = new RolledOverFrom(c.Id, from.FromContractId),
                    CustomFields = c.CustomFields,
                };
                return Holding(rolledOver, c, most);
            }),
        ];
    }

    /// <summary>The segments of a commit that were open when a renewal began: those that end with the contract are.</summary>
    public static IEnumerable<AccessSegment> OpenAt(Commit before, Instant start) => before.Access.Where(a => a.StartingAt < start && a.EndingBefore >= start);

    /// <summary>What a rolled over commit holds, given what is left of the one before.</summary>
    public static decimal Amount(Commit rolledOver, decimal left) => Math.Max(0, Math.Min(left, rolledOver.Access[0].Amount));

    /// <summary>A rolled over commit with an amount, and what that cost: its part of what the commit before cost, or as much of the promise.</summary>
    internal static Commit Holding(Commit rolledOver, Commit source, decimal amount) => rolledOver with
    {
        Access = [rolledOver.Access[0] with { Amount = amount }],
        Invoicing = source.Invoicing is not { } paid ? null : new PaymentSchedule(
            paid.CreditTypeId,
            [
                new ScheduledPayment(
                    rolledOver.Id, rolledOver.Access[0].StartingAt,
                    source.Type == CommitType.Postpaid ? amount : source.Amount == 0 ? 0 : Exact.Share(paid.Total, amount, source.Amount), 1),
            ],
            DoNotInvoice: source.Type != CommitType.Postpaid),
    };

    /// <summary>Gives the derived rollovers of a contract their amounts, as the statements rated so far leave them.</summary>
    internal static void Grant(Terms terms, Balances balances)
    {
        foreach (var commit in terms.Commits.Where(c => c.RolledOver is not null && c.Version == Derived && c.ContractId == terms.Contract.Id))
        {
            if (terms.RolledOverFrom.FirstOrDefault(c => c.Id == commit.RolledOver!.CommitId) is not { } source) continue;
            balances.Grant(commit.Access[0], Amount(commit, Exact.Sum(OpenAt(source, commit.Access[0].StartingAt).Select(balances.Left))));
        }
    }
}
