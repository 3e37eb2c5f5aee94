using System.Text.Json.Serialization;
using Billing.Domain.Invoicing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Spending;

/// <summary>What an alert watches. Source: Metronome, alerts.create.</summary>
[LowerCase]
public enum AlertType
{
    /// <summary>Usage of the current period before commits, at or above a sum of money.</summary>
    SpendThresholdReached,

    /// <summary>A draft's total after commits, at or above a sum of money.</summary>
    InvoiceTotalReached,

    /// <summary>A metric's value of the current period, at or above a quantity.</summary>
    UsageThresholdReached,

    /// <summary>What is left of all commits, at or below an amount.</summary>
    LowRemainingCommitBalanceReached,

    /// <summary>What is left of all commits, in percent of what they granted.</summary>
    LowRemainingCommitPercentageReached,

    LowRemainingContractCreditBalanceReached,

    LowRemainingContractCreditPercentageReached,

    /// <summary>What is left of commits and credits together.</summary>
    LowRemainingContractCreditAndCommitBalanceReached,

    /// <summary>Days until an open segment of a commit ends.</summary>
    LowRemainingDaysForCommitSegmentReached,

    LowRemainingDaysForContractCreditSegmentReached,

    /// <summary>What is left of one seat's own balance.</summary>
    LowRemainingSeatBalanceReached,
}

/// <summary>Whose custom fields a filter looks at.</summary>
public enum FilteredEntity
{
    [JsonStringEnumMemberName("Contract")]
    Contract,

    [JsonStringEnumMemberName("Commit")]
    Commit,

    [JsonStringEnumMemberName("ContractCredit")]
    ContractCredit,

    [JsonStringEnumMemberName("ContractCreditOrCommit")]
    ContractCreditOrCommit,
}

/// <summary>A custom field that must have a value; null: any.</summary>
public sealed record CustomFieldFilter(FilteredEntity Entity, string Key, string? Value = null);

/// <summary>What a specifier leaves out: that which passes all filters.</summary>
public sealed record Excluded(IReadOnlyList<CustomFieldFilter>? CustomFieldFilters = null);

/// <summary>Balances that count: those that pass all filters and are not excluded. Of several specifiers one is enough.</summary>
public sealed record AlertSpecifier(IReadOnlyList<CustomFieldFilter>? CustomFieldFilters = null, IReadOnlyList<Excluded>? Exclude = null);

/// <summary>Only usage of one group value; without value each value of the key is watched by itself.</summary>
public sealed record GroupValue(string Key, string? Value = null);

/// <summary>Which seats; without value each of them by itself.</summary>
public sealed record SeatFilter(string SeatGroupKey, string? SeatGroupValue = null);

/// <summary>A threshold that somebody wants to hear of.</summary>
/// <param name="Id">Unique.</param>
/// <param name="Threshold">Units: of the type: money in <see cref="CreditTypeId"/>, a quantity, percent, or days.</param>
/// <param name="CustomerId">Null: every customer, each by itself.</param>
/// <param name="CreditTypeId">Only what is kept in it counts.</param>
public sealed record Alert(string Id, AlertType Type, string Name, decimal Threshold, string? CustomerId, string CreditTypeId, Instant CreatedAt)
{
    public string? BillableMetricId { get; init; }

    public IReadOnlyList<CustomFieldFilter> CustomFieldFilters { get; init; } = [];

    public IReadOnlyList<AlertSpecifier> Specifiers { get; init; } = [];

    public IReadOnlyList<GroupValue> GroupValues { get; init; } = [];

    /// <summary>None: all types of invoices.</summary>
    public IReadOnlyList<InvoiceType> InvoiceTypes { get; init; } = [];

    public SeatFilter? Seats { get; init; }

    /// <summary>False: customers who are past the threshold when the alert is made are not told of.</summary>
    public bool EvaluateOnCreate { get; init; } = true;

    public string? UniquenessKey { get; init; }

    public Instant? ArchivedAt { get; init; }

    public IReadOnlyDictionary<string, string> CustomFields { get; init; } = new Dictionary<string, string>();

    /// <summary>True when its value is money.</summary>
    [JsonIgnore]
    public bool IsMoney => !(IsPercentage || IsDays || Type == AlertType.UsageThresholdReached);

    [JsonIgnore]
    public bool IsPercentage => Type is AlertType.LowRemainingCommitPercentageReached or AlertType.LowRemainingContractCreditPercentageReached;

    [JsonIgnore]
    public bool IsDays => Type is AlertType.LowRemainingDaysForCommitSegmentReached or AlertType.LowRemainingDaysForContractCreditSegmentReached;

    /// <summary>True: it is reached at or above the threshold, and counts by period; false: at or below.</summary>
    [JsonIgnore]
    public bool Rises => Type is AlertType.SpendThresholdReached or AlertType.InvoiceTotalReached or AlertType.UsageThresholdReached;

    /// <summary>True when a value is past the threshold, or on it.</summary>
    public bool IsReached(decimal value) => Rises ? value >= Threshold : value <= Threshold;

    /// <summary>The refusal for an alert that can't be, or null.</summary>
    public Refusal? Check()
    {
        if (string.IsNullOrWhiteSpace(Name) || Name.Length > 200) return new Refusal("name_missing", "An alert has a name of 1 to 200 characters.", "/name");
        if (Threshold < 0) return new Refusal("negative_threshold", "A threshold is 0 or more.", "/threshold");
        if (IsPercentage && Threshold > 100) return new Refusal("bad_percentage", "A percentage goes from 0 to 100.", "/threshold");
        if (BillableMetricId is null != (Type != AlertType.UsageThresholdReached))
            return new Refusal("bad_billable_metric", "A usage threshold needs a billable metric; other alerts have none.", "/billable_metric_id");
        if (GroupValues.Count > 0 && Type is not (AlertType.SpendThresholdReached or AlertType.UsageThresholdReached)) return NotFor("/group_values");
        if (GroupValues.Count > 3) return new Refusal("too_many_group_values", "At most 3 group values are taken.", "/group_values");
        if (GroupValues.DistinctBy(g => g.Key).Count() < GroupValues.Count || GroupValues.Any(g => g.Key.Length == 0))
            return new Refusal("bad_group_values", "Each group key has a name and stands once.", "/group_values");
        if (InvoiceTypes.Count > 0 && Type != AlertType.InvoiceTotalReached) return NotFor("/invoice_types_filter");
        if (Seats is null == (Type == AlertType.LowRemainingSeatBalanceReached))
            return Seats is null ? new Refusal("seat_filter_missing", "An alert of a seat's balance needs a seat_filter.", "/seat_filter") : NotFor("/seat_filter");
        if (Specifiers.Count > 0 && Type != AlertType.LowRemainingContractCreditAndCommitBalanceReached) return NotFor("/alert_specifiers");
        for (var i = 0; i < CustomFieldFilters.Count; i++)
            if (!Takes(CustomFieldFilters[i].Entity)) return NotFor($"/custom_field_filters/{i}/entity");
        return null;
    }

    private bool Takes(FilteredEntity entity) => Type switch
    {
        AlertType.UsageThresholdReached => false,
        AlertType.SpendThresholdReached or AlertType.InvoiceTotalReached => entity == FilteredEntity.Contract,
        AlertType.LowRemainingCommitBalanceReached or AlertType.LowRemainingCommitPercentageReached or AlertType.LowRemainingDaysForCommitSegmentReached =>
            entity is FilteredEntity.Contract or FilteredEntity.Commit or FilteredEntity.ContractCreditOrCommit,
        AlertType.LowRemainingContractCreditBalanceReached or AlertType.LowRemainingContractCreditPercentageReached or AlertType.LowRemainingDaysForContractCreditSegmentReached =>
            entity is FilteredEntity.Contract or FilteredEntity.ContractCredit or FilteredEntity.ContractCreditOrCommit,
        _ => true,
    };

    private static Refusal NotFor(string field) => new("not_for_this_alert", "An alert of this type takes no such filter.", field);
}
