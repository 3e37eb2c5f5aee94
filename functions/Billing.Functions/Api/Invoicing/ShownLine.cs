using System.Globalization;
using Billing.Domain.Credits;
using Billing.Domain.Invoicing;
using Billing.Domain.Pricing;
using Billing.Functions.Hosting.Json;
using NodaTime;

namespace Billing.Functions.Api.Invoicing;

/// <summary>A line of an invoice.</summary>
internal sealed record ShownLine(
    string Type,
    string Name,
    ShownCreditType CreditType,
    decimal Quantity,
    decimal UnitPrice,
    decimal Total,
    Instant StartingAt,
    Instant EndingBefore)
{
    /// <summary>Of a final invoice: the line's place on it, from 1; a credit memo names the line by it.</summary>
    public int? LineNumber { get; init; }

    public string? ProductId { get; init; }

    public string? ProductType { get; init; }

    public IReadOnlyList<string>? ProductTags { get; init; }

    public IReadOnlyDictionary<string, string?>? PricingGroupValues { get; init; }

    public IReadOnlyDictionary<string, string?>? PresentationGroupValues { get; init; }

    public ShownTier? Tier { get; init; }

    public ShownRate? ListPrice { get; init; }

    public bool? IsProrated { get; init; }

    /// <summary>The commit or credit that covers the line, was applied, or is bought.</summary>
    public string? CommitId { get; init; }

    public string? CommitSegmentId { get; init; }

    public string? CommitType { get; init; }

    public ShownApplied? AppliedCommitOrCredit { get; init; }

    /// <summary>Of a true-up: the commit whose promise it makes good.</summary>
    public ShownId? PostpaidCommit { get; init; }

    public string? ScheduledChargeId { get; init; }

    public string? SubscriptionId { get; init; }

    /// <summary>Of a consolidated invoice: the line that it says again.</summary>
    public ShownOrigin? Origin { get; init; }

    /// <summary>Of a line that corrects a period whose invoice is final: that period's start.</summary>
    public Instant? AdjustsPeriodStartingAt { get; init; }

    public IReadOnlyDictionary<string, string>? ProductCustomFields { get; init; }

    public IReadOnlyDictionary<string, string>? CommitCustomFields { get; init; }

    public IReadOnlyDictionary<string, string>? ScheduledChargeCustomFields { get; init; }

    public IReadOnlyDictionary<string, string>? SubscriptionCustomFields { get; init; }

    /// <summary>Shows a line.</summary>
    public static ShownLine Of(InvoiceLine l, IReadOnlyDictionary<string, string> unitNames, IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>? fields) => new(TypeOf(l.Type), l.Name, ShownCreditType.Of(l.CreditTypeId, unitNames), l.Quantity, l.UnitPrice, l.Total, l.StartingAt, l.EndingBefore)
    {
        ProductId = l.ProductId,
        ProductType = l.ProductType is { } type ? TypeOf(type) : null,
        ProductTags = l.ProductTags,
        PricingGroupValues = l.PricingGroupValues.Count > 0 ? l.PricingGroupValues : null,
        PresentationGroupValues = l.PresentationGroupValues.Count > 0 ? l.PresentationGroupValues : null,
        Tier = l.Tier is { } t ? new ShownTier(t.Level, ExactDecimal.ToText(t.StartingAt), t.Size is { } size ? ExactDecimal.ToText(size) : null) : null,
        ListPrice = l.ListPrice is { } price ? ShownRate.Of(price, l.CreditTypeId, unitNames) : null,
        IsProrated = l.IsProrated,
        CommitId = l.Commit?.CommitId,
        CommitSegmentId = l.Commit?.SegmentId,
        CommitType = l.Commit is { } commit ? TypeOf(commit.Type) : null,
        AppliedCommitOrCredit = l is { Type: LineType.AppliedCommitOrCredit, Commit: { } applied } ? new ShownApplied(applied.CommitId, applied.Type) : null,
        PostpaidCommit = l is { Type: LineType.CommitPurchase, Commit: { Type: Domain.Credits.CommitType.Postpaid } promised } ? new ShownId(promised.CommitId) : null,
        ScheduledChargeId = l.ScheduledChargeId,
        SubscriptionId = l.SubscriptionId,
        Origin = l.Origin is { } origin ? new ShownOrigin(origin.CustomerId, origin.ContractId, origin.InvoiceId, origin.Line.ToString(CultureInfo.InvariantCulture)) : null,
        AdjustsPeriodStartingAt = l.AdjustsPeriod,
        ProductCustomFields = Fields(fields, l.ProductId),
        CommitCustomFields = Fields(fields, l.Commit?.CommitId),
        ScheduledChargeCustomFields = Fields(fields, l.ScheduledChargeId),
        SubscriptionCustomFields = Fields(fields, l.SubscriptionId),
    };

    private static IReadOnlyDictionary<string, string>? Fields(IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>? all, string? id) => id is null ? null : all?.GetValueOrDefault(id);

    private static string TypeOf(LineType type) => type switch
    {
        LineType.Usage => "usage",
        LineType.Subscription => "subscription",
        LineType.Scheduled => "scheduled",
        LineType.CommitPurchase => "commit_purchase",
        LineType.AppliedCommitOrCredit => "applied_commit_or_credit",
        LineType.CpuConversion => "cpu_conversion",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Unknown line type."),
    };

    private static string TypeOf(ProductType type) => type switch
    {
        Domain.Pricing.ProductType.Usage => "UsageProductListItem",
        Domain.Pricing.ProductType.Subscription => "SubscriptionProductListItem",
        Domain.Pricing.ProductType.Composite => "CompositeProductListItem",
        Domain.Pricing.ProductType.Fixed => "FixedProductListItem",
        Domain.Pricing.ProductType.ProfessionalService => "ProServiceProductListItem",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Unknown product type."),
    };

    // Metronome calls a credit a prepaid commit here.
    private static string TypeOf(CommitType type) => type == Domain.Credits.CommitType.Postpaid ? "PostpaidCommit" : "PrepaidCommit";
}

/// <summary>Where a consolidated line comes from.</summary>
/// <param name="LineItemId">Its position on that invoice, from 1.</param>
internal sealed record ShownOrigin(string CustomerId, string ContractId, string InvoiceId, string LineItemId);

/// <summary>What paid for a line.</summary>
internal sealed record ShownApplied(string Id, CommitType Type);

/// <summary>The tier of a line; level 1 is the first.</summary>
internal sealed record ShownTier(int Level, string StartingAt, string? Size);
