using System.Text.Json;
using Billing.Domain.Contracts;
using Billing.Domain.Values;
using Billing.Functions.Api.Invoicing;
using Billing.Functions.Hosting.Access;
using Billing.UseCases.Access;
using Billing.UseCases.Contracts;
using NodaTime;

namespace Billing.Functions.Api.Contracts;

/// <summary>Contracts.</summary>
public static class ContractsApi
{
    // Terms that change what is billed; leaving one out unseen would bill wrongly.
    private static readonly string[] Unoffered = ["reseller_royalties", "revenue_system_configuration", "package_id", "package_alias"];

    public static void Map(IEndpointRouteBuilder app)
    {
        var v1 = app.MapGroup("/v1/contracts").WithTags("Contracts");
        v1.MapPost("/create", CreateAsync).Needs(Scope.Write).WithName("createContract");
        v1.MapPost("/get", GetV1Async).Needs(Scope.Read).WithName("getContractV1");
        v1.MapPost("/list", ListV1Async).Needs(Scope.Read).WithName("listContractsV1");
        v1.MapPost("/updateEndDate", UpdateEndDateAsync).Needs(Scope.Write).WithName("updateContractEndDate");
        var v2 = app.MapGroup("/v2/contracts").WithTags("Contracts");
        v2.MapPost("/get", GetAsync).Needs(Scope.Read).WithName("getContract");
        v2.MapPost("/list", ListAsync).Needs(Scope.Read).WithName("listContracts");
    }

    /// <summary>Makes a contract with all its terms. Terms that are not offered are refused, never left out.</summary>
    internal static async Task<Answer<Data<ShownId>>> CreateAsync(NewContract body, Billing.UseCases.Contracts.Contracts contracts, Caller caller, CancellationToken stop)
    {
        if (NotOffered(body.Further, Unoffered) is { } refusal) return Answers.Of<ShownId>(refusal);
        return Answers.Of(await contracts.CreateAsync(body with { CreatedBy = caller.KeyName }, caller.Ids, stop), c => new ShownId(c.Id));
    }

    /// <summary>Reads a contract, as it is or as it was at as_of_date.</summary>
    internal static async Task<Answer<Data<ShownContract>>> GetAsync(WhichContract body, ReadContracts contracts, IClock clock, CancellationToken stop)
    {
        if (body is { AsOfDate: not null, IncludeLedgers: true })
            return Answers.Of<ShownContract>(new Refusal("ledgers_as_of", "Ledgers are shown as they are; leave as_of_date or include_ledgers out.", "/as_of_date"));
        return Answers.Of(
            await contracts.GetAsync(body.CustomerId, body.ContractId, body.AsOfDate, stop), v => ShownContract.Of(v, body.AsOfDate ?? clock.GetCurrentInstant()));
    }

    /// <summary>Reads a contract in the shape of version 1.</summary>
    internal static async Task<Answer<Data<ShownContractV1>>> GetV1Async(WhichContract body, ReadContracts contracts, IClock clock, CancellationToken stop) =>
        Answers.Of(await contracts.GetAsync(body.CustomerId, body.ContractId, null, stop), v => ShownContractV1.Of(v, clock.GetCurrentInstant()));

    /// <summary>Lists the contracts of a customer.</summary>
    internal static async Task<Answer<Data<ShownContract[]>>> ListAsync(WhichContracts body, ReadContracts contracts, IClock clock, CancellationToken stop) =>
        body.Check() is { } refusal
            ? Answers.Of<ShownContract[]>(refusal)
            : Answers.Of(await contracts.ListAsync(body.CustomerId, body.Fits, stop), all => all.Select(v => ShownContract.Of(v, clock.GetCurrentInstant())).ToArray());

    /// <summary>Lists the contracts of a customer in the shape of version 1.</summary>
    internal static async Task<Answer<Data<ShownContractV1[]>>> ListV1Async(WhichContracts body, ReadContracts contracts, IClock clock, CancellationToken stop) =>
        body.Check() is { } refusal
            ? Answers.Of<ShownContractV1[]>(refusal)
            : Answers.Of(await contracts.ListAsync(body.CustomerId, body.Fits, stop), all => all.Select(v => ShownContractV1.Of(v, clock.GetCurrentInstant())).ToArray());

    /// <summary>Ends a contract earlier or later; without ending_before it has no end any more.</summary>
    internal static async Task<Answer<Data<ShownId>>> UpdateEndDateAsync(NewEndDate body, Billing.UseCases.Contracts.Contracts contracts, CancellationToken stop) => Answers.Of(
        await contracts.UpdateEndDateAsync(body.CustomerId, body.ContractId, body.EndingBefore, body.AllowEndingBeforeFinalizedInvoice, stop), c => new ShownId(c.Id));

    /// <summary>The refusal of a member that is not offered and says something; null when there is none.</summary>
    internal static Refusal? NotOffered(IDictionary<string, JsonElement>? sent, IEnumerable<string> unoffered) =>
        unoffered.FirstOrDefault(name => sent?.TryGetValue(name, out var value) == true && !IsEmpty(value)) is { } term
            ? new Refusal("term_not_offered", $"'{term}' is not offered.", "/" + term, RefusalKind.NotOffered)
            : null;

    private static bool IsEmpty(JsonElement value) =>
        value.ValueKind == JsonValueKind.Null || (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0);

    /// <summary>Which contract.</summary>
    /// <param name="AsOfDate">Version 2: as it was then.</param>
    internal sealed record WhichContract(string CustomerId, string ContractId, Instant? AsOfDate = null, bool IncludeBalance = false, bool IncludeLedgers = false);

    /// <summary>Which contracts of a customer.</summary>
    internal sealed record WhichContracts(
        string CustomerId, Instant? CoveringDate = null, Instant? StartingAt = null, bool IncludeArchived = false, bool IncludeBalance = false, bool IncludeLedgers = false)
    {
        public Refusal? Check() => CoveringDate is not null && StartingAt is not null
            ? new Refusal("two_filters", "Give covering_date or starting_at, not both.", "/starting_at")
            : null;

        public bool Fits(Contract contract) => (IncludeArchived || contract.ArchivedAt is null)
            && !(contract.StartingAt > CoveringDate) && !(contract.EndingBefore <= CoveringDate) && !(contract.StartingAt < StartingAt);
    }

    /// <summary>A new end.</summary>
    internal sealed record NewEndDate(string CustomerId, string ContractId, Instant? EndingBefore = null, bool AllowEndingBeforeFinalizedInvoice = true);
}
