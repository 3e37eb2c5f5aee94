using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Contracts;

/// <summary>What an edit did: what it added, as it was made, and what else was asked for.</summary>
/// <param name="Id">Unique.</param>
/// <param name="ContractId">Null: a commit or credit of the customer's was edited.</param>
/// <param name="Sequence">The version of the customer's head that it was committed with: edits of a contract in order.</param>
/// <param name="Timestamp">When it was made.</param>
/// <param name="By">Name of the API key that asked.</param>
/// <param name="Asked">Updates, archivals and removals.</param>
public sealed record ContractEdit(string Id, string CustomerId, string? ContractId, long Sequence, Instant Timestamp, string? UniquenessKey, string? By, EditContract Asked)
{
    public IReadOnlyList<Commit> Commits { get; init; } = [];

    public IReadOnlyList<Override> Overrides { get; init; } = [];

    public IReadOnlyList<RecurringCommit> RecurringCommits { get; init; } = [];

    public IReadOnlyList<ScheduledCharge> ScheduledCharges { get; init; } = [];

    public IReadOnlyList<ProfessionalService> ProfessionalServices { get; init; } = [];

    public IReadOnlyList<Subscription> Subscriptions { get; init; } = [];

    public IReadOnlyList<SpendTracker> SpendTrackers { get; init; } = [];

    public IReadOnlyList<UsageFilter> UsageFilters { get; init; } = [];
}

/// <summary>How edits lie in their customer's partition.</summary>
internal static class EditDocuments
{
    private const string Kind = "contract-edit";

    public static string IdOf(string? contractId, string editId) => $"{Prefix(contractId)}{LookupKey.Of(editId)}";

    public static Document Document(ContractEdit edit) => Accounts.PlaceOf(edit.CustomerId).Keep(IdOf(edit.ContractId, edit.Id), Kind, edit);

    /// <summary>The edits of a contract in the order in which they were made.</summary>
    public static async Task<List<ContractEdit>> AllAsync(IDocumentStore store, string customerId, string contractId, CancellationToken stop) =>
        [.. (await store.AllAsync(Accounts.PlaceOf(customerId), Prefix(contractId), Prefix(contractId) + "~", stop)).Select(d => d.Value<ContractEdit>()).OrderBy(e => e.Sequence)];

    private static string Prefix(string? contractId) => $"edit:{LookupKey.Of(contractId ?? "")}:";
}
