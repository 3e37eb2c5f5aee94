using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Invoicing;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Billing.UseCases.Credits;
using Billing.UseCases.Pricing;
using NodaTime;
using Xunit;
using static Billing.UseCases.Tests.Town;

namespace Billing.UseCases.Tests.Contracts;

public class ContractEndTests
{
    private readonly Town town = new();
    private Customer acme = null!;
    private Product calls = null!;
    private Product seats = null!;
    private Product deposit = null!;
    private RateCard card = null!;

    private async Task<Contract> OpenAsync(Func<NewContract, NewContract>? with = null, string? end = "2027-01-01")
    {
        acme = await town.CustomerAsync("Acme");
        calls = await town.ProductAsync(ProductType.Usage, "Calls");
        seats = await town.ProductAsync(ProductType.Subscription, "Seats");
        deposit = await town.ProductAsync(ProductType.Fixed, "Deposit");
        card = (await town.Cards.CreateAsync(new NewRateCard("Standard", null, [], null, new Dictionary<string, string>()), town.Ids, default)).Value;
        await town.RateAsync(card, calls, new Price.Flat(2));
        await town.SeatRateAsync(card, seats, 3000);
        var wanted = new NewContract(acme.Id, At("2026-01-01"), end is null ? null : At(end), card.Id);
        return (await town.Contracts.CreateAsync(with?.Invoke(wanted) ?? wanted, town.Ids, default)).Value;
    }

    private NewCommit Commit(CommitType type, decimal amount, params string[] paid) => new(deposit.Id)
    {
        Type = type,
        AccessSchedule = new NewAccessSchedule([new NewAccessItem(amount) { StartingAt = At("2026-01-01"), EndingBefore = At("2027-01-01") }]),
        InvoiceSchedule = paid.Length == 0 ? null : new NewPaymentSchedule { ScheduleItems = [.. paid.Select(p => new NewPayment { Timestamp = At(p), Amount = amount / paid.Length })] },
    };

    private NewRecurringCommit Monthly(decimal amount) => new(deposit.Id, new NewPricedAmount(amount, 1), new CommitDuration(1)) { StartingAt = At("2026-01-01") };

    private NewSubscription Seats(CollectionSchedule collection) => new(collection, new SubscriptionRate(seats.Id, BillingFrequency.Monthly)) { InitialQuantity = 1 };

    private async Task<Contract> EndAsync(Contract contract, string? end) =>
        (await town.Edits.UpdateEndDateAsync(acme.Id, contract.Id, end is null ? null : At(end), true, null, town.Ids, default)).Value;

    private async Task<IReadOnlyList<Commit>> CommitsAsync(Contract contract) => (await town.Reads.GetAsync(acme.Id, contract.Id, null, default)).Value.Commits;

    private async Task<IReadOnlyList<string>> FinalAsync() =>
        [.. (await town.ListAsync(acme.Id, InvoiceStatus.Finalized)).OrderBy(i => i.Number).Select(i => $"{i.Type} {i.End.InUtc().Date:uuuu-MM-dd} {i.Total}")];

    [Fact]
    public async Task An_earlier_end_cuts_what_has_an_end_and_drops_payments_from_there_on_for_good()
    {
        var contract = await OpenAsync(c => c with
        {
            Commits = [Commit(CommitType.Prepaid, 1_200, "2026-01-01", "2026-07-01")],
            ScheduledCharges = [new NewCharge(deposit.Id, new NewPaymentSchedule { ScheduleItems = [new NewPayment { Timestamp = At("2026-02-01"), Amount = 10 }, new NewPayment { Timestamp = At("2026-06-01"), Amount = 10 }] })],
            Overrides = [new NewOverride { StartingAt = At("2026-01-01"), EndingBefore = At("2026-09-01"), ProductId = calls.Id, Multiplier = 1 }, new NewOverride { StartingAt = At("2026-08-01"), ProductId = calls.Id, Multiplier = 1 }],
        });
        contract = await EndAsync(contract, "2026-04-01");
        contract = await EndAsync(contract, "2026-12-01");
        var commit = Assert.Single(await CommitsAsync(contract));
        Assert.Equal((At("2026-04-01"), 600m), (commit.Access[0].EndingBefore, commit.Invoicing!.Total));
        Assert.Equal([At("2026-02-01")], contract.ScheduledCharges[0].Schedule.Items.Select(i => i.Timestamp));
        Assert.Equal(At("2026-04-01"), Assert.Single(contract.Overrides).EndingBefore);
        town.Now = At("2026-08-01");
        await town.RunAsync();
        Assert.Equal(
            ["Scheduled 2026-01-01 600", "Usage 2026-02-01 0", "Scheduled 2026-02-01 10"],
            (await FinalAsync()).Where(i => i.StartsWith('S') || i.Contains("-02-", StringComparison.Ordinal)).Order().OrderBy(i => i.Split(' ')[1]).ThenByDescending(i => i));
    }

    [Fact]
    public async Task A_grant_that_has_started_keeps_its_amount_when_the_contract_ends_within_it()
    {
        var contract = await OpenAsync(c => c with { RecurringCredits = [Monthly(1_000)] });
        town.Use(acme.Id, "2026-01-05T10", 400);
        town.Now = At("2026-01-10");
        await EndAsync(contract, "2026-01-16");
        // Half of it would be 483.87; 800 are drawn already.
        var grant = Assert.Single(await CommitsAsync(contract));
        Assert.Equal((1_000m, At("2026-01-16")), (grant.Amount, grant.Access[0].EndingBefore));
        town.Now = At("2026-02-05");
        await town.RunAsync();
        Assert.Equal(["Usage 2026-01-16 0"], await FinalAsync());
    }

    [Fact]
    public async Task A_later_end_extends_the_contract_alone()
    {
        var contract = await OpenAsync(
            c => c with { Commits = [Commit(CommitType.Prepaid, 1_000)], Subscriptions = [Seats(CollectionSchedule.Advance), Seats(CollectionSchedule.Arrears)], RecurringCredits = [Monthly(310)] }, "2026-01-16");
        town.Now = At("2026-01-10");
        contract = await EndAsync(contract, null);
        Assert.Equal([At("2026-01-16"), null], contract.Subscriptions.Select(s => s.EndingBefore));
        town.Now = At("2026-03-01T01");
        // 15 of 31 days of 310, as it was granted; then whole months.
        Assert.Equal([150m, 310m, 310m], (await CommitsAsync(contract)).Where(c => c.Type == CommitType.Credit).OrderBy(c => c.Access[0].StartingAt).Select(c => c.Amount));
    }

    [Fact]
    public async Task A_renewal_ends_the_contract_before_rolls_over_its_part_and_can_take_the_trueup_away()
    {
        var contract = await OpenAsync(c => c with
        {
            Commits = [Commit(CommitType.Prepaid, 1_000, "2026-01-01", "2026-07-01") with { RolloverFraction = 0.5m }, Commit(CommitType.Postpaid, 500, "2027-01-01")],
        });
        town.Use(acme.Id, "2026-01-05T10", 100);
        Task<Outcome<Contract>> Renew(string start, TrueupBehavior? trueup = null) => town.Contracts.CreateAsync(
            new NewContract(acme.Id, At(start), At("2028-01-01"), card.Id) { Transition = new NewTransition(contract.Id, TransitionType.Renewal, new FutureInvoices(trueup)) }, town.Ids, default);
        Assert.Equal("renews_later_contract", (await Renew("2026-01-01")).Refusal?.Code);
        var renewal = (await Renew("2026-04-01", TrueupBehavior.Remove)).Value;
        Assert.Equal("already_renewed", (await Renew("2026-05-01")).Refusal?.Code);
        town.Now = At("2027-02-01");
        await town.RunAsync();
        var view = (await town.Reads.GetAsync(acme.Id, contract.Id, null, default)).Value;
        Assert.Equal((At("2026-04-01"), renewal.Id), (view.Contract.EndingBefore, Assert.Single(view.RenewedBy)));
        // Paid in January, 500 of 1,000; July's payment and the true-up are gone. 800 are left of 1,000, of which half of 1,000 go on.
        Assert.DoesNotContain(await FinalAsync(), i => i.StartsWith("Scheduled 2026-07", StringComparison.Ordinal) || i.StartsWith("Scheduled 2027", StringComparison.Ordinal));
        Assert.Equal([(contract.Id, 500m, At("2026-04-01"), At("2027-04-01"))], (await CommitsAsync(renewal)).Select(c => (c.RolledOver!.ContractId, c.Amount, c.Access[0].StartingAt, c.Access[0].EndingBefore)));
        Assert.Equal(new Changed<Instant?>(At("2026-04-01")), Assert.Single((await town.Reads.HistoryAsync(acme.Id, contract.Id, default)).Value.Edits).Asked.UpdateContractEndDate);
    }

    [Fact]
    public async Task A_trueup_of_a_renewed_contract_is_billed_unless_it_is_taken_away()
    {
        var contract = await OpenAsync(c => c with { Commits = [Commit(CommitType.Postpaid, 500, "2027-01-01")] });
        town.Use(acme.Id, "2026-01-05T10", 100);
        _ = (await town.Contracts.CreateAsync(
            new NewContract(acme.Id, At("2026-04-01"), At("2028-01-01"), card.Id) { Transition = new NewTransition(contract.Id, TransitionType.Renewal) }, town.Ids, default)).Value;
        town.Now = At("2027-02-01");
        await town.RunAsync();
        Assert.Contains("Scheduled 2027-01-01 300", await FinalAsync()); // 500 - 200 used
    }

    [Fact]
    public async Task A_renewal_into_a_final_period_is_refused()
    {
        var contract = await OpenAsync();
        town.Now = At("2026-02-05");
        await town.RunAsync();
        var refusal = (await town.Contracts.CreateAsync(
            new NewContract(acme.Id, At("2026-01-20"), null, card.Id) { Transition = new NewTransition(contract.Id, TransitionType.Renewal) }, town.Ids, default)).Refusal;
        Assert.Equal(("ends_before_finalized_invoice", "/starting_at"), (refusal?.Code, refusal?.Field));
    }

    [Theory]
    [InlineData(false, 2, 0)]
    [InlineData(true, 0, 2)]
    public async Task An_archived_contract_makes_no_more_invoices_and_what_is_left_of_its_commits_is_gone(bool voidInvoices, int final, int voided)
    {
        var contract = await OpenAsync(c => c with { Commits = [Commit(CommitType.Prepaid, 1_000, "2026-01-01")], RecurringCredits = [Monthly(100)] });
        town.Use(acme.Id, "2026-01-05T10", 100);
        town.Now = At("2026-02-05");
        await town.RunAsync();
        Assert.Null((await town.Archive.ArchiveAsync(acme.Id, contract.Id, voidInvoices, default)).Refusal);
        Assert.Null((await town.Archive.ArchiveAsync(acme.Id, contract.Id, voidInvoices, default)).Refusal);
        town.Now = At("2026-06-01");
        Assert.Equal(0, (await town.RunAsync()).Issued);
        var invoices = await town.ListAsync(acme.Id);
        Assert.Equal((final, voided, final + voided), (invoices.Count(i => i.Status == InvoiceStatus.Finalized), invoices.Count(i => i.Status == InvoiceStatus.Void), invoices.Count));
        var balances = (await town.Balances.ListAsync(acme.Id, new BalanceFilter(IncludeArchived: true), true, true, default)).Value;
        Assert.All(balances, b => Assert.Equal(0m, b.Left));
        // Granted = drawn + given back + expired, of each that was used: January's grant paid 100, the commit 100.
        Assert.All(balances, b => Assert.Equal(0m, b.Ledger!.Sum(e => e.Amount)));
        Assert.Equal(voidInvoices ? [-1_000m] : [-900m], balances.Where(b => b.Commit.Type == CommitType.Prepaid).SelectMany(b => b.Ledger!).Where(e => e.Type == LedgerEntryType.Expiration).Select(e => e.Amount));
    }

    [Fact]
    public async Task A_contract_with_more_commits_than_one_change_can_take_is_archived_whole()
    {
        var contract = await OpenAsync(c => c with { Commits = [.. Enumerable.Repeat(Commit(CommitType.Prepaid, 10), 80)] });
        Assert.Null((await town.Archive.ArchiveAsync(acme.Id, contract.Id, false, default)).Refusal);
        Assert.All(await CommitsAsync(contract), c => Assert.NotNull(c.ArchivedAt));
    }

    [Fact]
    public async Task An_archived_customer_has_no_live_contract_and_no_live_commit()
    {
        var contract = await OpenAsync(c => c with { Commits = [.. Enumerable.Repeat(Commit(CommitType.Prepaid, 10), 60)] });
        Assert.Null((await town.Customers.ArchiveAsync(acme.Id, default)).Refusal);
        Assert.NotNull((await town.Contracts.GetAsync(acme.Id, contract.Id, default)).Value.ArchivedAt);
        Assert.All(await CommitsAsync(contract), c => Assert.NotNull(c.ArchivedAt));
        Assert.NotNull((await town.Customers.GetAsync(acme.Id, default)).Value.ArchivedAt);
    }

    [Fact]
    public async Task A_usage_filter_must_be_a_group_key_of_all_usage_and_holds_from_its_hour_on()
    {
        var contract = await OpenAsync();
        Task<Outcome<ContractEdit>> Set(string key, string from) => town.Edits.SetUsageFilterAsync(acme.Id, contract.Id, new UsageFilter(key, ["a"], At(from)), null, town.Ids, default);
        Assert.Equal(("not_a_group_key", "/group_key"), ((await Set("project", "2026-02-01")).Refusal?.Code, (await Set("project", "2026-02-01")).Refusal?.Field));
        Assert.Equal("starts_before_contract", (await Set("model", "2025-12-01")).Refusal?.Code);
        Assert.Null((await Set("model", "2026-03-01")).Refusal);
        Assert.Null((await Set("model", "2026-02-01")).Refusal);
        Assert.Equal([At("2026-02-01"), At("2026-03-01")], (await town.Contracts.GetAsync(acme.Id, contract.Id, default)).Value.UsageFilters.Select(f => f.StartingAt));
    }
}
