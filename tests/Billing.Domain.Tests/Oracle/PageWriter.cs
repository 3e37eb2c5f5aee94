using System.Text.Json;
using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Tests.Oracle;

/// <summary>Writes a world as the ledger page that <see cref="PageReader"/> reads, so that a case that fails can be pasted into a test.</summary>
internal static class PageWriter
{
    public static string Write(World world)
    {
        var lines = new List<string>();
        foreach (var card in world.Cards)
            lines.Add($"card {card.Id} currency {card.Currency.Name}".Replace(" currency USD (cents)", "", StringComparison.Ordinal) + string.Concat(card.Conversions.Select(c => $" unit {c.CustomCreditTypeId} at {N(c.FiatPerCustomCredit)}")));
        foreach (var product in world.Products) lines.AddRange(Product(product, world.Metrics));
        foreach (var card in world.Cards) lines.AddRange(card.Rates.Select(r => Rate(r, card, world.Cards.Count > 1)));
        foreach (var contract in world.Contracts) lines.Add(Contract(contract));
        foreach (var contract in world.Contracts) lines.AddRange(Terms(contract));
        lines.AddRange(world.Commits.Select(Commit));
        lines.AddRange(world.Uses.OrderBy(u => u.At).Select(u => $"use {u.Metric} {T(u.At)} {N(u.Quantity)}{(u.Group.Count > 0 ? " " + Words.Values(u.Group) : "")}"));
        lines.Add($"until {T(world.Until)}");
        return string.Join('\n', lines);
    }

    private static IEnumerable<string> Product(Product product, IReadOnlyList<PricedMetric> metrics)
    {
        var terms = product.Initial;
        var line = $"product {product.Id}";
        if (product.Type != ProductType.Usage) line += $" is {U(product.Type)}";
        if (terms.BillableMetricId is { } metric && metric != product.Id) line += $" metric {metric}";
        if (metrics.Any(m => m.Id == terms.BillableMetricId && m.WholePeriod)) line += " max";
        if (terms.PricingGroupKey.Count > 0) line += " by " + string.Join(',', terms.PricingGroupKey);
        if (terms.PresentationGroupKey.Count > 0) line += " show " + string.Join(',', terms.PresentationGroupKey);
        if (terms.QuantityConversion is { } conversion) line += $" {conversion.Operation.ToString().ToLowerInvariant()} {N(conversion.ConversionFactor)}";
        if (terms.QuantityRounding is { } rounding) line += $" round {U(rounding.RoundingMethod)} {rounding.DecimalPlaces}";
        if (terms.Tags.Count > 0) line += " tags " + string.Join(',', terms.Tags);
        if (terms.CompositeProductIds.Count > 0) line += " of " + string.Join(',', terms.CompositeProductIds);
        if (terms.CompositeTags.Count > 0) line += " of-tags " + string.Join(',', terms.CompositeTags);
        if (terms.ExcludeFreeUsage) line += " without-free";
        yield return line;
        foreach (var update in product.Updates)
        {
            var change = $"change {product.Id} at {T(update.StartingAt)}";
            if (update.Name is { } name) change += " name " + name;
            if (update.QuantityConversion is { } converted) change += converted.Value is { } c ? $" {c.Operation.ToString().ToLowerInvariant()} {N(c.ConversionFactor)}" : " unconverted";
            if (update.QuantityRounding is { } rounded) change += rounded.Value is { } r ? $" round {U(r.RoundingMethod)} {r.DecimalPlaces}" : " unrounded";
            if (update.Tags is { } tags) change += " tags " + string.Join(',', tags);
            if (update.CompositeProductIds is { } parts) change += " of " + string.Join(',', parts);
            yield return change;
        }
    }

    private static string Rate(Rate rate, Card card, bool named)
    {
        var line = $"rate {rate.ProductId} {PriceText(rate.Price)}";
        if (named) line += " card " + card.Id;
        if (rate.PricingGroupValues.Count > 0) line += " for " + Words.Values(rate.PricingGroupValues);
        if (rate.StartingAt != PageReader.Agreed) line += " from " + T(rate.StartingAt);
        if (rate.EndingBefore is { } end) line += " until " + T(end);
        if (!rate.Entitled) line += " off";
        if (rate.CreditTypeId != card.Currency.Id) line += " unit " + rate.CreditTypeId;
        if (rate.Terms.FreeUnits != 0) line += " free " + N(rate.Terms.FreeUnits);
        if (rate.Terms.Minimum is { } minimum) line += " min " + N(minimum);
        if (rate.Terms.Maximum is { } maximum) line += " max " + N(maximum);
        if (rate.Terms.CounterFrequency is { } counter) line += " counter " + U(counter);
        if (rate.Terms.BillingFrequency is { } every) line += " every " + U(every);
        if (rate.Terms.CommitRate is { } commitRate) line += " commit-rate " + PriceText(commitRate);
        return line;
    }

    private static string Contract(Contract contract)
    {
        var line = $"contract {contract.Id} {T(contract.StartingAt)}";
        if (contract.EndingBefore is { } end) line += " / " + T(end);
        line += $" card {contract.RateCardId}";
        var schedule = contract.UsageStatementSchedule;
        if (schedule.Frequency != BillingFrequency.Monthly) line += " statements " + U(schedule.Frequency);
        if (schedule.Day == StatementDay.ContractStart) line += " from-start";
        if (schedule.BillingAnchorDate is { } anchor) line += " anchor " + T(anchor);
        if (schedule.InvoiceGenerationStartingAt is { } first) line += " invoices-from " + T(first);
        if (contract.Rounding == AmountRounding.MinorUnit) line += " minor-unit";
        if (contract.MultiplierPrioritization == MultiplierPrioritization.Explicit) line += " explicit";
        if (contract.Minimum is { } minimum) line += " min " + N(minimum);
        if (contract.Maximum is { } maximum) line += " max " + N(maximum);
        if (contract.ScheduledChargesOnUsageInvoices) line += " charges-on-usage";
        if (contract.Renewal is { } renewal) line += $" renews {renewal.FromContractId}{(renewal.Trueup == TrueupBehavior.Remove ? " without-trueup" : "")}";
        return line;
    }

    private static IEnumerable<string> Terms(Contract contract)
    {
        foreach (var filter in contract.UsageFilters) yield return $"filter {contract.Id} {filter.GroupKey} {string.Join(',', filter.GroupValues)}{From(filter.StartingAt)}";
        foreach (var made in contract.Overrides) yield return Override(made, contract.Id);
        foreach (var recurring in contract.RecurringCommits) yield return Recurring(recurring, contract);
        foreach (var charge in contract.ScheduledCharges) yield return $"charge {charge.Id} of {contract.Id} {U(charge.Kind)} {charge.ProductId}{Payments(charge.Schedule.Items)}";
        foreach (var subscription in contract.Subscriptions)
        {
            yield return Subscription(subscription, contract);
            foreach (var change in subscription.Quantities.Skip(1))
                yield return $"seats {subscription.Id} {N(change.Quantity)} from {T(change.StartingAt)}{(change.CreatedAt == change.StartingAt ? "" : " known " + T(change.CreatedAt))}";
        }
    }

    private static string Override(Override made, string contractId)
    {
        var line = $"override {made.Id} of {contractId} " + made.Change switch
        {
            OverrideChange.Multiplier multiplier => "multiplier " + N(multiplier.Factor),
            OverrideChange.Overwrite { Price: null } => "entitlement",
            OverrideChange.Overwrite { Price: { } price } overwrite => $"overwrite {PriceText(price)}{(overwrite.CreditTypeId is { } unit ? " unit " + unit : "")}",
            OverrideChange.Tiered tiered => "tiered " + string.Join(',', tiered.Tiers.Select(t => t.Size is { } size ? $"{N(size)}@{N(t.Multiplier)}" : N(t.Multiplier))),
            _ => throw new InvalidOperationException(made.Change.GetType().Name),
        };
        line += Scope(made.Scope) + From(made.StartingAt);
        if (made.EndingBefore is { } end) line += " until " + T(end);
        if (made.Priority is { } priority) line += " priority " + N(priority);
        if (made.Entitled is { } entitled) line += entitled ? " on" : " off";
        if (made.Target == OverrideTarget.CommitRate) line += " of-commit-rate";
        return line + made.Commits switch
        {
            null => "",
            { Any: true } => " drawn-from-any",
            { CommitIds.Count: > 0 } some => " drawn-from " + string.Join(',', some.CommitIds),
            var some => " drawn-from-recurring " + string.Join(',', some.RecurringCommitIds),
        };
    }

    private static string Commit(Commit commit)
    {
        var line = $"grant {commit.Id} {U(commit.Type)}";
        if (commit.ContractId is { } contract) line += " of " + contract;
        if (commit.ApplicableContractIds.Count > 0) line += " for " + string.Join(',', commit.ApplicableContractIds);
        if (commit.InvoiceContractId is { } payer) line += " billed-by " + payer;
        line += $" priority {N(commit.Priority)}";
        if (Currencies.Find(commit.CreditTypeId) is null) line += " unit " + commit.CreditTypeId;
        line += string.Concat(commit.Access.Select(a => $" {N(a.Amount)} {T(a.StartingAt)} / {T(a.EndingBefore)}"));
        line += Payments(commit.Invoicing?.Items ?? []) + Scope(commit.Scope);
        if (commit.RateType == CommitRateType.CommitRate) line += " commit-rate";
        if (commit.RolloverFraction is { } fraction) line += " rollover " + N(fraction);
        if (!commit.IsPaid) line += " unpaid";
        return line + (commit.ArchivedAt is null ? "" : " archived");
    }

    private static string Recurring(RecurringCommit recurring, Contract contract)
    {
        var line = $"recurring {recurring.Id} of {contract.Id} {U(recurring.Type)} {N(recurring.Access.UnitPrice)} priority {N(recurring.Priority)} lasting {recurring.DurationPeriods}";
        if (recurring.Frequency is { } frequency) line += " every " + U(frequency);
        if (recurring.StartingAt != contract.StartingAt) line += " from " + T(recurring.StartingAt);
        if (recurring.EndingBefore is { } end) line += " until " + T(end);
        line += $" prorated {U(recurring.Proration)}";
        if (recurring.AccessRounding is { } rounding) line += $" round {U(rounding.RoundingMethod)} {rounding.DecimalPlaces}";
        if (recurring.Invoice is { } invoice) line += " bill " + N(invoice.UnitPrice);
        if (recurring.InvoiceRounding is { } billed) line += $" round-bill {U(billed.RoundingMethod)} {billed.DecimalPlaces}";
        if (Currencies.Find(recurring.Access.CreditTypeId) is null) line += " unit " + recurring.Access.CreditTypeId;
        if (recurring.RateType == CommitRateType.CommitRate) line += " commit-rate";
        if (recurring.RolloverFraction is { } fraction) line += " rollover " + N(fraction);
        return line + Scope(recurring.Scope);
    }

    private static string Subscription(Subscription subscription, Contract contract)
    {
        var line = $"subscription {subscription.Id} of {contract.Id} {subscription.ProductId} {N(subscription.Quantities[0].Quantity)} every {U(subscription.Frequency)} {U(subscription.Collection)}";
        if (subscription.IsProrated) line += " prorated";
        if (subscription.Billing == ProrationBilling.BillImmediately) line += " at-once";
        if (subscription.Placement == InvoicePlacement.OnUsageInvoice) line += " on-usage";
        if (subscription.Rounding is { } rounding) line += $" round {U(rounding.RoundingMethod)} {rounding.DecimalPlaces}";
        if (subscription.Anchor is { } anchor) line += " anchor " + T(anchor);
        if (subscription.StartingAt != contract.StartingAt) line += " from " + T(subscription.StartingAt);
        return line + (subscription.EndingBefore is { } end ? " until " + T(end) : "");
    }

    private static string Scope(LineScope scope)
    {
        var text = scope.ProductIds.Count > 0 ? " products " + string.Join(',', scope.ProductIds) : "";
        if (scope.ProductTags.Count > 0) text += " tags " + string.Join(',', scope.ProductTags);
        return text + string.Concat(scope.Specifiers.Select(s => " where " + string.Join(';', Parts(s))));

        static IEnumerable<string> Parts(LineSpecifier specifier)
        {
            if (specifier.ProductId is { } product) yield return "product=" + product;
            if (specifier.ProductTags is { } tags) yield return "tags=" + string.Join('|', tags);
            if (specifier.BillingFrequency is { } frequency) yield return "every=" + U(frequency);
            foreach (var (name, value) in specifier.PricingGroupValues ?? new Dictionary<string, string>()) yield return $"{name}={value}";
            foreach (var (name, value) in specifier.PresentationGroupValues ?? new Dictionary<string, string>()) yield return $"show.{name}={value}";
        }
    }

    private static string PriceText(Price price) => price switch
    {
        Price.Flat flat => N(flat.UnitPrice),
        Price.Tiered tiered => "tiered:" + Tiers(tiered.Tiers),
        Price.Volume volume => "volume:" + Tiers(volume.Tiers),
        Price.Percentage percentage => "percent:" + N(percentage.Fraction),
        Price.TieredPercentage tiered => "percent-tiers:" + Tiers(tiered.Tiers),
        Price.Package package => $"package:{N(package.UnitPrice)}/{N(package.PackageSize)}/{U(package.Rounding)}",
        Price.Subscription old => $"fixed{(old.IsProrated ? "-prorated" : "")}:{N(old.UnitPrice)}x{N(old.Quantity)}",
        Price.Custom => "custom",
        _ => throw new InvalidOperationException(price.GetType().Name),
    };

    private static string Tiers(IReadOnlyList<Tier> tiers) =>
        string.Join(',', tiers.Select(t => $"{(t.Size is { } size ? N(size) + "@" : "")}{N(t.Price)}{(t.FlatPrice != 0 ? "+" + N(t.FlatPrice) : "")}"));

    private static string Payments(IReadOnlyList<ScheduledPayment> items) =>
        string.Concat(items.Select(i => $" bill {N(i.UnitPrice)}{(i.Quantity != 1 ? "x" + N(i.Quantity) : "")} at {T(i.Timestamp)}"));

    private static string From(Instant at) => at == PageReader.Agreed ? "" : " from " + T(at);

    private static string N(decimal number) => Words.Number(number);

    private static string T(Instant at) => Words.Time(at);

    // As the API spells enumerations.
    private static string U<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseUpper.ConvertName(value.ToString());
}
