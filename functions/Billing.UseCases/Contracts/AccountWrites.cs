using Billing.Domain.Values;
using Billing.UseCases.Documents;

namespace Billing.UseCases.Contracts;

/// <summary>What a change of an account may write: it is one commit, with the head.</summary>
internal static class AccountWrites
{
    /// <summary>Room for the head, for what billing adds to it later, and for the messages of the change.</summary>
    private const int HeadBytes = 150_000;

    /// <summary>The head, and the messages.</summary>
    private const int OwnWrites = 2;

    /// <summary>The refusal of a change that does not fit into one commit, or null.</summary>
    public static Refusal? Check(IReadOnlyList<Write> writes)
    {
        if (writes.Count + OwnWrites > IDocumentStore.MaxWrites)
            return new Refusal("too_many_changes", $"This changes more than {IDocumentStore.MaxWrites - OwnWrites} commits, credits and contracts at once; do it in parts.", null, RefusalKind.TooLarge);
        return writes.Sum(w => CommitLimits.DocumentOf(w)?.Body.Length ?? 0) > IDocumentStore.MaxCommitBytes - HeadBytes
            ? new Refusal("too_large", "The terms are larger than can be kept at once; use fewer, or do it in parts.", null, RefusalKind.TooLarge)
            : null;
    }
}
