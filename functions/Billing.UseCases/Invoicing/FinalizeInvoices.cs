using Billing.Domain.Invoicing;
using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Invoicing;

/// <summary>What a run did.</summary>
/// <param name="Finalized">Invoices that this run made final.</param>
/// <param name="Parked">Accounts that cannot be rated, with the reason.</param>
/// <param name="Waiting">Contracts left for a later run: usage not ready, or a store that failed.</param>
public sealed record InvoiceRun(int Finalized, IReadOnlyList<ParkedAccount> Parked, IReadOnlyList<WaitingContract> Waiting);

/// <summary>A contract that is still due.</summary>
public sealed record WaitingContract(string CustomerId, string ContractId, string Reason);

/// <summary>Makes usage invoices final when their period and its grace are over and every event before that is counted.</summary>
/// <remarks>
/// Driven by the due of each contract, in pages, one contract at a time. A run that was killed and is repeated, or two runs at once, make the
/// same invoices: each becomes visible in one commit with the customer's head, whose progress says which period is next.
/// </remarks>
public sealed class FinalizeInvoices(IDocumentStore store, PeriodRating rating, SettingsStore settings, ReadCut readCut, ParkedAccounts parked)
{
    private const int PageSize = 100;

    /// <summary>When usage is not ready, a contract is looked at again after this long.</summary>
    private static readonly Duration Postponed = Duration.FromMinutes(5);

    private readonly Accounts accounts = new(store);

    /// <summary>Makes everything final that is due by an instant and by the cut.</summary>
    /// <param name="until">Now.</param>
    /// <param name="ids">Names the runs; not derived from a key.</param>
    /// <param name="stop">Stops between two contracts.</param>
    public async Task<InvoiceRun> RunDueInvoicesAsync(Instant until, IdSource ids, CancellationToken stop)
    {
        var cut = await readCut(stop);
        var at = cut < until ? cut : until;
        var (finalized, bad, waiting) = (0, new List<ParkedAccount>(), new Dictionary<string, WaitingContract>(StringComparer.Ordinal));
        while (true)
        {
            // What waits stays due and would fill the page for ever.
            var due = await store.DueAsync(Container.Accounts, ContractDocuments.Kind, at, PageSize + waiting.Count, stop);
            var contracts = due.Select(d => ContractDocuments.IdsOf(d.Document)).Where(c => !waiting.ContainsKey(c.ContractId)).ToList();
            if (contracts.Count == 0) return new InvoiceRun(finalized, bad, [.. waiting.Values]);
            foreach (var (customerId, contractId) in contracts)
            {
                stop.ThrowIfCancellationRequested();
                try
                {
                    if (await FinalizeNextAsync(customerId, contractId, at, ids, stop)) finalized++;
                }
                catch (UsageNotReadyException fault)
                {
                    waiting[contractId] = new WaitingContract(customerId, contractId, fault.Message);
                    await PostponeAsync(customerId, contractId, at + Postponed, stop);
                }
                catch (Exception fault) when (!stop.IsCancellationRequested && !RatingFaults.Lasts(fault))
                {
                    waiting[contractId] = new WaitingContract(customerId, contractId, fault.Message);
                }
                catch (Exception fault) when (!stop.IsCancellationRequested)
                {
                    bad.Add(await parked.ParkAsync(customerId, contractId, RatingFaults.Reason(fault), at, stop));
                }
            }
        }
    }

    /// <summary>When the next contract is due; null when none is.</summary>
    public async Task<Instant?> NextDueAsync(CancellationToken stop) =>
        await store.DueAsync(Container.Accounts, ContractDocuments.Kind, Instant.MaxValue, 1, stop) is [var first, ..] ? first.Document.Due : null;

    /// <summary>Makes the next period of a contract final, if it is due. True when this call did it.</summary>
    public async Task<bool> FinalizeNextAsync(string customerId, string contractId, Instant at, IdSource ids, CancellationToken stop)
    {
        var grace = (await settings.GetAsync(stop)).Grace;
        var place = Accounts.PlaceOf(customerId);
        IReadOnlyList<Document> written = [];
        var done = await accounts.ChangeAsync<bool>(
            customerId,
            async head =>
            {
                await DropPagesAsync(place, written, stop);
                written = [];
                var found = await ContractDocuments.FindAsync(store, customerId, contractId, stop);
                if (found is null) return new AccountChange<bool>(false, null, []);
                var (contract, progress) = (found.Value, head.Of(contractId, InvoiceType.Usage));
                var next = contract.ArchivedAt is null && head.Parked is null ? contract.PeriodAfter(progress.BilledThrough) : null;
                if (next is not { } period || contract.FinalAt(period, grace) > at)
                {
                    // The contract ended, or the grace was made longer: only its due is wrong.
                    return new AccountChange<bool>(false, head, [new Write.Replace(ContractDocuments.Document(contract, head, grace), found.ETag)]);
                }
                var terms = await rating.TermsAsync(contract, stop);
                var rated = await rating.RateAsync(terms, period, period.End, stop);
                var invoice = PeriodRating.Invoice(
                    terms, rated, period, progress.Invoices, contract.FinalAt(period, grace), InvoiceStatus.Finalized, head.NextInvoiceNumber);
                var (header, pages) = InvoiceDocuments.Split(invoice, ids.New());
                foreach (var page in pages) await store.CommitAsync(place, [new Write.Create(page)], stop);
                written = pages;
                var billed = head.With(progress with { Invoices = progress.Invoices + 1, BilledThrough = period.End });
                return new AccountChange<bool>(true, billed,
                    [new Write.Create(header), new Write.Replace(ContractDocuments.Document(contract, billed, grace), found.ETag)]);
            },
            stop);
        return done.Value;
    }

    private Task<Outcome<bool>> PostponeAsync(string customerId, string contractId, Instant due, CancellationToken stop) => accounts.ChangeAsync<bool>(
        customerId,
        async head =>
        {
            var stored = await store.ReadAsync(Accounts.PlaceOf(customerId), ContractDocuments.IdOf(contractId), stop);
            return stored?.Document.Due is null
                ? new AccountChange<bool>(false, null, [])
                : new AccountChange<bool>(true, head, [new Write.Replace(stored.Document with { Due = due }, stored.ETag)]);
        },
        stop);

    /// <summary>Takes back the pages of an attempt that another change overtook; no header names them.</summary>
    private async Task DropPagesAsync(Place place, IReadOnlyList<Document> pages, CancellationToken stop)
    {
        foreach (var page in pages)
        {
            if (await store.ReadAsync(place, page.Id, stop) is { } stored) await store.TryAsync(place, new Write.Delete(page.Id, stored.ETag), stop);
        }
    }
}
