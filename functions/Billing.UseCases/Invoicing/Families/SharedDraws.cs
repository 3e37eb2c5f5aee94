using Billing.Domain.Credits;
using Billing.Domain.Invoicing;
using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Billing.UseCases.Credits;
using Billing.UseCases.Documents;
using Billing.UseCases.Telemetry;

namespace Billing.UseCases.Invoicing;

/// <summary>What an invoice of a child draws on its parent's commits: posted to the parent's ledger before the invoice is committed.</summary>
/// <param name="CustomerId">The child's.</param>
/// <param name="ContractId">The child's.</param>
/// <param name="InvoiceId">For which it was drawn.</param>
/// <param name="Claimant">Who drew: nobody else can commit the invoice on it.</param>
/// <param name="IsFinal">True once the invoice was seen.</param>
internal sealed record SharedDraw(string CustomerId, string ContractId, string InvoiceId, string Claimant, IReadOnlyList<Draw> Draws, bool IsFinal);

/// <summary>A decision about an account, and the invoice that it issues.</summary>
internal sealed record FamilyDecision<T>(Outcome<AccountChange<T>> Change, Account? Account = null, Invoice? Issued = null);

/// <summary>Lets invoices of children draw on commits of their parents, in another account, without ever drawing twice.</summary>
/// <remarks>
/// First the draw is posted in the parent's account, with a document that names the invoice, and only while that account stands as it was read. Then the
/// invoice is committed in the child's. A draw whose invoice is not there is given back, but not before the child's account was changed: whoever drew
/// can't commit any more. Invariant: each draw in the parent's ledger that was not given back has one invoice that is not void, with that amount.
/// </remarks>
internal sealed class SharedDraws(IDocumentStore store)
{
    private const string Kind = "shared-draw";
    private const int MaxAttempts = 50;

    private readonly Accounts accounts = new(store);

    /// <summary>As <see cref="Accounts.ChangeAsync"/>, with the draws of the invoice that the change issues.</summary>
    /// <param name="claimant">Names the caller; no two alike.</param>
    public async Task<Outcome<T>> ChangeAsync<T>(string customerId, string claimant, Func<AccountHead, Task<FamilyDecision<T>>> decide, CancellationToken stop)
    {
        for (var rounds = 0; rounds < MaxAttempts; rounds++)
        {
            var (held, unresolved, made) = ((Claim?)null, false, (Invoice?)null);
            var done = await accounts.ChangeAsync<T>(
                customerId,
                async head =>
                {
                    // The attempt before was overtaken: its commit is known not to be.
                    if (held is { } lost) await GiveBackAsync(lost, stop);
                    held = null;
                    for (var attempts = 0; attempts < MaxAttempts; attempts++)
                    {
                        var decided = await decide(head);
                        made = decided.Issued;
                        if (decided.Account is not { Shared.Count: > 0 } account) return decided.Change;
                        if (unresolved = (await OpenAsync(account, stop)).Count > 0) return new AccountChange<T>(default!, null, []);
                        if (decided.Issued is not { Status: InvoiceStatus.Finalized } issued || !issued.Draws.Any(d => d.CustomerId is not null)) return decided.Change;
                        if ((held = await TakeAsync(account, issued, claimant, stop)) is not null) return decided.Change;
                    }
                    throw new TimeoutException($"The parent of customer {customerId} is being changed by too many at once.");
                },
                stop);
            if (unresolved)
            {
                await ResolveAsync(customerId, stop);
                continue;
            }
            if (made is { Status: InvoiceStatus.Finalized } && done.Refusal is null) Measures.Issued(made.Type);
            if (held is { } drawn) await ConfirmAsync(drawn, stop);
            return done;
        }
        throw new TimeoutException($"Draws of customer {customerId} on its parent's commits are being changed by too many at once.");
    }

    /// <summary>Gives back what was drawn for invoices that are void, or never came to be; marks the others.</summary>
    public async Task ResolveAsync(string customerId, CancellationToken stop)
    {
        foreach (var contract in (await ContractDocuments.AllAsync(store, customerId, stop)).Select(c => c.Value).Where(c => c.Hierarchy?.ParentContractId is not null))
        foreach (var claim in await AllAsync(contract.Hierarchy!.ParentCustomerId!, contract.Id, stop))
        {
            if (await StatusAsync(claim, stop) is null) await accounts.FenceAsync(customerId, stop);
            switch (await StatusAsync(claim, stop))
            {
                case InvoiceStatus.Finalized when !claim.Draw.IsFinal: await ConfirmAsync(claim, stop); break;
                case InvoiceStatus.Void or null: await GiveBackAsync(claim, stop); break;
            }
        }
    }

    /// <summary>Draws that are to be resolved before anything is rated.</summary>
    private async Task<List<Claim>> OpenAsync(Account account, CancellationToken stop)
    {
        var voided = account.Head.Progress.SelectMany(p => p.Voided).Select(v => v.InvoiceId).ToHashSet(StringComparer.Ordinal);
        var open = new List<Claim>();
        foreach (var shared in account.Shared)
            open.AddRange((await AllAsync(shared.CustomerId, shared.ContractId, stop)).Where(c => !c.Draw.IsFinal || voided.Contains(c.Draw.InvoiceId)));
        return open;
    }

    /// <summary>Posts draws to the parent's ledger; null when its account is not as it was read.</summary>
    private async Task<Claim?> TakeAsync(Account account, Invoice invoice, string claimant, CancellationToken stop)
    {
        var shared = account.Shared.First(s => s.ContractId == invoice.ContractId);
        var draws = invoice.Draws.Where(d => d.CustomerId is not null).ToList();
        var claim = new Claim(shared.CustomerId, IdOf(invoice.ContractId, invoice.Id), new SharedDraw(invoice.CustomerId, invoice.ContractId, invoice.Id, claimant, draws, IsFinal: false));
        var taken = await accounts.ChangeAsync<bool>(
            shared.CustomerId,
            async head =>
            {
                if (head.Version != shared.HeadVersion) return new AccountChange<bool>(false, null, []);
                var entries = draws.Select(d => new LedgerEntry(d.CommitId, d.SegmentId, LedgerEntryType.AutomatedInvoiceDeduction, -d.Amount, d.At, invoice.Id, ContractId: invoice.ContractId));
                var (totals, etag) = await LedgerDocuments.TotalsAsync(store, shared.CustomerId, stop);
                return new AccountChange<bool>(true, head, [.. LedgerDocuments.Post(shared.CustomerId, totals, etag, new Posting([.. entries], [], []), head.Version + 1), new Write.Create(Document(claim))]);
            },
            stop);
        return taken.Value ? claim : null;
    }

    private Task ConfirmAsync(Claim claim, CancellationToken stop) => ChangeClaimAsync(
        claim, (_, found) => Task.FromResult<IReadOnlyList<Write>>([new Write.Replace(Document(claim with { Draw = claim.Draw with { IsFinal = true } }), found.ETag)]), stop);

    private Task GiveBackAsync(Claim claim, CancellationToken stop) => ChangeClaimAsync(
        claim,
        async (head, found) =>
        {
            var posted = await LedgerDocuments.EntriesAsync(store, claim.ParentId, stop);
            var (totals, etag) = await LedgerDocuments.TotalsAsync(store, claim.ParentId, stop);
            // An invoice has one draw of a segment.
            var credited = claim.Draw.Draws.Select(d => new LedgerEntry(d.CommitId, d.SegmentId, LedgerEntryType.Credited, d.Amount, d.At, claim.Draw.InvoiceId, ContractId: claim.Draw.ContractId)).ToList();
            var reopened = credited.Where(e => totals.Of(e.SegmentId).IsSettled).ToList();
            var posting = new Posting([.. credited, .. reopened.SelectMany(e => Reopening.Of(posted, e))], [], [.. reopened.Select(e => e.SegmentId)]);
            return [.. LedgerDocuments.Post(claim.ParentId, totals, etag, posting, head.Version + 1), new Write.Delete(claim.Id, found.ETag)];
        },
        stop);

    /// <summary>Changes a claim that is still this one; nothing when it is gone, or somebody else's by now.</summary>
    private async Task ChangeClaimAsync(Claim claim, Func<AccountHead, Found<SharedDraw>, Task<IReadOnlyList<Write>>> writes, CancellationToken stop) =>
        await accounts.ChangeAsync<bool>(
            claim.ParentId,
            async head => await store.FindAsync<SharedDraw>(Accounts.PlaceOf(claim.ParentId), claim.Id, stop) is { } found && found.Value.Claimant == claim.Draw.Claimant
                ? new AccountChange<bool>(true, head, await writes(head, found))
                : new AccountChange<bool>(false, null, []),
            stop);

    private async Task<InvoiceStatus?> StatusAsync(Claim claim, CancellationToken stop) =>
        (await InvoiceDocuments.ReadAsync(store, claim.Draw.CustomerId, claim.Draw.InvoiceId, stop))?.Status;

    private async Task<IEnumerable<Claim>> AllAsync(string parentId, string contractId, CancellationToken stop)
    {
        var prefix = IdOf(contractId, "");
        return (await store.AllAsync(Accounts.PlaceOf(parentId), prefix, prefix + "~", stop)).Select(s => new Claim(parentId, s.Document.Id, s.Value<SharedDraw>()));
    }

    private static Document Document(Claim claim) => Accounts.PlaceOf(claim.ParentId).Keep(claim.Id, Kind, claim.Draw);

    private static string IdOf(string contractId, string invoiceId) => $"shared-draw:{LookupKey.Of(contractId)}:{(invoiceId.Length == 0 ? "" : LookupKey.Of(invoiceId))}";

    /// <summary>A draw and where it is kept.</summary>
    private sealed record Claim(string ParentId, string Id, SharedDraw Draw);
}
