using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;
using Xunit;
using static Billing.UseCases.Tests.Town;

namespace Billing.UseCases.Tests.Contracts;

public class PackagesTests
{
    private readonly Town town = new();
    private Product deposit = null!;

    private static TimeOffset Months(int value) => new(OffsetUnit.Months, value);

    /// <summary>A year, with a commit for its first and last half, a yearly payment, a monthly credit and a discount for two months.</summary>
    private async Task<NewPackage> PlanAsync()
    {
        var card = await town.CardAsync();
        var calls = (await town.Rates.InForceAsync(card.Id, At("2026-01-01"), [], null, 1, default)).Value.Items[0].Product;
        deposit = await town.ProductAsync(ProductType.Fixed, "Deposit");
        return new NewPackage("Plan")
        {
            RateCardId = card.Id,
            ContractName = "By plan",
            Duration = new TimeOffset(OffsetUnit.Years, 1),
            Aliases = [new RateCardAlias("plan")],
            UsageStatementSchedule = new PackageStatements(BillingFrequency.Monthly, StatementDay.ContractStart),
            Commits =
            [
                new NewCommit(deposit.Id)
                {
                    Type = CommitType.Prepaid,
                    TemporaryId = "half",
                    AccessSchedule = new NewAccessSchedule([new NewAccessItem(600) { StartingAtOffset = Months(0), Duration = Months(6) }, new NewAccessItem(600) { StartingAtOffset = Months(6), Duration = Months(6) }]),
                    InvoiceSchedule = new NewPaymentSchedule { ScheduleItems = [new NewPayment { DateOffset = Months(1), UnitPrice = 1_000, Quantity = 1 }] },
                },
            ],
            RecurringCredits = [new NewRecurringCommit(deposit.Id, new NewPricedAmount(10, 1), new CommitDuration(1)) { StartingAtOffset = Months(1) }],
            Overrides =
            [
                new NewOverride
                {
                    StartingAtOffset = Months(0), Duration = Months(2), Multiplier = 0.5m, IsCommitSpecific = true, OverrideSpecifiers = [new NewOverrideSpecifier { ProductId = calls.Id, CommitIds = ["half"] }],
                },
            ],
        };
    }

    private async Task<Package> MadeAsync(NewPackage wanted) => (await town.Packages.CreateAsync(wanted, town.Ids, default)).Value;

    private Task<Outcome<Contract>> SignAsync(Customer customer, string start, Func<NewContract, NewContract> by) => town.Contracts.CreateAsync(by(new NewContract(customer.Id, At(start))), town.Ids, default);

    [Fact]
    public async Task A_contract_of_a_package_has_its_terms_from_its_own_start()
    {
        var package = await MadeAsync(await PlanAsync());
        var acme = await town.CustomerAsync("Acme");
        var contract = (await SignAsync(acme, "2026-01-31", c => c with { PackageAlias = "plan" })).Value;
        Assert.Equal((package.Id, "By plan", At("2027-01-31")), (contract.PackageId, contract.Name, contract.EndingBefore!.Value));
        var commit = Assert.Single((await town.Reads.GetAsync(acme.Id, contract.Id, null, default)).Value.Commits);
        // Six months from 31 January is 31 July, and twelve are 31 January again: nothing drifts.
        Assert.Equal([(At("2026-01-31"), At("2026-07-31")), (At("2026-07-31"), At("2027-01-31"))], commit.Access.Select(a => (a.StartingAt, a.EndingBefore)));
        Assert.Equal((At("2026-02-28"), 1_000m), (commit.Invoicing!.Items[0].Timestamp, commit.Invoicing.Total));
        Assert.Equal(At("2026-02-28"), contract.RecurringCommits[0].StartingAt);
        Assert.Equal((At("2026-03-31"), commit.Id), (contract.Overrides[0].EndingBefore!.Value, Assert.Single(contract.Overrides[0].Commits!.CommitIds)));
    }

    [Fact]
    public async Task Contracts_of_a_package_are_listed_in_pages()
    {
        var package = await MadeAsync(await PlanAsync());
        var ids = new List<string>();
        for (var i = 0; i < 3; i++) ids.Add((await SignAsync(await town.CustomerAsync($"Customer {i}"), "2026-01-01", c => c with { PackageId = package.Id })).Value.Id);
        // A creation that breaks off leaves nothing in the list.
        town.Store.BeforeCommit = writes => writes.Any(w => w is Write.Create { Document.Kind: "contract" }) ? throw new IOException("killed") : Task.CompletedTask;
        var broken = await town.CustomerAsync("Broken");
        await Assert.ThrowsAsync<IOException>(() => SignAsync(broken, "2026-01-01", c => c with { PackageId = package.Id }));
        town.Store.BeforeCommit = null;
        var (listed, after) = (new List<string>(), (string?)null);
        do
        {
            var page = (await town.Packages.ContractsAsync(package.Id, _ => true, after, 2, default)).Value;
            listed.AddRange(page.Items.Select(c => c.Id));
            after = page.Next;
        }
        while (after is not null);
        Assert.Equal(ids.Order(), listed.Order());
    }

    [Fact]
    public async Task A_contract_of_a_package_has_no_terms_of_its_own_and_an_archived_package_takes_no_more()
    {
        var package = await MadeAsync(await PlanAsync());
        var acme = await town.CustomerAsync("Acme");
        Assert.Equal("package_and_terms", (await SignAsync(acme, "2026-01-01", c => c with { PackageId = package.Id, Name = "Mine" })).Refusal?.Code);
        Assert.Equal("two_packages", (await SignAsync(acme, "2026-01-01", c => c with { PackageId = package.Id, PackageAlias = "plan" })).Refusal?.Code);
        Assert.Equal("package_not_found", (await SignAsync(acme, "2026-01-01", c => c with { PackageAlias = "none" })).Refusal?.Code);
        await town.Packages.ArchiveAsync(package.Id, default);
        Assert.Equal("package_archived", (await SignAsync(acme, "2026-01-01", c => c with { PackageId = package.Id })).Refusal?.Code);
        Assert.Empty(town.Store.All("contract"));
    }

    [Fact]
    public async Task An_alias_belongs_to_the_package_that_took_it_last()
    {
        var plan = await PlanAsync();
        await MadeAsync(plan);
        var second = await MadeAsync(plan with { Name = "Second" });
        Assert.Equal(second.Id, (await SignAsync(await town.CustomerAsync("Acme"), "2026-01-01", c => c with { PackageAlias = "plan" })).Value.PackageId);
    }

    [Fact]
    public async Task A_uniqueness_key_of_a_package_is_used_once_and_a_repeated_request_answers_the_same()
    {
        var plan = await PlanAsync() with { UniquenessKey = "k" };
        async Task<string> Once(string key) => (await town.Packages.CreateAsync(plan, IdSource.DerivedFrom(key), default)) is { Refusal: null } made ? made.Value.Id : "refused";
        var first = await Once("request");
        Assert.Equal((first, "refused"), (await Once("request"), await Once("another request")));
    }

    [Theory]
    [InlineData("a date", "date_in_package", "/commits/0/access_schedule/schedule_items/0/starting_at")]
    [InlineData("no start", "starting_at_missing", "/commits/0/access_schedule/schedule_items/0/starting_at_offset")]
    [InlineData("no end", "ending_before_missing", "/commits/0/access_schedule/schedule_items/0/duration")]
    [InlineData("wrong product", "wrong_product_type", "/recurring_credits/0/product_id")]
    [InlineData("a payment without a day", "timestamp_missing", "/commits/0/invoice_schedule/schedule_items/0/date_offset")]
    public async Task What_no_contract_could_have_no_package_has(string what, string code, string field)
    {
        var ok = await PlanAsync();
        var (commit, item) = (ok.Commits![0], ok.Commits[0].AccessSchedule!.ScheduleItems[0]);
        NewPackage With(NewAccessItem changed) => ok with { Commits = [commit with { AccessSchedule = new NewAccessSchedule([changed]) }] };
        var wanted = what switch
        {
            "a date" => With(item with { StartingAtOffset = null, StartingAt = At("2026-01-01") }),
            "no start" => With(item with { StartingAtOffset = null }),
            "no end" => With(item with { Duration = null }),
            "wrong product" => ok with { RecurringCredits = [ok.RecurringCredits![0] with { ProductId = (await town.ProductAsync()).Id }] },
            _ => ok with { Commits = [commit with { InvoiceSchedule = new NewPaymentSchedule { ScheduleItems = [new NewPayment { Amount = 5 }] } }] },
        };
        var refusal = (await town.Packages.CreateAsync(wanted, town.Ids, default)).Refusal;
        Assert.Equal((code, field), (refusal?.Code, refusal?.Field));
        Assert.Empty(town.Store.All("package"));
    }

    [Fact]
    public async Task A_family_has_one_level_and_ten_contracts()
    {
        var card = await town.CardAsync();
        async Task<Contract> ContractAsync(string name) => await town.ContractAsync(await town.CustomerAsync(name), card);
        async Task<Outcome<Contract>> ChildAsync(Contract parent) => await SignAsync(
            await town.CustomerAsync("Child"), "2026-01-01", c => c with { RateCardId = card.Id, HierarchyConfiguration = new NewHierarchy(new NewParent(parent.Id, parent.CustomerId), Payer: Payer.Self) });
        var parent = await ContractAsync("Parent");
        var first = (await ChildAsync(parent)).Value;
        Assert.Equal("too_deep", (await ChildAsync(first)).Refusal?.Code);
        for (var i = 0; i < 8; i++) Assert.Null((await ChildAsync(parent)).Refusal);
        Assert.Equal("too_many_nodes", (await ChildAsync(parent)).Refusal?.Code);
        Assert.Equal(9, (await town.Reads.GetAsync(parent.CustomerId, parent.Id, null, default)).Value.Children.Count);
        await town.Archive.ArchiveAsync(first.CustomerId, first.Id, false, default);
        Assert.Null((await ChildAsync(parent)).Refusal);
        Assert.Equal("contract_not_found", (await ChildAsync(parent with { Id = "none" })).Refusal?.Code);
    }
}
