using Billing.Domain.Invoicing;
using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Invoicing;

/// <summary>What a run did.</summary>
/// <param name="Issued">Invoices that this run issued.</param>
/// <param name="Parked">Accounts that cannot be billed, with the reason.</param>
/// <param name="Waiting">Accounts left for a later run: usage not ready, or a store that failed.</param>
public sealed record BillingRun(int Issued, IReadOnlyList<ParkedAccount> Parked, IReadOnlyList<WaitingAccount> Waiting);

/// <summary>An account that is still due.</summary>
public sealed record WaitingAccount(string CustomerId, string Reason);

/// <summary>Issues what is due of all accounts, once every event before that is counted.</summary>
/// <remarks>
/// Driven by the due of each account's head, in pages, several accounts side by side. A run that was killed and is repeated, or two runs at once, make the
/// same invoices.
/// </remarks>
public sealed class BillAccounts(IDocumentStore store, IssueInvoices issue, ReadCut readCut, ParkedAccounts parked)
{
    private const int PageSize = 200;

    /// <summary>Accounts side by side: keeps the cores busy while others wait for the store, which they share nothing in.</summary>
    private const int AtOnce = 16;

    /// <summary>So many steps of one account in one run are a mistake in its terms.</summary>
    private const int MaxSteps = 10_000;

    /// <summary>When usage is not ready, an account is looked at again after this long.</summary>
    private static readonly Duration Postponed = Duration.FromMinutes(5);

    private readonly Accounts accounts = new(store);

    /// <summary>Does everything that is due by an instant and by the cut.</summary>
    /// <param name="until">Now.</param>
    /// <param name="ids">Names the runs; not derived from a key.</param>
    /// <param name="stop">Stops between two accounts.</param>
    public async Task<BillingRun> RunAsync(Instant until, IdSource ids, CancellationToken stop)
    {
        var cut = await readCut(stop);
        var at = cut < until ? cut : until;
        var (issued, bad, waiting) = (0, new List<ParkedAccount>(), new Dictionary<string, WaitingAccount>(StringComparer.Ordinal));
        while (true)
        {
            // What waits stays due and would fill the page for ever.
            var due = await store.DueAsync(Container.Accounts, Accounts.HeadId, at, PageSize + waiting.Count, stop);
            var customers = due.Select(d => d.Document.Place.First).Where(c => !waiting.ContainsKey(c)).ToList();
            if (customers.Count == 0) return new BillingRun(issued, bad, [.. waiting.Values]);
            await Parallel.ForEachAsync(customers, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stop }, async (customerId, _) =>
            {
                var billed = await BillAsync(customerId, at, ids, stop);
                lock (waiting)
                {
                    issued += billed.Issued;
                    bad.AddRange(billed.Parked);
                    foreach (var one in billed.Waiting) waiting[customerId] = one;
                }
            });
        }
    }

    private async Task<BillingRun> BillAsync(string customerId, Instant at, IdSource ids, CancellationToken stop)
    {
        var issued = 0;
        try
        {
            var steps = 0;
            BillingStep step;
            do
            {
                step = await issue.StepAsync(customerId, at, ids, stop);
                if (step.Issued) issued++;
                if (++steps > MaxSteps) throw new InvoiceCheckException($"More than {MaxSteps} invoices fall due at once.");
            }
            while (step.Due <= at);
            return new BillingRun(issued, [], []);
        }
        catch (UsageNotReadyException fault)
        {
            await PostponeAsync(customerId, at + Postponed, stop);
            return new BillingRun(issued, [], [new WaitingAccount(customerId, fault.Message)]);
        }
        catch (Exception fault) when (!stop.IsCancellationRequested && !RatingFaults.Lasts(fault))
        {
            return new BillingRun(issued, [], [new WaitingAccount(customerId, fault.Message)]);
        }
        catch (Exception fault) when (!stop.IsCancellationRequested)
        {
            return new BillingRun(issued, [await parked.ParkAsync(customerId, RatingFaults.Reason(fault), at, stop)], []);
        }
    }

    /// <summary>When the next account is due; null when none is.</summary>
    public async Task<Instant?> NextDueAsync(CancellationToken stop) =>
        await store.DueAsync(Container.Accounts, Accounts.HeadId, Instant.MaxValue, 1, stop) is [var first, ..] ? first.Document.Due : null;

    private Task<Outcome<bool>> PostponeAsync(string customerId, Instant due, CancellationToken stop) =>
        accounts.ChangeAsync<bool>(customerId, head => Task.FromResult<Outcome<AccountChange<bool>>>(new AccountChange<bool>(true, head, []) { Due = due }), stop);
}
