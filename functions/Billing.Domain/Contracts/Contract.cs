using Billing.Domain.Credits;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Contracts;

/// <summary>The deal with a customer.</summary>
/// <param name="Version">Grows by one with each edit; an invoice names the one it read.</param>
/// <param name="StartingAt">On the hour.</param>
/// <param name="EndingBefore">On the hour; null for no end.</param>
/// <param name="RateCardId">Null: nothing is priced.</param>
/// <param name="UniquenessKey">1 to 128 characters, used once for ever.</param>
/// <param name="Rounding">What happens to fractions of the currency's minor unit.</param>
public sealed record Contract(
    string Id,
    string CustomerId,
    int Version,
    Instant StartingAt,
    Instant? EndingBefore,
    string? RateCardId,
    UsageStatementSchedule UsageStatementSchedule,
    int? NetPaymentTermsDays,
    string? Name,
    string? UniquenessKey,
    AmountRounding Rounding,
    IReadOnlyDictionary<string, string> CustomFields,
    Instant CreatedAt,
    Instant? ArchivedAt)
{
    public MultiplierPrioritization MultiplierPrioritization { get; init; }

    /// <summary>In the order they were added.</summary>
    public IReadOnlyList<Override> Overrides { get; init; } = [];

    public IReadOnlyList<ScheduledCharge> ScheduledCharges { get; init; } = [];

    public IReadOnlyList<ProfessionalService> ProfessionalServices { get; init; } = [];

    public IReadOnlyList<Subscription> Subscriptions { get; init; } = [];

    public IReadOnlyList<RecurringCommit> RecurringCommits { get; init; } = [];

    /// <summary>By start; the last that has begun holds. None: all usage.</summary>
    public IReadOnlyList<UsageFilter> UsageFilters { get; init; } = [];

    public PrepaidThreshold? PrepaidThreshold { get; init; }

    public SpendThreshold? SpendThreshold { get; init; }

    public IReadOnlyList<SpendTracker> SpendTrackers { get; init; } = [];

    public Renewal? Renewal { get; init; }

    public Hierarchy? Hierarchy { get; init; }

    /// <summary>True: scheduled charges that fall on the end of a usage invoice go on it.</summary>
    public bool ScheduledChargesOnUsageInvoices { get; init; }

    /// <summary>What all usage of a complete statement period costs at the least and at the most; null: no bound.</summary>
    public decimal? Minimum { get; init; }

    /// <inheritdoc cref="Minimum"/>
    public decimal? Maximum { get; init; }

    /// <summary>Null: the installation's.</summary>
    public LateUsagePolicy? LateUsagePolicy { get; init; }

    public string? PackageId { get; init; }

    /// <summary>Who collects its invoices; null: the customer's own configuration, if any.</summary>
    public BillingProvider? BillingProvider { get; init; }

    /// <summary>Name of the API key that made it; null: the system.</summary>
    public string? CreatedBy { get; init; }

    /// <summary>When this version was made.</summary>
    public Instant ChangedAt { get; init; }

    /// <summary>For display: total_contract_value, salesforce_opportunity_id and other words of other systems.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();

    private static readonly Instant Earliest = Instant.FromUtc(2000, 1, 1, 0, 0);

    /// <summary>Products that overrides price, whether the rate card does or not.</summary>
    public IEnumerable<string> OverwrittenProducts() => Overrides.Where(o => o.Change is OverrideChange.Overwrite { Price: not null })
        .SelectMany(o => o.Scope.ProductIds.Concat(o.Scope.Specifiers.Select(s => s.ProductId).OfType<string>())).Distinct(StringComparer.Ordinal);

    /// <summary>The usage period that follows what is billed, or null when the contract has ended.</summary>
    /// <param name="billedThrough">End of the last final period; null when there is none.</param>
    /// <remarks>Bounds: the first period is cut by the contract's start, the last by its end; one that lies after the end is none.</remarks>
    public Interval? PeriodAfter(Instant? billedThrough)
    {
        var from = billedThrough ?? Later(StartingAt, UsageStatementSchedule.InvoiceGenerationStartingAt);
        if (EndingBefore <= from) return null;
        var end = UsageStatementSchedule.CycleOf(StartingAt).PeriodAt(from).End;
        return new Interval(from, EndingBefore is { } last && last < end ? last : end);
    }

    /// <summary>The usage period that an instant lies in, billed or not; null outside the contract.</summary>
    /// <remarks>Bounds: cut by the contract's start and end.</remarks>
    public Interval? PeriodAt(Instant at)
    {
        if (at < StartingAt || EndingBefore <= at) return null;
        var period = UsageStatementSchedule.CycleOf(StartingAt).PeriodAt(at);
        return new Interval(Later(StartingAt, period.Start), EndingBefore < period.End ? EndingBefore.Value : period.End);
    }

    /// <summary>What becomes of late usage. A period that is on a consolidated invoice is not made anew behind its back: there, REGENERATE is NEXT_INVOICE.</summary>
    /// <param name="otherwise">Where the contract names no policy.</param>
    public LateUsagePolicy LateUsage(LateUsagePolicy otherwise) => (LateUsagePolicy ?? otherwise) switch
    {
        Contracts.LateUsagePolicy.Regenerate when Hierarchy is { IsConsolidated: true } => Contracts.LateUsagePolicy.NextInvoice,
        var policy => policy,
    };

    /// <summary>When a period of the contract becomes final: its grace runs from its end, or from when the contract was made if that is later.</summary>
    /// <remarks>A contract made today for last year is not final before its usage can be sent and its prices set.</remarks>
    public Instant FinalAt(Interval period, Duration grace) => Later(period.End, CreatedAt) + grace;

    /// <summary>The refusal for a contract that cannot be made, or null.</summary>
    public Refusal? Check()
    {
        if (NetPaymentTermsDays < 0)
        {
            return new Refusal("negative_payment_terms", "Payment terms are 0 days or more.", "/net_payment_terms_days");
        }
        // A slip in the year would make a final invoice for each week since the Romans.
        if (StartingAt < Earliest) return new Refusal("start_too_early", "A contract starts in 2000 or later.", "/starting_at");
        if (Minimum < 0 || Maximum < 0) return new Refusal("negative_bound", "A minimum or maximum is 0 or more.", Minimum < 0 ? "/minimum" : "/maximum");
        if (Maximum < Minimum) return new Refusal("maximum_below_minimum", "The maximum must not be below the minimum.", "/maximum");
        foreach (var filter in UsageFilters)
        {
            if (filter.GroupKey.Length == 0) return new Refusal("bad_usage_filter", "A usage filter names a group key.", "/usage_filter/group_key");
            if (filter.GroupValues.Count == 0 || filter.GroupValues.Any(v => v is null)) return new Refusal("bad_usage_filter", "A usage filter has one value or more.", "/usage_filter/group_values");
            if (Hours.Check(filter.StartingAt, "/usage_filter/starting_at") is { } off) return off;
        }
        return UniquenessKey?.Length is 0 or > 128
            ? new Refusal("bad_uniqueness_key", "A uniqueness key has 1 to 128 characters.", "/uniqueness_key")
            : Hours.Check(StartingAt, "/starting_at") ?? Hours.Check(EndingBefore, "/ending_before")
                ?? Hours.CheckOrder(StartingAt, EndingBefore, "/ending_before") ?? UsageStatementSchedule.Check();
    }

    private static Instant Later(Instant a, Instant? b) => b > a ? b.Value : a;
}
