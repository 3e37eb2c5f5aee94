using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Functions.Api.Credits;
using Billing.Functions.Api.Invoicing;
using Billing.UseCases.Contracts;
using Billing.UseCases.Credits;
using NodaTime;

namespace Billing.Functions.Api.Contracts;

/// <summary>A product by its id, with what it is called now.</summary>
internal sealed record ShownProductName(string Id, string Name);

/// <summary>Names that ids are shown with.</summary>
/// <param name="Products">By id.</param>
/// <param name="UnitNames">Of custom pricing units, by id.</param>
/// <param name="Now">Products are named as they are now.</param>
internal sealed record ShownNames(IReadOnlyDictionary<string, Product> Products, IReadOnlyDictionary<string, string> UnitNames, Instant Now)
{
    public ShownProductName Product(string id) => new(id, Products.TryGetValue(id, out var product) ? product.At(Now).Name : id);

    public ShownCreditType Unit(string id) => ShownCreditType.Of(id, UnitNames);
}

/// <summary>When something can be drawn.</summary>
internal sealed record ShownAccess(IReadOnlyList<ShownAccessItem> ScheduleItems, ShownCreditType CreditType);

/// <summary>A segment.</summary>
internal sealed record ShownAccessItem(string Id, decimal Amount, Instant StartingAt, Instant EndingBefore);

/// <summary>When something is invoiced.</summary>
internal sealed record ShownPayments(ShownCreditType CreditType, IReadOnlyList<ShownPayment> ScheduleItems, bool DoNotInvoice)
{
    public static ShownPayments Of(PaymentSchedule schedule, ShownNames names) => new(
        names.Unit(schedule.CreditTypeId), [.. schedule.Items.Select(i => new ShownPayment(i.Id, i.Timestamp, i.UnitPrice, i.Quantity, i.Amount))], schedule.DoNotInvoice);
}

/// <summary>A payment.</summary>
internal sealed record ShownPayment(string Id, Instant Timestamp, decimal UnitPrice, decimal Quantity, decimal Amount);

/// <summary>What a commit was taken over from.</summary>
internal sealed record ShownRollover(string ContractId, string? CommitId, string? CreditId);

/// <summary>A commit or a credit.</summary>
internal sealed record ShownCommit(string Id, CommitType Type, ShownProductName Product, Instant CreatedAt)
{
    public string? Name { get; init; }

    public string? Description { get; init; }

    public decimal? Priority { get; init; }

    public ShownAccess? AccessSchedule { get; init; }

    public ShownPayments? InvoiceSchedule { get; init; }

    public IReadOnlyList<string>? ApplicableProductIds { get; init; }

    public IReadOnlyList<string>? ApplicableProductTags { get; init; }

    public IReadOnlyList<LineSpecifier>? Specifiers { get; init; }

    public IReadOnlyList<string>? ApplicableContractIds { get; init; }

    public CommitRateType? RateType { get; init; }

    public decimal? RolloverFraction { get; init; }

    /// <summary>Paid ÷ granted; of a commit.</summary>
    public decimal? CostBasis { get; init; }

    public ShownId? Contract { get; init; }

    public ShownId? InvoiceContract { get; init; }

    public string? RecurringCommitId { get; init; }

    public string? RecurringCreditId { get; init; }

    public NewSeatGrants? SubscriptionConfig { get; init; }

    public ShownRollover? RolledOverFrom { get; init; }

    public CommitHierarchy? HierarchyConfiguration { get; init; }

    public SpendAttributes? SpendTrackerAttributes { get; init; }

    /// <summary>Absent on what the system made: grants, rollovers, threshold commits.</summary>
    public string? CreatedBy { get; init; }

    public string? UniquenessKey { get; init; }

    public Instant? ArchivedAt { get; init; }

    /// <summary>Of a credit that a credit memo gave.</summary>
    public string? CreditMemoId { get; init; }

    public IReadOnlyDictionary<string, string>? CustomFields { get; init; }

    /// <summary>What is left of the segments that are open now; only when it is asked for.</summary>
    public decimal? Balance { get; init; }

    /// <summary>In order of time; only when it is asked for.</summary>
    public IReadOnlyList<ShownEntry>? Ledger { get; init; }

    /// <summary>With its balance and, where that has one, its ledger; as it is for none.</summary>
    public ShownCommit With(Balance? balance) => balance is null ? this : this with
    {
        Balance = balance.Left, Ledger = balance.Ledger is { } ledger ? [.. ledger.Select(e => ShownEntry.Of(e, balance.Commit.Type))] : null,
    };

    /// <summary>Shows a commit or a credit.</summary>
    /// <param name="commit">Of a contract or of the customer.</param>
    /// <param name="recurring">That granted it; null: none, or not known.</param>
    /// <param name="names">Of what it names.</param>
    public static ShownCommit Of(Commit commit, RecurringCommit? recurring, ShownNames names)
    {
        var isCredit = commit.Type == CommitType.Credit;
        return new ShownCommit(commit.Id, commit.Type, names.Product(commit.ProductId), commit.CreatedAt)
        {
            Name = commit.Name,
            Description = commit.Description,
            Priority = commit.Priority,
            AccessSchedule = new ShownAccess([.. commit.Access.Select(a => new ShownAccessItem(a.Id, a.Amount, a.StartingAt, a.EndingBefore))], names.Unit(commit.CreditTypeId)),
            InvoiceSchedule = commit.Invoicing is { } invoicing ? ShownPayments.Of(invoicing, names) : null,
            ApplicableProductIds = Some(commit.Scope.ProductIds),
            ApplicableProductTags = Some(commit.Scope.ProductTags),
            Specifiers = Some(commit.Scope.Specifiers),
            ApplicableContractIds = Some(commit.ApplicableContractIds),
            RateType = commit.RateType,
            RolloverFraction = commit.RolloverFraction,
            CostBasis = isCredit ? null : commit.CostBasis(),
            Contract = commit.ContractId is { } contract ? new ShownId(contract) : null,
            InvoiceContract = commit.InvoiceContractId is { } invoiced ? new ShownId(invoiced) : null,
            RecurringCommitId = isCredit ? null : commit.RecurringCommitId,
            RecurringCreditId = isCredit ? commit.RecurringCommitId : null,
            SubscriptionConfig = recurring?.Seats is { } seats ? ShownRecurring.Seats(seats) : null,
            RolledOverFrom = commit.RolledOver is { } from ? new ShownRollover(from.ContractId, isCredit ? null : from.CommitId, isCredit ? from.CommitId : null) : null,
            HierarchyConfiguration = Children(commit.ChildAccess),
            SpendTrackerAttributes = commit.CountsAsDiscounted is { } discounted ? new SpendAttributes(discounted) : null,
            CreatedBy = commit.CreatedBy,
            UniquenessKey = commit.UniquenessKey,
            ArchivedAt = commit.ArchivedAt,
            CreditMemoId = commit.CreditMemoId,
            CustomFields = commit.CustomFields,
        };
    }

    /// <summary>Null for none.</summary>
    internal static IReadOnlyList<T>? Some<T>(IReadOnlyList<T> all) => all.Count == 0 ? null : all;

    internal static CommitHierarchy? Children(ChildAccess access) => access is { All: false, ContractIds.Count: 0 }
        ? null
        : new CommitHierarchy(new NewChildAccess(access.All ? ChildAccessType.All : ChildAccessType.ContractIds, access.All ? null : access.ContractIds));
}
