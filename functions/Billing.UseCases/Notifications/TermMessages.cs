using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.UseCases.Contracts;
using Billing.UseCases.Credits;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Notifications;

/// <summary>What the documents of a commit say of contracts, commits and credits. It follows from what is written, so that no change can be missed.</summary>
internal static class TermMessages
{
    /// <summary>The messages of a commit.</summary>
    /// <param name="customerId">Whose.</param>
    /// <param name="version">Of the head that the commit makes.</param>
    /// <param name="writes">All of it.</param>
    public static IEnumerable<Message> Of(string customerId, long version, IReadOnlyList<Write> writes)
    {
        foreach (var write in writes)
        {
            if (CommitLimits.DocumentOf(write) is not { } document) continue;
            var isNew = write is Write.Create;
            if (document.Kind == ContractDocuments.Kind) yield return Of(customerId, version, isNew, StoredJson.Read<Kept<Contract>>(new Stored(document, "")).Value);
            else if (document.Kind == CommitDocuments.Kind) yield return Of(customerId, version, isNew, StoredJson.Read<Kept<Commit>>(new Stored(document, "")).Value);
        }
    }

    private static Message Of(string customerId, long version, bool isNew, Contract contract)
    {
        var type = contract.ArchivedAt is not null ? "contract.archive" : isNew ? "contract.create" : "contract.edit";
        return Message.Of(customerId, version, type, contract.Id, Latest(contract.ArchivedAt, contract.ChangedAt, contract.CreatedAt),
            ("customer_id", customerId), ("contract_id", contract.Id), ("timestamp", Latest(contract.ArchivedAt, contract.ChangedAt, contract.CreatedAt)));
    }

    private static Message Of(string customerId, long version, bool isNew, Commit commit)
    {
        // A grant of a recurring commit is stored once it is changed.
        var what = commit.ArchivedAt is not null ? "archive" : isNew && commit.RecurringCommitId is null ? "create" : "edit";
        var of = commit.Type == CommitType.Credit ? "credit" : "commit";
        var at = Latest(commit.ArchivedAt, commit.ChangedAt, commit.CreatedAt);
        return Message.Of(customerId, version, $"{of}.{what}", commit.Id, at,
            ("customer_id", customerId), ("contract_id", commit.ContractId), (of + "_id", commit.Id), ("timestamp", at));
    }

    private static Instant Latest(params ReadOnlySpan<Instant?> of)
    {
        var latest = Instant.MinValue;
        foreach (var at in of)
            if (at > latest) latest = at.Value;
        return latest;
    }
}
