using Billing.Domain.Invoicing;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.UseCases.Documents;
using Billing.UseCases.Invoicing;
using Xunit;
using static Billing.UseCases.Tests.Town;

namespace Billing.UseCases.Tests.Invoicing;

public class InvoicesTests
{
    private readonly Town town = new();

    private async Task<string> TierCoAsync(string start = "2026-01-01", string? end = null)
    {
        var customer = await town.CustomerAsync("Tier Co");
        await town.ContractAsync(customer, await town.CardAsync(), start, end);
        return customer.Id;
    }

    private static string Text(Invoice i) =>
        $"{i.Id} {i.Number} {i.Status} {i.Start}..{i.End} {i.IssuedAt} {i.Total}: " + string.Join("; ", i.Lines.Select(l => $"{l.Quantity} x {l.UnitPrice} = {l.Total}"));

    [Fact]
    public async Task A_draft_follows_usage_and_becomes_the_final_invoice_with_the_same_id()
    {
        var customer = await TierCoAsync();
        town.Now = At("2026-01-05");
        town.Use(customer, "2026-01-05T10", 1000);
        Assert.Equal(10_000m, (await town.ListAsync(customer)).Single().Total); // 1000 x 10
        town.Use(customer, "2026-01-12T10", 300);
        town.Use(customer, "2026-01-25T10", 11_700);
        var draft = (await town.ListAsync(customer)).Single();
        Assert.Equal((97_000m, InvoiceStatus.Draft, null), (draft.Total, draft.Status, draft.Number)); // 1000 x 10 + 9000 x 8 + 3000 x 5

        town.Use(customer, "2026-02-10T10", 1200);
        town.Now = At("2026-02-10");
        Assert.Equal(1, (await town.RunAsync()).Issued);
        var all = await town.ListAsync(customer);
        Assert.Equal([(draft.Id, InvoiceStatus.Finalized, 97_000m), (all[1].Id, InvoiceStatus.Draft, 11_600m)], all.Select(i => (i.Id, i.Status, i.Total))); // 1000 x 10 + 200 x 8
        Assert.Equal((1L, At("2026-02-02")), (all[0].Number, all[0].IssuedAt));
        Assert.Equal(Text(all[1]), Text((await town.Invoices.GetAsync(customer, all[1].Id, default)).Value));
    }

    [Fact]
    public async Task In_the_grace_period_the_ended_period_and_the_running_one_are_both_drafts()
    {
        var customer = await TierCoAsync();
        town.Now = At("2026-02-01T12");
        Assert.Equal(0, (await town.RunAsync()).Issued);
        Assert.Equal([At("2026-01-01"), At("2026-02-01")], (await town.ListAsync(customer, InvoiceStatus.Draft)).Select(i => i.Start));
    }

    [Theory]
    [InlineData("2026-02-01T23", null, 0)]
    [InlineData("2026-02-02", null, 1)]
    [InlineData("2026-02-05", "2026-02-01T23", 0)] // the log lags behind
    [InlineData("2026-02-05", "2026-02-02", 1)]
    public async Task A_period_becomes_final_when_its_grace_is_over_and_everything_before_that_is_counted(string now, string? cut, int invoices)
    {
        await TierCoAsync();
        (town.Now, town.Cut) = (At(now), cut is null ? null : At(cut));
        Assert.Equal(invoices, (await town.RunAsync()).Issued);
    }

    [Fact]
    public async Task A_contract_without_usage_gets_its_invoice_and_a_second_run_makes_none()
    {
        var customer = await TierCoAsync();
        town.Now = At("2026-02-03");
        Assert.Equal((1, 0), ((await town.RunAsync()).Issued, (await town.RunAsync()).Issued));
        var invoice = Assert.Single(await town.ListAsync(customer, InvoiceStatus.Finalized));
        Assert.Equal((0m, 0m), (invoice.Total, Assert.Single(invoice.Lines).Quantity));
    }

    [Fact]
    public async Task A_run_after_a_long_time_makes_every_period_in_order()
    {
        var customer = await TierCoAsync("2026-01-15", "2026-04-10");
        town.Now = At("2027-01-01");
        Assert.Equal(4, (await town.RunAsync()).Issued);
        var all = await town.ListAsync(customer);
        Assert.Equal([1L, 2, 3, 4], all.Select(i => i.Number!.Value));
        Assert.Equal([At("2026-02-01"), At("2026-03-01"), At("2026-04-01"), At("2026-04-10")], all.Select(i => i.End));
    }

    [Fact]
    public async Task Two_runs_at_once_make_one_invoice()
    {
        var customer = await TierCoAsync();
        town.Use(customer, "2026-01-05T10", 1000);
        town.Now = At("2026-02-03");
        var second = 0;
        town.OnRead = async _ =>
        {
            // While the first run rates, a whole second run comes and goes.
            town.OnRead = null;
            second = (await town.RunAsync()).Issued;
        };
        Assert.Equal((0, 1), ((await town.RunAsync()).Issued, second));
        Assert.Equal(10_000m, Assert.Single(await town.ListAsync(customer, InvoiceStatus.Finalized)).Total);
    }

    [Fact]
    public async Task A_run_killed_before_or_after_any_commit_and_repeated_gives_the_same_invoices()
    {
        async Task<(string Invoices, int Commits)> Run(int killAt, bool after)
        {
            var world = new InvoicesTests();
            var customer = await world.TierCoAsync("2026-01-15", "2026-04-10");
            world.town.Use(customer, "2026-02-05T10", 1300);
            world.town.Now = At("2026-06-01");
            var n = await world.town.RunKilledAsync(killAt, after);
            _ = await world.town.RunAsync();
            var invoices = await world.town.ListAsync(customer);
            // Ids differ from world to world with the contract's.
            return (string.Join('\n', invoices.Select(i => Text(i)[37..])), n);
        }
        var (whole, commits) = await Run(-1, false);
        Assert.Equal(8, commits); // of each invoice: whose it is, then the invoice
        Assert.Contains("1000 x 10 = 10000; 300 x 8 = 2400", whole, StringComparison.Ordinal);
        for (var i = 0; i < commits; i++)
        {
            Assert.Equal(whole, (await Run(i, false)).Invoices);
            Assert.Equal(whole, (await Run(i, true)).Invoices);
        }
    }

    [Fact]
    public async Task A_change_of_the_customer_during_rating_starts_the_rating_over()
    {
        var customer = await TierCoAsync();
        town.Now = At("2026-02-03");
        var reads = 0;
        town.OnRead = async _ =>
        {
            if (++reads == 1) await town.Customers.SetIngestAliasesAsync(customer, ["new"], default);
        };
        Assert.Equal((1, 2), ((await town.RunAsync()).Issued, reads));
    }

    [Fact]
    public async Task An_account_that_cannot_be_rated_is_parked_with_its_reason_and_the_others_go_on()
    {
        var (bad, good) = (await TierCoAsync(), await TierCoAsync());
        town.Use(bad, "2026-01-05T10", 20_000_000_000_000_000_000_000_000_000m); // x 5 is more than a decimal holds
        town.Now = At("2026-02-03");
        var run = await town.RunAsync();
        Assert.Equal((1, bad), (run.Issued, Assert.Single(run.Parked).CustomerId));
        Assert.Single(await town.ListAsync(good, InvoiceStatus.Finalized));
        var parked = Assert.Single((await town.Parked.ListAsync(null, 10, default)).Items);
        Assert.EndsWith(": An amount has more digits than can be kept exactly (28).", parked.Reason, StringComparison.Ordinal);
        Assert.Equal(parked, (await town.Accounts.HeadAsync(bad, default)).Parked);

        Assert.Empty((await town.RunAsync()).Parked);
        town.Use(bad, "2026-01-05T10", -20_000_000_000_000_000_000_000_000_000m);
        Assert.True((await town.Parked.ReleaseAsync(bad, default)).Value);
        Assert.Equal(1, (await town.RunAsync()).Issued);
        Assert.Empty((await town.Parked.ListAsync(null, 10, default)).Items);
    }

    [Fact]
    public async Task A_contract_that_cannot_be_rated_hides_no_other_invoice_and_is_named_with_the_reason()
    {
        // January: 10 x 10 = 100, final. February cannot be rated, March can: 20 x 10 = 200.
        var customer = await TierCoAsync();
        town.Use(customer, "2026-01-05T10", 10);
        town.Now = At("2026-02-03");
        await town.RunAsync();
        town.Use(customer, "2026-02-05T10", 20_000_000_000_000_000_000_000_000_000m); // x 5 is more than a decimal holds
        town.Use(customer, "2026-03-01T10", 20);
        town.Now = At("2026-03-01T12");
        var list = (await town.Invoices.ListAsync(customer, new InvoiceFilter(), null, 10, default)).Value;
        Assert.Equal([(InvoiceStatus.Finalized, 100m), (InvoiceStatus.Draft, 200m)], list.Items.Select(i => (i.Status, i.Total)));
        var leftOut = Assert.Single(list.LeftOut);
        Assert.Equal((At("2026-02-01"), At("2026-03-01"), "An amount has more digits than can be kept exactly (28)."), (leftOut.Start, leftOut.End, leftOut.Reason));
        var one = (await town.Invoices.GetAsync(customer, leftOut.InvoiceId, default)).Refusal!;
        Assert.Equal(("draft_not_rated", RefusalKind.Conflict), (one.Code, one.Kind));
        Assert.Contains(leftOut.Reason, one.Detail, StringComparison.Ordinal);
        async Task<int> LeftOutAsync(InvoiceFilter filter) => (await town.Invoices.ListAsync(customer, filter, null, 10, default)).Value.LeftOut.Count;
        Assert.Equal(1, await LeftOutAsync(new InvoiceFilter(InvoiceStatus.Draft)));
        Assert.Equal(0, await LeftOutAsync(new InvoiceFilter(InvoiceStatus.Finalized)));
        Assert.Equal(0, await LeftOutAsync(new InvoiceFilter(ContractId: "other")));
        Assert.Equal(0, await LeftOutAsync(new InvoiceFilter(StartingOn: At("2026-03-01"))));
        // Corrected, it becomes final under the id it was named by.
        town.Use(customer, "2026-02-05T10", -20_000_000_000_000_000_000_000_000_000m);
        town.Now = At("2026-03-03");
        await town.RunAsync();
        Assert.Equal([leftOut.InvoiceId], (await town.ListAsync(customer, InvoiceStatus.Finalized)).Where(i => i.Start == At("2026-02-01")).Select(i => i.Id));
    }

    [Fact]
    public async Task A_damaged_document_parks_its_account_only()
    {
        var (bad, good) = (await TierCoAsync(), await TierCoAsync());
        var document = town.Store.All("contract").Single(d => d.Place.First == bad);
        await town.Store.CommitAsync(document.Place, [new Write.Upsert(document with { Body = "{\"schema\":1}"u8.ToArray() })], default);
        town.Now = At("2026-02-03");
        var run = await town.RunAsync();
        Assert.Equal((1, bad), (run.Issued, Assert.Single(run.Parked).CustomerId));
        Assert.Single(await town.ListAsync(good, InvoiceStatus.Finalized));
    }

    [Fact]
    public async Task What_is_not_ready_waits_and_is_not_parked()
    {
        var (slow, good) = (await TierCoAsync(), await TierCoAsync());
        town.Now = At("2026-02-03");
        town.OnRead = c => c == slow ? throw new UsageNotReadyException("The metric is being filled.") : Task.CompletedTask;
        var run = await town.RunAsync();
        Assert.Equal((1, slow), (run.Issued, Assert.Single(run.Waiting).CustomerId));
        Assert.Empty(run.Parked);
        Assert.Single(await town.ListAsync(good, InvoiceStatus.Finalized));
        town.OnRead = null;
        Assert.Equal(town.Now + NodaTime.Duration.FromMinutes(5), await town.Billing.NextDueAsync(default));
        town.Now += NodaTime.Duration.FromMinutes(5);
        Assert.Equal(1, (await town.RunAsync()).Issued);
        Assert.Equal(At("2026-02-02"), (await town.ListAsync(slow, InvoiceStatus.Finalized)).Single().IssuedAt);
    }

    [Fact]
    public async Task Later_prices_do_not_change_a_final_invoice_and_its_header_names_what_it_read()
    {
        var customer = await town.CustomerAsync("Acme");
        var card = await town.CardAsync();
        var contract = await town.ContractAsync(customer, card);
        town.Use(customer.Id, "2026-01-05T10", 10);
        town.Now = At("2026-02-03");
        await town.RunAsync();
        var product = (await town.Products.ListAsync(UseCases.Pricing.ArchiveFilter.All, null, 1, default)).Items[0];
        await town.RateAsync(card, product, new Price.Flat(1));
        var all = await town.ListAsync(customer.Id);
        Assert.Equal(100m, all[0].Total); // 10 x 10
        Assert.Equal((1, card.Id, 2, 0), (all[0].Versions.Contract, all[0].Versions.RateCardId, all[0].Versions.RateCard, all[0].Versions.Products[product.Id]));
        Assert.Equal(3, all[1].Versions.RateCard);
        Assert.NotNull(town.Store.All("invoice").Single().Due);
        Assert.Equal(contract.Id, all[0].ContractId);
    }

    [Fact]
    public async Task Lines_that_do_not_fit_go_on_pages_and_come_back_whole()
    {
        var customer = await town.CustomerAsync("Acme");
        var card = await town.CardAsync();
        // 1,500 products of one unit each at 10: 15000, and the tiers of the card's own product at 10
        for (var i = 0; i < 1500; i++) await town.RateAsync(card, await town.ProductAsync($"Product {i}"), new Price.Flat(10));
        await town.ContractAsync(customer, card);
        town.Use(customer.Id, "2026-01-05T10", 1);
        town.Now = At("2026-02-03");
        await town.RunAsync();
        var header = StoredJson.Read<Kept<InvoiceHeader>>((await town.Store.ReadAsync(town.Store.All("invoice").Single().Place, town.Store.All("invoice").Single().Id, default))!).Value;
        Assert.True(header.Pages > 1);
        var invoice = Assert.Single(await town.ListAsync(customer.Id, InvoiceStatus.Finalized));
        Assert.Equal((15_010m, 1501, 15_010m), (invoice.Total, invoice.Lines.Count, invoice.Lines.Sum(l => l.Total)));
    }

    [Fact]
    public async Task Pages_of_a_run_that_was_overtaken_do_not_count_and_are_taken_away()
    {
        var customer = await town.CustomerAsync("Acme");
        var card = await town.CardAsync();
        for (var i = 0; i < 1500; i++) await town.RateAsync(card, await town.ProductAsync($"Product {i}"), new Price.Flat(10));
        await town.ContractAsync(customer, card);
        town.Now = At("2026-02-03");
        var once = false;
        town.Store.BeforeCommit = async writes =>
        {
            if (once || !writes.Any(w => w is Write.Create { Document.Kind: "invoice" })) return;
            once = true;
            await town.Customers.SetNameAsync(customer.Id, "Renamed", default);
        };
        Assert.Equal(1, (await town.RunAsync()).Issued);
        var header = StoredJson.Read<Kept<InvoiceHeader>>((await town.Store.ReadAsync(town.Store.All("invoice").Single().Place, town.Store.All("invoice").Single().Id, default))!).Value;
        Assert.Equal(header.Pages, town.Store.All("invoice-page").Count());
    }

    [Fact]
    public async Task Lists_are_filtered_and_paged_in_both_directions()
    {
        var customer = await TierCoAsync();
        town.Now = At("2026-05-03");
        await town.RunAsync();
        async Task<string> List(InvoiceFilter filter)
        {
            var (starts, next) = (new List<int>(), (string?)null);
            do
            {
                var page = (await town.Invoices.ListAsync(customer, filter, next, 2, default)).Value;
                starts.AddRange(page.Items.Select(i => i.Start.InUtc().Month));
                next = page.Next;
            }
            while (next is not null);
            return string.Join(' ', starts);
        }
        Assert.Equal("1 2 3 4 5", await List(new InvoiceFilter()));
        Assert.Equal("5 4 3 2 1", await List(new InvoiceFilter(NewestFirst: true)));
        Assert.Equal("1 2 3 4", await List(new InvoiceFilter(InvoiceStatus.Finalized)));
        Assert.Equal("2 3", await List(new InvoiceFilter(StartingOn: At("2026-02-01"), EndingBefore: At("2026-04-01"))));
        Assert.Equal("", await List(new InvoiceFilter(CreditTypeId: Currencies.All[1].Id)));
        Assert.Equal("customer_not_found", (await town.Invoices.ListAsync("none", new InvoiceFilter(InvoiceStatus.Finalized), null, 2, default)).Refusal?.Code);
    }

    [Fact]
    public async Task A_shorter_grace_makes_the_next_periods_final_earlier()
    {
        await town.Settings.SetAsync(new UseCases.Contracts.BillingSettings(0), default);
        var customer = await TierCoAsync();
        town.Now = At("2026-02-01");
        Assert.Equal(1, (await town.RunAsync()).Issued);
        Assert.Equal(At("2026-02-01"), (await town.ListAsync(customer, InvoiceStatus.Finalized)).Single().IssuedAt);
        Assert.Equal("bad_grace_period", (await town.Settings.SetAsync(new UseCases.Contracts.BillingSettings(-1), default)).Refusal?.Code);
    }
}
