using Billing.Domain.Contracts;
using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;
using Billing.UseCases.Pricing;
using Xunit;
using static Billing.UseCases.Tests.Town;

namespace Billing.UseCases.Tests.Contracts;

public class CustomersTests
{
    private readonly Town town = new();

    private Task<Outcome<Customer>> Create(IdSource ids, params string[] aliases) =>
        town.Customers.CreateAsync(new NewCustomer("Acme", aliases, new Dictionary<string, string>()), ids, default);

    private Task<Outcome<Customer>> SetAliases(Customer customer, params string[] aliases) =>
        town.Customers.SetIngestAliasesAsync(customer.Id, aliases, default);

    private async Task<OwnedKey[]> Keys(Customer customer, string key) =>
        [.. (await town.Customers.GetAsync(customer.Id, default)).Value.Keys.Where(k => k.Key == key)];

    [Fact]
    public async Task A_customer_owns_its_id_and_aliases_from_the_beginning()
    {
        var acme = await town.CustomerAsync("Acme", "acme", "acme-eu");
        Assert.Equal([acme.Id, "acme", "acme-eu"], acme.Keys.Select(k => k.Key));
        Assert.All(acme.Keys, k => Assert.Equal((null, null), (k.From, k.Until)));
        Assert.Equal(acme.Id, (await town.Customers.ByKeyAsync("acme", default))?.Id);
    }

    [Fact]
    public async Task An_alias_that_is_taken_is_a_conflict_that_names_the_owner_and_leaves_no_customer()
    {
        var acme = await town.CustomerAsync("Acme", "acme");
        var refused = (await Create(town.Ids, "new", "acme")).Refusal!;
        Assert.Equal((RefusalKind.Conflict, "alias_taken"), (refused.Kind, refused.Code));
        Assert.Contains(acme.Id, refused.Detail, StringComparison.Ordinal);
        Assert.Single(town.Store.All("customer"));
        Assert.Null((await Create(town.Ids, "new")).Refusal);
    }

    [Fact]
    public async Task The_id_of_another_customer_cannot_be_an_alias()
    {
        var acme = await town.CustomerAsync("Acme");
        Assert.Equal("alias_taken", (await Create(town.Ids, acme.Id)).Refusal?.Code);
    }

    [Fact]
    public async Task Names_are_cut_at_160_characters() =>
        Assert.Equal(160, (await town.CustomerAsync(new string('x', 200))).Name.Length);

    [Fact]
    public async Task An_alias_of_any_characters_and_length_up_to_128_works()
    {
        var alias = new string('語', 128);
        var acme = await town.CustomerAsync("Acme", alias, "a/b?c#d=");
        Assert.Equal(acme.Id, (await town.Customers.ByKeyAsync(alias, default))?.Id);
        Assert.Equal("bad_alias", (await Create(town.Ids, alias + "x")).Refusal?.Code);
    }

    [Fact]
    public async Task An_alias_moves_when_its_owner_has_dropped_it_and_nothing_final_stays_behind()
    {
        var (acme, next) = (await town.CustomerAsync("Acme", "key"), await town.CustomerAsync("Next"));
        Assert.Equal("alias_taken", (await SetAliases(next, "key")).Refusal?.Code);
        await SetAliases(acme);
        Assert.Null((await SetAliases(next, "key")).Refusal);
        Assert.Empty(await Keys(acme, "key"));
        Assert.Equal([new OwnedKey("key", null, null)], await Keys(next, "key"));
    }

    [Fact]
    public async Task The_old_owner_keeps_usage_through_the_last_final_period_and_the_next_has_it_from_there()
    {
        var card = await town.CardAsync();
        var (acme, next) = (await town.CustomerAsync("Acme", "key"), await town.CustomerAsync("Next"));
        await town.ContractAsync(acme, card);
        town.Now = At("2026-02-10");
        await town.RunAsync();
        await SetAliases(acme);
        await SetAliases(next, "key");
        Assert.Equal([new OwnedKey("key", null, At("2026-02-01"))], await Keys(acme, "key"));
        Assert.Equal([new OwnedKey("key", At("2026-02-01"), null)], await Keys(next, "key"));
        await SetAliases(next);
        await SetAliases(acme, "key");
        Assert.Equal([new OwnedKey("key", null, null)], await Keys(acme, "key"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_claim_that_came_to_nothing_gives_way(bool beforeTheCustomer)
    {
        // Killed before the customer was written, or after it was given up and before the lookup was settled.
        var acme = beforeTheCustomer ? null : await town.CustomerAsync("Acme", "key");
        town.Store.BeforeCommit = beforeTheCustomer
            ? writes => writes.Any(w => w is Write.Create { Document.Kind: "customer" }) ? throw new IOException("killed") : Task.CompletedTask
            : null;
        town.Store.AfterCommit = beforeTheCustomer
            ? null
            : writes => { if (writes.Any(w => w is Write.Replace { Document.Kind: "customer" })) throw new IOException("killed"); };
        await Assert.ThrowsAsync<IOException>(() => acme is null ? Create(town.Ids, "key") : SetAliases(acme));
        (town.Store.BeforeCommit, town.Store.AfterCommit) = (null, null);

        var next = await town.CustomerAsync("Next", "key");
        Assert.Equal(next.Id, (await town.Customers.ByKeyAsync("key", default))?.Id);
        Assert.Equal([new OwnedKey("key", null, null)], await Keys(next, "key"));
    }

    [Fact]
    public async Task A_slow_claimant_that_was_fenced_cannot_take_the_key_any_more()
    {
        Customer? next = null;
        town.Store.BeforeCommit = async writes =>
        {
            if (next is not null || !writes.Any(w => w is Write.Create { Document.Kind: "customer" })) return;
            // Just before the first customer is written, another one takes its key.
            town.Store.BeforeCommit = null;
            next = await town.CustomerAsync("Next", "key");
        };
        Assert.Equal("alias_taken", (await Create(town.Ids, "key")).Refusal?.Code);
        Assert.Equal(next!.Id, (await town.Customers.ByKeyAsync("key", default))?.Id);
        Assert.Single(town.Store.All("customer"));
    }

    [Fact]
    public async Task A_settlement_that_comes_late_does_not_free_a_key_that_was_taken_back()
    {
        var acme = await town.CustomerAsync("Acme", "key");
        var done = false;
        town.Store.BeforeCommit = async writes =>
        {
            if (done || !writes.Any(w => w is Write.Replace { Document.Kind: "usage-key" })) return;
            // Between dropping the key and settling that, the same customer takes it back.
            done = true;
            await SetAliases(acme, "key");
        };
        await SetAliases(acme);
        Assert.Equal("alias_taken", (await Create(town.Ids, "key")).Refusal?.Code);
    }

    [Fact]
    public async Task A_settlement_leaves_a_claim_that_is_still_on_its_way()
    {
        var acme = await town.CustomerAsync("Acme", "key");
        var gate = new TaskCompletionSource();
        Task<Outcome<Customer>>? second = null;
        town.Store.AfterCommit = writes =>
        {
            if (second is not null || !writes.Any(w => w is Write.Replace { Document.Kind: "customer" })) return;
            // The key is dropped and not settled; a second request claims it and is held up just before it commits.
            town.Store.BeforeCommit = w => w.Any(x => x is Write.Replace { Document.Kind: "customer" }) ? gate.Task : Task.CompletedTask;
            second = Task.FromResult<Outcome<Customer>>(acme);
            second = SetAliases(acme, "key");
        };
        await SetAliases(acme);
        gate.SetResult();
        Assert.Null((await second!).Refusal);
        Assert.Equal("alias_taken", (await Create(town.Ids, "key")).Refusal?.Code);
    }

    [Fact]
    public async Task A_creation_that_was_killed_and_is_repeated_makes_one_customer()
    {
        town.Store.AfterCommit = writes => { if (writes.Any(w => w is Write.Create { Document.Kind: "customer" })) throw new IOException("killed"); };
        await Assert.ThrowsAsync<IOException>(() => Create(IdSource.DerivedFrom("k"), "key"));
        town.Store.AfterCommit = null;
        var customer = (await Create(IdSource.DerivedFrom("k"), "key")).Value;
        Assert.Equal(customer.Id, (await town.Customers.ByKeyAsync("key", default))?.Id);
        Assert.Single(town.Store.All("customer"));
    }

    [Fact]
    public async Task An_archived_customer_gives_its_aliases_free_and_has_no_more_invoices()
    {
        var card = await town.CardAsync();
        var acme = await town.CustomerAsync("Acme", "key");
        await town.ContractAsync(acme, card);
        await town.Customers.ArchiveAsync(acme.Id, default);
        town.Now = At("2026-03-05");
        Assert.Equal(0, (await town.RunAsync()).Issued);
        Assert.Empty(await town.ListAsync(acme.Id));
        Assert.Null((await Create(town.Ids, "key")).Refusal);
        Assert.Equal([acme.Id], (await town.Customers.ListAsync(ArchiveFilter.Archived, null, 10, default)).Items.Select(c => c.Id));
    }
}
