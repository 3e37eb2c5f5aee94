using Billing.Domain.Credits;
using NodaTime;

namespace Billing.Domain.Invoicing;

/// <summary>A usage period of a child's contract whose bill is still to come: it may draw on commits of its parent's.</summary>
/// <param name="ParentContractId">The parent's contract.</param>
/// <param name="ContractId">The child's.</param>
/// <param name="Start">Of the period.</param>
/// <param name="IsVoided">It was billed, and the invoice voided; whether it is made anew is not known.</param>
public sealed record ChildPeriod(string ParentContractId, string ContractId, Instant Start, bool IsVoided)
{
    /// <summary>True when it may draw on a commit of the parent's.</summary>
    public bool MayDraw(Commit commit) => commit.IsFor(ParentContractId) && commit.IsForChild(ContractId);
}
