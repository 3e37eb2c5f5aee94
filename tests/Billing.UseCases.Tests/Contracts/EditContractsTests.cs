using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Invoicing;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Billing.UseCases.Credits;
using Billing.UseCases.Documents;
using Billing.UseCases.Pricing;
using Xunit;
using static Billing.UseCases.Tests.Town;

namespace Billing.UseCases.Tests.Contracts;

public class EditContractsTests
{
    private readonly Town town = new();
    private Customer acme = null!;
    private Product calls = null!;
    private Product seats = null!;
    private Product deposit = null!;
    private Contract contract = null!;

    /// <summary>A contract of 2026 with calls at 2 and seats at 3,000 a month, and what else is wanted.</summary>
    private async Task OpenAsync(Func<NewContract, NewContract>? with = null)
    {
        acme = await town.CustomerAsync("Acme");
        calls = await town.ProductAsync(ProductType.Usage, "Calls", "usage");
        seats = await town.ProductAsync(ProductType.Subscription, "Seats");
        deposit = await town.ProductAsync(ProductType.Fixed, "Deposit");
        var card = (await town.Cards.CreateAsync(new NewRateCard("Standard", null, [], null, new Dictionary<string, string>()), town.Ids, default)).Value;
        await town.RateAsync(card, calls, new Price.Flat(2));
        await town.SeatRateAsync(card, seats, 3000);
        var wanted = new NewContract(acme.Id, At("2026-01-01"), At("2027-01-01"), card.Id);
        contract = (await town.Contracts.CreateAsync(with?.Invoke(wanted) ?? wanted, town.Ids, default)).Value;
    }

    private NewCommit Commit(decimal amount, string from = "2026-01-01", string until = "2027-01-01", string? paid = null) => new(deposit.Id)
    {
        Type = CommitType.Prepaid,
        AccessSchedule = new NewAccessSchedule([new NewAccessItem(amount) { StartingAt = At(from), EndingBefore = At(until) }]),
        InvoiceSchedule = paid is null ? null : new NewPaymentSchedule { ScheduleItems = [new NewPayment { Timestamp = At(paid), Amount = amount }] },
    };

    private NewRecurringCommit Monthly(decimal amount, string from = "2026-01-01") =>
        new(deposit.Id, new NewPricedAmount(amount, 1), new CommitDuration(1)) { StartingAt = At(from) };

    private Task<Outcome<ContractEdit>> EditAsync(Func<EditContract, EditContract> what) => town.Edits.EditAsync(what(new EditContract(acme.Id, contract.Id)), town.Ids, default);

    private async Task DoneAsync(Func<EditContract, EditContract> what)
    {
        var edit = await EditAsync(what);
        Assert.Null(edit.Refusal);
        contract = (await town.Contracts.GetAsync(acme.Id, contract.Id, default)).Value;
    }

    private async Task RefusedAsync(string code, string field, Func<EditContract, EditContract> what)
    {
        var before = town.Store.All("contract").Concat(town.Store.All("commit")).Select(d => (d.Id, Convert.ToBase64String(d.Body.Span))).ToHashSet();
        var refusal = (await EditAsync(what)).Refusal;
        Assert.Equal((code, field), (refusal?.Code, refusal?.Field));
        Assert.Equal(before, town.Store.All("contract").Concat(town.Store.All("commit")).Select(d => (d.Id, Convert.ToBase64String(d.Body.Span))).ToHashSet());
    }

    private async Task<ContractView> ViewAsync(string? asOf = null) => (await town.Reads.GetAsync(acme.Id, contract.Id, asOf is null ? null : At(asOf), default)).Value;

    private async Task<Commit> OnlyCommitAsync() => Assert.Single((await ViewAsync()).Commits);

    private async Task<IReadOnlyList<decimal>> TotalsAsync(InvoiceType type) => [.. (await town.ListAsync(acme.Id)).Where(i => i.Type == type).Select(i => i.Total)];

    [Fact]
    public async Task An_edit_is_a_new_version_the_old_one_is_kept_and_both_can_be_read()
    {
        await OpenAsync();
        town.Now = At("2026-02-01");
        await DoneAsync(e => e with { UpdateContractName = new("Renamed"), UpdateNetPaymentTermsDays = new(30), AddCommits = [Commit(500)], UniquenessKey = "first" });
        town.Now = At("2026-03-01");
        await DoneAsync(e => e with { UpdateContractName = new(null) });
        Assert.Equal((3, (string?)null, 30), (contract.Version, contract.Name, contract.NetPaymentTermsDays));
        Assert.Equal(("Renamed", (string?)null), ((await ViewAsync("2026-02-15")).Contract.Name, (await ViewAsync()).Contract.Name));
        Assert.Equal((0, 1), ((await ViewAsync("2026-01-15")).Commits.Count, (await ViewAsync("2026-02-15")).Commits.Count));
        var history = (await town.Reads.HistoryAsync(acme.Id, contract.Id, default)).Value.Edits;
        Assert.Equal([("first", At("2026-02-01"), 1), (null, At("2026-03-01"), 0)], history.Select(h => (h.UniquenessKey, h.Timestamp, h.Commits.Count)));
    }

    [Fact]
    public async Task A_uniqueness_key_of_an_edit_is_used_once_for_ever()
    {
        await OpenAsync();
        await DoneAsync(e => e with { UpdateContractName = new("a"), UniquenessKey = "k" });
        await RefusedAsync("uniqueness_key_used", "/uniqueness_key", e => e with { UpdateContractName = new("b"), UniquenessKey = "k" });
    }

    [Fact]
    public async Task An_edit_that_is_repeated_with_its_idempotency_key_is_done_once()
    {
        await OpenAsync();
        async Task<string> Once() => (await town.Edits.EditAsync(new EditContract(acme.Id, contract.Id) { AddCredits = [Commit(5)] }, IdSource.DerivedFrom("key"), default)).Value.Id;
        Assert.Equal(await Once(), await Once());
        await OnlyCommitAsync();
    }

    [Fact]
    public async Task All_of_an_edit_is_done_or_nothing()
    {
        await OpenAsync();
        await RefusedAsync("override_not_found", "/remove_overrides/0/id", e => e with
        {
            AddCommits = [Commit(5)], AddSubscriptions = [new NewSubscription(CollectionSchedule.Advance, new SubscriptionRate(seats.Id, BillingFrequency.Monthly)) { InitialQuantity = 1 }],
            RemoveOverrides = [new TermId("none")],
        });
        Assert.Empty((await ViewAsync()).Commits);
    }

    [Fact]
    public async Task An_overwrite_in_the_middle_of_the_month_prices_usage_from_then_on_and_can_be_taken_away()
    {
        await OpenAsync();
        town.Use(acme.Id, "2026-01-10T10", 10);
        town.Use(acme.Id, "2026-01-20T10", 10);
        town.Now = At("2026-01-25");
        await DoneAsync(e => e with { AddOverrides = [new NewOverride { StartingAt = At("2026-01-16"), ProductId = calls.Id, OverwriteRate = new NewPrice(RateType.Flat, 5) }] });
        Assert.Equal(70m, (await town.ListAsync(acme.Id, InvoiceStatus.Draft))[0].Total); // 10 x 2 + 10 x 5
        await DoneAsync(e => e with { RemoveOverrides = [new TermId(contract.Overrides[0].Id)] });
        Assert.Equal(40m, (await town.ListAsync(acme.Id, InvoiceStatus.Draft))[0].Total); // 20 x 2
    }

    [Fact]
    public async Task Payments_are_added_moved_and_removed_until_they_are_invoiced()
    {
        await OpenAsync(c => c with { Commits = [Commit(1_000, paid: "2026-01-01")] });
        var commit = await OnlyCommitAsync();
        await DoneAsync(e => e with
        {
            UpdateCommits =
            [
                new CommitUpdate
                {
                    CommitId = commit.Id,
                    InvoiceSchedule = new PaymentsUpdate
                    {
                        UpdateScheduleItems = [new PaymentUpdate(commit.Invoicing!.Items[0].Id, Amount: 600)],
                        AddScheduleItems = [new NewPayment { Timestamp = At("2026-02-01"), UnitPrice = 100, Quantity = 3 }],
                    },
                },
            ],
        });
        town.Now = At("2026-01-02");
        await town.RunAsync();
        Assert.Contains(600m, await TotalsAsync(InvoiceType.Scheduled));
        commit = await OnlyCommitAsync();
        Assert.Equal((2, 900m, 0.9m), (commit.Version, commit.Invoicing!.Total, commit.CostBasis())); // 600 + 3 x 100 for 1,000
        foreach (var change in new PaymentsUpdate[]
        {
            new() { RemoveScheduleItems = [new TermId(commit.Invoicing.Items[0].Id)] }, new() { UpdateScheduleItems = [new PaymentUpdate(commit.Invoicing.Items[0].Id, Amount: 1)] },
        })
        {
            await RefusedAsync(
                "payment_invoiced", $"/update_commits/0/invoice_schedule/{(change.RemoveScheduleItems is null ? "update" : "remove")}_schedule_items/0/id",
                e => e with { UpdateCommits = [new CommitUpdate { CommitId = commit.Id, InvoiceSchedule = change }] });
        }
        await DoneAsync(e => e with { UpdateCommits = [new CommitUpdate { CommitId = commit.Id, InvoiceSchedule = new PaymentsUpdate { RemoveScheduleItems = [new TermId(commit.Invoicing.Items[1].Id)] } }] });
        Assert.Equal(600m, (await OnlyCommitAsync()).Invoicing!.Total);
    }

    [Fact]
    public async Task A_segment_that_a_final_invoice_drew_on_stays_and_never_falls_below_what_was_drawn()
    {
        await OpenAsync(c => c with { Commits = [Commit(1_000)] });
        town.Use(acme.Id, "2026-01-10T10", 150);
        town.Now = At("2026-02-05");
        await town.RunAsync();
        var commit = await OnlyCommitAsync();
        var segment = commit.Access[0].Id;
        CommitUpdate With(AccessUpdate access) => new() { CommitId = commit.Id, AccessSchedule = access };
        AccessUpdate To(decimal? amount = null, string? start = null, string? end = null) =>
            new() { UpdateScheduleItems = [new AccessItemUpdate(segment, amount, start is null ? null : At(start), end is null ? null : At(end))] };
        const string At0 = "/update_commits/0/access_schedule/";
        await RefusedAsync("segment_used", At0 + "remove_schedule_items/0/id", e => e with { UpdateCommits = [With(new AccessUpdate { RemoveScheduleItems = [new TermId(segment)] })] });
        await RefusedAsync("amount_below_drawn", At0 + "update_schedule_items/0/amount", e => e with { UpdateCommits = [With(To(amount: 299))] }); // 150 x 2 = 300
        await RefusedAsync("segment_used", At0 + "update_schedule_items/0/starting_at", e => e with { UpdateCommits = [With(To(start: "2026-01-20"))] });
        await RefusedAsync("segment_used", At0 + "update_schedule_items/0/ending_before", e => e with { UpdateCommits = [With(To(end: "2026-01-20"))] });
        await RefusedAsync("segment_used", "/archive_commits/0/id", e => e with { ArchiveCommits = [new TermId(commit.Id)] });
        await DoneAsync(e => e with { UpdateCommits = [With(To(amount: 300))] });
        town.Use(acme.Id, "2026-02-03T10", 1);
        Assert.Equal(2m, (await town.ListAsync(acme.Id, InvoiceStatus.Draft)).Single(i => i.Type == InvoiceType.Usage).Total); // nothing is left
    }

    [Fact]
    public async Task Putting_off_the_end_of_what_has_expired_gives_back_what_was_lost()
    {
        await OpenAsync(c => c with { Credits = [Commit(1_000, until: "2026-02-01") with { Type = null }] });
        town.Use(acme.Id, "2026-01-10T10", 150);
        town.Now = At("2026-02-05");
        await town.RunAsync();
        var credit = await OnlyCommitAsync();
        CommitUpdate Until(string end, decimal? amount = null) => new() { CreditId = credit.Id, AccessSchedule = new AccessUpdate { UpdateScheduleItems = [new AccessItemUpdate(credit.Access[0].Id, amount, null, At(end))] } };
        await RefusedAsync("segment_ended", "/update_credits/0/access_schedule/update_schedule_items/0/ending_before", e => e with { UpdateCredits = [Until("2026-02-03")] });
        await DoneAsync(e => e with { UpdateCredits = [Until("2026-03-01")] });
        town.Use(acme.Id, "2026-02-06T10", 400);
        town.Now = At("2026-03-05");
        await town.RunAsync();
        // 1,000 - 300 in January, 700 in February of 800: 100 are left to pay.
        Assert.Equal([0m, 100m], (await town.ListAsync(acme.Id, InvoiceStatus.Finalized)).Where(i => i.Type == InvoiceType.Usage).Select(i => i.Total));
        var ledger = (await town.Balances.ListAsync(acme.Id, new BalanceFilter(), true, true, default)).Value.Single().Ledger!;
        Assert.Equal(
            [(LedgerEntryType.SegmentStart, 1_000m), (LedgerEntryType.AutomatedInvoiceDeduction, -300m), (LedgerEntryType.Expiration, -700m), (LedgerEntryType.Expiration, 700m), (LedgerEntryType.AutomatedInvoiceDeduction, -700m)],
            ledger.Select(e => (e.Type, e.Amount)));
    }

    [Fact]
    public async Task An_edit_of_a_recurring_credit_touches_only_grants_that_have_not_started()
    {
        await OpenAsync(c => c with { RecurringCredits = [Monthly(1_000)] });
        town.Now = At("2026-02-10");
        var id = contract.RecurringCommits[0].Id;
        await DoneAsync(e => e with { UpdateRecurringCredits = [new RecurringUpdate { RecurringCreditId = id, AccessAmount = new(250, 2), EndingBefore = new(At("2026-04-15")) }] });
        town.Now = At("2026-06-01");
        // January and February as they were; March whole, April 14 of its 30 days: 2 x 250.
        Assert.Equal([1_000m, 1_000m, 500m, 233.33333333333333333333m], (await ViewAsync()).Commits.Select(c => c.Amount));
        await DoneAsync(e => e with { UpdateRecurringCredits = [new RecurringUpdate { RecurringCreditId = id, EndingBefore = new(null) }] });
        town.Now = At("2026-07-02");
        // It goes on with the next period that has not started.
        Assert.Equal([At("2026-01-01"), At("2026-02-01"), At("2026-03-01"), At("2026-04-01"), At("2026-07-01")], (await ViewAsync()).Commits.Select(c => c.Access[0].StartingAt));
    }

    [Fact]
    public async Task A_grant_that_is_edited_by_itself_is_kept_under_its_id()
    {
        await OpenAsync(c => c with { RecurringCredits = [Monthly(1_000)] });
        town.Now = At("2026-01-10");
        var grant = await OnlyCommitAsync();
        var update = new CommitUpdate { CustomerId = acme.Id, CreditId = grant.Id, AccessSchedule = new AccessUpdate { UpdateScheduleItems = [new AccessItemUpdate(grant.Access[0].Id, 50)] } };
        Assert.Null((await town.Edits.EditCommitAsync(update, null, town.Ids, default)).Refusal);
        Assert.Equal((grant.Id, 50m, 2), ((await OnlyCommitAsync()).Id, (await OnlyCommitAsync()).Amount, (await OnlyCommitAsync()).Version));
        town.Use(acme.Id, "2026-01-10T10", 100);
        town.Now = At("2026-02-03");
        await town.RunAsync();
        Assert.Equal(150m, (await town.ListAsync(acme.Id, InvoiceStatus.Finalized)).Single().Total); // 200 - 50
        Assert.Equal([50m, 1_000m], (await ViewAsync()).Commits.OrderBy(c => c.Access[0].StartingAt).Select(c => c.Amount));
    }

    [Fact]
    public async Task An_archived_commit_pays_for_nothing_any_more()
    {
        await OpenAsync(c => c with { Commits = [Commit(1_000)] });
        town.Use(acme.Id, "2026-01-10T10", 150);
        town.Now = At("2026-01-11");
        Assert.Equal(0m, (await town.ListAsync(acme.Id, InvoiceStatus.Draft)).Single().Total);
        var commit = await OnlyCommitAsync();
        await DoneAsync(e => e with { ArchiveCommits = [new TermId(commit.Id)] });
        Assert.Equal(300m, (await town.ListAsync(acme.Id, InvoiceStatus.Draft)).Single().Total);
        var balance = (await town.Balances.ListAsync(acme.Id, new BalanceFilter(IncludeArchived: true), true, true, default)).Value.Single();
        Assert.Equal([1_000m, -1_000m], balance.Ledger!.Select(e => e.Amount));
        await RefusedAsync("commit_archived", "/archive_commits/0/id", e => e with { ArchiveCommits = [new TermId(commit.Id)] });
    }

    [Fact]
    public async Task Thresholds_are_added_changed_member_by_member_and_checked_like_new_ones()
    {
        await OpenAsync();
        await DoneAsync(e => e with
        {
            AddSpendTrackers = [new NewSpendTracker("monthly", Currencies.Usd.Id, [new NewSpendSpecifier([SpendSource.ThresholdRecharge])])],
            AddPrepaidBalanceThresholdConfiguration = new NewThreshold(true, 1_000, new NewThresholdCommit(deposit.Id), new NewPaymentGate(PaymentGate.None), 5_000)
            {
                DiscountConfiguration = new NewDiscount(0.9m, new NewDiscountCap(100, "monthly")),
            },
        });
        await RefusedAsync("threshold_exists", "/add_prepaid_balance_threshold_configuration", e => e with
        {
            AddPrepaidBalanceThresholdConfiguration = new NewThreshold(true, 1_000, new NewThresholdCommit(deposit.Id), new NewPaymentGate(PaymentGate.None), 5_000),
        });
        await RefusedAsync(
            "bad_threshold", "/update_prepaid_balance_threshold_configuration/threshold_amount", e => e with { UpdatePrepaidBalanceThresholdConfiguration = new ThresholdUpdate { ThresholdAmount = 4_500 } });
        await RefusedAsync("spend_tracker_used", "/archive_spend_trackers/0", e => e with { ArchiveSpendTrackers = ["monthly"] });
        // An archived product does not keep a threshold from being switched off.
        await town.Products.ArchiveAsync(deposit.Id, default);
        await DoneAsync(e => e with
        {
            UpdatePrepaidBalanceThresholdConfiguration = new ThresholdUpdate { IsEnabled = false, RechargeToAmount = 9_000, DiscountConfiguration = new(null), Commit = new() { Priority = new(5) } },
        });
        var threshold = contract.PrepaidThreshold!;
        Assert.Equal((false, 1_000m, 9_000m, null, 5m), (threshold.IsEnabled, threshold.ThresholdAmount, threshold.RechargeToAmount, threshold.Discount, threshold.Commit.Priority));
        await RefusedAsync("threshold_not_found", "/update_spend_threshold_configuration", e => e with { UpdateSpendThresholdConfiguration = new ThresholdUpdate { IsEnabled = false } });
    }

    [Fact]
    public async Task Quantities_follow_one_another_in_the_order_in_which_they_are_sent()
    {
        await OpenAsync(c => c with { Subscriptions = [new NewSubscription(CollectionSchedule.Advance, new SubscriptionRate(seats.Id, BillingFrequency.Monthly)) { InitialQuantity = 10 }] });
        SubscriptionUpdate With(params QuantityUpdate[] updates) => new(contract.Subscriptions[0].Id) { QuantityUpdates = updates };
        await DoneAsync(e => e with { UpdateSubscriptions = [With(new QuantityUpdate(At("2026-05-21"), 12), new QuantityUpdate(At("2026-05-21"), QuantityDelta: -1))] });
        Assert.Equal([10m, 11m], [contract.Subscriptions[0].QuantityAt(At("2026-05-20")), contract.Subscriptions[0].QuantityAt(At("2026-05-21"))]);
        await RefusedAsync("negative_quantity", "/update_subscriptions/0/quantity_updates/0/quantity_delta", e => e with { UpdateSubscriptions = [With(new QuantityUpdate(At("2026-05-21"), QuantityDelta: -12))] });
        await RefusedAsync("outside_subscription", "/update_subscriptions/0/quantity_updates/0/starting_at", e => e with { UpdateSubscriptions = [With(new QuantityUpdate(At("2025-05-21"), 1))] });
        await RefusedAsync("quantity_or_delta", "/update_subscriptions/0/quantity_updates/0/quantity", e => e with { UpdateSubscriptions = [With(new QuantityUpdate(At("2026-05-21")))] });
    }

    [Fact]
    public async Task Seats_fill_unassigned_ones_first_and_take_their_quantity_with_them()
    {
        await OpenAsync(c => c with
        {
            Subscriptions =
            [
                new NewSubscription(CollectionSchedule.Advance, new SubscriptionRate(seats.Id, BillingFrequency.Monthly))
                {
                    QuantityManagementMode = QuantityMode.SeatBased, SeatConfig = new NewSeats("user") { InitialSeatIds = ["ann"], InitialUnassignedSeats = 1 },
                },
            ],
        });
        Task Seats(SeatUpdates updates) => DoneAsync(e => e with { UpdateSubscriptions = [new SubscriptionUpdate(contract.Subscriptions[0].Id) { SeatUpdates = updates }] });
        // ann and one nobody has: bob takes it, cid is one more.
        await Seats(new SeatUpdates { AddSeatIds = [new NamedSeats(["bob", "cid", "ann"], At("2026-02-01"))] });
        // From March on ann is gone for good; dan comes in April.
        await Seats(new SeatUpdates { RemoveSeatIds = [new NamedSeats(["ann", "eve"], At("2026-03-01"))], AddSeatIds = [new NamedSeats(["dan"], At("2026-04-01"))] });
        // dan comes a month earlier: from April on he was counted.
        await Seats(new SeatUpdates { AddSeatIds = [new NamedSeats(["dan"], At("2026-03-01"))] });
        await Seats(new SeatUpdates { AddUnassignedSeats = [new UnassignedSeats(2, At("2026-05-01"))] });
        await RefusedAsync("too_few_unassigned_seats", "/update_subscriptions/0/seat_updates/remove_unassigned_seats/0/quantity", e => e with
        {
            UpdateSubscriptions = [new SubscriptionUpdate(contract.Subscriptions[0].Id) { SeatUpdates = new SeatUpdates { RemoveUnassignedSeats = [new UnassignedSeats(3, At("2026-05-01"))] } }],
        });
        var spans = (await town.Prices.SeatsAsync(acme.Id, contract.Id, contract.Subscriptions[0].Id, default)).Value;
        Assert.Equal(
        [
            "2026-01-01..2026-02-01: ann of 2",
            "2026-02-01..2026-03-01: ann bob cid of 3",
            "2026-03-01..2026-05-01: bob cid dan of 3",
            "2026-05-01..2027-01-01: bob cid dan of 5",
        ], spans.Select(s => $"{s.StartingAt.InUtc().Date:uuuu-MM-dd}..{s.EndingBefore!.Value.InUtc().Date:uuuu-MM-dd}: {string.Join(' ', s.SeatIds)} of {s.Total}"));
    }

    [Fact]
    public async Task Past_quantities_are_told_with_the_price_of_their_period()
    {
        await OpenAsync(c => c with { Subscriptions = [new NewSubscription(CollectionSchedule.Advance, new SubscriptionRate(seats.Id, BillingFrequency.Monthly)) { InitialQuantity = 10 }] });
        await DoneAsync(e => e with
        {
            UpdateSubscriptions = [new SubscriptionUpdate(contract.Subscriptions[0].Id) { QuantityUpdates = [new QuantityUpdate(At("2026-02-10"), 12), new QuantityUpdate(At("2026-08-01"), 20)] }],
            AddOverrides = [new NewOverride { StartingAt = At("2026-03-15"), ProductId = seats.Id, Multiplier = 0.5m }],
        });
        town.Now = At("2026-05-01");
        var (_, history) = (await town.Prices.QuantitiesAsync(acme.Id, contract.Id, contract.Subscriptions[0].Id, default)).Value;
        // The price changes with the period after the override; August lies ahead.
        Assert.Equal([(At("2026-01-01"), 10m, 3000m), (At("2026-02-10"), 12, 3000), (At("2026-04-01"), 12, 1500)], history.Select(h => (h.StartingAt, h.Quantity, h.UnitPrice!.Value)));
    }

    [Fact]
    public async Task The_price_list_of_a_contract_shows_the_card_and_what_overrides_make_of_it()
    {
        await OpenAsync(c => c with
        {
            Overrides =
            [
                new NewOverride { StartingAt = At("2026-02-01"), EndingBefore = At("2026-04-01"), ApplicableProductTags = ["usage"], Multiplier = 0.5m },
                new NewOverride { StartingAt = At("2026-02-01"), ProductId = calls.Id, Multiplier = 0.1m, IsCommitSpecific = true },
            ],
        });
        async Task<string> Rows(string at, params RateSelector[] selectors) => string.Join("; ", (await town.Prices.RatesAsync(acme.Id, contract.Id, At(at), selectors, null, 100, default)).Value.Items
            .Select(r => $"{r.Product.Initial.Name} {((Price.Flat)r.Rate.Price).UnitPrice}{(r.By is null ? "" : " -> " + ((Price.Flat)r.Price).UnitPrice)} {r.StartingAt.InUtc().Date:uuuu-MM-dd}..{r.EndingBefore?.InUtc().Date:uuuu-MM-dd}"));
        Assert.Equal("Calls 2 2025-01-01..2026-02-01; Seats 3000 2025-01-01..", await Rows("2026-01-15"));
        Assert.Equal("Calls 2 -> 1 2026-02-01..2026-04-01; Seats 3000 2025-01-01..", await Rows("2026-02-15"));
        Assert.Equal("Seats 3000 2025-01-01..", await Rows("2026-02-15", new RateSelector(BillingFrequency: BillingFrequency.Monthly)));
    }
}
