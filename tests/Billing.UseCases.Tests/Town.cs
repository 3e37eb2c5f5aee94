using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Invoicing;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Billing.UseCases.CreditMemos;
using Billing.UseCases.Credits;
using Billing.UseCases.Documents;
using Billing.UseCases.Invoicing;
using Billing.UseCases.Pricing;
using Billing.UseCases.Spending;
using NodaTime;

namespace Billing.UseCases.Tests;

/// <summary>All use cases over one store, a clock that is set by hand, and usage that is simply listed.</summary>
internal sealed class Town : IClock
{
    private readonly List<(string Customer, string Metric, Instant At, decimal Quantity)> usage = [];

    public Town()
    {
        ReadMetrics metrics = (ids, _) => Task.FromResult<IReadOnlyList<PricedMetric>>([.. Metrics.Where(m => ids.Contains(m.Id))]);
        Products = new Products(Store, this, metrics);
        Cards = new RateCards(Store, this);
        Rates = new Rates(Store, Cards, Products, this);
        Customers = new Customers(Store, this);
        Settings = new SettingsStore(Store);
        var catalogs = new Catalogs(Cards, Rates, Products, metrics);
        Packages = new Packages(Store, this, catalogs, new PricingUnits(Store, this));
        Contracts = new UseCases.Contracts.Contracts(Store, this, catalogs, Packages);
        Edits = new EditContracts(Store, this, catalogs);
        Prices = new ContractPrices(Store, this, catalogs);
        Reads = new ReadContracts(Store, this, Products, Cards, new PricingUnits(Store, this));
        var terms = new ContractTerms(Cards, Rates, Products, new PricingUnits(Store, this), metrics);
        Reading = new ReadAccounts(Store, terms, ReadAsync);
        Parked = new ParkedAccounts(Store);
        var late = Late = new LateUsage(Store, terms, Reading);
        Invoices = new Invoices(Store, this, Reading, late, Settings);
        Changes = new InvoiceChanges(Store, this, Reading, Settings);
        Archive = new ArchiveContracts(Store, this, Changes);
        Issue = new IssueInvoices(Store, Reading, late, Changes, Settings, new EvaluateAlerts(Store, Reading, ReadAsync).Watcher);
        Alerts = new Alerts(Store, this, metrics, new PricingUnits(Store, this));
        Walk = new AlertWalk(Store);
        Billing = new BillAccounts(Store, Issue, _ => Task.FromResult(Cut ?? Now), Parked);
        Accounts = new Accounts(Store);
        Commits = new Commits(Store, this, catalogs);
        Balances = new Balances(Store, this, Reading);
        Release = new ReleasePayment(Store, this);
        RateAgain = new RateAgain(Store);
        Memos = new IssueCreditMemo(Store, this, catalogs, Settings);
        VoidMemos = new VoidCreditMemo(Store, this);
        Ids = new IdSource(this);
    }

    public Alerts Alerts { get; }

    public AlertWalk Walk { get; }

    public LateUsage Late { get; }

    public Commits Commits { get; }

    public Balances Balances { get; }

    public IssueCreditMemo Memos { get; }

    public VoidCreditMemo VoidMemos { get; }

    public ReleasePayment Release { get; }

    public RateAgain RateAgain { get; }

    public MemoryDocuments Store { get; } = new();

    public Instant Now { get; set; } = At("2025-12-31");

    /// <summary>Null: everything is counted.</summary>
    public Instant? Cut { get; set; }

    public Func<string, Task>? OnRead { get; set; }

    public List<PricedMetric> Metrics { get; } = [new("calls", false, [["model"]])];

    public IdSource Ids { get; }

    public Products Products { get; }

    public RateCards Cards { get; }

    public Rates Rates { get; }

    public Customers Customers { get; }

    public SettingsStore Settings { get; }

    public UseCases.Contracts.Contracts Contracts { get; }

    public EditContracts Edits { get; }

    public ArchiveContracts Archive { get; }

    public ContractPrices Prices { get; }

    public Packages Packages { get; }

    public ReadContracts Reads { get; }

    public ReadAccounts Reading { get; }

    public ParkedAccounts Parked { get; }

    public Invoices Invoices { get; }

    public InvoiceChanges Changes { get; }

    public IssueInvoices Issue { get; }

    public BillAccounts Billing { get; }

    public Accounts Accounts { get; }

    public static Instant At(string day) => NodaTime.Text.InstantPattern.ExtendedIso.Parse(day.Contains('T') ? day + ":00:00Z" : day + "T00:00:00Z").Value;

    public Instant GetCurrentInstant() => Now;

    public void Use(string customer, string hour, decimal quantity) => usage.Add((customer, "calls", At(hour), quantity));

    public async Task<Product> ProductAsync(string name = "Calls", params string[] pricingKey) =>
        (await Products.CreateAsync(
            ProductType.Usage, new ProductTerms(name, "calls", pricingKey, [], null, null, []), new Dictionary<string, string>(), Ids, default)).Value;

    /// <summary>A card with one product at 1,000 x 10, 9,000 x 8, then 5.</summary>
    public async Task<RateCard> CardAsync(params RateCardAlias[] aliases)
    {
        var product = await ProductAsync();
        var card = (await Cards.CreateAsync(new NewRateCard("Standard", null, aliases, null, new Dictionary<string, string>()), Ids, default)).Value;
        await RateAsync(card, product, new Price.Tiered([new Tier(1000, 10), new Tier(9000, 8), new Tier(null, 5)]));
        return card;
    }

    public async Task<Product> ProductAsync(ProductType type, string name, params string[] tags) =>
        (await Products.CreateAsync(type, new ProductTerms(name, type == ProductType.Usage ? "calls" : null, [], [], null, null, tags), new Dictionary<string, string>(), Ids, default)).Value;

    public async Task RateAsync(RateCard card, Product product, Price price, string from = "2025-01-01") =>
        _ = (await Rates.AddAsync(card.Id, [new NewRate(product.Id, price, At(from), null, true, Groups.None)], Ids, default)).Value;

    public async Task<Customer> CustomerAsync(string name, params string[] aliases) =>
        (await Customers.CreateAsync(new NewCustomer(name, aliases, new Dictionary<string, string>()), Ids, default)).Value;

    /// <summary>A rate of a subscription, by the month.</summary>
    public async Task SeatRateAsync(RateCard card, Product product, decimal price) => _ = (await Rates.AddAsync(
        card.Id, [new NewRate(product.Id, new Price.Flat(price), At("2025-01-01"), null, true, Groups.None) { Terms = new RateTerms { BillingFrequency = BillingFrequency.Monthly } }], Ids, default)).Value;

    public async Task<Contract> ContractAsync(Customer customer, RateCard card, string start = "2026-01-01", string? end = null) =>
        (await Contracts.CreateAsync(new NewContract(customer.Id, At(start), end is null ? null : At(end), card.Id), Ids, default)).Value;

    /// <summary>Changes a contract as an edit would: a new version, and the account is due at once.</summary>
    public async Task<Contract> EditAsync(Contract contract, Func<Contract, Contract> edit)
    {
        var changed = edit(contract) with { Version = contract.Version + 1 };
        await Accounts.ChangeAsync<bool>(
            contract.CustomerId,
            head => Task.FromResult<Outcome<AccountChange<bool>>>(new AccountChange<bool>(
                true, head, [ContractDocuments.Past(contract), new Write.Upsert(ContractDocuments.Document(changed))])),
            default);
        return changed;
    }

    /// <summary>A commit or credit of a contract, as making the contract with it would.</summary>
    public async Task<Commit> GrantAsync(Contract contract, CommitType type, decimal amount, string from, string until, Func<Commit, Commit>? with = null)
    {
        var product = (await Products.CreateAsync(ProductType.Fixed, new ProductTerms(type.ToString(), null, [], [], null, null, []), new Dictionary<string, string>(), Ids, default)).Value;
        var commit = new Commit(
            Ids.New(), contract.CustomerId, contract.Id, 1, type, product.Id, null, 100, Currencies.Usd.Id, [new AccessSegment(Ids.New(), amount, At(from), At(until))], Now);
        commit = with?.Invoke(commit) ?? commit;
        await Accounts.ChangeAsync<bool>(
            contract.CustomerId,
            head => Task.FromResult<Outcome<AccountChange<bool>>>(new AccountChange<bool>(true, head, [new Write.Create(CommitDocuments.Document(commit))])), default);
        return commit;
    }

    /// <summary>The ledger of a commit: "type amount day" a line.</summary>
    public async Task<string> LedgerAsync(Commit commit) => string.Join('\n', (await Balances.ListAsync(commit.CustomerId, new BalanceFilter(commit.Id), true, true, default)).Value.Single().Ledger!
        .Select(e => FormattableString.Invariant($"{e.Type} {e.Amount} {e.At.InUtc().Date.ToString("MM-dd", null)}")));

    public Task<BillingRun> RunAsync() => Billing.RunAsync(Now, Ids, default);

    /// <summary>A run whose process is gone before or after its n-th commit: nothing that it does afterwards happens. Answers the commits that it came to.</summary>
    /// <param name="killAt">From 0; below: it is not killed.</param>
    public async Task<int> RunKilledAsync(int killAt, bool after)
    {
        var commits = 0;
        using var stop = new CancellationTokenSource();
        void Count()
        {
            if (Interlocked.Increment(ref commits) != killAt + 1) return;
            stop.Cancel();
            throw new OperationCanceledException("killed");
        }
        Store.BeforeCommit = _ => { if (!after) Count(); return Task.CompletedTask; };
        Store.AfterCommit = _ => { if (after) Count(); };
        try
        {
            _ = await Billing.RunAsync(Now, Ids, stop.Token);
        }
        catch (OperationCanceledException)
        {
            Xunit.Assert.True(killAt >= 0);
        }
        // Accounts are billed side by side, so that one run may come to a commit or two fewer than another.
        Xunit.Assert.True(stop.IsCancellationRequested || killAt < 0 || killAt >= commits);
        (Store.BeforeCommit, Store.AfterCommit) = (null, null);
        return commits;
    }

    public async Task<IReadOnlyList<Invoice>> ListAsync(string customerId, InvoiceStatus? status = null) =>
        (await Invoices.ListAsync(customerId, new InvoiceFilter(status), null, 100, default)).Value.Items;

    private async Task<IReadOnlyList<UsageQuantity>> ReadAsync(
        string customerId, IReadOnlyList<MeteredProduct> products, IReadOnlyList<Interval> segments, CancellationToken stop)
    {
        if (OnRead is { } before) await before(customerId);
        return
        [
            .. from product in products
               from segment in segments
               let used = usage.Where(u => u.Customer == customerId && u.Metric == product.BillableMetricId && segment.Contains(u.At)).ToList()
               where used.Count > 0
               select new UsageQuantity(product.ProductId, segment, Groups.None, used.Sum(u => u.Quantity)),
        ];
    }
}
