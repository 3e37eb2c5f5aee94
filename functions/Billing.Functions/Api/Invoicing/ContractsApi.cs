using System.Text.Json;
using System.Text.Json.Serialization;
using Billing.Domain.Contracts;
using Billing.Domain.Values;
using Billing.Functions.Hosting.Access;
using Billing.UseCases.Access;
using Billing.UseCases.Contracts;
using NodaTime;

namespace Billing.Functions.Api.Invoicing;

/// <summary>Contracts.</summary>
public static class ContractsApi
{
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

    /// <summary>Makes a contract. Terms that are not offered yet are refused, never left out.</summary>
    internal static async Task<Answer<Data<ShownId>>> CreateAsync(CreateContract body, Contracts contracts, Caller caller, CancellationToken stop)
    {
        if (body.NotOffered() is { } refusal) return Answers.Of<ShownId>(refusal);
        var schedule = body.UsageStatementSchedule is { } s
            ? new UsageStatementSchedule(s.Frequency, s.Day ?? StatementDay.FirstOfMonth, s.BillingAnchorDate, s.InvoiceGenerationStartingAt)
            : null;
        var wanted = new NewContract(
            body.CustomerId, body.StartingAt, body.EndingBefore, body.RateCardId, body.RateCardAlias, schedule, body.NetPaymentTermsDays, body.Name, body.UniquenessKey)
        {
            CustomFields = body.CustomFields ?? new Dictionary<string, string>(),
        };
        return Answers.Of(await contracts.CreateAsync(wanted, caller.Ids, stop), c => new ShownId(c.Id));
    }

    /// <summary>Reads a contract.</summary>
    internal static async Task<Answer<Data<ShownContract>>> GetAsync(WhichContract body, Contracts contracts, CancellationToken stop) =>
        Answers.Of(await contracts.GetAsync(body.CustomerId, body.ContractId, stop), Show);

    /// <summary>Reads a contract in the shape of version 1.</summary>
    internal static async Task<Answer<Data<ShownContractV1>>> GetV1Async(WhichContract body, Contracts contracts, CancellationToken stop) =>
        Answers.Of(await contracts.GetAsync(body.CustomerId, body.ContractId, stop), ShowV1);

    /// <summary>Lists the contracts of a customer.</summary>
    internal static async Task<Answer<Data<ShownContract[]>>> ListAsync(WhichContracts body, Contracts contracts, CancellationToken stop) =>
        Answers.Of(await contracts.ListAsync(body.CustomerId, body.IncludeArchived, stop), list => list.Where(body.Fits).Select(Show).ToArray());

    /// <summary>Lists the contracts of a customer in the shape of version 1.</summary>
    internal static async Task<Answer<Data<ShownContractV1[]>>> ListV1Async(WhichContracts body, Contracts contracts, CancellationToken stop) =>
        Answers.Of(await contracts.ListAsync(body.CustomerId, body.IncludeArchived, stop), list => list.Where(body.Fits).Select(ShowV1).ToArray());

    /// <summary>Ends a contract earlier or later; without ending_before it has no end any more.</summary>
    internal static async Task<Answer<Data<ShownId>>> UpdateEndDateAsync(NewEndDate body, Contracts contracts, CancellationToken stop) => Answers.Of(
        await contracts.UpdateEndDateAsync(body.CustomerId, body.ContractId, body.EndingBefore, body.AllowEndingBeforeFinalizedInvoice, stop), c => new ShownId(c.Id));

    private static ShownContract Show(Contract c) => new(
        c.Id, c.CustomerId, c.StartingAt, c.EndingBefore, c.RateCardId, Statement(c), c.NetPaymentTermsDays, c.Name, c.UniquenessKey,
        [], [], [], [], [], [], [], [], c.CreatedAt, c.ArchivedAt, c.CustomFields);

    private static ShownContractV1 ShowV1(Contract c) => new(c.Id, c.CustomerId, Show(c), Show(c), [], c.UniquenessKey, c.ArchivedAt, c.CustomFields);

    private static ShownStatement Statement(Contract c) => new(
        c.UsageStatementSchedule.Frequency, c.UsageStatementSchedule.CycleOf(c.StartingAt).Anchor.InUtc().ToInstant());

    /// <summary>What a new contract says.</summary>
    internal sealed record CreateContract(
        string CustomerId,
        Instant StartingAt,
        Instant? EndingBefore = null,
        string? RateCardId = null,
        string? RateCardAlias = null,
        StatementSchedule? UsageStatementSchedule = null,
        int? NetPaymentTermsDays = null,
        string? Name = null,
        string? UniquenessKey = null,
        IReadOnlyDictionary<string, string>? CustomFields = null)
    {
        // Terms that change what is billed; leaving one out unseen would bill wrongly.
        private static readonly string[] Unoffered =
        [
            "commits", "credits", "overrides", "recurring_commits", "recurring_credits", "scheduled_charges", "subscriptions", "discounts",
            "professional_services", "reseller_royalties", "spend_trackers", "prepaid_balance_threshold_configuration",
            "spend_threshold_configuration", "usage_filter", "transition", "hierarchy_configuration", "package_id", "package_alias",
            "scheduled_charges_on_usage_invoices", "billing_provider_configuration", "revenue_system_configuration",
        ];

        [JsonExtensionData]
        public IDictionary<string, JsonElement>? Further { get; init; }

        public Refusal? NotOffered() =>
            Unoffered.FirstOrDefault(name => Further?.TryGetValue(name, out var value) == true && !IsEmpty(value)) is { } term
                ? new Refusal("term_not_offered", $"'{term}' is not offered.", "/" + term, RefusalKind.NotOffered)
                : null;

        private static bool IsEmpty(JsonElement value) =>
            value.ValueKind == JsonValueKind.Null || (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0);
    }

    /// <summary>When usage invoices end.</summary>
    internal sealed record StatementSchedule(
        BillingFrequency Frequency, StatementDay? Day = null, Instant? BillingAnchorDate = null, Instant? InvoiceGenerationStartingAt = null);

    /// <summary>Which contract.</summary>
    internal sealed record WhichContract(string CustomerId, string ContractId);

    /// <summary>Which contracts of a customer.</summary>
    internal sealed record WhichContracts(string CustomerId, Instant? CoveringDate = null, Instant? StartingAt = null, bool IncludeArchived = false)
    {
        public bool Fits(Contract contract) =>
            !(contract.StartingAt > CoveringDate) && !(contract.EndingBefore <= CoveringDate) && !(contract.StartingAt < StartingAt);
    }

    /// <summary>A new end.</summary>
    internal sealed record NewEndDate(string CustomerId, string ContractId, Instant? EndingBefore = null, bool AllowEndingBeforeFinalizedInvoice = false);

    /// <summary>When usage invoices end, as shown.</summary>
    internal sealed record ShownStatement(BillingFrequency Frequency, Instant BillingAnchorDate);

    /// <summary>A contract.</summary>
    internal sealed record ShownContract(
        string Id,
        string CustomerId,
        Instant StartingAt,
        Instant? EndingBefore,
        string? RateCardId,
        ShownStatement UsageStatementSchedule,
        int? NetPaymentTermsDays,
        string? Name,
        string? UniquenessKey,
        IReadOnlyList<object> Commits,
        IReadOnlyList<object> Credits,
        IReadOnlyList<object> Overrides,
        IReadOnlyList<object> ScheduledCharges,
        IReadOnlyList<object> Subscriptions,
        IReadOnlyList<object> RecurringCommits,
        IReadOnlyList<object> RecurringCredits,
        IReadOnlyList<object> Transitions,
        Instant CreatedAt,
        Instant? ArchivedAt,
        IReadOnlyDictionary<string, string> CustomFields);

    /// <summary>A contract in the shape of version 1.</summary>
    internal sealed record ShownContractV1(
        string Id,
        string CustomerId,
        ShownContract Initial,
        ShownContract Current,
        IReadOnlyList<object> Amendments,
        string? UniquenessKey,
        Instant? ArchivedAt,
        IReadOnlyDictionary<string, string> CustomFields);
}
