using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Invoicing;
using Billing.UseCases.Contracts;
using Xunit;
using static Billing.UseCases.Tests.Town;

namespace Billing.UseCases.Tests.Invoicing;

/// <summary>Usage that comes after its period is final. The card's tiers: 1,000 x 10, 9,000 x 8, then 5.</summary>
public class LateUsageTests
{
    private readonly Town town = new();

    private async Task<Contract> BilledAsync(LateUsagePolicy? policy, string? end = null, decimal used = 1000)
    {
        var customer = await town.CustomerAsync("Late Co");
        var contract = await town.ContractAsync(customer, await town.CardAsync(), end: end);
        if (policy is not null) contract = await town.EditAsync(contract, c => c with { LateUsagePolicy = policy });
        town.Use(customer.Id, "2026-01-05T10", used);
        await MoveAsync("2026-02-02");
        return contract;
    }

    // Time passes, and periods are rated again an hour after their invoice.
    private async Task MoveAsync(string to)
    {
        town.Now = At(to);
        await town.RunAsync();
        await town.RateAgain.RunAsync(town.Now, default);
        await town.RunAsync();
    }

    private async Task LateAsync(Contract contract, string hour, decimal quantity)
    {
        town.Use(contract.CustomerId, hour, quantity);
        var invoice = (await town.ListAsync(contract.CustomerId, InvoiceStatus.Finalized)).First(i => i.Start <= At(hour) && At(hour) < i.End);
        await town.Accounts.ChangeAsync<bool>(
            contract.CustomerId,
            head => Task.FromResult<Domain.Values.Outcome<AccountChange<bool>>>(new AccountChange<bool>(true, head.WithLate([new LatePeriod(contract.Id, invoice.Start)]), [])), default);
        await town.RunAsync();
    }

    private async Task<string> LinesAsync(string customerId) => string.Join('\n', (await town.ListAsync(customerId)).SelectMany(i => i.Lines.Where(l => l.Quantity != 0).Select(l =>
        FormattableString.Invariant($"{i.Type} {i.Status} {i.Start.InUtc().Month} {(l.AdjustsPeriod is null ? "" : "late ")}{l.Quantity} x {l.UnitPrice} = {l.Total}"))));

    [Fact]
    public async Task Goes_on_the_next_usage_invoice_at_the_price_of_its_own_period()
    {
        var contract = await BilledAsync(null);
        await LateAsync(contract, "2026-01-20T10", 300);
        town.Use(contract.CustomerId, "2026-02-05T10", 10);
        // 1,300 in January are 1,000 x 10 + 300 x 8; 300 x 8 = 2,400 come late. February counts its tiers from 0: 10 x 10 = 100.
        Assert.Equal("""
            Usage Finalized 1 1000 x 10 = 10000
            Usage Draft 2 10 x 10 = 100
            Usage Draft 2 late 300 x 8 = 2400
            """, await LinesAsync(contract.CustomerId));
        await MoveAsync("2026-03-02");
        Assert.Equal([10_000m, 2_500m, 0m], (await town.ListAsync(contract.CustomerId)).Select(i => i.Total));
        Assert.Empty((await town.Accounts.HeadAsync(contract.CustomerId, default)).Late);
    }

    [Fact]
    public async Task That_comes_twice_is_billed_twice_once_each()
    {
        var contract = await BilledAsync(null);
        await LateAsync(contract, "2026-01-20T10", 300);
        await MoveAsync("2026-03-02");
        await LateAsync(contract, "2026-01-21T10", 50);
        await MoveAsync("2026-04-02");
        // January: 10,000; February carries 300 x 8; March carries 50 x 8
        Assert.Equal([10_000m, 2_400m, 400m, 0m], (await town.ListAsync(contract.CustomerId)).Select(i => i.Total));
    }

    [Fact]
    public async Task That_takes_back_is_given_back()
    {
        var contract = await BilledAsync(null, used: 1300);
        await LateAsync(contract, "2026-01-20T10", -400);
        // 900 are 900 x 10 = 9,000; billed were 12,400: 300 x 8 and 100 x 10 go back
        Assert.Equal(-3_400m, (await town.ListAsync(contract.CustomerId, InvoiceStatus.Draft)).Single().Total);
    }

    [Fact]
    public async Task Of_a_contract_that_has_ended_is_an_invoice_of_its_own()
    {
        var contract = await BilledAsync(null, end: "2026-02-01");
        await LateAsync(contract, "2026-01-20T10", 300);
        Assert.Equal("""
            Usage Finalized 1 1000 x 10 = 10000
            Adjustment Finalized 2 late 300 x 8 = 2400
            """, await LinesAsync(contract.CustomerId));
    }

    [Fact]
    public async Task Voids_and_makes_the_invoice_anew_where_the_contract_says_so()
    {
        var contract = await BilledAsync(LateUsagePolicy.Regenerate);
        await LateAsync(contract, "2026-01-20T10", 300);
        var all = (await town.ListAsync(contract.CustomerId)).Where(i => i.Start == At("2026-01-01")).ToList();
        Assert.Equal([(InvoiceStatus.Finalized, 12_400m), (InvoiceStatus.Void, 10_000m)], all.OrderBy(i => i.Status).Select(i => (i.Status, i.Total)));
        Assert.Equal(all.Single(i => i.Status == InvoiceStatus.Void).Id, all.Single(i => i.Status == InvoiceStatus.Finalized).RegeneratedFrom);
    }

    [Fact]
    public async Task Is_listed_and_not_billed_where_the_contract_says_so()
    {
        var contract = await BilledAsync(LateUsagePolicy.Report);
        await LateAsync(contract, "2026-01-20T10", 300);
        await MoveAsync("2026-03-02");
        Assert.Equal([10_000m, 0m, 0m], (await town.ListAsync(contract.CustomerId)).Select(i => i.Total));
        var reported = Assert.Single((await town.Late.ReportedAsync(null, 10, default)).Items);
        Assert.Equal((contract.Id, 2_400m), (reported.ContractId, reported.Lines.Sum(l => l.Total)));
    }

    [Fact]
    public async Task Is_paid_by_a_credit_that_was_open_when_it_was_used_and_has_not_expired_since()
    {
        var contract = await BilledAsync(null);
        await town.GrantAsync(contract, CommitType.Credit, 1_000, "2026-01-01", "2026-06-01");
        await town.GrantAsync(contract, CommitType.Credit, 1_000, "2026-01-01", "2026-02-01");
        await LateAsync(contract, "2026-01-20T10", 300);
        // 2,400 less 1,000 of the credit that is still open
        Assert.Equal(1_400m, (await town.ListAsync(contract.CustomerId, InvoiceStatus.Draft)).Single().Total);
    }

    [Fact]
    public async Task Of_a_period_that_is_voided_and_made_anew_is_taken_back_where_it_was_billed()
    {
        var contract = await BilledAsync(null);
        await LateAsync(contract, "2026-01-20T10", 300);
        await MoveAsync("2026-03-02");
        var january = (await town.ListAsync(contract.CustomerId, InvoiceStatus.Finalized))[0];
        await town.Changes.VoidAsync(january.Id, default);
        var again = (await town.Changes.RegenerateAsync(january.Id, town.Ids, default)).Value;
        // all 1,300 are 12,400; 2,400 of them stand on February's invoice and are taken back
        Assert.Equal(10_000m, again.Total);
        Assert.Equal([10_000m, 2_400m], (await town.ListAsync(contract.CustomerId, InvoiceStatus.Finalized)).OrderByDescending(i => i.Total).Select(i => i.Total));
    }

    [Fact]
    public async Task That_is_none_changes_nothing()
    {
        var contract = await BilledAsync(null);
        await MoveAsync("2026-02-03");
        Assert.Equal("Usage Finalized 1 1000 x 10 = 10000", await LinesAsync(contract.CustomerId));
        Assert.Empty((await town.Accounts.HeadAsync(contract.CustomerId, default)).Late);
    }
}
