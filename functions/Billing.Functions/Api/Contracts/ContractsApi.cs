using System.Text.Json;
using Billing.Domain.Contracts;
using Billing.Domain.Values;
using Billing.Functions.Api.Invoicing;
using Billing.Functions.Hosting.Access;
using Billing.UseCases.Access;
using Billing.UseCases.Contracts;
using Billing.UseCases.Credits;
using NodaTime;

namespace Billing.Functions.Api.Contracts;

/// <summary>Contracts.</summary>
public static class ContractsApi
{
    // Terms that change what is billed; leaving one out unseen would bill wrongly.
    private static readonly string[] Unoffered = ["reseller_royalties", "revenue_system_configuration"];

    public static void Map(IEndpointRouteBuilder app)
    {
        var v1 = app.MapGroup("/v1/contracts").WithTags("Contracts");
        v1.MapPost("/create", CreateAsync).Needs(Scope.Write).WithName("createContract");
        v1.MapPost("/get", GetV1Async).Needs(Scope.Read).WithName("getContractV1");
        v1.MapPost("/list", ListV1Async).Needs(Scope.Read).WithName("listContractsV1");
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
    internal static async Task<Answer<Data<ShownContract>>> GetAsync(WhichContract body, ReadContracts contracts, Balances balances, IClock clock, CancellationToken stop)
    {
        if (body is { AsOfDate: not null, IncludeLedgers: true })
            return Answers.Of<ShownContract>(new Refusal("ledgers_as_of", "Ledgers are shown as they are; leave as_of_date or include_ledgers out.", "/as_of_date"));
        if (!(await BalancesAsync(body.CustomerId, body.IncludeBalance, body.IncludeLedgers, balances, stop)).Is(out var left, out var refusal)) return Answers.Of<ShownContract>(refusal);
        return Answers.Of(
            await contracts.GetAsync(body.CustomerId, body.ContractId, body.AsOfDate, stop), v => ShownContract.Of(v, body.AsOfDate ?? clock.GetCurrentInstant(), left));
    }

    /// <summary>Reads a contract in the shape of version 1.</summary>
    internal static async Task<Answer<Data<ShownContractV1>>> GetV1Async(WhichContract body, ReadContracts contracts, Balances balances, IClock clock, CancellationToken stop) =>
        (await BalancesAsync(body.CustomerId, body.IncludeBalance, body.IncludeLedgers, balances, stop)).Is(out var left, out var refusal)
            ? Answers.Of(await contracts.GetAsync(body.CustomerId, body.ContractId, null, stop), v => ShownContractV1.Of(v, clock.GetCurrentInstant(), left))
            : Answers.Of<ShownContractV1>(refusal);

    /// <summary>Lists the contracts of a customer.</summary>
    internal static async Task<Answer<Data<ShownContract[]>>> ListAsync(WhichContracts body, ReadContracts contracts, Balances balances, IClock clock, CancellationToken stop)
    {
        if (body.Check() is { } wrong) return Answers.Of<ShownContract[]>(wrong);
        return (await BalancesAsync(body.CustomerId, body.IncludeBalance, body.IncludeLedgers, balances, stop)).Is(out var left, out var refusal)
            ? Answers.Of(await contracts.ListAsync(body.CustomerId, body.Fits, stop), all => all.Select(v => ShownContract.Of(v, clock.GetCurrentInstant(), left)).ToArray())
            : Answers.Of<ShownContract[]>(refusal);
    }

    /// <summary>Lists the contracts of a customer in the shape of version 1.</summary>
    internal static async Task<Answer<Data<ShownContractV1[]>>> ListV1Async(WhichContracts body, ReadContracts contracts, Balances balances, IClock clock, CancellationToken stop)
    {
        if (body.Check() is { } wrong) return Answers.Of<ShownContractV1[]>(wrong);
        return (await BalancesAsync(body.CustomerId, body.IncludeBalance, body.IncludeLedgers, balances, stop)).Is(out var left, out var refusal)
            ? Answers.Of(await contracts.ListAsync(body.CustomerId, body.Fits, stop), all => all.Select(v => ShownContractV1.Of(v, clock.GetCurrentInstant(), left)).ToArray())
            : Answers.Of<ShownContractV1[]>(refusal);
    }

    /// <summary>What is left of a customer's commits and credits, by id; nothing when it is not asked for.</summary>
    private static async Task<Outcome<Dictionary<string, Balance>>> BalancesAsync(string customerId, bool withBalance, bool withLedgers, Balances balances, CancellationToken stop)
    {
        if (!withBalance && !withLedgers) return new Dictionary<string, Balance>();
        return (await balances.ListAsync(customerId, new BalanceFilter(OfCustomer: false, IncludeArchived: true), withDrafts: true, withLedgers, stop)).Is(out var all, out var refusal)
            ? all.ToDictionary(b => b.Commit.Id, StringComparer.Ordinal)
            : refusal;
    }

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
}
