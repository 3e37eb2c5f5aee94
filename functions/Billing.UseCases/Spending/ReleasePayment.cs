using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Billing.UseCases.Credits;
using Billing.UseCases.Documents;
using Billing.UseCases.Notifications;
using NodaTime;

namespace Billing.UseCases.Spending;

/// <summary>Says whether what a threshold bought was paid.</summary>
public sealed class ReleasePayment(IDocumentStore store, IClock clock)
{
    private readonly Accounts accounts = new(store);

    /// <summary>As <see cref="RunAsync(string, string, bool, CancellationToken)"/>, by nothing but the workflow's id.</summary>
    public async Task<Outcome<Commit>> RunAsync(string workflowId, bool isPaid, CancellationToken stop) =>
        await Owners.FindAsync(store, Owners.Gate, workflowId, stop) is { } customerId && await CommitDocuments.FindAsync(store, customerId, workflowId, stop) is not null
            ? await RunAsync(customerId, workflowId, isPaid, stop)
            : new Refusal("workflow_not_found", $"No payment waits for the workflow '{workflowId}'.", "/workflow_id", RefusalKind.NotFound);

    /// <summary>Opens a gate: paid, the commit can be used and is invoiced; failed, it is gone and the threshold is switched off, so that nothing is tried again unasked.</summary>
    /// <param name="customerId">Whose.</param>
    /// <param name="commitId">The commit at the gate.</param>
    /// <param name="isPaid">The outcome.</param>
    /// <param name="stop">Gives up.</param>
    /// <remarks>May be repeated with the same outcome. Errors: refused when the gate was opened with the other outcome.</remarks>
    public Task<Outcome<Commit>> RunAsync(string customerId, string commitId, bool isPaid, CancellationToken stop) => accounts.ChangeAsync<Commit>(
        customerId,
        async head =>
        {
            if (await CommitDocuments.FindAsync(store, customerId, commitId, stop) is not { Value.IsAutomatic: true } found) return Commits.NotFound(commitId);
            var commit = found.Value;
            if (commit.IsPaid || commit.ArchivedAt is not null)
            {
                return commit.IsPaid == isPaid
                    ? new AccountChange<Commit>(commit, null, [])
                    : new Refusal("gate_was_opened", $"The payment was already reported as {(commit.IsPaid ? "paid" : "failed")}.", "/outcome", RefusalKind.Conflict);
            }
            var now = clock.GetCurrentInstant();
            var settled = commit with
            {
                Version = commit.Version + 1,
                IsPaid = isPaid,
                ArchivedAt = isPaid ? null : now,
                Invoicing = isPaid ? commit.Invoicing! with { Items = [.. commit.Invoicing.Items.Select(i => i with { Timestamp = now })] } : commit.Invoicing,
            };
            var writes = new List<Write> { CommitDocuments.Past(commit), new Write.Replace(CommitDocuments.Document(settled), found.ETag) };
            if (!isPaid && await ContractDocuments.FindAsync(store, customerId, commit.ContractId!, stop) is { } contract)
            {
                writes.Add(ContractDocuments.Past(contract.Value));
                writes.Add(new Write.Replace(ContractDocuments.Document(SwitchedOff(contract.Value, commit)), contract.ETag));
            }
            return new AccountChange<Commit>(settled, head, writes) { Messages = [GateMessages.Settled(head.Version + 1, settled, isPaid, now)] };
        },
        stop);

    private static Contract SwitchedOff(Contract contract, Commit commit) => contract with
    {
        Version = contract.Version + 1,
        PrepaidThreshold = contract.PrepaidThreshold?.Commit.ProductId == commit.ProductId ? contract.PrepaidThreshold with { IsEnabled = false } : contract.PrepaidThreshold,
        SpendThreshold = contract.SpendThreshold?.Commit.ProductId == commit.ProductId ? contract.SpendThreshold with { IsEnabled = false } : contract.SpendThreshold,
    };
}
