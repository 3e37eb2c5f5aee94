using Billing.Domain.Contracts;
using Billing.Domain.Invoicing;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Xunit;
using static Billing.UseCases.Tests.Town;

namespace Billing.UseCases.Tests.Invoicing;

/// <summary>A parent that pays for its children. 1,000 calls cost 10 each, 9,000 more 8, then 5.</summary>
public class FamilyTests
{
    private readonly Town town = new();
    private RateCard card = null!;
    private Customer group = null!;
    private Customer north = null!;
    private Customer south = null!;
    private Contract parent = null!;
    private Contract child = null!;

    private async Task<Contract> MakeAsync(Customer customer, NewHierarchy hierarchy, UsageStatementSchedule? schedule = null, string start = "2026-01-01", LateUsagePolicy? late = null) =>
        (await town.Contracts.CreateAsync(new NewContract(customer.Id, At(start), RateCardId: card.Id, UsageStatementSchedule: schedule) { HierarchyConfiguration = hierarchy, LateUsagePolicy = late }, town.Ids, default)).Value;

    private NewHierarchy Under(Contract of, bool consolidate = true) =>
        new(new NewParent(of.Id, of.CustomerId), null, Payer.Parent, consolidate ? StatementBehavior.Consolidate : StatementBehavior.Separate);

    private async Task FamilyAsync(UsageStatementSchedule? schedule = null, LateUsagePolicy? late = null)
    {
        card = await town.CardAsync();
        (group, north, south) = (await town.CustomerAsync("Group"), await town.CustomerAsync("North"), await town.CustomerAsync("South"));
        parent = await MakeAsync(group, new NewHierarchy(ParentBehavior: new ParentBehavior(ConsolidationType.Concatenate)));
        child = await MakeAsync(north, Under(parent), schedule, late: late);
        _ = await MakeAsync(south, Under(parent, consolidate: false));
    }

    private async Task<Invoice> ConsolidatedAsync(string start, InvoiceStatus status = InvoiceStatus.Finalized) =>
        Assert.Single(await town.ListAsync(group.Id, status), i => i.Type == InvoiceType.UsageConsolidated && i.Start == At(start));

    private static string Lines(Invoice i) => string.Join("; ", i.Lines.Select(l => $"{l.Quantity} x {l.UnitPrice} = {l.Total}"));

    [Fact]
    public async Task The_parents_and_the_childs_lines_are_on_one_invoice_that_the_parent_pays()
    {
        await FamilyAsync();
        town.Now = At("2026-01-20");
        town.Use(group.Id, "2026-01-03T10", 100);
        town.Use(north.Id, "2026-01-04T10", 1_200);
        town.Use(south.Id, "2026-01-05T10", 7);
        var draft = await ConsolidatedAsync("2026-01-01", InvoiceStatus.Draft);
        Assert.Equal((12_600m, "100 x 10 = 1000; 1000 x 10 = 10000; 200 x 8 = 1600"), (draft.Total, Lines(draft))); // 1,000 + 10,000 + 1,600
        town.Now = At("2026-02-03");
        // Three usage invoices and the consolidated one.
        Assert.Equal(4, (await town.RunAsync()).Issued);
        var final = await ConsolidatedAsync("2026-01-01");
        Assert.Equal((draft.Id, draft.Total, Lines(draft)), (final.Id, final.Total, Lines(final)));
        var own = (await town.ListAsync(group.Id, InvoiceStatus.Finalized)).Single(i => i.Type == InvoiceType.Usage);
        var of = Assert.Single(await town.ListAsync(north.Id, InvoiceStatus.Finalized));
        Assert.Equal([new Constituent(group.Id, parent.Id, own.Id), new Constituent(north.Id, child.Id, of.Id)], final.Constituents);
        Assert.Equal([(own.Id, 1), (of.Id, 1), (of.Id, 2)], final.Lines.Select(l => (l.Origin!.InvoiceId, l.Origin.Line)));
        Assert.Equal((new PayingContract(group.Id, parent.Id), "Group"), (of.PaidBy, of.Buyer!.Name));
        // South pays through its parent too, with an invoice of its own.
        Assert.Equal((new PayingContract(group.Id, parent.Id), 70m), ((await town.ListAsync(south.Id, InvoiceStatus.Finalized)).Single().PaidBy, (await town.ListAsync(south.Id, InvoiceStatus.Finalized)).Single().Total));
        Assert.Equal(0, (await town.RunAsync()).Issued);
    }

    [Fact]
    public async Task A_child_that_is_billed_by_the_week_has_the_weeks_that_end_in_the_parents_month()
    {
        await FamilyAsync(new UsageStatementSchedule(BillingFrequency.Weekly, StatementDay.ContractStart));
        for (var day = 1; day <= 31; day++) town.Use(north.Id, $"2026-01-{day:D2}T10", 1);
        town.Now = At("2026-02-03");
        _ = await town.RunAsync();
        // Weeks from Thursday the 1st: four end in January, the fifth on 5 February.
        Assert.Equal("0 x 10 = 0; 7 x 10 = 70; 7 x 10 = 70; 7 x 10 = 70; 7 x 10 = 70", Lines(await ConsolidatedAsync("2026-01-01")));
        town.Now = At("2026-03-03");
        _ = await town.RunAsync();
        Assert.Equal("0 x 10 = 0; 3 x 10 = 30; 0 x 10 = 0; 0 x 10 = 0; 0 x 10 = 0", Lines(await ConsolidatedAsync("2026-02-01")));
    }

    [Fact]
    public async Task The_parent_waits_for_a_child_whose_usage_is_not_ready()
    {
        await FamilyAsync();
        town.Use(north.Id, "2026-01-04T10", 5);
        town.Now = At("2026-02-03");
        town.OnRead = id => id == north.Id ? throw new UseCases.Invoicing.UsageNotReadyException("still counting") : Task.CompletedTask;
        var run = await town.RunAsync();
        Assert.Equal((2, north.Id), (run.Issued, Assert.Single(run.Waiting).CustomerId)); // the parent's and South's
        town.OnRead = null;
        town.Now = At("2026-02-03T01");
        Assert.Equal(2, (await town.RunAsync()).Issued);
        Assert.Equal(50m, (await ConsolidatedAsync("2026-01-01")).Total);
    }

    [Fact]
    public async Task What_is_on_a_consolidated_invoice_is_voided_after_it_and_comes_back_with_it()
    {
        await FamilyAsync();
        town.Use(north.Id, "2026-01-04T10", 5);
        town.Now = At("2026-02-03");
        _ = await town.RunAsync();
        var (first, of) = (await ConsolidatedAsync("2026-01-01"), Assert.Single(await town.ListAsync(north.Id, InvoiceStatus.Finalized)));
        Assert.Equal("on_consolidated_invoice", (await town.Changes.VoidAsync(of.Id, default)).Refusal!.Code);
        Assert.Equal("on_consolidated_invoice", (await town.Changes.VoidAsync(first.Constituents[0].InvoiceId, default)).Refusal!.Code);
        _ = (await town.Changes.VoidAsync(first.Id, default)).Value;
        _ = (await town.Changes.VoidAsync(of.Id, default)).Value;
        town.Use(north.Id, "2026-01-05T10", 2);
        var again = (await town.Changes.RegenerateAsync(of.Id, town.Ids, default)).Value;
        var second = (await town.Changes.RegenerateAsync(first.Id, town.Ids, default)).Value;
        Assert.Equal((70m, first.Id, again.Id), (second.Total, second.RegeneratedFrom, second.Constituents[1].InvoiceId));
        Assert.Equal("on_consolidated_invoice", (await town.Changes.VoidAsync(again.Id, default)).Refusal!.Code);
        Assert.Equal(0, (await town.RunAsync()).Issued);
    }

    [Fact]
    public async Task Late_usage_of_a_consolidated_period_comes_with_the_next_one_even_where_the_contract_says_regenerate()
    {
        await FamilyAsync(late: LateUsagePolicy.Regenerate);
        town.Use(north.Id, "2026-01-04T10", 5);
        town.Now = At("2026-02-03");
        _ = await town.RunAsync();
        town.Use(north.Id, "2026-01-30T10", 3);
        town.Now = At("2026-03-03");
        await town.RateAgain.RunAsync(town.Now, default);
        var run = await town.RunAsync();
        Assert.Equal("", string.Join(", ", run.Parked.Select(p => p.Reason).Concat(run.Waiting.Select(w => w.Reason))));
        Assert.Equal("0 x 10 = 0; 0 x 10 = 0; 3 x 10 = 30", Lines(await ConsolidatedAsync("2026-02-01")));
        Assert.Equal(50m, (await ConsolidatedAsync("2026-01-01")).Total);
    }

    [Fact]
    public async Task A_run_killed_before_or_after_any_commit_and_repeated_gives_the_same_consolidated_invoice()
    {
        async Task<(string Invoices, int Commits)> Run(int killAt, bool after)
        {
            var world = new FamilyTests();
            await world.FamilyAsync();
            world.town.Use(world.north.Id, "2026-01-04T10", 5);
            world.town.Now = At("2026-02-03");
            var commits = await world.town.RunKilledAsync(killAt, after);
            world.town.Now = At("2026-02-03T01");
            var run = await world.town.RunAsync();
            Assert.True(run.Parked.Count + run.Waiting.Count == 0, $"{killAt} {after}: {string.Join(", ", run.Parked.Select(p => p.Reason).Concat(run.Waiting.Select(w => w.Reason)))}");
            return (Lines(await world.ConsolidatedAsync("2026-01-01")), commits);
        }
        var (whole, commits) = await Run(-1, false);
        Assert.Equal("0 x 10 = 0; 5 x 10 = 50", whole);
        // Parallel accounts commit in any order; whichever commit it is, and however many there are by then.
        for (var i = 0; i < commits - 2; i++)
        {
            Assert.Equal(whole, (await Run(i, false)).Invoices);
            Assert.Equal(whole, (await Run(i, true)).Invoices);
        }
    }

    [Fact]
    public async Task Families_that_can_not_be_are_refused()
    {
        await FamilyAsync();
        async Task<string?> Code(NewHierarchy hierarchy) =>
            (await town.Contracts.CreateAsync(new NewContract(south.Id, At("2026-01-01"), RateCardId: card.Id) { HierarchyConfiguration = hierarchy }, town.Ids, default)).Refusal?.Code;
        Assert.Equal("parent_missing", await Code(new NewHierarchy(Payer: Payer.Parent)));
        Assert.Equal("consolidated_for_another_payer", await Code(Under(parent) with { Payer = Payer.Self }));
        var plain = await MakeAsync(group, new NewHierarchy(ParentBehavior: new ParentBehavior(ConsolidationType.None)));
        Assert.Equal("parent_consolidates_nothing", await Code(Under(plain)));
        Assert.Null(await Code(Under(plain, consolidate: false)));
    }
}
