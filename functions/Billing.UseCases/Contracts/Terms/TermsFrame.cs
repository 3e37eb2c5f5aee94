using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.UseCases.Contracts;

/// <summary>The contract that terms are read for.</summary>
/// <param name="ContractId">Null: what is read is the customer's.</param>
/// <param name="StartingAt">Offsets count from here.</param>
/// <param name="Now">When they are added.</param>
/// <param name="By">Who adds them.</param>
/// <param name="NewId">Draws ids.</param>
internal sealed record TermsFrame(
    string CustomerId, string? ContractId, Instant StartingAt, Instant? EndingBefore, MultiplierPrioritization Prioritization, Catalog Catalog, KnownTerms Known, Instant Now, string? By, Func<string> NewId)
{
    /// <summary>The start that is asked for, or null.</summary>
    public Instant? Start(Instant? at, TimeOffset? offset) => at ?? offset?.After(StartingAt);

    /// <summary>The end that is asked for, or null.</summary>
    public Instant? End(Instant? at, TimeOffset? duration, Instant start, TimeOffset? offset) =>
        at ?? (offset is not null && offset.After(StartingAt) == start ? duration?.After(offset, StartingAt) : duration?.After(start));
}

/// <summary>Terms that others may refer to, by id or by the temporary id of the same request.</summary>
internal sealed class KnownTerms
{
    private readonly Dictionary<string, string> temporary = new(StringComparer.Ordinal);

    /// <param name="commits">Ids of commits and credits that exist.</param>
    /// <param name="recurring">Those that exist.</param>
    /// <param name="subscriptions">Those that exist.</param>
    public KnownTerms(IEnumerable<string> commits, IEnumerable<RecurringCommit> recurring, IEnumerable<Subscription> subscriptions)
    {
        Commits = commits.ToHashSet(StringComparer.Ordinal);
        Recurring = recurring.Select(r => r.Id).ToHashSet(StringComparer.Ordinal);
        Subscriptions = subscriptions.ToDictionary(s => s.Id, StringComparer.Ordinal);
    }

    public HashSet<string> Commits { get; }

    public HashSet<string> Recurring { get; }

    public Dictionary<string, Subscription> Subscriptions { get; }

    /// <summary>The refusal of a temporary id that comes twice, or null.</summary>
    public Refusal? Name(string? temporaryId, string id) => temporaryId is null || temporary.TryAdd(temporaryId, id)
        ? null
        : new Refusal("temporary_id_twice", $"The temporary id '{temporaryId}' is given twice.", "/temporary_id");

    /// <summary>The id that is meant.</summary>
    public string Resolve(string id) => temporary.GetValueOrDefault(id, id);
}
