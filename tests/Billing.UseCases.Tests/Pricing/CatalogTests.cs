using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.UseCases.Documents;
using Billing.UseCases.Pricing;
using Xunit;
using static Billing.UseCases.Tests.Town;

namespace Billing.UseCases.Tests.Pricing;

public class CatalogTests
{
    private readonly Town town = new();

    private Task<Outcome<RateCard>> Card(string name, params string[] aliases) => town.Cards.CreateAsync(
        new NewRateCard(name, null, [.. aliases.Select(a => new RateCardAlias(a))], null, new Dictionary<string, string>()), town.Ids, default);

    [Fact]
    public async Task A_product_needs_a_metric_that_exists_and_has_its_group_key()
    {
        async Task<string?> Refused(string metric, params string[] keys) => (await town.Products.CreateAsync(
            ProductType.Usage, new ProductTerms("P", metric, keys, [], null, null, []), new Dictionary<string, string>(), town.Ids, default)).Refusal?.Code;
        Assert.Equal("metric_not_found", await Refused("none"));
        Assert.Equal("not_a_group_key", await Refused("calls", "region"));
        Assert.Null(await Refused("calls", "model"));
        Assert.Single(town.Store.All("product"));
    }

    [Fact]
    public async Task A_repeated_creation_with_the_same_key_makes_one_product()
    {
        async Task<string> Create() => (await town.Products.CreateAsync(
            ProductType.Fixed, new ProductTerms("Fee", null, [], [], null, null, []), new Dictionary<string, string>(), IdSource.DerivedFrom("key"), default)).Value.Id;
        Assert.Equal(await Create(), await Create());
        Assert.Single(town.Store.All("product"));
    }

    [Fact]
    public async Task An_update_off_the_hour_is_refused_and_changes_nothing()
    {
        var product = await town.ProductAsync();
        var refused = await town.Products.UpdateAsync(product.Id, new ProductUpdate(At("2026-01-01") + NodaTime.Duration.FromMinutes(30), town.Now) { Name = "New" }, default);
        Assert.Equal("not_on_the_hour", refused.Refusal?.Code);
        Assert.Empty((await town.Products.GetAsync(product.Id, default)).Value.Updates);
    }

    [Fact]
    public async Task Archived_products_are_listed_only_when_asked_for_and_take_no_rates()
    {
        var card = await town.CardAsync();
        var product = await town.ProductAsync("Old");
        await town.Products.ArchiveAsync(product.Id, default);
        Assert.Equal(["Calls"], (await town.Products.ListAsync(ArchiveFilter.NotArchived, null, 10, default)).Items.Select(p => p.Initial.Name));
        Assert.Equal(["Old"], (await town.Products.ListAsync(ArchiveFilter.Archived, null, 10, default)).Items.Select(p => p.Initial.Name));
        var refused = await town.Rates.AddAsync(card.Id, [new NewRate(product.Id, new Price.Flat(1), At("2026-01-01"), null, true, Groups.None)], town.Ids, default);
        Assert.Equal(("product_archived", "/rates/0/product_id"), (refused.Refusal?.Code, refused.Refusal?.Field));
    }

    [Fact]
    public async Task Lists_go_on_where_a_page_ended()
    {
        for (var i = 0; i < 5; i++) await town.ProductAsync($"P{i}");
        var (seen, next) = (new HashSet<string>(), (string?)null);
        do
        {
            var page = await town.Products.ListAsync(ArchiveFilter.All, next, 2, default);
            Assert.All(page.Items, p => Assert.True(seen.Add(p.Id)));
            next = page.Next;
        }
        while (next is not null);
        Assert.Equal(5, seen.Count);
    }

    [Fact]
    public async Task An_alias_moves_to_the_card_that_took_it_last()
    {
        var first = (await Card("First", "list")).Value;
        var second = (await Card("Second", "list")).Value;
        Assert.Equal(second.Id, (await town.Cards.ByAliasAsync("list", town.Now, default)).Value.Id);
        await town.Cards.UpdateAsync(first.Id, new RateCardChange(null, null, [new RateCardAlias("list")]), default);
        Assert.Equal(first.Id, (await town.Cards.ByAliasAsync("list", town.Now, default)).Value.Id);
    }

    [Fact]
    public async Task A_card_whose_creation_broke_off_does_not_take_the_alias()
    {
        var first = (await Card("First", "list")).Value;
        town.Store.BeforeCommit = writes => writes.Any(w => w is Write.Create { Document.Kind: "rate-card" }) ? throw new IOException("killed") : Task.CompletedTask;
        await Assert.ThrowsAsync<IOException>(() => Card("Second", "list"));
        Assert.Equal(first.Id, (await town.Cards.ByAliasAsync("list", town.Now, default)).Value.Id);
    }

    [Fact]
    public async Task Rates_are_read_in_force_and_as_a_schedule()
    {
        var card = await town.CardAsync();
        var product = (await town.Products.ListAsync(ArchiveFilter.All, null, 1, default)).Items[0];
        await town.RateAsync(card, product, new Price.Flat(7), "2026-02-01");
        var rows = (await town.Rates.InForceAsync(card.Id, At("2026-03-01"), [], null, 10, default)).Value.Items;
        Assert.Equal(new Price.Flat(7), Assert.Single(rows).Rate.Price);
        var schedule = (await town.Rates.ScheduleAsync(card.Id, At("2026-01-01"), null, [], null, 10, default)).Value.Items;
        Assert.Equal([(At("2026-01-01"), At("2026-02-01")), (At("2026-02-01"), (NodaTime.Instant?)null)], schedule.Select(r => (r.StartingAt, r.EndingBefore)));
        Assert.Empty((await town.Rates.InForceAsync(card.Id, At("2026-03-01"), [new RateSelector("other")], null, 10, default)).Value.Items);
    }

    [Fact]
    public async Task Rates_are_added_all_or_none_and_a_repeated_request_adds_none()
    {
        var card = await town.CardAsync();
        var product = (await town.Products.ListAsync(ArchiveFilter.All, null, 1, default)).Items[0];
        NewRate Rate(decimal price) => new(product.Id, new Price.Flat(price), At("2026-01-01"), null, true, Groups.None);
        Assert.Equal("negative_price", (await town.Rates.AddAsync(card.Id, [Rate(1), Rate(-1)], town.Ids, default)).Refusal?.Code);
        var first = (await town.Rates.AddAsync(card.Id, [Rate(1), Rate(2)], IdSource.DerivedFrom("key"), default)).Value;
        var again = (await town.Rates.AddAsync(card.Id, [Rate(1), Rate(2)], IdSource.DerivedFrom("key"), default)).Value;
        Assert.Equal(first.Select(r => r.Id), again.Select(r => r.Id));
        Assert.Equal(3, (await town.Cards.GetAsync(card.Id, default)).Value.Version); // created, the tiers, this batch
    }
}
