using Billing.Domain.Contracts;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;
using Xunit;
using static Billing.UseCases.Tests.Town;

namespace Billing.UseCases.Tests.Contracts;

public class ContractsTests
{
    private readonly Town town = new();

    private Task<Outcome<Contract>> Create(Customer customer, Func<NewContract, NewContract>? change = null, IdSource? ids = null)
    {
        var wanted = new NewContract(customer.Id, At("2026-01-01"));
        return town.Contracts.CreateAsync(change is null ? wanted : change(wanted), ids ?? town.Ids, default);
    }

    [Fact]
    public async Task A_uniqueness_key_is_used_once()
    {
        var (acme, other) = (await town.CustomerAsync("Acme"), await town.CustomerAsync("Other"));
        var first = (await Create(acme, c => c with { UniquenessKey = "k" })).Value;
        var refused = (await Create(other, c => c with { UniquenessKey = "k" })).Refusal!;
        Assert.Equal((RefusalKind.Conflict, "uniqueness_key_used"), (refused.Kind, refused.Code));
        Assert.Contains(first.Id, refused.Detail, StringComparison.Ordinal);
        Assert.Single(town.Store.All("contract"));
    }

    [Fact]
    public async Task A_uniqueness_key_of_a_contract_that_was_never_made_can_be_used()
    {
        var acme = await town.CustomerAsync("Acme");
        town.Store.BeforeCommit = writes => writes.Any(w => w is Write.Create { Document.Kind: "contract" }) ? throw new IOException("killed") : Task.CompletedTask;
        await Assert.ThrowsAsync<IOException>(() => Create(acme, c => c with { UniquenessKey = "k" }));
        town.Store.BeforeCommit = null;
        Assert.Null((await Create(acme, c => c with { UniquenessKey = "k" })).Refusal);
    }

    [Fact]
    public async Task A_repeated_creation_with_the_same_key_answers_the_same_contract()
    {
        var acme = await town.CustomerAsync("Acme");
        async Task<string> Once() => (await Create(acme, c => c with { UniquenessKey = "k" }, IdSource.DerivedFrom("key"))).Value.Id;
        Assert.Equal(await Once(), await Once());
    }

    [Fact]
    public async Task A_rate_card_is_found_by_its_alias()
    {
        var card = await town.CardAsync(new RateCardAlias("list"));
        Assert.Equal(card.Id, (await Create(await town.CustomerAsync("Acme"), c => c with { RateCardAlias = "list" })).Value.RateCardId);
    }

    [Theory]
    [InlineData("2026-01-01", "2026-01-01", "ends_before_start")]
    [InlineData("2026-01-01", "2025-12-01", "ends_before_start")]
    public async Task Bad_terms_are_refused(string start, string end, string code) =>
        Assert.Equal(code, (await Create(await town.CustomerAsync("Acme"), c => c with { StartingAt = At(start), EndingBefore = At(end) })).Refusal?.Code);

    [Fact]
    public async Task Unknown_customers_and_cards_are_not_found()
    {
        var acme = await town.CustomerAsync("Acme");
        Assert.Equal("rate_card_not_found", (await Create(acme, c => c with { RateCardId = "none" })).Refusal?.Code);
        Assert.Equal("customer_not_found", (await Create(acme, c => c with { CustomerId = "none" })).Refusal?.Code);
        Assert.Equal("not_on_the_hour", (await Create(acme, c => c with { StartingAt = At("2026-01-01") + NodaTime.Duration.FromMinutes(1) })).Refusal?.Code);
    }

    [Fact]
    public async Task A_contract_ends_early_and_its_last_invoice_ends_there()
    {
        var acme = await town.CustomerAsync("Acme");
        var contract = await town.ContractAsync(acme, await town.CardAsync());
        Assert.Null((await town.Edits.UpdateEndDateAsync(acme.Id, contract.Id, At("2026-01-20"), false, null, town.Ids, default)).Refusal);
        town.Now = At("2026-03-01");
        await town.RunAsync();
        var invoice = Assert.Single(await town.ListAsync(acme.Id));
        Assert.Equal((At("2026-01-20"), At("2026-01-21"), 2), (invoice.End, invoice.IssuedAt, invoice.Versions.Contract));
    }

    [Fact]
    public async Task A_contract_cannot_end_inside_a_final_period_unless_allowed_and_goes_on_when_extended()
    {
        var acme = await town.CustomerAsync("Acme");
        var contract = await town.ContractAsync(acme, await town.CardAsync());
        town.Now = At("2026-02-05");
        await town.RunAsync();
        Assert.Equal("ends_before_finalized_invoice", (await town.Edits.UpdateEndDateAsync(acme.Id, contract.Id, At("2026-01-20"), false, null, town.Ids, default)).Refusal?.Code);
        Assert.Null((await town.Edits.UpdateEndDateAsync(acme.Id, contract.Id, At("2026-01-20"), true, null, town.Ids, default)).Refusal);
        town.Now = At("2026-03-05");
        Assert.Equal(0, (await town.RunAsync()).Issued);
        await town.Edits.UpdateEndDateAsync(acme.Id, contract.Id, null, false, null, town.Ids, default);
        Assert.Equal(1, (await town.RunAsync()).Issued);
        Assert.Equal([At("2026-02-01"), At("2026-03-01")], (await town.ListAsync(acme.Id)).Take(2).Select(i => i.End));
    }
}
