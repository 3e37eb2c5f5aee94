using Billing.UseCases.Contracts;
using NodaTime;
using Xunit;
using static Billing.UseCases.Tests.Town;

namespace Billing.UseCases.Tests.Contracts;

public class NamedSchedulesTests
{
    private readonly Town town = new();

    private NamedSchedules Schedules => new(town.Store, town.Cards);

    private async Task<string> ValuesAsync(ScheduleOwner owner, string? covering = null) => string.Join("; ", (await Schedules.GetAsync(owner, "plan", covering is null ? null : At(covering), default)).Value
        .Select(v => $"{v.StartingAt.InUtc().Date:MM-dd}..{v.EndingBefore?.InUtc().Date:MM-dd} {v.Value}"));

    private async Task SetAsync(ScheduleOwner owner, string value, string from, string? until = null) =>
        Assert.Null((await Schedules.SetAsync(owner, "plan", value, At(from), until is null ? null : At(until), default)).Refusal);

    [Fact]
    public async Task A_value_takes_its_time_from_those_that_were_there()
    {
        var owner = new ScheduleOwner.Customer((await town.CustomerAsync("Acme")).Id);
        Assert.Equal("", await ValuesAsync(owner));
        await SetAsync(owner, "1", "2026-01-01");
        await SetAsync(owner, "2", "2026-03-01", "2026-05-01");
        Assert.Equal("01-01..03-01 1; 03-01..05-01 2; 05-01.. 1", await ValuesAsync(owner));
        await SetAsync(owner, "3", "2026-02-01", "2026-04-01");
        Assert.Equal("01-01..02-01 1; 02-01..04-01 3; 04-01..05-01 2; 05-01.. 1", await ValuesAsync(owner));
        await SetAsync(owner, "{\"a\":[4]}", "2026-02-01");
        Assert.Equal("01-01..02-01 1; 02-01.. {\"a\":[4]}", await ValuesAsync(owner));
        Assert.Equal("01-01..02-01 1", await ValuesAsync(owner, "2026-01-31"));
    }

    [Fact]
    public async Task Rate_cards_contracts_and_customers_have_schedules_of_their_own()
    {
        var (customer, card) = (await town.CustomerAsync("Acme"), await town.CardAsync());
        var contract = await town.ContractAsync(customer, card);
        ScheduleOwner[] owners = [new ScheduleOwner.Customer(customer.Id), new ScheduleOwner.RateCard(card.Id), new ScheduleOwner.Contract(customer.Id, contract.Id)];
        for (var i = 0; i < owners.Length; i++) await SetAsync(owners[i], $"{i}", "2026-01-01");
        for (var i = 0; i < owners.Length; i++) Assert.Equal($"01-01.. {i}", await ValuesAsync(owners[i]));
    }

    [Fact]
    public async Task Nobody_has_no_schedule_and_values_change_on_the_hour()
    {
        Assert.Equal("customer_not_found", (await Schedules.GetAsync(new ScheduleOwner.Customer("none"), "plan", null, default)).Refusal?.Code);
        Assert.Equal("rate_card_not_found", (await Schedules.GetAsync(new ScheduleOwner.RateCard("none"), "plan", null, default)).Refusal?.Code);
        Assert.Equal("contract_not_found", (await Schedules.GetAsync(new ScheduleOwner.Contract("none", "none"), "plan", null, default)).Refusal?.Code);
        var owner = new ScheduleOwner.Customer((await town.CustomerAsync("Acme")).Id);
        Assert.Equal("not_on_the_hour", (await Schedules.SetAsync(owner, "plan", "1", At("2026-01-01") + Duration.FromMinutes(1), null, default)).Refusal?.Code);
        Assert.Equal("ends_before_start", (await Schedules.SetAsync(owner, "plan", "1", At("2026-01-01"), At("2026-01-01"), default)).Refusal?.Code);
    }
}
