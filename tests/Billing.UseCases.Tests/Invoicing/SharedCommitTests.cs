using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Invoicing;
using Billing.Domain.Pricing;
using Billing.UseCases.Contracts;
using Billing.UseCases.Pricing;
using Xunit;
using static Billing.UseCases.Tests.Town;

namespace Billing.UseCases.Tests.Invoicing;

/// <summary>Children that draw on a commit of their parent's. A call costs 10.</summary>
public class SharedCommitTests
{
    private readonly Town town = new();
    private Customer group = null!;
    private Customer north = null!;
    private Customer south = null!;
    private Commit pool = null!;

    private async Task FamilyAsync(decimal amount = 1_000, string until = "2027-01-01", Func<string, ChildAccess>? access = null, CommitType type = CommitType.Prepaid)
    {
        var card = (await town.Cards.CreateAsync(new NewRateCard("Flat", null, [], null, new Dictionary<string, string>()), town.Ids, default)).Value;
        await town.RateAsync(card, await town.ProductAsync(), new Price.Flat(10));
        (group, north, south) = (await town.CustomerAsync("Group"), await town.CustomerAsync("North"), await town.CustomerAsync("South"));
        var parent = await town.ContractAsync(group, card);
        async Task<Contract> Child(Customer of) => (await town.Contracts.CreateAsync(
            new NewContract(of.Id, At("2026-01-01"), RateCardId: card.Id) { HierarchyConfiguration = new(new NewParent(parent.Id, group.Id)) }, town.Ids, default)).Value;
        var first = await Child(north);
        _ = await Child(south);
        pool = await town.GrantAsync(parent, type, amount, "2026-01-01", until, c => c with
        {
            ChildAccess = access?.Invoke(first.Id) ?? new ChildAccess(true, []),
            Invoicing = type == CommitType.Postpaid ? new PaymentSchedule(c.CreditTypeId, [new ScheduledPayment("payment", At(until), amount, 1)], false) : null,
        });
    }

    private async Task<decimal> FinalAsync(Customer of) => (await town.ListAsync(of.Id, InvoiceStatus.Finalized)).Where(i => i.Type == InvoiceType.Usage).Sum(i => i.Total);

    /// <summary>Sums of a page of the pool's ledger: granted, drawn and given back, and what is gone.</summary>
    private async Task<(decimal Drawn, decimal Expired, decimal Left)> PoolAsync()
    {
        var balance = (await town.Balances.ListAsync(group.Id, new UseCases.Credits.BalanceFilter(pool.Id), withDrafts: false, withLedger: true, default)).Value.Single();
        var ledger = balance.Ledger!;
        decimal Sum(params LedgerEntryType[] types) => ledger.Where(e => types.Contains(e.Type)).Sum(e => e.Amount);
        return (-Sum(LedgerEntryType.AutomatedInvoiceDeduction, LedgerEntryType.Credited), -Sum(LedgerEntryType.Expiration), ledger.Sum(e => e.Amount));
    }

    [Fact]
    public async Task What_a_child_uses_is_paid_by_the_parents_commit_until_it_is_used_up()
    {
        await FamilyAsync();
        town.Use(group.Id, "2026-01-03T10", 20);
        town.Use(north.Id, "2026-01-04T10", 30);
        town.Use(south.Id, "2026-01-05T10", 90);
        town.Now = At("2026-02-03");
        Assert.Equal(3, (await town.RunAsync()).Issued);
        // 200 + 300 + 900 = 1,400 used, of which 1,000 is paid by the commit, whoever came first.
        Assert.Equal(400m, await FinalAsync(group) + await FinalAsync(north) + await FinalAsync(south));
        Assert.Equal((1_000m, 0m, 0m), await PoolAsync());
        var invoice = (await town.ListAsync(north.Id, InvoiceStatus.Finalized)).Single();
        Assert.All(invoice.Draws, d => Assert.Equal((pool.Id, group.Id), (d.CommitId, d.CustomerId)));
        Assert.Equal(0, (await town.RunAsync()).Issued);
    }

    [Fact]
    public async Task Only_children_that_are_named_may_draw()
    {
        await FamilyAsync(access: first => new ChildAccess(false, [first]));
        town.Use(north.Id, "2026-01-04T10", 30);
        town.Use(south.Id, "2026-01-05T10", 30);
        town.Now = At("2026-02-03");
        _ = await town.RunAsync();
        Assert.Equal((0m, 300m), (await FinalAsync(north), await FinalAsync(south)));
        Assert.Equal((300m, 0m, 700m), await PoolAsync());
    }

    [Fact]
    public async Task Voiding_a_childs_invoice_gives_back_and_making_it_anew_draws_again()
    {
        await FamilyAsync();
        town.Use(north.Id, "2026-01-04T10", 30);
        town.Now = At("2026-02-03");
        _ = await town.RunAsync();
        var invoice = (await town.ListAsync(north.Id, InvoiceStatus.Finalized)).Single();
        _ = (await town.Changes.VoidAsync(invoice.Id, default)).Value;
        Assert.Equal((0m, 0m, 1_000m), await PoolAsync());
        town.Use(north.Id, "2026-01-06T10", 5);
        var again = (await town.Changes.RegenerateAsync(invoice.Id, town.Ids, default)).Value;
        Assert.Equal((0m, 350m), (again.Total, again.Draws.Single().Amount));
        Assert.Equal((350m, 0m, 650m), await PoolAsync());
    }

    [Fact]
    public async Task The_commit_does_not_expire_before_the_children_are_billed()
    {
        await FamilyAsync(until: "2026-02-01");
        town.Use(north.Id, "2026-01-31T23", 30);
        town.Now = At("2026-02-03");
        town.OnRead = id => id == north.Id ? throw new UseCases.Invoicing.UsageNotReadyException("still counting") : Task.CompletedTask;
        _ = await town.RunAsync();
        Assert.Equal((0m, 0m, 1_000m), await PoolAsync());
        town.OnRead = null;
        town.Now = At("2026-02-03T01");
        _ = await town.RunAsync();
        Assert.Equal((300m, 700m, 0m), await PoolAsync());
        Assert.Equal(0m, await FinalAsync(north));
        // Voided, what it drew and what had expired is there again.
        _ = (await town.Changes.VoidAsync((await town.ListAsync(north.Id, InvoiceStatus.Finalized)).Single().Id, default)).Value;
        Assert.Equal((0m, 0m, 1_000m), await PoolAsync());
    }

    [Fact]
    public async Task A_run_killed_before_or_after_any_commit_and_repeated_draws_once()
    {
        async Task<(string Result, int Commits)> Run(int killAt, bool after)
        {
            var world = new SharedCommitTests();
            await world.FamilyAsync(amount: 500);
            world.town.Use(world.north.Id, "2026-01-04T10", 30);
            world.town.Use(world.south.Id, "2026-01-04T10", 10);
            world.town.Now = At("2026-02-03");
            var commits = await world.town.RunKilledAsync(killAt, after);
            _ = await world.town.RunAsync();
            return ($"{await world.FinalAsync(world.north)} {await world.FinalAsync(world.south)} {await world.PoolAsync()}", commits);
        }
        var (whole, commits) = await Run(-1, false);
        Assert.Equal("0 0 (400, 0, 100)", whole);
        for (var i = 0; i < commits - 4; i++)
        {
            Assert.Equal(whole, (await Run(i, false)).Result);
            Assert.Equal(whole, (await Run(i, true)).Result);
        }
    }

    [Fact]
    public async Task Many_runs_at_once_draw_each_unit_once()
    {
        await FamilyAsync(amount: 700);
        foreach (var of in new[] { group, north, south }) town.Use(of.Id, "2026-01-04T10", 30);
        town.Now = At("2026-02-03");
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(town.RunAsync)));
        // 900 used, 700 paid by the commit.
        Assert.Equal(200m, await FinalAsync(group) + await FinalAsync(north) + await FinalAsync(south));
        Assert.Equal((700m, 0m, 0m), await PoolAsync());
    }

    [Fact]
    public async Task What_another_child_drew_while_this_one_was_rated_is_seen()
    {
        await FamilyAsync(amount: 500);
        town.Use(north.Id, "2026-01-04T10", 30);
        town.Use(south.Id, "2026-01-04T10", 40);
        town.Now = At("2026-02-03");
        var interfered = false;
        town.OnRead = async id =>
        {
            // North's balances were read; its usage is about to be.
            if (id != north.Id || interfered) return;
            interfered = true;
            _ = await town.Issue.StepAsync(south.Id, town.Now, town.Ids, default);
        };
        _ = await town.Issue.StepAsync(north.Id, town.Now, town.Ids, default);
        // South took 400 of 500: 100 are left for North's 300.
        Assert.Equal((200m, 0m), (await FinalAsync(north), await FinalAsync(south)));
        Assert.Equal((500m, 0m, 0m), await PoolAsync());
    }

    [Fact]
    public async Task A_draw_whose_invoice_was_overtaken_is_given_back_before_it_is_drawn_again()
    {
        await FamilyAsync();
        town.Use(north.Id, "2026-01-04T10", 30);
        town.Now = At("2026-02-03");
        var overtaken = false;
        town.Store.BeforeCommit = async writes =>
        {
            if (overtaken || !writes.Any(w => w is UseCases.Documents.Write.Create { Document.Kind: "invoice" })) return;
            overtaken = true;
            await town.Accounts.FenceAsync(north.Id, default);
        };
        _ = await town.Issue.StepAsync(north.Id, town.Now, town.Ids, default);
        Assert.True(overtaken);
        Assert.Equal((300m, 0m, 700m), await PoolAsync());
    }

    [Fact]
    public async Task A_draw_that_a_dead_run_left_is_given_back_and_the_run_can_not_use_it_any_more()
    {
        await FamilyAsync();
        town.Use(north.Id, "2026-01-04T10", 30);
        town.Now = At("2026-02-03");
        var slept = false;
        town.Store.BeforeCommit = async writes =>
        {
            if (slept || !writes.Any(w => w is UseCases.Documents.Write.Create { Document.Kind: "invoice" })) return;
            slept = true;
            // While this run sleeps before its commit, somebody takes it for dead.
            await new UseCases.Invoicing.SharedDraws(town.Store).ResolveAsync(north.Id, default);
            Assert.Equal((0m, 0m, 1_000m), await PoolAsync());
        };
        _ = await town.Issue.StepAsync(north.Id, town.Now, town.Ids, default);
        var invoice = Assert.Single(await town.ListAsync(north.Id, InvoiceStatus.Finalized));
        Assert.Equal((300m, 0m, 700m), await PoolAsync());
        Assert.Equal(300m, invoice.Draws.Sum(d => d.Amount));
    }

    [Fact]
    public async Task A_promise_is_kept_by_what_the_children_use_and_trued_up_once_they_are_billed()
    {
        await FamilyAsync(until: "2026-02-01", type: CommitType.Postpaid);
        town.Use(group.Id, "2026-01-03T10", 20);
        town.Use(north.Id, "2026-01-04T10", 30);
        town.Use(south.Id, "2026-01-05T10", 40);
        town.Now = At("2026-01-20");
        // What is missing from the promise as it stands: 1,000 - 200 - 300 - 400 = 100.
        Assert.Equal(100m, await TrueupAsync(InvoiceStatus.Draft));
        town.Now = At("2026-02-03");
        town.OnRead = id => id == south.Id ? throw new UseCases.Invoicing.UsageNotReadyException("still counting") : Task.CompletedTask;
        _ = await town.RunAsync();
        Assert.Null(await TrueupAsync(InvoiceStatus.Finalized));
        town.OnRead = null;
        town.Now = At("2026-02-03T01");
        _ = await town.RunAsync();
        // Whoever used it pays for it; the promise only tells what is missing.
        Assert.Equal((200m, 300m, 400m), (await FinalAsync(group), await FinalAsync(north), await FinalAsync(south)));
        Assert.Equal(100m, await TrueupAsync(InvoiceStatus.Finalized));
        Assert.Equal((900m, 0m, 0m), await PoolAsync());
        Assert.Equal(0, (await town.RunAsync()).Issued);
    }

    private async Task<decimal?> TrueupAsync(InvoiceStatus status) =>
        (await town.ListAsync(group.Id, status)).SingleOrDefault(i => i.Type == InvoiceType.Scheduled && i.Lines.Any(l => l.Type == LineType.CommitPurchase))?.Total;

    [Fact]
    public async Task Drafts_and_balances_count_what_the_whole_family_has_used()
    {
        await FamilyAsync();
        town.Use(group.Id, "2026-01-03T10", 20);
        town.Use(north.Id, "2026-01-04T10", 30);
        town.Now = At("2026-01-20");
        // 1,000 - 200 - 300; nothing is final.
        Assert.Equal((500m, 1_000m), (await LeftAsync(withDrafts: true), await LeftAsync(withDrafts: false)));
        town.Use(south.Id, "2026-01-05T10", 90);
        // 1,400 used: whoever's turn comes last pays 400, once.
        Assert.Equal(0m, await LeftAsync(withDrafts: true));
        var drafts = 0m;
        foreach (var of in new[] { group, north, south }) drafts += (await town.ListAsync(of.Id)).Sum(i => i.Total);
        Assert.Equal(400m, drafts);
    }

    private async Task<decimal> LeftAsync(bool withDrafts) => (await town.Balances.ListAsync(group.Id, new UseCases.Credits.BalanceFilter(pool.Id), withDrafts, false, default)).Value.Single().Left;

    [Fact]
    public async Task A_childs_usage_that_can_not_be_rated_keeps_nobody_elses_draft()
    {
        await FamilyAsync();
        town.Use(group.Id, "2026-01-03T10", 20);
        town.Use(north.Id, "2026-01-04T10", 30);
        town.OnRead = id => id == north.Id ? throw new OverflowException("too large") : Task.CompletedTask;
        town.Now = At("2026-01-20");
        Assert.Equal(0m, (await town.ListAsync(group.Id)).Single().Total);
        Assert.Equal(800m, await LeftAsync(withDrafts: true));
    }
}
