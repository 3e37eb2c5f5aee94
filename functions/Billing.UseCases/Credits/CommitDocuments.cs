using Billing.Domain.Credits;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;

namespace Billing.UseCases.Credits;

/// <summary>How commits and credits lie in their customer's partition: a document each, whether they belong to a contract or to the customer.</summary>
internal static class CommitDocuments
{
    public const string Kind = "commit";
    private const string Prefix = "commit:";

    public static string IdOf(string commitId) => Prefix + LookupKey.Of(commitId);

    public static Task<Found<Commit>?> FindAsync(IDocumentStore store, string customerId, string commitId, CancellationToken stop) =>
        store.FindAsync<Commit>(Accounts.PlaceOf(customerId), IdOf(commitId), stop);

    /// <summary>Every commit and credit that is stored, archived ones too; grants of recurring commits are only there once they were edited.</summary>
    public static async Task<List<Found<Commit>>> AllAsync(IDocumentStore store, string customerId, CancellationToken stop) =>
        [.. (await store.AllAsync(Accounts.PlaceOf(customerId), Prefix, Prefix + "~", stop)).Select(s => new Found<Commit>(s.Value<Commit>(), s.ETag))];

    public static Document Document(Commit commit) => Accounts.PlaceOf(commit.CustomerId).Keep(IdOf(commit.Id), Kind, commit);

    /// <summary>A version of a commit, or null: the one that is in force, or one that was replaced.</summary>
    public static async Task<Commit?> VersionAsync(IDocumentStore store, Commit now, int version, CancellationToken stop) =>
        now.Version == version ? now : (await store.FindAsync<Commit>(Accounts.PlaceOf(now.CustomerId), PastIdOf(now.Id, version), stop))?.Value;

    private static string PastIdOf(string commitId, int version) => $"past-commit:{LookupKey.Of(commitId)}:{version:D6}";

    /// <summary>A version that was replaced, for rating a period again as it was.</summary>
    public static Write Past(Commit commit) => new Write.Create(Accounts.PlaceOf(commit.CustomerId)
        .Keep(PastIdOf(commit.Id, commit.Version), "past-commit", commit));
}
