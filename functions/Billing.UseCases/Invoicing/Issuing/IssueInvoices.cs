using Billing.Domain.Contracts;
using Billing.Domain.Invoicing;
using Billing.UseCases.Contracts;
using Billing.UseCases.Credits;
using Billing.UseCases.Documents;
using Billing.UseCases.Notifications;
using NodaTime;

namespace Billing.UseCases.Invoicing;

/// <summary>What a step did.</summary>
/// <param name="Issued">True when it issued or voided an invoice.</param>
/// <param name="Due">When the account is due next; null: never.</param>
public sealed record BillingStep(bool Issued, Instant? Due)
{
    /// <summary>The customer whose contract is the parent, and may have waited for it.</summary>
    internal string? Tells { get; init; }
}

/// <summary>Issues the next invoice of an account, and settles what its end settles, in one commit.</summary>
/// <remarks>
/// Invariant: however often it is called, by however many, each (contract, period) and each charge is on one invoice that is not void, and a commit is
/// drawn once for it: every commit replaces the head on an ETag taken before anything else was read.
/// </remarks>
public sealed class IssueInvoices(IDocumentStore store, ReadAccounts read, LateUsage late, InvoiceChanges changes, SettingsStore settings, AccountWatcher? watcher = null)
{
    /// <summary>A parent that waits for its family is looked at again after this long, should nobody tell it that the family has come.</summary>
    private static readonly Duration WaitsForFamily = Duration.FromMinutes(5);

    private readonly Accounts accounts = new(store);
    private readonly ConsolidateInvoices consolidate = new(store);
    private readonly SharedDraws shared = new(store);
    private readonly TermMoments moments = new(store);

    /// <summary>Does the first thing that is due for an account by an instant; the account is due again when the next thing is.</summary>
    /// <remarks>Errors: <see cref="UsageNotReadyException"/>, and what rating throws.</remarks>
    public async Task<BillingStep> StepAsync(string customerId, Instant at, IdSource ids, CancellationToken stop)
    {
        var settled = await settings.GetAsync(stop);
        var pages = new RunPages(store, Accounts.PlaceOf(customerId));
        var done = await shared.ChangeAsync<BillingStep>(
            customerId, ids.New(),
            async head =>
            {
                await pages.DropAsync(stop);
                if (head.Parked is not null) return new(new AccountChange<BillingStep>(new(false, null), null, []));
                if (await read.ReadAsync(customerId, head, at, stop) is not { } account) return new(new AccountChange<BillingStep>(new(false, null), head, []) { Due = null });
                var step = (await NextAsync(account, at, settled, ids.New(), stop)).With(await moments.LookAsync(account, at, stop));
                // Its segments are looked at by the next step.
                if (step.Writes.OfType<Write.Create>().Any(w => w.Document.Kind == CommitDocuments.Kind)) step = step with { Due = Accounts.AtOnce };
                // What an invoice leaves behind is looked at as well.
                if (step.Issued is not null && watcher is not null && await watcher.Watches(customerId, stop)) step = step with { Due = Accounts.AtOnce };
                await pages.WriteAsync(step.Pages, stop);
                var parent = account.Contracts.FirstOrDefault(c => c.Terms.Contract.Id == step.Issued?.ContractId)?.Terms.Contract.Hierarchy?.ParentCustomerId;
                return new(step.As(new BillingStep(step.Issued is not null, step.Due) { Tells = parent }), account, step.Issued);
            },
            stop);
        // In a commit of its own: should it be lost, the parent looks again by itself.
        if (done.Value.Tells is { } parent) await accounts.FenceAsync(parent, stop);
        return done.Value;
    }

    /// <summary>What would be issued by an instant, without doing it.</summary>
    public async Task<IReadOnlyList<Invoice>> PreviewAsync(string customerId, Instant at, CancellationToken stop)
    {
        var settled = await settings.GetAsync(stop);
        if (await read.ReadAsync(customerId, null, at, stop) is not { } account) return [];
        var open = await late.CarriedAsync(account, AccountRating.Open(account.Contracts, at), settled.LateUsagePolicy, stop);
        var due = DueInTime(account, open, at, settled.Grace);
        if (due.Count == 0) return [];
        var state = await read.RateAsync(account, [.. open.TakeWhile(s => !ReferenceEquals(s, due[^1])), due[^1]], Instant.MaxValue, at, stop);
        return [.. state.Statements.Where(s => due.Exists(d => ReferenceEquals(d, s.Statement))).Select(s => InvoiceMaking.Of(s, 0, settled.Grace, InvoiceStatus.Draft, null))];
    }

    private async Task<AccountStep> NextAsync(Account account, Instant at, BillingSettings settled, string run, CancellationToken stop)
    {
        var differences = await late.DifferencesAsync(account, stop);
        var known = account with { Head = account.Head with { Late = [.. differences.Select(d => d.Of)] } };
        foreach (var voided in known.Head.Progress.SelectMany(p => p.Voided).Where(v => v.IsDue))
            return await changes.RegenerateAsync(known, voided.InvoiceId, run, at, settled, stop);
        var open = LateUsage.Carried(known, AccountRating.Open(known.Contracts, at), differences, settled.LateUsagePolicy);
        if (Due(known, open, at, settled.Grace).FirstOrDefault() is { } statement) return await IssueAsync(known, open, statement, at, settled, run, stop);
        foreach (var difference in differences)
        {
            var contract = known.Contracts.First(c => c.Terms.Contract.Id == difference.Of.ContractId);
            var policy = contract.Terms.Contract.LateUsage(settled.LateUsagePolicy);
            switch (difference.Under(policy))
            {
                case LateUsagePolicy.Report:
                    return LateUsage.Report(known, difference, at, settled.Grace) with { Due = Accounts.AtOnce };
                case LateUsagePolicy.Regenerate:
                    return (await changes.VoidAsync(known, difference.InvoiceId, again: true, at, settled.Grace, stop)) with { Due = Accounts.AtOnce };
                case LateUsagePolicy.NextInvoice when contract.Terms.Contract.PeriodAfter(contract.BilledThrough) is null:
                    var own = differences.Where(d => d.Of.ContractId == difference.Of.ContractId && d.Under(policy) == LateUsagePolicy.NextInvoice).Select(d => d.Difference);
                    return await IssueAsync(known, open, Adjustments.Alone(contract.Terms, at, own), at, settled, run, stop);
            }
        }
        if (await BuyAsync(known, open, at, settled.Grace, stop) is { } bought) return bought;
        if (await consolidate.NextAsync(known, run, at, settled, stop) is { } consolidated) return consolidated;
        var family = known.Contracts.Where(c => c.ToConsolidate is { } period && c.Terms.Contract.FinalAt(period, settled.Grace) <= at).ToList();
        var waiting = known with { Contracts = [.. known.Contracts.Select(c => family.Contains(c) ? c with { WaitsForFamily = true } : c)] };
        var settling = AccountStep.Settle(waiting, at, settled.Grace);
        if (family.Count > 0 && !(settling.Due <= at + WaitsForFamily)) settling = settling with { Due = at + WaitsForFamily };
        return watcher is null ? settling : settling.With(await watcher.LookAsync(known, open, at, stop));
    }

    /// <summary>The step that buys what thresholds ask for; null when none is reached.</summary>
    private async Task<AccountStep?> BuyAsync(Account account, IReadOnlyList<Statement> open, Instant at, Duration grace, CancellationToken stop)
    {
        if (!account.Contracts.Any(c => Thresholds.AreWatched(c.Terms.Contract))) return null;
        var state = await read.RateDraftsAsync(account, open, [], at, stop);
        var seed = $"{account.Customer.Id}:{account.Head.Version}";
        var bought = account.Contracts.SelectMany(c => Thresholds.Reached([c], account.Commits, state, $"{seed}:{c.Terms.Contract.Id}", at)).ToList();
        if (bought.Count == 0) return null;
        // What was bought is invoiced by the next step.
        foreach (var purchase in bought) await Owners.SetAsync(store, Owners.Gate, purchase.Commit.Id, account.Customer.Id, stop);
        return AccountStep.Of(account, account.Head, Posting.Nothing, [.. bought.Select(b => new Write.Create(CommitDocuments.Document(b.Commit)))], at, grace) with
        {
            Due = Accounts.AtOnce, Messages = [.. bought.SelectMany(b => GateMessages.Reached(account.Customer.Id, account.Head.Version + 1, b, at))],
        };
    }

    /// <summary>Statements that can be issued, in order.</summary>
    private static IEnumerable<Statement> Due(Account account, IReadOnlyList<Statement> open, Instant at, Duration grace) => open.Where(s => s switch
    {
        { Type: InvoiceType.Usage } => s.Terms.Contract.FinalAt(s.Period, grace) <= at
            && account.Contracts.Any(c => ReferenceEquals(c.Terms, s.Terms) && c.Terms.Contract.PeriodAfter(c.BilledThrough) == s.Period),
        { IsTrueup: true } => !NextDue.IsWaiting(s, account.Contracts, account.ChildrenOpen),
        _ => true,
    });

    /// <summary>Statements that a run issues one after the other, in order.</summary>
    private static List<Statement> DueInTime(Account account, IReadOnlyList<Statement> open, Instant at, Duration grace)
    {
        var usage = open.Where(s => s.Type == InvoiceType.Usage && s.Terms.Contract.FinalAt(s.Period, grace) <= at).ToList();
        var after = account.Contracts.Select(c => usage.LastOrDefault(s => ReferenceEquals(s.Terms, c.Terms)) is { } last ? c with { BilledThrough = last.Period.End } : c).ToList();
        return [.. open.Where(s => s.Type == InvoiceType.Usage ? usage.Contains(s) : !s.IsTrueup || !NextDue.IsWaiting(s, after, account.ChildrenOpen))];
    }

    private async Task<AccountStep> IssueAsync(
        Account account, IReadOnlyList<Statement> open, Statement statement, Instant at, BillingSettings settled, string run, CancellationToken stop)
    {
        var contract = statement.Terms.Contract;
        try
        {
            // Statements before it in time draw first, though they may become final later. What nothing pays for does not depend on them.
            var before = statement.NeedsBalances ? open.TakeWhile(s => !ReferenceEquals(s, statement) && s.Period.End <= statement.Period.End) : [];
            var state = await read.RateAsync(account, [.. before, statement], Instant.MaxValue, at, stop);
            var n = await InvoiceDocuments.CountAsync(store, account.Customer.Id, contract.Id, statement.Type, statement.Period.Start, stop);
            var invoice = InvoiceMaking.Of(state.Statements[^1], n, settled.Grace, InvoiceStatus.Finalized, account.Head.NextInvoiceNumber).Between(settled.Seller, await accounts.BuyerAsync(account.Customer, contract, stop));
            InvoiceCheck.Throw(invoice, account.Head.Of(contract.Id, statement.Type).BilledThrough, contract.PeriodAfter(null)?.Start ?? contract.StartingAt);
            await Owners.SetAsync(store, Owners.Invoice, invoice.Id, account.Customer.Id, stop);
            // What it carries is done with; what is to be made anew or reported comes next.
            var head = account.Head with { Late = [.. account.Head.Late.Where(l => l.ContractId != contract.Id || !statement.Carries(l.Start))] };
            var step = AccountStep.Issue(account, statement, invoice, head, run, at, settled.Grace);
            return head.Late.Count == 0 ? step : step with { Due = Accounts.AtOnce };
        }
        catch (Exception fault) when (fault is ArithmeticException or ArgumentException or InvalidOperationException and not ObjectDisposedException)
        {
            throw new InvoiceCheckException($"{statement.Type} invoice of contract {contract.Id} from {statement.Period.Start}: {RatingFaults.Reason(fault)}", fault);
        }
    }
}

/// <summary>The pages of one run's attempts; those of an attempt that another change overtook are taken back, since no header names them.</summary>
internal sealed class RunPages(IDocumentStore store, Place place)
{
    private IReadOnlyList<Document> written = [];

    public async Task WriteAsync(IReadOnlyList<Document> pages, CancellationToken stop)
    {
        foreach (var page in pages) await store.CommitAsync(place, [new Write.Create(page)], stop);
        written = pages;
    }

    public async Task DropAsync(CancellationToken stop)
    {
        foreach (var page in written)
        {
            if (await store.ReadAsync(place, page.Id, stop) is { } stored) await store.TryAsync(place, new Write.Delete(page.Id, stored.ETag), stop);
        }
        written = [];
    }
}
