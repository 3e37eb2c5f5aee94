using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using NodaTime;

namespace Billing.Domain.Invoicing;

/// <summary>The commits and credits that can pay for what a contract uses.</summary>
internal static class Payers
{
    /// <summary>All of them: paid for, not archived, and open to the contract.</summary>
    public static IEnumerable<Commit> Of(Terms terms) => terms.Commits.Where(c => c.ArchivedAt is null && c.IsPaid && c.IsFor(terms.Contract.Id));

    /// <summary>The segments that can pay for a line at an instant, whatever is left of them. A line is cut where they change.</summary>
    /// <param name="creditTypeId">Unit of the line; null: nothing prices it.</param>
    public static IEnumerable<AccessSegment> At(Terms terms, LineSubject line, string? creditTypeId, Instant at) => Of(terms)
        .Where(c => string.Equals(c.CreditTypeId, creditTypeId, StringComparison.OrdinalIgnoreCase) && c.Scope.Matches(line))
        .SelectMany(c => c.Access).Where(a => a.Covers(at));
}
