using System.Text.Json;
using Billing.Domain.Values;
using Billing.Functions.Hosting.Access;
using Billing.UseCases.Access;
using Billing.UseCases.Contracts;
using NodaTime;

namespace Billing.Functions.Api.Contracts;

/// <summary>Values by name, through time, of rate cards, contracts and customers.</summary>
public static class NamedSchedulesApi
{
    public static void Map(IEndpointRouteBuilder app)
    {
        var all = app.MapGroup("").WithTags("Named schedules");
        all.MapPost("/v1/contracts/getNamedSchedule", GetOfContractAsync).Needs(Scope.Read).WithName("getContractNamedSchedule");
        all.MapPost("/v1/contracts/updateNamedSchedule", SetOfContractAsync).Needs(Scope.Write).WithName("updateContractNamedSchedule");
        all.MapPost("/v1/contract-pricing/rate-cards/getNamedSchedule", GetOfRateCardAsync).Needs(Scope.Read).WithName("getRateCardNamedSchedule");
        all.MapPost("/v1/contract-pricing/rate-cards/updateNamedSchedule", SetOfRateCardAsync).Needs(Scope.Write).WithName("updateRateCardNamedSchedule");
        all.MapPost("/v1/customers/getNamedSchedule", GetOfCustomerAsync).Needs(Scope.Read).WithName("getCustomerNamedSchedule");
        all.MapPost("/v1/customers/updateNamedSchedule", SetOfCustomerAsync).Needs(Scope.Write).WithName("updateCustomerNamedSchedule");
    }

    /// <summary>Reads a named schedule of a contract; with covering_date only the value that holds then.</summary>
    internal static Task<Answer<Data<ShownValue[]>>> GetOfContractAsync(WhichSchedule body, NamedSchedules schedules, CancellationToken stop) => GetAsync(Contract(body.Of), body, schedules, stop);

    /// <summary>Sets a value of a named schedule of a contract.</summary>
    internal static Task<EmptyAnswer> SetOfContractAsync(SetSchedule body, NamedSchedules schedules, CancellationToken stop) => SetAsync(Contract(body.Of), body, schedules, stop);

    /// <summary>Reads a named schedule of a rate card; with covering_date only the value that holds then.</summary>
    internal static Task<Answer<Data<ShownValue[]>>> GetOfRateCardAsync(WhichSchedule body, NamedSchedules schedules, CancellationToken stop) => GetAsync(RateCard(body.Of), body, schedules, stop);

    /// <summary>Sets a value of a named schedule of a rate card.</summary>
    internal static Task<EmptyAnswer> SetOfRateCardAsync(SetSchedule body, NamedSchedules schedules, CancellationToken stop) => SetAsync(RateCard(body.Of), body, schedules, stop);

    /// <summary>Reads a named schedule of a customer; with covering_date only the value that holds then.</summary>
    internal static Task<Answer<Data<ShownValue[]>>> GetOfCustomerAsync(WhichSchedule body, NamedSchedules schedules, CancellationToken stop) => GetAsync(Customer(body.Of), body, schedules, stop);

    /// <summary>Sets a value of a named schedule of a customer.</summary>
    internal static Task<EmptyAnswer> SetOfCustomerAsync(SetSchedule body, NamedSchedules schedules, CancellationToken stop) => SetAsync(Customer(body.Of), body, schedules, stop);

    private static async Task<Answer<Data<ShownValue[]>>> GetAsync(Outcome<ScheduleOwner> owner, WhichSchedule body, NamedSchedules schedules, CancellationToken stop) =>
        owner.Is(out var of, out var refusal)
            ? Answers.Of(
                await schedules.GetAsync(of, body.ScheduleName, body.CoveringDate, stop),
                values => values.Select(v => new ShownValue(JsonSerializer.Deserialize<JsonElement>(v.Value), v.StartingAt, v.EndingBefore)).ToArray())
            : Answers.Of<ShownValue[]>(refusal);

    private static async Task<EmptyAnswer> SetAsync(Outcome<ScheduleOwner> owner, SetSchedule body, NamedSchedules schedules, CancellationToken stop) =>
        owner.Is(out var of, out var refusal)
            ? Answers.Empty(await schedules.SetAsync(of, body.ScheduleName, body.Value.GetRawText(), body.StartingAt, body.EndingBefore, stop))
            : Answers.Empty<ScheduleOwner>(refusal);

    private static Outcome<ScheduleOwner> Contract(OwnerIds of) =>
        of.CustomerId is { } customer && of.ContractId is { } contract ? new ScheduleOwner.Contract(customer, contract) : Missing(of.CustomerId is null ? "customer_id" : "contract_id");

    private static Outcome<ScheduleOwner> RateCard(OwnerIds of) => of.RateCardId is { } card ? new ScheduleOwner.RateCard(card) : Missing("rate_card_id");

    private static Outcome<ScheduleOwner> Customer(OwnerIds of) => of.CustomerId is { } customer ? new ScheduleOwner.Customer(customer) : Missing("customer_id");

    private static Refusal Missing(string name) => new("body_invalid", $"/{name} is missing.", "/" + name);

    /// <summary>Whose schedule.</summary>
    internal sealed record OwnerIds(string? RateCardId, string? CustomerId, string? ContractId);

    /// <summary>Which schedule; with covering_date only the value that holds then.</summary>
    internal sealed record WhichSchedule(string ScheduleName, string? RateCardId = null, string? CustomerId = null, string? ContractId = null, Instant? CoveringDate = null)
    {
        internal OwnerIds Of => new(RateCardId, CustomerId, ContractId);
    }

    /// <summary>A value for a schedule, from an instant on, up to another or for good.</summary>
    internal sealed record SetSchedule(
        string ScheduleName, Instant StartingAt, JsonElement Value, Instant? EndingBefore = null, string? RateCardId = null, string? CustomerId = null, string? ContractId = null)
    {
        internal OwnerIds Of => new(RateCardId, CustomerId, ContractId);
    }

    /// <summary>A value and when it holds.</summary>
    internal sealed record ShownValue(JsonElement Value, Instant StartingAt, Instant? EndingBefore);
}
