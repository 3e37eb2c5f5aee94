using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Invoicing;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.UseCases.Credits;
using Xunit;
using static Billing.UseCases.Tests.Town;

namespace Billing.UseCases.Tests.Invoicing;

/// <summary>What commits and credits pay from one invoice to the next, at a price of 1 for a call.</summary>
public class CommitsOnInvoicesTests
{
    private readonly Town town = new();

    private async Task<Contract> ContractAsync(string start = "2026-01-01", string? end = null, decimal price = 1, Func<Contract, Contract>? with = null)
    {
        var card = (await town.Cards.CreateAsync(new UseCases.Pricing.NewRateCard("Flat", null, [], null, new Dictionary<string, string>()), town.Ids, default)).Value;
        await town.RateAsync(card, await town.ProductAsync(), new Price.Flat(price));
        var contract = await town.ContractAsync(await town.CustomerAsync("Commit Co"), card, start, end);
        return with is null ? contract : await town.EditAsync(contract, with);
    }

    private async Task MoveAsync(string to)
    {
        town.Now = At(to);
        await town.RunAsync();
    }

    private async Task<string> TotalsAsync(string customerId, InvoiceStatus? status = InvoiceStatus.Finalized) => string.Join(' ', (await town.ListAsync(customerId, status))
        .Select(i => FormattableString.Invariant($"{i.Type}:{i.Total}")));

    private static PaymentSchedule Payment(string at, decimal amount) => new(Currencies.Usd.Id, [new ScheduledPayment("payment " + at, At(at), amount, 1)]);

    [Fact]
    public async Task A_prepaid_commit_is_invoiced_on_its_date_drawn_by_usage_and_what_is_left_expires()
    {
        var contract = await ContractAsync(end: "2026-03-01");
        var commit = await town.GrantAsync(contract, CommitType.Prepaid, 500, "2026-01-01", "2026-03-01", c => c with { Invoicing = Payment("2026-01-01", 400) });
        town.Use(contract.CustomerId, "2026-01-05T10", 120);
        town.Use(contract.CustomerId, "2026-02-05T10", 130);
        await MoveAsync("2026-04-01");
        // 400 bought; 120 and 130 drawn; 500 - 250 = 250 expires when the contract ends
        Assert.Equal("Scheduled:400 Usage:0 Usage:0", await TotalsAsync(contract.CustomerId));
        Assert.Equal("SegmentStart 500 01-01\nAutomatedInvoiceDeduction -120 02-01\nAutomatedInvoiceDeduction -130 03-01\nExpiration -250 03-01", await town.LedgerAsync(commit));
        Assert.Equal(0.8m, commit.CostBasis()); // 400 / 500
    }

    [Fact]
    public async Task Of_two_commits_the_lower_priority_number_burns_first_and_expires_first()
    {
        var contract = await ContractAsync();
        var first = await town.GrantAsync(contract, CommitType.Prepaid, 500, "2026-01-01", "2026-01-16", c => c with { Priority = 1 });
        var second = await town.GrantAsync(contract, CommitType.Prepaid, 1_000, "2026-01-01", "2027-01-01");
        town.Use(contract.CustomerId, "2026-01-05T10", 100);
        town.Use(contract.CustomerId, "2026-01-20T10", 200);
        await MoveAsync("2026-02-02");
        // the first pays 100 before the 16th and loses 400; the second pays 200 from then on
        Assert.Equal("SegmentStart 500 01-01\nAutomatedInvoiceDeduction -100 01-16\nExpiration -400 01-16", await town.LedgerAsync(first));
        Assert.Equal("SegmentStart 1000 01-01\nAutomatedInvoiceDeduction -200 02-01", await town.LedgerAsync(second));
        Assert.Equal(800m, (await town.Balances.NetAsync(contract.CustomerId, Currencies.Usd.Id, [], false, default)).Value);
    }

    [Fact]
    public async Task A_postpaid_commit_is_billed_as_used_and_trued_up_after_the_last_usage()
    {
        var contract = await ContractAsync(end: "2026-04-01");
        await town.GrantAsync(contract, CommitType.Postpaid, 1_000, "2026-01-01", "2026-04-01", c => c with { Invoicing = Payment("2026-04-01", 1_000) });
        foreach (var (hour, calls) in new[] { ("2026-01-05T10", 250), ("2026-02-05T10", 300), ("2026-03-05T10", 370) }) town.Use(contract.CustomerId, hour, calls);
        await MoveAsync("2026-04-01T01");
        Assert.Equal("Usage:250 Usage:300", await TotalsAsync(contract.CustomerId)); // March is in its grace, and the true-up waits for it
        // In the order of their dates: usage is issued after its grace.
        Assert.Equal("Scheduled:80 Usage:370", await TotalsAsync(contract.CustomerId, InvoiceStatus.Draft));
        await MoveAsync("2026-04-02");
        // 1,000 - 250 - 300 - 370 = 80
        Assert.Equal("Usage:250 Usage:300 Scheduled:80 Usage:370", await TotalsAsync(contract.CustomerId));
    }

    [Fact]
    public async Task A_recurring_credit_is_granted_each_period_and_prorated_in_a_cut_one()
    {
        var product = (await town.Products.CreateAsync(ProductType.Fixed, new ProductTerms("Monthly credit", null, [], [], null, null, []), new Dictionary<string, string>(), town.Ids, default)).Value;
        var contract = await ContractAsync("2026-01-16T00", with: c => c with
        {
            RecurringCommits = [new RecurringCommit(
                "recurring", CommitType.Credit, product.Id, "Monthly", 1, new PricedAmount(Currencies.Usd.Id, 1_000, 1), null, null, 1, c.StartingAt, null, GrantProration.FirstAndLast)],
        });
        // 16 of 31 days of January are left: 1,000 x 16/31 = 516.129...
        town.Use(contract.CustomerId, "2026-02-05T10", 1_400);
        await MoveAsync("2026-03-02");
        Assert.Equal("Usage:0 Usage:400", await TotalsAsync(contract.CustomerId));
        var balances = (await town.Balances.ListAsync(contract.CustomerId, new BalanceFilter(), true, false, default)).Value;
        Assert.Equal([516.12903225806451612903m, 1_000m, 1_000m], balances.Select(b => b.Commit.Amount));
        Assert.Equal([0m, 0m, 1_000m], balances.Select(b => b.Left));
    }

    [Fact]
    public async Task A_renewal_takes_over_a_part_of_what_is_left_and_burns_it_first()
    {
        var contract = await ContractAsync(end: "2026-03-01");
        var commit = await town.GrantAsync(contract, CommitType.Prepaid, 1_000, "2026-01-01", "2026-03-01", c => c with { RolloverFraction = 0.5m });
        var renewal = await town.EditAsync((await town.Contracts.CreateAsync(
            new UseCases.Contracts.NewContract(contract.CustomerId, At("2026-03-01"), null, contract.RateCardId), town.Ids, default)).Value, c => c with { Renewal = new Renewal(contract.Id, TrueupBehavior.AsIs) });
        town.Use(contract.CustomerId, "2026-02-05T10", 100);
        town.Use(contract.CustomerId, "2026-03-05T10", 700);
        await MoveAsync("2026-03-02T01");
        // 900 are left; half of 1,000 goes on: 500. In March 700 - 500 = 200 are to be paid.
        Assert.Equal("SegmentStart 1000 01-01\nAutomatedInvoiceDeduction -100 03-01\nRollover -500 03-01\nExpiration -400 03-01", await town.LedgerAsync(commit));
        await MoveAsync("2026-04-02");
        Assert.Equal("Usage:0 Usage:0 Usage:200", await TotalsAsync(contract.CustomerId));
        Assert.Equal(renewal.Id, (await town.ListAsync(contract.CustomerId, InvoiceStatus.Finalized))[^1].ContractId);
    }

    [Fact]
    public async Task A_low_balance_is_recharged_once_and_invoiced_at_once()
    {
        var product = (await town.Products.CreateAsync(ProductType.Fixed, new ProductTerms("Top-up", null, [], [], null, null, []), new Dictionary<string, string>(), town.Ids, default)).Value;
        var contract = await ContractAsync(with: c => c with
        {
            PrepaidThreshold = new PrepaidThreshold(true, 2_000, 10_000, null, new ThresholdCommit(product.Id, "Top-up", null, 100, LineScope.Everything), PaymentGate.None, null),
        });
        await MoveAsync("2026-01-01T01");
        town.Use(contract.CustomerId, "2026-01-02T10", 8_200);
        await TouchAsync(contract.CustomerId, "2026-01-02T11");
        await TouchAsync(contract.CustomerId, "2026-01-02T12");
        // from 0 to 10,000; 10,000 - 8,200 = 1,800 is at most 2,000: 8,200 more
        Assert.Equal("Scheduled:10000 Scheduled:8200", await TotalsAsync(contract.CustomerId));
        Assert.Equal(10_000m, (await town.Balances.NetAsync(contract.CustomerId, Currencies.Usd.Id, [], true, default)).Value);
        await MoveAsync("2026-02-02");
        Assert.Equal("Scheduled:10000 Scheduled:8200 Usage:0", string.Join(' ', (await town.ListAsync(contract.CustomerId, InvoiceStatus.Finalized)).OrderBy(i => i.Type == InvoiceType.Usage).ThenByDescending(i => i.Total).Select(i => FormattableString.Invariant($"{i.Type}:{i.Total}"))));
    }

    [Fact]
    public async Task A_discount_holds_until_the_spend_tracker_has_reached_its_cap_and_again_in_the_next_period()
    {
        var product = (await town.Products.CreateAsync(ProductType.Fixed, new ProductTerms("Top-up", null, [], [], null, null, []), new Dictionary<string, string>(), town.Ids, default)).Value;
        var contract = await ContractAsync(with: c => c with
        {
            SpendTrackers = [new SpendTracker("promo", Currencies.Usd.Id, [new SpendSpecifier([SpendSource.ThresholdRecharge], DiscountFilter.DiscountedOnly)])],
            PrepaidThreshold = new PrepaidThreshold(true, 2_000, 10_000, null, new ThresholdCommit(product.Id, "Top-up", null, 100, LineScope.Everything), PaymentGate.None, new ThresholdDiscount(0.9m, 15_000, "promo")),
        });
        await TouchAsync(contract.CustomerId, "2026-01-01T01"); // 10,000 for 9,000
        foreach (var (day, calls) in new[] { ("2026-01-05", 8_200), ("2026-01-10", 8_000), ("2026-01-15", 8_000) })
        {
            town.Use(contract.CustomerId, day + "T10", calls);
            await TouchAsync(contract.CustomerId, day + "T11"); // 8,200 for 7,380: 16,380 so far, so 8,000 and 8,000 at their full price
        }
        await MoveAsync("2026-02-02");
        town.Use(contract.CustomerId, "2026-02-05T10", 8_000);
        await TouchAsync(contract.CustomerId, "2026-02-05T11"); // 8,000 for 7,200
        Assert.Equal([9_000m, 7_380m, 8_000m, 8_000m, 7_200m], (await town.ListAsync(contract.CustomerId, InvoiceStatus.Finalized)).Where(i => i.Type == InvoiceType.Scheduled).OrderBy(i => i.Start).Select(i => i.Total));
        var (period, spent) = (await town.Reads.GetAsync(contract.CustomerId, contract.Id, null, default)).Value.Spent["promo"];
        Assert.Equal((At("2026-02-01"), At("2026-03-01"), 7_200m), (period.Start, period.End, spent));
    }

    [Theory]
    [InlineData(true, "Scheduled:10000")]
    [InlineData(false, "")]
    public async Task What_waits_at_a_gate_can_be_used_and_is_invoiced_when_it_is_paid_and_never_when_it_failed(bool isPaid, string invoices)
    {
        var product = (await town.Products.CreateAsync(ProductType.Fixed, new ProductTerms("Top-up", null, [], [], null, null, []), new Dictionary<string, string>(), town.Ids, default)).Value;
        var contract = await ContractAsync(with: c => c with
        {
            PrepaidThreshold = new PrepaidThreshold(true, 2_000, 10_000, null, new ThresholdCommit(product.Id, "Top-up", null, 100, LineScope.Everything), PaymentGate.External, null),
        });
        await MoveAsync("2026-01-01T01");
        await TouchAsync(contract.CustomerId, "2026-01-02T11");
        var waiting = Assert.Single((await town.Balances.ListAsync(contract.CustomerId, new BalanceFilter(), true, false, default)).Value);
        Assert.Equal((0m, false), (waiting.Left, waiting.Commit.IsPaid));
        Assert.Equal("", await TotalsAsync(contract.CustomerId));
        Assert.Null((await town.Release.RunAsync(contract.CustomerId, waiting.Commit.Id, isPaid, default)).Refusal);
        Assert.Null((await town.Release.RunAsync(contract.CustomerId, waiting.Commit.Id, isPaid, default)).Refusal);
        Assert.Equal("gate_was_opened", (await town.Release.RunAsync(contract.CustomerId, waiting.Commit.Id, !isPaid, default)).Refusal?.Code);
        await MoveAsync("2026-01-03");
        Assert.Equal(invoices, await TotalsAsync(contract.CustomerId));
        Assert.Equal(isPaid, (await town.Contracts.GetAsync(contract.CustomerId, contract.Id, default)).Value.PrepaidThreshold!.IsEnabled);
    }

    [Fact]
    public async Task A_voided_invoice_gives_back_what_it_drew_and_made_anew_it_is_the_same()
    {
        var contract = await ContractAsync();
        var credit = await town.GrantAsync(contract, CommitType.Credit, 500, "2026-01-01", "2026-01-16");
        var commit = await town.GrantAsync(contract, CommitType.Prepaid, 1_000, "2026-01-01", "2027-01-01");
        town.Use(contract.CustomerId, "2026-01-05T10", 300);
        town.Use(contract.CustomerId, "2026-01-20T10", 150);
        await MoveAsync("2026-02-02");
        var invoice = (await town.ListAsync(contract.CustomerId, InvoiceStatus.Finalized)).Single();
        await town.Changes.VoidAsync(invoice.Id, default);
        Assert.Equal(1_000m, (await town.Balances.NetAsync(contract.CustomerId, Currencies.Usd.Id, [], false, default)).Value);
        var again = (await town.Changes.RegenerateAsync(invoice.Id, town.Ids, default)).Value;
        Assert.Equal(invoice.Lines.Select(l => (l.Name, l.Quantity, l.Total)), again.Lines.Select(l => (l.Name, l.Quantity, l.Total)));
        Assert.Equal(850m, (await town.Balances.NetAsync(contract.CustomerId, Currencies.Usd.Id, [], false, default)).Value);
        await MoveAsync("2026-02-03");
        // every entry stays; the credit's 500 = 300 drawn + 200 expired in the end
        Assert.Equal(500m, -(await town.Balances.ListAsync(contract.CustomerId, new BalanceFilter(credit.Id), false, true, default)).Value.Single().Ledger!.Where(e => e.Type != LedgerEntryType.SegmentStart).Sum(e => e.Amount));
        Assert.Equal("already_regenerated", (await town.Changes.RegenerateAsync(invoice.Id, town.Ids, default)).Refusal?.Code);
        Assert.Equal(850m, (await town.Balances.ListAsync(contract.CustomerId, new BalanceFilter(commit.Id), false, false, default)).Value.Single().Left);
    }

    [Fact]
    public async Task An_entry_by_hand_counts_and_cannot_take_more_than_is_left()
    {
        var contract = await ContractAsync();
        var commit = await town.GrantAsync(contract, CommitType.Credit, 500, "2026-01-01", "2027-01-01");
        town.Now = At("2026-01-10");
        var segment = commit.Access[0].Id;
        Assert.Null((await town.Commits.AddEntryAsync(contract.CustomerId, null, commit.Id, segment, -200, "Goodwill was too large", null, town.Reading, default)).Refusal);
        Assert.Equal("balance_below_zero", (await town.Commits.AddEntryAsync(contract.CustomerId, null, commit.Id, segment, -301, "More", null, town.Reading, default)).Refusal?.Code);
        Assert.Equal(300m, (await town.Balances.NetAsync(contract.CustomerId, Currencies.Usd.Id, [], true, default)).Value);
    }

    [Fact]
    public async Task Balances_whose_sum_can_not_be_kept_are_refused_and_not_a_fault()
    {
        var contract = await ContractAsync();
        await town.GrantAsync(contract, CommitType.Credit, 79_000_000_000_000_000_000_000_000_000m, "2026-01-01", "2027-01-01");
        await town.GrantAsync(contract, CommitType.Credit, 1_000_000_000_000_000_000_000_000_000m, "2026-01-01", "2027-01-01");
        town.Now = At("2026-01-10");
        Assert.Equal("amount_not_exact", (await town.Balances.NetAsync(contract.CustomerId, Currencies.Usd.Id, [], true, default)).Refusal?.Code);
        Assert.Equal(2, (await town.Balances.ListAsync(contract.CustomerId, new BalanceFilter(), true, true, default)).Value.Count);
    }

    private async Task TouchAsync(string customerId, string at)
    {
        town.Now = At(at);
        await town.Accounts.FenceAsync(customerId, default);
        await town.RunAsync();
    }
}
