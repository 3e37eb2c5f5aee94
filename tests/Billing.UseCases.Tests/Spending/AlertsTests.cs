using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Invoicing;
using Billing.Domain.Spending;
using Billing.Domain.Values;
using Billing.UseCases.Documents;
using Billing.UseCases.Notifications;
using Billing.UseCases.Pricing;
using Billing.UseCases.Spending;
using NodaTime;
using Xunit;

namespace Billing.UseCases.Tests.Spending;

/// <summary>A town with one customer on a card of 1,000 × 10, 9,000 × 8, then 5 cents, from January 1.</summary>
public sealed class AlertsTests
{
    private readonly Town town = new() { Now = Town.At("2026-01-01") };
    private Customer customer = null!;
    private Contract contract = null!;

    private async Task SetUpAsync()
    {
        customer = await town.CustomerAsync("Acme");
        contract = await town.ContractAsync(customer, await town.CardAsync());
    }

    private async Task<Alert> AlertAsync(AlertType type, decimal threshold, Func<Alert, Alert>? with = null, bool ofEveryone = false)
    {
        var alert = new Alert("", type, type.ToString(), threshold, ofEveryone ? null : customer.Id, Currencies.Usd.Id, default);
        return (await town.Alerts.CreateAsync(with?.Invoke(alert) ?? alert, town.Ids, default)).Value;
    }

    private async Task<CustomerAlert> LookAsync(Alert alert, string? at = null)
    {
        if (at is not null) town.Now = Town.At(at);
        await town.Accounts.FenceAsync(customer.Id, default);
        await town.RunAsync();
        return (await town.Alerts.GetAsync(customer.Id, alert.Id, default)).Value;
    }

    private async Task<List<Message>> MessagesAsync() =>
        [.. (await town.Store.OfKindAsync(Container.Accounts, "outbox", null, 100, default)).Items.SelectMany(s => s.Value<OutboxEntry>().Messages)
            .Where(m => m.Type.StartsWith("alerts.", StringComparison.Ordinal)).OrderBy(m => m.At)];

    [Fact]
    public async Task Spend_is_usage_before_commits_and_is_told_of_once()
    {
        await SetUpAsync();
        await town.GrantAsync(contract, CommitType.Credit, 5_000, "2026-01-01", "2027-01-01");
        var alert = await AlertAsync(AlertType.SpendThresholdReached, 4_000);
        town.Use(customer.Id, "2026-01-02", 399);
        // 399 × 10 = 3,990, all paid by the credit.
        Assert.Equal(AlertStatus.Ok, (await LookAsync(alert, "2026-01-03")).State!.Status);
        Assert.Empty(await MessagesAsync());
        town.Use(customer.Id, "2026-01-03", 1);
        // 400 × 10 = 4,000: on the threshold.
        Assert.Equal(AlertStatus.InAlarm, (await LookAsync(alert, "2026-01-04")).State!.Status);
        await LookAsync(alert, "2026-01-05");
        var message = Assert.Single(await MessagesAsync());
        Assert.Equal("alerts.spend_threshold_reached", message.Type);
        Assert.Contains("\"current_spend\":4000", message.Body, StringComparison.Ordinal);
        Assert.Contains("\"threshold\":4000", message.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Spend_starts_anew_with_the_period_and_tells_that_it_recovered()
    {
        await SetUpAsync();
        var alert = await AlertAsync(AlertType.SpendThresholdReached, 1_000);
        town.Use(customer.Id, "2026-01-10", 100);
        Assert.Equal(AlertStatus.InAlarm, (await LookAsync(alert, "2026-01-11")).State!.Status);
        Assert.Equal(AlertStatus.Ok, (await LookAsync(alert, "2026-02-01")).State!.Status);
        town.Use(customer.Id, "2026-02-10", 100);
        Assert.Equal(AlertStatus.InAlarm, (await LookAsync(alert, "2026-02-11")).State!.Status);
        Assert.Equal(["alerts.spend_threshold_reached", "alerts.recovered", "alerts.spend_threshold_reached"], (await MessagesAsync()).Select(m => m.Type));
    }

    [Fact]
    public async Task A_period_that_is_past_the_threshold_from_its_first_look_is_told_of_again()
    {
        await SetUpAsync();
        var alert = await AlertAsync(AlertType.SpendThresholdReached, 1_000);
        town.Use(customer.Id, "2026-01-10", 100);
        town.Use(customer.Id, "2026-02-01", 100);
        await LookAsync(alert, "2026-01-11");
        await LookAsync(alert, "2026-02-02");
        Assert.Equal(["alerts.spend_threshold_reached", "alerts.spend_threshold_reached"], (await MessagesAsync()).Select(m => m.Type));
    }

    [Fact]
    public async Task Usage_that_is_seen_at_the_first_instant_of_a_period_is_looked_at_again()
    {
        await SetUpAsync();
        var alert = await AlertAsync(AlertType.SpendThresholdReached, 1_000);
        town.Use(customer.Id, "2026-01-01", 100);
        // The statement opens after its first instant.
        Assert.Equal(AlertStatus.Ok, (await LookAsync(alert)).State!.Status);
        town.Now += Duration.FromSeconds(1);
        await town.RunAsync();
        Assert.Single(await MessagesAsync(), m => m.Type == "alerts.spend_threshold_reached");
    }

    [Fact]
    public async Task A_balance_counts_drafts_and_an_expired_one_is_nothing_left()
    {
        await SetUpAsync();
        await town.GrantAsync(contract, CommitType.Prepaid, 2_000, "2026-01-05", "2026-03-01");
        var alert = await AlertAsync(AlertType.LowRemainingCommitBalanceReached, 500);
        // Nothing has begun: there is nothing to watch.
        Assert.Null((await LookAsync(alert)).State!.Status);
        Assert.Equal(AlertStatus.Ok, (await LookAsync(alert, "2026-01-05")).State!.Status);
        town.Use(customer.Id, "2026-01-06", 150);
        // 2,000 - 150 × 10 = 500 left: at the threshold.
        Assert.Equal(AlertStatus.InAlarm, (await LookAsync(alert, "2026-01-07")).State!.Status);
        Assert.Contains("\"remaining_balance\":500", (await MessagesAsync())[^1].Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_balance_recovers_when_more_is_granted()
    {
        await SetUpAsync();
        await town.GrantAsync(contract, CommitType.Credit, 100, "2026-01-01", "2026-03-01");
        var alert = await AlertAsync(AlertType.LowRemainingContractCreditBalanceReached, 100);
        Assert.Equal(AlertStatus.InAlarm, (await LookAsync(alert)).State!.Status);
        await town.GrantAsync(contract, CommitType.Credit, 1, "2026-01-01", "2026-03-01");
        Assert.Equal(AlertStatus.Ok, (await LookAsync(alert, "2026-01-01T01")).State!.Status);
        Assert.Equal(["alerts.low_remaining_contract_credit_balance_reached", "alerts.recovered"], (await MessagesAsync()).Select(m => m.Type));
    }

    [Theory]
    // 4,000 granted, 100 × 10 = 1,000 used: 75 % left.
    [InlineData(75, AlertStatus.InAlarm)]
    [InlineData(74.9, AlertStatus.Ok)]
    public async Task A_percentage_is_of_what_is_open(double threshold, AlertStatus expected)
    {
        await SetUpAsync();
        await town.GrantAsync(contract, CommitType.Prepaid, 4_000, "2026-01-01", "2027-01-01");
        await town.GrantAsync(contract, CommitType.Prepaid, 9_000, "2026-06-01", "2027-01-01");
        town.Use(customer.Id, "2026-01-02", 100);
        var alert = await AlertAsync(AlertType.LowRemainingCommitPercentageReached, (decimal)threshold);
        Assert.Equal(expected, (await LookAsync(alert, "2026-01-03")).State!.Status);
    }

    [Fact]
    public async Task Days_of_a_segment_are_told_of_at_the_hour_without_any_usage()
    {
        await SetUpAsync();
        await town.GrantAsync(contract, CommitType.Credit, 10, "2026-01-01", "2026-01-20");
        var alert = await AlertAsync(AlertType.LowRemainingDaysForContractCreditSegmentReached, 7);
        Assert.Equal(AlertStatus.Ok, (await LookAsync(alert, "2026-01-02")).State!.Status);
        // The account is due by itself 7 days before the 20th.
        town.Now = Town.At("2026-01-12T23");
        await town.RunAsync();
        Assert.Empty(await MessagesAsync());
        town.Now = Town.At("2026-01-13");
        await town.RunAsync();
        Assert.Contains("\"remaining_days\":7", Assert.Single(await MessagesAsync()).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_total_is_after_commits_and_each_invoice_is_told_of()
    {
        await SetUpAsync();
        await town.GrantAsync(contract, CommitType.Credit, 500, "2026-01-01", "2027-01-01");
        var alert = await AlertAsync(AlertType.InvoiceTotalReached, 1_000, a => a with { InvoiceTypes = [InvoiceType.Usage] });
        town.Use(customer.Id, "2026-01-02", 149);
        // 1,490 - 500 = 990
        Assert.Equal(AlertStatus.Ok, (await LookAsync(alert, "2026-01-03")).State!.Status);
        town.Use(customer.Id, "2026-01-03", 1);
        var alarmed = await LookAsync(alert, "2026-01-04");
        Assert.Equal((AlertStatus.InAlarm, $"USAGE {contract.Id} 2026-01-01T00:00:00Z"), (alarmed.State!.Status, alarmed.State.TriggeredBy()));
    }

    [Fact]
    public async Task Usage_counts_over_the_period()
    {
        await SetUpAsync();
        var alert = await AlertAsync(AlertType.UsageThresholdReached, 10, a => a with { BillableMetricId = "calls" });
        town.Use(customer.Id, "2026-01-02", 9);
        Assert.Equal(AlertStatus.Ok, (await LookAsync(alert, "2026-01-03")).State!.Status);
        town.Use(customer.Id, "2026-01-03", 1);
        Assert.Equal(AlertStatus.InAlarm, (await LookAsync(alert, "2026-01-04")).State!.Status);
    }

    [Fact]
    public async Task An_alert_of_everyone_reaches_each_customer_and_is_silent_where_it_is_asked_to_be()
    {
        await SetUpAsync();
        town.Use(customer.Id, "2026-01-02", 200);
        town.Now = Town.At("2026-01-03");
        var silent = await AlertAsync(AlertType.SpendThresholdReached, 1_000, a => a with { EvaluateOnCreate = false }, ofEveryone: true);
        var loud = await AlertAsync(AlertType.SpendThresholdReached, 1_500, ofEveryone: true);
        await town.Walk.RunAsync(default);
        await town.RunAsync();
        Assert.Null(await town.Walk.NextDueAsync(default));
        Assert.Equal(AlertStatus.InAlarm, (await town.Alerts.GetAsync(customer.Id, silent.Id, default)).Value.State!.Status);
        var message = Assert.Single(await MessagesAsync());
        Assert.Contains(loud.Id, message.Body, StringComparison.Ordinal);
        // Asked to look anew, both are told of.
        await town.Alerts.ResetAsync(customer.Id, silent.Id, default);
        await LookAsync(silent, "2026-01-04");
        Assert.Equal(2, (await MessagesAsync()).Count);
    }

    [Fact]
    public async Task An_archived_alert_is_looked_at_no_more_and_its_key_can_be_released()
    {
        await SetUpAsync();
        var alert = await AlertAsync(AlertType.SpendThresholdReached, 1_000, a => a with { UniquenessKey = "spend" });
        Assert.Equal("uniqueness_key_used", (await town.Alerts.CreateAsync(alert with { Id = "" }, town.Ids, default)).Refusal!.Code);
        await town.Alerts.ArchiveAsync(alert.Id, releaseKey: false, default);
        Assert.Equal("uniqueness_key_used", (await town.Alerts.CreateAsync(alert with { Id = "" }, town.Ids, default)).Refusal!.Code);
        await town.Alerts.ArchiveAsync(alert.Id, releaseKey: true, default);
        Assert.Null((await town.Alerts.CreateAsync(alert with { Id = "" }, town.Ids, default)).Refusal);
        town.Use(customer.Id, "2026-01-02", 200);
        Assert.Null((await LookAsync(alert, "2026-01-03")).State);
        Assert.Single(await MessagesAsync());
        Assert.Single((await town.Alerts.ListAsync(customer.Id, ArchiveFilter.NotArchived, default)).Value);
        Assert.Equal(2, (await town.Alerts.ListAsync(customer.Id, ArchiveFilter.All, default)).Value.Count);
    }

    [Fact]
    public async Task Only_balances_that_the_specifiers_take_count()
    {
        await SetUpAsync();
        Dictionary<string, string> Field(string value) => new() { ["pool"] = value };
        await town.GrantAsync(contract, CommitType.Credit, 100, "2026-01-01", "2026-03-01", c => c with { CustomFields = Field("promo") });
        await town.GrantAsync(contract, CommitType.Prepaid, 1_000, "2026-01-01", "2026-03-01", c => c with { CustomFields = Field("paid") });
        var excluded = new AlertSpecifier(Exclude: [new Excluded([new CustomFieldFilter(FilteredEntity.ContractCreditOrCommit, "pool", "promo")])]);
        var alert = await AlertAsync(AlertType.LowRemainingContractCreditAndCommitBalanceReached, 1_000, a => a with { Specifiers = [excluded] });
        // 100 of promo is left out: 1,000 is left.
        Assert.Equal(AlertStatus.InAlarm, (await LookAsync(alert)).State!.Status);
    }

    [Theory]
    [InlineData(AlertType.SpendThresholdReached, "/seat_filter")]
    [InlineData(AlertType.LowRemainingCommitBalanceReached, "/group_values")]
    [InlineData(AlertType.UsageThresholdReached, "/billable_metric_id")]
    [InlineData(AlertType.LowRemainingSeatBalanceReached, "/seat_filter")]
    [InlineData(AlertType.LowRemainingContractCreditPercentageReached, "/threshold")]
    public async Task A_filter_that_does_not_fit_the_type_is_refused_by_name(AlertType type, string field)
    {
        await SetUpAsync();
        var alert = new Alert("", type, "A", 101, customer.Id, Currencies.Usd.Id, default)
        {
            Seats = type == AlertType.SpendThresholdReached ? new SeatFilter("seat") : null,
            GroupValues = type == AlertType.LowRemainingCommitBalanceReached ? [new GroupValue("model")] : [],
        };
        Assert.Equal(field, (await town.Alerts.CreateAsync(alert, town.Ids, default)).Refusal!.Field);
    }
}
