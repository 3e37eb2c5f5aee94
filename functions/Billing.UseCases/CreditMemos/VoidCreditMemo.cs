using Billing.Domain.CreditMemos;
using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Billing.UseCases.Credits;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.CreditMemos;

/// <summary>Voids credit memos.</summary>
public sealed class VoidCreditMemo(IDocumentStore store, IClock clock)
{
    private readonly Accounts accounts = new(store);

    /// <summary>Voids a memo and takes back the credit that it gave, in one commit. Refused a second time, and when the credit is not whole any more.</summary>
    public Task<Outcome<CreditMemo>> RunAsync(string customerId, string memoId, CancellationToken stop) => accounts.ChangeAsync<CreditMemo>(
        customerId,
        async head =>
        {
            if (await CreditMemoDocuments.FindAsync(store, customerId, memoId, stop) is not { } found) return ReadCreditMemos.NotFound(memoId);
            var memo = found.Value;
            if (!memo.Stands) return new Refusal("credit_memo_void", $"Credit memo {memo.NumberText} was voided before.", "/id", RefusalKind.Conflict);
            var now = clock.GetCurrentInstant();
            var voided = memo with { Status = CreditMemoStatus.Void, VoidedAt = now };
            List<Write> writes = [new Write.Replace(CreditMemoDocuments.Document(voided), found.ETag)];
            if (memo.CommitId is { } commitId)
            {
                var credit = await CommitDocuments.FindAsync(store, customerId, commitId, stop) ?? throw new InvalidOperationException($"There is no credit {commitId} of memo {memoId}.");
                var (ledger, etag) = await LedgerDocuments.TotalsAsync(store, customerId, stop);
                if (!MemoCredit.TakeBack(memo, credit.Value, ledger, now).Is(out var entry, out var refusal)) return refusal;
                writes.Add(CommitDocuments.Past(credit.Value));
                writes.Add(new Write.Replace(CommitDocuments.Document(credit.Value with { Version = credit.Value.Version + 1, ArchivedAt = now, ChangedAt = now }), credit.ETag));
                writes.AddRange(LedgerDocuments.Post(customerId, ledger, etag, new Posting([entry], [entry.SegmentId], []), head.Version + 1));
            }
            return new AccountChange<CreditMemo>(voided, head, writes) { Messages = [MemoMessages.Of(voided, "credit_memo.voided", head.Version + 1, now)] };
        },
        stop);
}
