using Billing.Domain.Contracts;
using Billing.Functions.Api.Invoicing;
using Billing.Functions.Hosting.Access;
using Billing.UseCases.Access;
using Billing.UseCases.Contracts;
using NodaTime;

namespace Billing.Functions.Api.Contracts;

/// <summary>Edits of contracts, commits and credits, their history, and the end of contracts.</summary>
public static class EditsApi
{
    // Changes of what is billed, or of who bills it, that nothing would carry out.
    private static readonly string[] Unoffered = ["add_reseller_royalties", "update_reseller_royalties", "add_revenue_system_configuration_update", "update_discounts"];

    public static void Map(IEndpointRouteBuilder app)
    {
        var v1 = app.MapGroup("/v1/contracts").WithTags("Contracts");
        v1.MapPost("/updateEndDate", UpdateEndDateAsync).Needs(Scope.Write).WithName("updateContractEndDate");
        v1.MapPost("/archive", ArchiveAsync).Needs(Scope.Write).WithName("archiveContract");
        v1.MapPost("/setUsageFilter", SetUsageFilterAsync).Needs(Scope.Write).WithName("setUsageFilter");
        var v2 = app.MapGroup("/v2/contracts").WithTags("Contracts");
        v2.MapPost("/edit", EditAsync).Needs(Scope.Write).WithName("editContract");
        v2.MapPost("/getEditHistory", HistoryAsync).Needs(Scope.Read).WithName("getContractEditHistory");
        v2.MapPost("/commits/edit", EditCommitAsync).Needs(Scope.Write).WithName("editCommit");
        v2.MapPost("/credits/edit", EditCreditAsync).Needs(Scope.Write).WithName("editCredit");
        v2.MapPost("/commits/archive", ArchiveCommitAsync).Needs(Scope.Write).WithName("archiveCommit");
        v2.MapPost("/credits/archive", ArchiveCreditAsync).Needs(Scope.Write).WithName("archiveCredit");
    }

    /// <summary>Edits a contract: all that is asked for, or nothing. The id that is answered is the edit's.</summary>
    internal static async Task<Answer<Data<ShownId>>> EditAsync(EditContract body, EditContracts edits, Caller caller, CancellationToken stop) =>
        ContractsApi.NotOffered(body.Further, Unoffered) is { } refusal
            ? Answers.Of<ShownId>(refusal)
            : Answers.Of(await edits.EditAsync(body with { By = caller.KeyName }, caller.Ids, stop), e => new ShownId(e.Id));

    /// <summary>Lists the edits of a contract in the order in which they were made.</summary>
    internal static async Task<Answer<Data<ShownEdit[]>>> HistoryAsync(OneContract body, ReadContracts contracts, IClock clock, CancellationToken stop) =>
        Answers.Of(await contracts.HistoryAsync(body.CustomerId, body.ContractId, stop), h => h.Edits.Select(e => ShownEdit.Of(e, h, clock.GetCurrentInstant())).ToArray());

    /// <summary>Changes a commit of a contract or of the customer.</summary>
    internal static async Task<Answer<Data<ShownId>>> EditCommitAsync(CommitUpdate body, EditContracts edits, Caller caller, CancellationToken stop) =>
        Answers.Of(await edits.EditCommitAsync(body with { CreditId = null }, caller.KeyName, caller.Ids, stop), _ => new ShownId(body.CommitId!));

    /// <summary>Changes a credit of a contract or of the customer.</summary>
    internal static async Task<Answer<Data<ShownId>>> EditCreditAsync(CommitUpdate body, EditContracts edits, Caller caller, CancellationToken stop) =>
        Answers.Of(await edits.EditCommitAsync(body with { CommitId = null, CreditId = body.CreditId ?? "" }, caller.KeyName, caller.Ids, stop), _ => new ShownId(body.CreditId!));

    /// <summary>Archives a commit that no final invoice bills or drew on: what is left of it is gone.</summary>
    internal static async Task<Answer<Data<ShownId>>> ArchiveCommitAsync(OneCommit body, EditContracts edits, Caller caller, CancellationToken stop) => Answers.Of(
        await edits.ArchiveCommitAsync(body.CustomerId, body.CommitId, false, caller.KeyName, caller.Ids, stop), _ => new ShownId(body.CommitId));

    /// <summary>Archives a credit that no final invoice drew on: what is left of it is gone.</summary>
    internal static async Task<Answer<Data<ShownId>>> ArchiveCreditAsync(OneCredit body, EditContracts edits, Caller caller, CancellationToken stop) => Answers.Of(
        await edits.ArchiveCommitAsync(body.CustomerId, body.CreditId, true, caller.KeyName, caller.Ids, stop), _ => new ShownId(body.CreditId));

    /// <summary>Ends a contract earlier or later; without ending_before it has no end any more.</summary>
    internal static async Task<Answer<Data<ShownId>>> UpdateEndDateAsync(NewEndDate body, EditContracts edits, Caller caller, CancellationToken stop) => Answers.Of(
        await edits.UpdateEndDateAsync(body.CustomerId, body.ContractId, body.EndingBefore, body.AllowEndingBeforeFinalizedInvoice, caller.KeyName, caller.Ids, stop), c => new ShownId(c.Id));

    /// <summary>Archives a contract that was made in error: its drafts are gone, and so is what is left of its commits. void_invoices says what becomes of final invoices.</summary>
    internal static async Task<Answer<Data<ShownId>>> ArchiveAsync(ArchiveOne body, ArchiveContracts archive, CancellationToken stop) =>
        Answers.Of(await archive.ArchiveAsync(body.CustomerId, body.ContractId, body.VoidInvoices, stop), c => new ShownId(c.Id));

    /// <summary>From an hour on a contract takes only the usage of some values of a group key.</summary>
    internal static async Task<EmptyAnswer> SetUsageFilterAsync(SetFilter body, EditContracts edits, Caller caller, CancellationToken stop) => Answers.Empty(
        await edits.SetUsageFilterAsync(body.CustomerId, body.ContractId, new UsageFilter(body.GroupKey, body.GroupValues, body.StartingAt), caller.KeyName, caller.Ids, stop));

    /// <summary>Which contract.</summary>
    internal sealed record OneContract(string CustomerId, string ContractId);

    /// <summary>Which contract, and whether its final invoices are voided.</summary>
    internal sealed record ArchiveOne(string CustomerId, string ContractId, bool VoidInvoices);

    /// <summary>A new end.</summary>
    internal sealed record NewEndDate(string CustomerId, string ContractId, Instant? EndingBefore = null, bool AllowEndingBeforeFinalizedInvoice = true);

    /// <summary>Which usage a contract takes, and from when.</summary>
    internal sealed record SetFilter(string CustomerId, string ContractId, string GroupKey, IReadOnlyList<string> GroupValues, Instant StartingAt);

    /// <summary>Which commit.</summary>
    internal sealed record OneCommit(string CustomerId, string CommitId);

    /// <summary>Which credit.</summary>
    internal sealed record OneCredit(string CustomerId, string CreditId);
}
