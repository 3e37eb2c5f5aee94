using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;
using Billing.UseCases.Pricing;
using Xunit;
using static Billing.UseCases.Tests.Town;

namespace Billing.UseCases.Tests.Contracts;

public class ContractTermsTests
{
    private readonly Town town = new();
    private Customer acme = null!;
    private RateCard card = null!;
    private Product calls = null!;
    private Product seats = null!;
    private Product deposit = null!;

    private async Task<NewContract> OpenAsync()
    {
        acme = await town.CustomerAsync("Acme");
        calls = await town.ProductAsync(ProductType.Usage, "Calls", "usage");
        seats = await town.ProductAsync(ProductType.Subscription, "Seats");
        deposit = await town.ProductAsync(ProductType.Fixed, "Deposit");
        card = (await town.Cards.CreateAsync(new NewRateCard("Standard", null, [], null, new Dictionary<string, string>()), town.Ids, default)).Value;
        await town.RateAsync(card, calls, new Price.Flat(2));
        await town.SeatRateAsync(card, seats, 3000);
        return new NewContract(acme.Id, At("2026-01-01"), At("2027-01-01"), card.Id);
    }

    private Task<Outcome<Contract>> CreateAsync(NewContract wanted) => town.Contracts.CreateAsync(wanted, town.Ids, default);

    private async Task<ContractView> ViewAsync(Contract contract) => (await town.Reads.GetAsync(acme.Id, contract.Id, null, default)).Value;

    private NewCommit Commit(decimal amount = 100_000) => new(deposit.Id)
    {
        Type = CommitType.Prepaid,
        AccessSchedule = new NewAccessSchedule([new NewAccessItem(amount) { StartingAt = At("2026-01-01"), EndingBefore = At("2027-01-01") }]),
        InvoiceSchedule = new NewPaymentSchedule { ScheduleItems = [new NewPayment { Timestamp = At("2026-01-01"), Amount = amount }] },
    };

    private NewSubscription Seats(decimal quantity = 4) => new(CollectionSchedule.Advance, new SubscriptionRate(seats.Id, BillingFrequency.Monthly)) { InitialQuantity = quantity };

    [Fact]
    public async Task A_contract_its_commits_and_its_credits_are_written_at_once()
    {
        var wanted = await OpenAsync();
        wanted = wanted with { Commits = [Commit()], Credits = [Commit(10_000) with { Type = null, InvoiceSchedule = null, Name = "Welcome" }] };
        town.Store.BeforeCommit = writes => writes.Any(w => w is Write.Create { Document.Kind: "contract" }) ? throw new IOException("killed") : Task.CompletedTask;
        await Assert.ThrowsAsync<IOException>(() => CreateAsync(wanted));
        Assert.Empty(town.Store.All("commit"));
        town.Store.BeforeCommit = null;
        var view = await ViewAsync((await CreateAsync(wanted)).Value);
        Assert.Equal(
            [(CommitType.Prepaid, 100_000m, 1m), (CommitType.Credit, 10_000m, 0m)],
            view.Commits.OrderBy(c => c.Type).Select(c => (c.Type, c.Amount, c.CostBasis())));
    }

    [Fact]
    public async Task A_price_and_a_quantity_make_an_amount_and_a_commit_without_invoices_is_complimentary()
    {
        var wanted = await OpenAsync();
        var paid = Commit() with { InvoiceSchedule = new NewPaymentSchedule { ScheduleItems = [new NewPayment { Timestamp = At("2026-01-01"), UnitPrice = 400, Quantity = 200 }] } };
        var view = await ViewAsync((await CreateAsync(wanted with { Commits = [paid, Commit() with { InvoiceSchedule = null }] })).Value);
        // 400 x 200 = 80,000 for 100,000: 80 % of what can be drawn; and nothing.
        Assert.Equal([0m, 0.8m], view.Commits.Select(c => c.CostBasis()).Order());
    }

    [Fact]
    public async Task Payments_that_repeat_are_divided_over_their_dates()
    {
        var wanted = await OpenAsync();
        NewPaymentSchedule Yearly(AmountDistribution distribution) => new()
        {
            RecurringSchedule = new NewRecurringPayments(distribution, PaymentFrequency.Quarterly, At("2026-01-31"), At("2027-01-01")) { Amount = 1_001 },
        };
        var contract = (await CreateAsync(wanted with
        {
            ScheduledCharges = [.. new[] { AmountDistribution.Each, AmountDistribution.Divided, AmountDistribution.DividedRounded }.Select(d => new NewCharge(deposit.Id, Yearly(d)))],
        })).Value;
        Assert.All(contract.ScheduledCharges, c => Assert.Equal([At("2026-01-31"), At("2026-04-30"), At("2026-07-31"), At("2026-10-31")], c.Schedule.Items.Select(i => i.Timestamp)));
        // 1,001 / 4 = 250.25; in whole units 3 x 250 and the rest.
        Assert.Equal(
            [[1_001m, 1_001, 1_001, 1_001], [250.25m, 250.25m, 250.25m, 250.25m], [250m, 250, 250, 251]],
            contract.ScheduledCharges.Select(c => c.Schedule.Items.Select(i => i.Amount).ToArray()));
    }

    [Fact]
    public async Task Temporary_ids_tie_terms_of_one_request_together()
    {
        var wanted = await OpenAsync();
        var contract = (await CreateAsync(wanted with
        {
            Commits = [Commit() with { TemporaryId = "annual" }],
            Subscriptions = [Seats() with { TemporaryId = "seats" }],
            RecurringCredits =
            [
                new NewRecurringCommit(deposit.Id, new NewPricedAmount(50), new CommitDuration(1))
                {
                    StartingAt = At("2026-01-01"), TemporaryId = "monthly", SubscriptionConfig = new NewSeatGrants("seats", new SeatIncrease(true)),
                },
            ],
            Overrides =
            [
                new NewOverride
                {
                    StartingAt = At("2026-01-01"), Multiplier = 0.5m, IsCommitSpecific = true,
                    OverrideSpecifiers =
                    [
                        new NewOverrideSpecifier { ProductId = calls.Id, CommitIds = ["annual"] },
                        new NewOverrideSpecifier { ProductTags = ["usage"], AnyCommitOrCreditIds = ["monthly"] },
                    ],
                },
            ],
        })).Value;
        var annual = Assert.Single((await ViewAsync(contract)).Commits, c => c.Type == CommitType.Prepaid);
        var (monthly, @override) = (Assert.Single(contract.RecurringCommits), Assert.Single(contract.Overrides));
        Assert.Equal(Assert.Single(contract.Subscriptions).Id, monthly.Seats!.SubscriptionId);
        Assert.Equal([annual.Id], @override.CommitsBySpecifier[0].CommitIds);
        Assert.Equal([monthly.Id], @override.CommitsBySpecifier[1].RecurringCommitIds);
    }

    [Fact]
    public async Task Grants_that_have_started_are_shown_with_the_contract()
    {
        var wanted = await OpenAsync();
        var contract = (await CreateAsync(wanted with
        {
            RecurringCredits = [new NewRecurringCommit(deposit.Id, new NewPricedAmount(100, 10), new CommitDuration(1)) { StartingAt = At("2026-01-16") }],
        })).Value;
        Assert.Empty((await ViewAsync(contract)).Commits);
        town.Now = At("2026-02-01");
        // 16 of 31 days of 1,000, then the whole.
        Assert.Equal([516.12903225806451612903m, 1_000m], (await ViewAsync(contract)).Commits.Select(c => c.Amount));
    }

    public static TheoryData<string, string, string> Refusals => new()
    {
        { "commit without a type", "type_missing", "/commits/0/type" },
        { "credit with an invoice", "credit_with_invoice", "/credits/0/invoice_schedule" },
        { "commit of a usage product", "wrong_product_type", "/commits/0/product_id" },
        { "commit of no product", "product_not_found", "/commits/0/product_id" },
        { "commit without access", "access_schedule_missing", "/commits/0/access_schedule" },
        { "commit between hours", "not_on_the_hour", "/commits/0/access_schedule/schedule_items/0/starting_at" },
        { "commit in an unknown unit", "credit_type_not_on_card", "/commits/0/access_schedule/credit_type_id" },
        { "postpaid with two payments", "bad_postpaid_commit", "/commits/0/invoice_schedule" },
        { "two temporary ids", "temporary_id_twice", "/commits/1/temporary_id" },
        { "scope by ids and specifiers", "two_scopes", "/commits/0/specifiers" },
        { "payment of nothing", "amount_missing", "/scheduled_charges/0/schedule/schedule_items/0/amount" },
        { "payment in a custom unit", "not_a_currency", "/scheduled_charges/0/schedule/credit_type_id" },
        { "discount with a sign", "negative_discount", "/discounts/0/schedule" },
        { "subscription of a fixed product", "wrong_product_type", "/subscriptions/0/subscription_rate/product_id" },
        { "subscription without a rate", "subscription_without_rate", "/subscriptions" },
        { "subscription without a quantity", "quantity_missing", "/subscriptions/0/initial_quantity" },
        { "arrears billed at once", "immediate_needs_advance", "/subscriptions/0/proration/invoice_behavior" },
        { "seats without a config", "seat_config_missing", "/subscriptions/0/seat_config" },
        { "override of everything", "override_without_target", "/overrides/0/product_id" },
        { "multiplier without a factor", "multiplier_missing", "/overrides/0/multiplier" },
        { "tiered override", "tiered_needs_explicit", "/overrides/0/type" },
        { "overwrite of tags", "overwrite_of_tags", "/overrides/0/applicable_product_tags" },
        { "override of an unknown commit", "commit_not_found", "/overrides/0/override_specifiers/0/commit_ids/0" },
        { "target without commits", "not_commit_specific", "/overrides/0/target" },
        { "recurring without a quantity", "quantity_missing", "/recurring_commits/0/access_amount/quantity" },
        { "recurring of no subscription", "subscription_not_found", "/recurring_commits/0/subscription_config/subscription_id" },
        { "each seat of a number", "seats_needed", "/recurring_credits/0/subscription_config/allocation" },
        { "threshold too low", "bad_threshold", "/prepaid_balance_threshold_configuration/threshold_amount" },
        { "threshold with Stripe", "payment_gate_not_offered", "/spend_threshold_configuration/payment_gate_config/payment_gate_type" },
        { "cap of no tracker", "spend_tracker_not_found", "/spend_threshold_configuration/discount_configuration/cap/spend_tracker_alias" },
        { "filter by no group key", "not_a_group_key", "/usage_filter/group_key" },
        { "payer without a parent", "parent_missing", "/hierarchy_configuration/parent" },
        { "maximum below minimum", "maximum_below_minimum", "/maximum" },
        { "81 commits", "too_many_commits", "/commits" },
        { "nothing in a list", "body_invalid", "/overrides/0" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task What_cannot_be_kept_is_refused_with_its_place_and_nothing_is_written(string what, string code, string field)
    {
        var ok = await OpenAsync();
        var fixedProduct = deposit.Id;
        NewOverride Override() => new() { StartingAt = At("2026-01-01"), ProductId = calls.Id };
        NewThreshold Threshold(decimal at) => new(true, at, new NewThresholdCommit(fixedProduct), new NewPaymentGate(PaymentGate.None), 10_000);
        NewRecurringCommit Recurring() => new(fixedProduct, new NewPricedAmount(5, 2), new CommitDuration(1)) { StartingAt = At("2026-01-01") };
        NewCharge Charge(NewPayment payment, string? unit = null) => new(fixedProduct, new NewPaymentSchedule { CreditTypeId = unit, ScheduleItems = [payment] });
        var (hour, payment) = (At("2026-01-01"), new NewPayment { Timestamp = At("2026-01-01"), Amount = 50_000 });
        var wanted = what switch
        {
            "commit without a type" => ok with { Commits = [Commit() with { Type = null }] },
            "credit with an invoice" => ok with { Credits = [Commit()] },
            "commit of a usage product" => ok with { Commits = [Commit() with { ProductId = calls.Id }] },
            "commit of no product" => ok with { Commits = [Commit() with { ProductId = "none" }] },
            "commit without access" => ok with { Commits = [Commit() with { AccessSchedule = null }] },
            "commit between hours" => ok with { Commits = [Commit() with { AccessSchedule = new([new(5) { StartingAt = hour + NodaTime.Duration.FromMinutes(30), EndingBefore = At("2027-01-01") }]) }] },
            "commit in an unknown unit" => ok with { Commits = [Commit() with { AccessSchedule = Commit().AccessSchedule! with { CreditTypeId = "tokens" } }] },
            "postpaid with two payments" => ok with { Commits = [Commit() with { Type = CommitType.Postpaid, InvoiceSchedule = new() { ScheduleItems = [payment, payment] } }] },
            "two temporary ids" => ok with { Commits = [Commit() with { TemporaryId = "a" }, Commit() with { TemporaryId = "a" }] },
            "scope by ids and specifiers" => ok with { Commits = [Commit() with { ApplicableProductIds = [calls.Id], Specifiers = [new LineSpecifier(calls.Id)] }] },
            "payment of nothing" => ok with { ScheduledCharges = [Charge(payment with { Amount = null })] },
            "payment in a custom unit" => ok with { ScheduledCharges = [Charge(payment, "tokens")] },
            "discount with a sign" => ok with { Discounts = [Charge(payment with { Amount = -5 })] },
            "subscription of a fixed product" => ok with { Subscriptions = [Seats() with { SubscriptionRate = new(fixedProduct, BillingFrequency.Monthly) }] },
            "subscription without a rate" => ok with { Subscriptions = [Seats() with { SubscriptionRate = new(seats.Id, BillingFrequency.Annual) }] },
            "subscription without a quantity" => ok with { Subscriptions = [Seats() with { InitialQuantity = null }] },
            "arrears billed at once" => ok with { Subscriptions = [Seats() with { CollectionSchedule = CollectionSchedule.Arrears, Proration = new() { InvoiceBehavior = ProrationBilling.BillImmediately } }] },
            "seats without a config" => ok with { Subscriptions = [Seats() with { QuantityManagementMode = QuantityMode.SeatBased }] },
            "override of everything" => ok with { Overrides = [Override() with { ProductId = null, Multiplier = 1 }] },
            "multiplier without a factor" => ok with { Overrides = [Override() with { Type = OverrideType.Multiplier }] },
            "tiered override" => ok with { Overrides = [Override() with { Tiers = [new MultiplierTier(1, null)], Priority = 1 }] },
            "overwrite of tags" => ok with { Overrides = [Override() with { ProductId = null, ApplicableProductTags = ["usage"], OverwriteRate = new NewPrice(RateType.Flat, 1) }] },
            "override of an unknown commit" => ok with { Overrides = [Override() with { ProductId = null, Multiplier = 1, IsCommitSpecific = true, OverrideSpecifiers = [new() { ProductId = calls.Id, CommitIds = ["x"] }] }] },
            "target without commits" => ok with { Overrides = [Override() with { Multiplier = 1, Target = OverrideTarget.CommitRate }] },
            "recurring without a quantity" => ok with { RecurringCommits = [Recurring() with { AccessAmount = new(5) }] },
            "recurring of no subscription" => ok with { RecurringCommits = [Recurring() with { SubscriptionConfig = new("x", new(true)) }] },
            "each seat of a number" => ok with { Subscriptions = [Seats() with { TemporaryId = "s" }], RecurringCredits = [Recurring() with { SubscriptionConfig = new("s", new(true), Allocation.Individual) }] },
            "threshold too low" => ok with { PrepaidBalanceThresholdConfiguration = Threshold(499) },
            "threshold with Stripe" => ok with { SpendThresholdConfiguration = Threshold(1) with { PaymentGateConfig = new(PaymentGate.Stripe) } },
            "cap of no tracker" => ok with { SpendThresholdConfiguration = Threshold(1) with { DiscountConfiguration = new(0.5m, new(100, "monthly")) } },
            "filter by no group key" => ok with { UsageFilter = new("project", ["a"]) },
            "payer without a parent" => ok with { HierarchyConfiguration = new(Payer: Payer.Parent) },
            "maximum below minimum" => ok with { Minimum = 2, Maximum = 1 },
            "81 commits" => ok with { Commits = [.. Enumerable.Repeat(Commit(), 81)] },
            "nothing in a list" => ok with { Overrides = [null!] },
            _ => throw new ArgumentOutOfRangeException(nameof(what), what, "Unknown case."),
        };
        var refusal = (await CreateAsync(wanted)).Refusal;
        Assert.Equal((code, field), (refusal?.Code, refusal?.Field));
        Assert.Empty(town.Store.All("contract").Concat(town.Store.All("commit")));
    }

    [Fact]
    public async Task A_price_of_the_contract_alone_bills_a_product_that_the_card_does_not_sell()
    {
        var wanted = await OpenAsync();
        var special = await town.ProductAsync(ProductType.Usage, "Special");
        var contract = (await CreateAsync(wanted with { Overrides = [new NewOverride { StartingAt = At("2026-01-01"), ProductId = special.Id, OverwriteRate = new NewPrice(RateType.Flat, 7) }] })).Value;
        town.Now = At("2026-01-05");
        town.Use(acme.Id, "2026-01-04T10", 3);
        var draft = (await town.ListAsync(acme.Id)).Single(i => i.ContractId == contract.Id);
        // Both count calls: 3 x 2 at the card's rate, 3 x 7 at the contract's.
        Assert.Equal([(calls.Id, 6m), (special.Id, 21m)], draft.Lines.Select(l => (l.ProductId!, l.Total)));
    }
}
