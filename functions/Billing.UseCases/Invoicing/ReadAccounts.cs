using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Invoicing;
using Billing.Domain.Pricing;
using Billing.UseCases.Contracts;
using Billing.UseCases.Credits;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Invoicing;

/// <summary>All that billing a customer needs, read after its head.</summary>
/// <param name="Commits">Stored ones and grants that have started, archived ones too.</param>
/// <param name="Ledger">The sums of what was posted.</param>
/// <param name="LedgerETag">What a write of the sums must present.</param>
/// <param name="Billed">By contract: the charges on final invoices, and what a write of them must present.</param>
public sealed record Account(
    Customer Customer,
    AccountHead Head,
    IReadOnlyList<OpenContract> Contracts,
    IReadOnlyList<Commit> Commits,
    LedgerTotals Ledger,
    string? LedgerETag,
    IReadOnlyDictionary<string, (IReadOnlySet<string> Ids, string? ETag)> Billed)
{
    /// <summary>Of contracts that are children: what they may draw on of their parents' commits.</summary>
    public IReadOnlyList<SharedCommits> Shared { get; init; } = [];

    /// <summary>Of contracts whose children may draw: the children's periods that are not billed, or were voided.</summary>
    public IReadOnlyList<ChildPeriod> ChildrenOpen { get; init; } = [];

    /// <summary>The sums of everything that its statements can draw on.</summary>
    public LedgerTotals Balances => Shared.Count == 0 ? Ledger : Ledger.And(Shared.SelectMany(s => s.Segments));
}

/// <summary>Reads accounts, and rates them: the same for a draft, a preview, a balance, an alert and a final invoice.</summary>
public sealed class ReadAccounts(IDocumentStore store, ContractTerms terms, ReadUsage readUsage)
{
    private readonly Accounts accounts = new(store);
    private readonly ReadFamilies families = new(store);

    /// <summary>The account; null when there is no such customer.</summary>
    /// <param name="customerId">Whose.</param>
    /// <param name="head">Read before; null: read here, first.</param>
    /// <param name="now">Grants are derived up to the end of the periods that it lies in.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<Account?> ReadAsync(string customerId, AccountHead? head, Instant now, CancellationToken stop)
    {
        // The head first: what becomes final while we read is shown as a draft, never left out.
        head ??= await accounts.HeadAsync(customerId, stop);
        if (await accounts.CustomerAsync(customerId, stop) is not { } customer) return null;
        var contracts = (await ContractDocuments.AllAsync(store, customerId, stop)).Select(c => c.Value).ToList();
        var commits = AllCommits(contracts, [.. (await CommitDocuments.AllAsync(store, customerId, stop)).Select(c => c.Value)], now);
        var (ledger, etag) = await LedgerDocuments.TotalsAsync(store, customerId, stop);
        var shared = new List<SharedCommits>();
        foreach (var child in contracts.Where(c => c is { ArchivedAt: null, Hierarchy.ParentContractId: not null }))
            if (await families.SharedAsync(child, now, stop) is { } parents) shared.Add(parents);
        var (open, billed) = (new List<OpenContract>(), new Dictionary<string, (IReadOnlySet<string>, string?)>(StringComparer.Ordinal));
        foreach (var contract in contracts.Where(c => c.ArchivedAt is null))
        {
            var charges = await BilledCharges.ReadAsync(store, customerId, contract.Id, stop);
            billed[contract.Id] = charges;
            var drawn = commits.Where(c => c.IsFor(contract.Id) || c.InvoiceContractId == contract.Id).Concat(shared.Where(s => s.ContractId == contract.Id).SelectMany(s => s.Commits));
            var own = await terms.OfAsync(contract, [.. drawn], stop);
            var sources = commits.Where(c => c.ContractId == contract.Renewal?.FromContractId && own.Commits.Any(r => r.RolledOver?.CommitId == c.Id && r.Version == Rollovers.Derived)).ToList();
            open.Add(new OpenContract(own with { RolledOverFrom = sources }, head.Of(contract.Id, InvoiceType.Usage).BilledThrough, charges.Ids)
            {
                ConsolidatedThrough = head.Of(contract.Id, InvoiceType.UsageConsolidated).BilledThrough,
            });
        }
        return new Account(customer, head, open, commits, ledger, etag, billed) { Shared = shared, ChildrenOpen = await families.OpenAsync(contracts, commits, stop) };
    }

    /// <summary>Rates statements of an account, in the order of <see cref="AccountRating.Open"/>.</summary>
    /// <param name="passOver">Asked when a statement can't be rated: true leaves it out, as if nothing were drawn for it; null: the fault is thrown.</param>
    /// <remarks>Errors: as <see cref="AccountRating.Rate"/> and <see cref="ReadUsage"/>.</remarks>
    public Task<AccountState> RateAsync(
        Account account, IReadOnlyList<Statement> statements, Instant until, Instant now, CancellationToken stop, Func<Statement, Exception, bool>? passOver = null) =>
        RateAsync(account.Balances, statements, until, now, passOver, stop);

    /// <summary>Rates what is still open, or will be, beside what is open of the family: it draws on the same commits.</summary>
    /// <param name="open">As of <see cref="AccountRating.Open"/>.</param>
    /// <param name="upcoming">Rated after all that is open.</param>
    /// <param name="passOver">As of <see cref="RateAsync(Account, IReadOnlyList{Statement}, Instant, Instant, CancellationToken, Func{Statement, Exception, bool})"/>, of the account's own statements. The family's that can't be rated are left out.</param>
    /// <returns>The account's own statements, and what all leave of the commits.</returns>
    public async Task<AccountState> RateDraftsAsync(
        Account account, IReadOnlyList<Statement> open, IReadOnlyList<Statement> upcoming, Instant now, CancellationToken stop, Func<Statement, Exception, bool>? passOver = null)
    {
        var family = new List<Account>();
        foreach (var id in await families.RelativesAsync(account, stop))
            if (await ReadAsync(id, null, now, stop) is { } relative) family.Add(relative);
        if (family.Count == 0) return await RateAsync(account, [.. open, .. upcoming], Instant.MaxValue, now, stop, passOver);
        var theirs = AccountRating.Open([.. family.SelectMany(f => f.Contracts)], now);
        var state = await RateAsync(
            account.Balances.And(family.SelectMany(f => f.Balances.Segments)), [.. AccountRating.InOrder([.. open, .. theirs]), .. upcoming], Instant.MaxValue, now,
            (s, fault) => s.Terms.Contract.CustomerId == account.Customer.Id ? passOver?.Invoke(s, fault) == true : RatingFaults.Lasts(fault), stop);
        return state.Of(account.Customer.Id);
    }

    private async Task<AccountState> RateAsync(
        LedgerTotals balances, IReadOnlyList<Statement> statements, Instant until, Instant now, Func<Statement, Exception, bool>? passOver, CancellationToken stop)
    {
        var (usage, rated) = (new Dictionary<Statement, IReadOnlyList<UsageQuantity>>(ReferenceEqualityComparer.Instance), new List<Statement>());
        foreach (var statement in statements)
        {
            try
            {
                if (statement.Type == InvoiceType.Usage) usage[statement] = await UsageAsync(statement, until, stop);
                rated.Add(statement);
            }
            catch (Exception fault) when (fault is not UsageNotReadyException && passOver?.Invoke(statement, fault) == true)
            {
                // Whoever asked knows of it.
            }
        }
        return AccountRating.Rate(rated, s => usage[s], balances, until, now, passOver);
    }

    /// <summary>The usage of a usage statement's period.</summary>
    public async Task<IReadOnlyList<UsageQuantity>> UsageAsync(Statement statement, Instant until, CancellationToken stop)
    {
        var usage = new List<UsageQuantity>();
        // Products with the same cuts are read together; most have none, so this is one read for most contracts.
        foreach (var alike in Segmenting.Segments(statement.Terms, statement.Period, until).GroupBy(s => string.Join(' ', s.Segments)))
        {
            usage.AddRange(await readUsage(statement.Terms.Contract.CustomerId, [.. alike.Select(s => s.Product)], alike.First().Segments, stop));
        }
        return usage;
    }

    /// <summary>What is stored, the grants that it does not stand for, and what renewals take over.</summary>
    internal static List<Commit> AllCommits(IReadOnlyList<Contract> contracts, List<Commit> stored, Instant now)
    {
        var known = stored.Select(c => c.Id).ToHashSet(StringComparer.Ordinal);
        var all = stored.ToList();
        foreach (var contract in contracts.Where(c => c.ArchivedAt is null))
        {
            var until = contract.PeriodAt(now)?.End ?? contract.EndingBefore ?? now;
            all.AddRange(Grants.Of(contract, until > now ? until : now).Where(g => !known.Contains(g.Id)));
        }
        foreach (var renewal in contracts.Where(c => c.ArchivedAt is null && c.Renewal is not null))
            all.AddRange(Rollovers.Of(all, renewal).Where(r => !known.Contains(r.Id)));
        return all;
    }
}
