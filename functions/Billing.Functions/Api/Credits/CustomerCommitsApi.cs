using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.Functions.Api.Contracts;
using Billing.Functions.Api.Invoicing;
using Billing.Functions.Hosting.Access;
using Billing.UseCases.Access;
using Billing.UseCases.Contracts;
using Billing.UseCases.Credits;
using Billing.UseCases.Invoicing;
using NodaTime;

namespace Billing.Functions.Api.Credits;

/// <summary>Commits and credits of customers, balances, and entries by hand.</summary>
public static class CustomerCommitsApi
{
    private const int DefaultPage = 25;

    public static void Map(IEndpointRouteBuilder app)
    {
        var api = app.MapGroup("/v1/contracts").WithTags("Credits and commits");
        api.MapPost("/customerCommits/create", CreateCommitAsync).Needs(Scope.Write).WithName("createCustomerCommit");
        api.MapPost("/customerCredits/create", CreateCreditAsync).Needs(Scope.Write).WithName("createCustomerCredit");
        api.MapPost("/customerCommits/list", ListCommitsAsync).Needs(Scope.Read).WithName("listCustomerCommits");
        api.MapPost("/customerCredits/list", ListCreditsAsync).Needs(Scope.Read).WithName("listCustomerCredits");
        api.MapPost("/customerCommits/updateEndDate", EndCommitAsync).Needs(Scope.Write).WithName("updateCustomerCommitEndDate");
        api.MapPost("/customerCredits/updateEndDate", EndCreditAsync).Needs(Scope.Write).WithName("updateCustomerCreditEndDate");
        api.MapPost("/customerBalances/list", BalancesAsync).Needs(Scope.Read).WithName("listBalances");
        api.MapPost("/customerBalances/getNetBalance", NetAsync).Needs(Scope.Read).WithName("getNetBalance");
        api.MapPost("/addManualBalanceLedgerEntry", AddEntryAsync).Needs(Scope.Write).WithName("addManualBalanceEntry");
    }

    /// <summary>Sells a customer an amount that any of their contracts may draw.</summary>
    internal static Task<Answer<Data<ShownId>>> CreateCommitAsync(CreateCommit body, Commits commits, Caller caller, CancellationToken stop) =>
        CreateAsync(body, body.Type, body.InvoiceSchedule, body.InvoiceContractId, commits, caller, stop);

    /// <summary>Gives a customer an amount that any of their contracts may draw.</summary>
    internal static Task<Answer<Data<ShownId>>> CreateCreditAsync(CreateCredit body, Commits commits, Caller caller, CancellationToken stop) =>
        CreateAsync(body, CommitType.Credit, null, null, commits, caller, stop);

    /// <summary>Lists a customer's commits.</summary>
    internal static Task<Answer<Listing<ShownCommit>>> ListCommitsAsync(WhichCommits body, Balances balances, NamesOf names, CancellationToken stop) =>
        ListAsync(body, body.CommitId, [CommitType.Prepaid, CommitType.Postpaid], balances, names, stop);

    /// <summary>Lists a customer's credits.</summary>
    internal static Task<Answer<Listing<ShownCommit>>> ListCreditsAsync(WhichCredits body, Balances balances, NamesOf names, CancellationToken stop) =>
        ListAsync(body, body.CreditId, [CommitType.Credit], balances, names, stop);

    /// <summary>Lists commits and credits together, with what is left of them.</summary>
    internal static Task<Answer<Listing<ShownCommit>>> BalancesAsync(WhichBalances body, Balances balances, NamesOf names, CancellationToken stop) =>
        ListAsync(body, body.Id, null, balances, names, stop);

    /// <summary>One number: what a customer has left in a unit.</summary>
    internal static async Task<Answer<Data<ShownNet>>> NetAsync(WhichNet body, Balances balances, CancellationToken stop)
    {
        var unit = body.CreditTypeId ?? Currencies.Usd.Id;
        var filters = (body.Filters ?? []).Select(f => new NetBalanceFilter(f.BalanceTypes?.Select(Type).ToList(), f.Ids, f.CustomFields)).ToList();
        var net = await balances.NetAsync(body.CustomerId, unit, filters, body.InvoiceInclusionMode != InclusionMode.Finalized, stop);
        return Answers.Of(net, left => new ShownNet(left, unit));
    }

    /// <summary>Adds or takes an amount by hand, with a reason.</summary>
    internal static async Task<EmptyAnswer> AddEntryAsync(AddEntry body, Commits commits, ReadAccounts read, CancellationToken stop) =>
        Answers.Empty(await commits.AddEntryAsync(body.CustomerId, body.ContractId, body.Id, body.SegmentId, body.Amount, body.Reason, body.Timestamp, read, stop));

    /// <summary>Ends a customer's commit earlier.</summary>
    internal static async Task<Answer<Data<ShownId>>> EndCommitAsync(EndCommit body, Commits commits, CancellationToken stop) => Answers.Of(
        await commits.UpdateEndDateAsync(body.CustomerId, body.CommitId, false, body.AccessEndingBefore, body.InvoicesEndingBefore, stop), c => new ShownId(c.Id));

    /// <summary>Ends a customer's credit earlier.</summary>
    internal static async Task<Answer<Data<ShownId>>> EndCreditAsync(EndCredit body, Commits commits, CancellationToken stop) => Answers.Of(
        await commits.UpdateEndDateAsync(body.CustomerId, body.CreditId, true, body.AccessEndingBefore, null, stop), c => new ShownId(c.Id));

    private static async Task<Answer<Data<ShownId>>> CreateAsync(
        CreateCredit body, CommitType type, NewPaymentSchedule? invoiced, string? invoiceContractId, Commits commits, Caller caller, CancellationToken stop)
    {
        var commit = new NewCommit(body.ProductId)
        {
            Type = type,
            AccessSchedule = body.AccessSchedule,
            InvoiceSchedule = invoiced,
            Name = body.Name,
            Description = body.Description,
            Priority = body.Priority,
            ApplicableProductIds = body.ApplicableProductIds,
            ApplicableProductTags = body.ApplicableProductTags,
            Specifiers = body.Specifiers,
            RateType = body.RateType,
            CustomFields = body.CustomFields,
        };
        var wanted = new NewCustomerCommit(body.CustomerId, type == CommitType.Credit, commit)
        {
            ApplicableContractIds = body.ApplicableContractIds ?? [],
            InvoiceContractId = invoiceContractId,
            UniquenessKey = body.UniquenessKey,
        };
        return Answers.Of(await commits.CreateAsync(wanted, caller.Ids, stop), c => new ShownId(c.Id));
    }

    private static async Task<Answer<Listing<ShownCommit>>> ListAsync(
        ListBody body, string? id, IReadOnlyCollection<CommitType>? types, Balances balances, NamesOf names, CancellationToken stop)
    {
        if (!PageWanted.Of(body.NextPage, body.Limit, DefaultPage).Is(out var wanted, out var refusal)) return Answers.List<ShownCommit>(refusal);
        var ofContracts = body.IncludeContractBalances ?? body.IncludeContractCommits ?? body.IncludeContractCredits ?? false;
        var filter = new BalanceFilter(
            id, types, ofContracts, true, null, body.CoveringDate, body.StartingAt, body.EffectiveBefore, body.IncludeArchived == true, body.ExcludeZeroBalances == true);
        var (withLedger, withBalance) = (body.IncludeLedgers == true, body.IncludeBalance == true || body.IncludeLedgers == true);
        if (!(await balances.ListAsync(body.CustomerId, filter, withDrafts: true, withLedger, stop)).Is(out var all, out refusal)) return Answers.List<ShownCommit>(refusal);
        var from = wanted.From is null ? 0 : all.ToList().FindIndex(b => b.Commit.Id == wanted.From) + 1;
        var page = all.Skip(from).Take(wanted.Limit).ToList();
        var named = await names.ReadAsync(page.Select(b => b.Commit), stop);
        var shown = page.Select(b => ShownCommit.Of(b.Commit, null, named)).Select((c, i) => withBalance ? c.With(page[i]) : c);
        return Answers.List<ShownCommit>(new Listing<ShownCommit>([.. shown], PageCursor.Encode(from + page.Count < all.Count ? page[^1].Commit.Id : null)));
    }

    private static CommitType Type(BalanceType type) => type switch
    {
        BalanceType.PrepaidCommit => CommitType.Prepaid,
        BalanceType.PostpaidCommit => CommitType.Postpaid,
        BalanceType.Credit => CommitType.Credit,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Unknown balance type."),
    };

    public enum BalanceType
    {
        PrepaidCommit,
        PostpaidCommit,
        Credit,
    }

    public enum InclusionMode
    {
        FinalizedAndDraft,
        Finalized,
    }

    /// <summary>A credit of a customer.</summary>
    internal record CreateCredit(string CustomerId, string ProductId, decimal Priority, NewAccessSchedule AccessSchedule)
    {
        public string? Name { get; init; }

        public string? Description { get; init; }

        public IReadOnlyList<string>? ApplicableContractIds { get; init; }

        public IReadOnlyList<string>? ApplicableProductIds { get; init; }

        public IReadOnlyList<string>? ApplicableProductTags { get; init; }

        public IReadOnlyList<LineSpecifier>? Specifiers { get; init; }

        public CommitRateType? RateType { get; init; }

        public string? UniquenessKey { get; init; }

        public IReadOnlyDictionary<string, string>? CustomFields { get; init; }
    }

    /// <summary>A commit of a customer.</summary>
    internal sealed record CreateCommit(string CustomerId, string ProductId, decimal Priority, NewAccessSchedule AccessSchedule, CommitType Type)
        : CreateCredit(CustomerId, ProductId, Priority, AccessSchedule)
    {
        public NewPaymentSchedule? InvoiceSchedule { get; init; }

        public string? InvoiceContractId { get; init; }
    }

    /// <summary>Which of a customer's commits and credits, and what of them.</summary>
    internal abstract record ListBody(string CustomerId)
    {
        public Instant? CoveringDate { get; init; }

        public Instant? StartingAt { get; init; }

        public Instant? EffectiveBefore { get; init; }

        public bool? IncludeContractBalances { get; init; }

        public bool? IncludeContractCommits { get; init; }

        public bool? IncludeContractCredits { get; init; }

        public bool? IncludeArchived { get; init; }

        public bool? IncludeBalance { get; init; }

        public bool? IncludeLedgers { get; init; }

        public bool? ExcludeZeroBalances { get; init; }

        public int? Limit { get; init; }

        public string? NextPage { get; init; }
    }

    internal sealed record WhichCommits(string CustomerId, string? CommitId = null) : ListBody(CustomerId);

    internal sealed record WhichCredits(string CustomerId, string? CreditId = null) : ListBody(CustomerId);

    internal sealed record WhichBalances(string CustomerId, string? Id = null) : ListBody(CustomerId);

    /// <summary>Which balances to add up.</summary>
    internal sealed record WhichNet(string CustomerId, string? CreditTypeId = null, IReadOnlyList<NetFilter>? Filters = null, InclusionMode? InvoiceInclusionMode = null);

    /// <summary>Members that are given must all fit; one filter of several is enough.</summary>
    internal sealed record NetFilter(
        IReadOnlyList<BalanceType>? BalanceTypes = null, IReadOnlyList<string>? Ids = null, IReadOnlyDictionary<string, string>? CustomFields = null);

    internal sealed record ShownNet(decimal Balance, string CreditTypeId);

    /// <summary>An entry by hand.</summary>
    /// <param name="Id">Of the commit or credit.</param>
    internal sealed record AddEntry(string CustomerId, string Id, string SegmentId, decimal Amount, string Reason, string? ContractId = null, Instant? Timestamp = null);

    internal sealed record EndCommit(string CustomerId, string CommitId, Instant? AccessEndingBefore = null, Instant? InvoicesEndingBefore = null);

    internal sealed record EndCredit(string CustomerId, string CreditId, Instant AccessEndingBefore);
}
