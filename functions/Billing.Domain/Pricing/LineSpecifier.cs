using System.Text.Json.Serialization;

namespace Billing.Domain.Pricing;

/// <summary>What a line is about, as far as overrides and commits ask.</summary>
/// <param name="ProductId">Of the product.</param>
/// <param name="ProductTags">As they are when the line starts.</param>
/// <param name="PricingGroupValues">Null on what is no usage: subscriptions and composites have no group values.</param>
/// <param name="PresentationGroupValues">Null likewise.</param>
/// <param name="BillingFrequency">Of a subscription.</param>
public sealed record LineSubject(
    string ProductId,
    IReadOnlyList<string> ProductTags,
    IReadOnlyDictionary<string, string?>? PricingGroupValues = null,
    IReadOnlyDictionary<string, string?>? PresentationGroupValues = null,
    Values.BillingFrequency? BillingFrequency = null);

/// <summary>Chooses lines: every member that is given must fit. Of several specifiers one is enough.</summary>
/// <remarks>Group values never match subscriptions or composites. Source: Metronome's override_specifiers and commit specifiers.</remarks>
/// <param name="ProductTags">All of them.</param>
/// <param name="PricingGroupValues">These values, and perhaps others.</param>
/// <param name="PresentationGroupValues">These values, and perhaps others.</param>
public sealed record LineSpecifier(
    string? ProductId = null,
    IReadOnlyList<string>? ProductTags = null,
    IReadOnlyDictionary<string, string>? PricingGroupValues = null,
    IReadOnlyDictionary<string, string>? PresentationGroupValues = null,
    Values.BillingFrequency? BillingFrequency = null)
{
    /// <summary>True when it names group values.</summary>
    [JsonIgnore]
    public bool HasGroupValues => PricingGroupValues?.Count > 0 || PresentationGroupValues?.Count > 0;

    public bool Matches(LineSubject line) =>
        MayMatch(line.ProductId, line.ProductTags)
        && (BillingFrequency is null || BillingFrequency == line.BillingFrequency)
        && Has(line.PricingGroupValues, PricingGroupValues)
        && Has(line.PresentationGroupValues, PresentationGroupValues);

    /// <summary>True when some line of the product can match.</summary>
    public bool MayMatch(string productId, IReadOnlyList<string> tags) =>
        (ProductId is null || ProductId == productId) && (ProductTags is null || ProductTags.All(tags.Contains));

    private static bool Has(IReadOnlyDictionary<string, string?>? values, IReadOnlyDictionary<string, string>? wanted) =>
        wanted is null || wanted.Count == 0 || (values is not null && wanted.All(w => values.TryGetValue(w.Key, out var value) && value == w.Value));
}

/// <summary>The lines that an override, a commit or a credit is for; nothing named: every line.</summary>
/// <param name="ProductIds">Any of them.</param>
/// <param name="ProductTags">Any of them.</param>
/// <param name="Specifiers">Any of them.</param>
public sealed record LineScope(
    IReadOnlyList<string> ProductIds, IReadOnlyList<string> ProductTags, IReadOnlyList<LineSpecifier> Specifiers)
{
    public static readonly LineScope Everything = new([], [], []);

    public bool IsEverything => ProductIds.Count == 0 && ProductTags.Count == 0 && Specifiers.Count == 0;

    public bool Matches(LineSubject line) =>
        IsEverything || ProductIds.Contains(line.ProductId) || ProductTags.Any(line.ProductTags.Contains) || Specifiers.Any(s => s.Matches(line));

    /// <summary>True when some line of the product can match.</summary>
    public bool MayMatch(string productId, IReadOnlyList<string> tags) =>
        IsEverything || ProductIds.Contains(productId) || ProductTags.Any(tags.Contains) || Specifiers.Any(s => s.MayMatch(productId, tags));
}
