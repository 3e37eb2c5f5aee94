using System.Text.Json;
using System.Text.Json.Nodes;
using Billing.Domain.Contracts;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.Functions.Hosting;
using Billing.UseCases.Contracts;
using NodaTime;

namespace Billing.Functions.Api.Contracts;

/// <summary>A package.</summary>
internal sealed record ShownPackage(
    string Id,
    string Name,
    Instant CreatedAt,
    string CreatedBy,
    PackageStatements UsageStatementSchedule,
    IReadOnlyList<JsonObject> Commits,
    IReadOnlyList<JsonObject> Credits,
    IReadOnlyList<JsonObject> Overrides,
    IReadOnlyList<JsonObject> ScheduledCharges,
    IReadOnlyList<JsonObject> RecurringCommits,
    IReadOnlyList<JsonObject> RecurringCredits,
    IReadOnlyList<JsonObject> Subscriptions)
{
    public IReadOnlyList<RateCardAlias>? Aliases { get; init; }

    public string? ContractName { get; init; }

    public TimeOffset? Duration { get; init; }

    public string? RateCardId { get; init; }

    public int? NetPaymentTermsDays { get; init; }

    public MultiplierPrioritization MultiplierOverridePrioritization { get; init; }

    public string? BillingProvider { get; init; }

    public string? DeliveryMethod { get; init; }

    public IReadOnlyList<NewSpendTracker>? SpendTrackers { get; init; }

    public NewThreshold? PrepaidBalanceThresholdConfiguration { get; init; }

    public NewThreshold? SpendThresholdConfiguration { get; init; }

    public ChargesOnUsageInvoices? ScheduledChargesOnUsageInvoices { get; init; }

    public AmountRounding Rounding { get; init; }

    public decimal? Minimum { get; init; }

    public decimal? Maximum { get; init; }

    public LateUsagePolicy? LateUsagePolicy { get; init; }

    public string? UniquenessKey { get; init; }

    public Instant? ArchivedAt { get; init; }

    public IReadOnlyDictionary<string, string>? CustomFields { get; init; }

    /// <summary>Shows a package.</summary>
    public static ShownPackage Of(PackageView view, Instant now)
    {
        var (package, terms) = (view.Package, view.Package.Terms);
        var templates = new Templates(view, now);
        return new ShownPackage(
            package.Id, terms.Name, package.CreatedAt, package.CreatedBy ?? "system", terms.UsageStatementSchedule ?? new PackageStatements(BillingFrequency.Monthly),
            templates.Show("commit", terms.Commits), templates.Show("credit", terms.Credits), templates.Show("override", terms.Overrides), templates.Show("charge", terms.ScheduledCharges),
            templates.Show("recurring-commit", terms.RecurringCommits), templates.Show("recurring-credit", terms.RecurringCredits), templates.Show("subscription", terms.Subscriptions))
        {
            Aliases = terms.Aliases,
            ContractName = terms.ContractName,
            Duration = terms.Duration,
            RateCardId = view.RateCardId,
            NetPaymentTermsDays = terms.NetPaymentTermsDays,
            MultiplierOverridePrioritization = terms.MultiplierOverridePrioritization,
            BillingProvider = terms.BillingProvider,
            DeliveryMethod = terms.DeliveryMethod,
            SpendTrackers = terms.SpendTrackers,
            PrepaidBalanceThresholdConfiguration = terms.PrepaidBalanceThresholdConfiguration,
            SpendThresholdConfiguration = terms.SpendThresholdConfiguration,
            ScheduledChargesOnUsageInvoices = terms.ScheduledChargesOnUsageInvoices,
            Rounding = terms.Rounding,
            Minimum = terms.Minimum,
            Maximum = terms.Maximum,
            LateUsagePolicy = terms.LateUsagePolicy,
            UniquenessKey = terms.UniquenessKey,
            ArchivedAt = package.ArchivedAt,
            CustomFields = terms.CustomFields,
        };
    }
}

/// <summary>The parts of a package as they are shown: as they were sent, with ids that follow from their place, and with names beside the ids of others.</summary>
internal sealed class Templates
{
    private static readonly Dictionary<string, string> Renamed = new()
    {
        ["commit_ids"] = "commit_template_ids",
        ["recurring_commit_ids"] = "recurring_commit_template_ids",
        ["any_commit_or_credit_ids"] = "any_commit_or_credit_template_ids",
        ["subscription_id"] = "subscription_template_id",
    };

    private readonly Package package;
    private readonly ShownNames names;
    private readonly string currencyId;
    private readonly Dictionary<string, string> ids = new(StringComparer.Ordinal);

    public Templates(PackageView view, Instant now)
    {
        (package, names, currencyId) = (view.Package, new ShownNames(view.Products, view.UnitNames, now), view.CurrencyId);
        Name("commit", package.Terms.Commits?.Select(c => c.TemporaryId));
        Name("credit", package.Terms.Credits?.Select(c => c.TemporaryId));
        Name("recurring-commit", package.Terms.RecurringCommits?.Select(c => c.TemporaryId));
        Name("recurring-credit", package.Terms.RecurringCredits?.Select(c => c.TemporaryId));
        Name("subscription", package.Terms.Subscriptions?.Select(c => c.TemporaryId));
    }

    /// <summary>Shows the parts of one kind.</summary>
    public IReadOnlyList<JsonObject> Show<T>(string part, IReadOnlyList<T>? sent) => [.. (sent ?? []).Select((one, i) =>
    {
        var shown = JsonSerializer.SerializeToNode(one, JsonRules.Options)!.AsObject();
        shown.Remove("temporary_id");
        if (part == "override" && shown.Remove("tiers", out var tiers)) shown["override_tiers"] = tiers;
        if (part is not "override" || shown["product_id"] is not null) Product(shown);
        if (part.StartsWith("recurring", StringComparison.Ordinal)) shown.TryAdd("rate_type", "LIST_RATE");
        if (shown["subscription_rate"] is JsonObject rate) Product(rate);
        foreach (var (name, child) in shown.ToList())
        {
            if (child is not JsonObject schedule || schedule["schedule_items"] is not JsonArray items) continue;
            Unit(schedule);
            if (name == "invoice_schedule") schedule.TryAdd("do_not_invoice", false);
            for (var n = 0; n < items.Count; n++) items[n]!.AsObject().Insert(0, "id", DerivedId.Of(Id(part, i), name, Text(n)));
        }
        if (shown["overwrite_rate"] is JsonObject overwrite) Unit(overwrite);
        if (shown["subscription_config"] is JsonObject seats) Refer(seats);
        foreach (var specifier in shown["override_specifiers"]?.AsArray().OfType<JsonObject>() ?? []) Refer(specifier);
        shown.Insert(0, "id", Id(part, i));
        return shown;
    })];

    private void Product(JsonObject of)
    {
        if (of.Remove("product_id", out var id)) of["product"] = JsonSerializer.SerializeToNode(names.Product(id!.GetValue<string>()), JsonRules.Options);
    }

    private void Unit(JsonObject of)
    {
        of.Remove("credit_type_id", out var id);
        of["credit_type"] = JsonSerializer.SerializeToNode(names.Unit(id?.GetValue<string>() ?? currencyId), JsonRules.Options);
    }

    /// <summary>References to other parts, by their ids here.</summary>
    private void Refer(JsonObject of)
    {
        foreach (var (sent, shown) in Renamed)
        {
            if (!of.Remove(sent, out var value)) continue;
            of[shown] = value is JsonArray list ? new JsonArray([.. list.Select(id => (JsonNode)Resolve(id!.GetValue<string>()))]) : Resolve(value!.GetValue<string>());
        }
    }

    private string Resolve(string temporaryId) => ids.GetValueOrDefault(temporaryId, temporaryId);

    private void Name(string part, IEnumerable<string?>? temporary)
    {
        foreach (var (id, i) in (temporary ?? []).Select((id, i) => (id, i)))
            if (id is not null) ids[id] = Id(part, i);
    }

    private string Id(string part, int index) => DerivedId.Of("package", package.Id, part, Text(index));

    private static string Text(int number) => FormattableString.Invariant($"{number}");
}
