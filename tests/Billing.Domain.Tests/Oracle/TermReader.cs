using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Tests.Oracle;

/// <summary>Reads prices, scopes, overrides, commits and subscriptions of a ledger page.</summary>
internal static class TermReader
{
    /// <summary>
    /// One word: 10 · tiered:1000@10,9000@8+50,5 (width@price+flat) · volume:… · package:5/100/up · percent:0.05 · percent-tiers:… · fixed:500x4 · fixed-prorated:500x4 · custom.
    /// </summary>
    public static Price PriceOf(string word)
    {
        var parts = word.Split(':');
        if (parts.Length == 1) return word == "custom" ? new Price.Custom("{}") : new Price.Flat(Words.Number(word));
        var rest = parts[1];
        return parts[0] switch
        {
            "tiered" => new Price.Tiered(Tiers(rest)),
            "volume" => new Price.Volume(Tiers(rest)),
            "percent" => new Price.Percentage(Words.Number(rest)),
            "percent-tiers" => new Price.TieredPercentage(Tiers(rest)),
            "package" => new Price.Package(Words.Number(rest.Split('/')[0]), Words.Number(rest.Split('/')[1]), Words.Spelled<PackageRounding>(rest.Split('/')[2])),
            "fixed" or "fixed-prorated" => new Price.Subscription(Words.Number(rest.Split('x')[0]), Words.Number(rest.Split('x')[1]), parts[0] == "fixed-prorated"),
            _ => throw new FormatException($"'{word}' is no price."),
        };
    }

    private static List<Tier> Tiers(string text) =>
    [
        .. text.Split(',').Select(t =>
        {
            var (size, price) = t.Contains('@', StringComparison.Ordinal) ? (Words.Number(t.Split('@')[0]), t.Split('@')[1]) : ((decimal?)null, t);
            var flat = price.Split('+');
            return new Tier(size, Words.Number(flat[0]), flat.Length > 1 ? Words.Number(flat[1]) : 0);
        }),
    ];

    /// <summary>products a,b · tags x · where product=a;tags=x|y;model=large;show.team=a (each a specifier of its own).</summary>
    private static bool Scope(Words w, ref LineScope scope)
    {
        if (w.Take("products")) scope = scope with { ProductIds = w.List() };
        else if (w.Take("tags")) scope = scope with { ProductTags = w.List() };
        else if (w.Take("where")) scope = scope with { Specifiers = [.. scope.Specifiers, Specifier(w.Next())] };
        else return false;
        return true;
    }

    private static LineSpecifier Specifier(string word)
    {
        var (specifier, pricing, shown) = (new LineSpecifier(), new Dictionary<string, string>(), new Dictionary<string, string>());
        foreach (var (name, value) in word.Split(';').Select(p => p.Split('=')).Select(p => (p[0], p[1])))
        {
            if (name == "product") specifier = specifier with { ProductId = value };
            else if (name == "tags") specifier = specifier with { ProductTags = value.Split('|') };
            else if (name == "every") specifier = specifier with { BillingFrequency = Words.Spelled<BillingFrequency>(value) };
            else if (name.StartsWith("show.", StringComparison.Ordinal)) shown[name[5..]] = value;
            else pricing[name] = value;
        }
        return specifier with { PricingGroupValues = pricing.Count > 0 ? pricing : null, PresentationGroupValues = shown.Count > 0 ? shown : null };
    }

    public static Override Override(Words w, string id)
    {
        OverrideChange change = w.Next() switch
        {
            "multiplier" => new OverrideChange.Multiplier(w.Number()),
            "overwrite" => new OverrideChange.Overwrite(PriceOf(w.Next()), w.Take("unit") ? w.Next() : null),
            "tiered" => new OverrideChange.Tiered([.. w.List().Select(t => t.Split('@')).Select(t => t.Length > 1
                ? new MultiplierTier(Words.Number(t[1]), Words.Number(t[0]))
                : new MultiplierTier(Words.Number(t[0]), null))]),
            "entitlement" => new OverrideChange.Overwrite(null, null),
            _ => throw w.Bad("a kind of override"),
        };
        var made = new Override(id, PageReader.Agreed, null, LineScope.Everything, change);
        var scope = LineScope.Everything;
        while (w.More)
        {
            if (Scope(w, ref scope)) continue;
            if (w.Take("from")) made = made with { StartingAt = w.Time() };
            else if (w.Take("until")) made = made with { EndingBefore = w.Time() };
            else if (w.Take("priority")) made = made with { Priority = w.Number() };
            else if (w.Take("on")) made = made with { Entitled = true };
            else if (w.Take("off")) made = made with { Entitled = false };
            else if (w.Take("of-commit-rate")) made = made with { Target = OverrideTarget.CommitRate };
            else if (w.Take("drawn-from-any")) made = made with { Commits = new CommitSelector(true, [], []) };
            else if (w.Take("drawn-from")) made = made with { Commits = new CommitSelector(false, w.List(), []) };
            else if (w.Take("drawn-from-recurring")) made = made with { Commits = new CommitSelector(false, [], w.List()) };
            else throw w.Bad("a word about an override");
        }
        return made with { Scope = scope };
    }

    public static Commit Commit(Words w, string currency)
    {
        var (id, type) = (w.Next(), w.One<CommitType>());
        var (access, bills, scope) = (new List<AccessSegment>(), new List<ScheduledPayment>(), LineScope.Everything);
        var commit = new Commit(id, "customer", null, 1, type, id, id, 100, currency, access, PageReader.Agreed);
        while (w.More)
        {
            if (Scope(w, ref scope)) continue;
            if (w.Take("of")) commit = commit with { ContractId = w.Next() };
            else if (w.Take("for")) commit = commit with { ApplicableContractIds = w.List() };
            else if (w.Take("billed-by")) commit = commit with { InvoiceContractId = w.Next() };
            else if (w.Take("priority")) commit = commit with { Priority = w.Number() };
            else if (w.Take("unit")) commit = commit with { CreditTypeId = w.Next() };
            else if (w.Take("commit-rate")) commit = commit with { RateType = CommitRateType.CommitRate };
            else if (w.Take("rollover")) commit = commit with { RolloverFraction = w.Number() };
            else if (w.Take("unpaid")) commit = commit with { IsPaid = false };
            else if (w.Take("archived")) commit = commit with { ArchivedAt = PageReader.Agreed };
            else if (w.Take("bill")) bills.Add(Payment(w, id, bills.Count));
            else access.Add(Access(w, $"{id}/{access.Count + 1}"));
        }
        return commit with { Access = access, Scope = scope, Invoicing = bills.Count > 0 ? new PaymentSchedule(currency, bills) : null };
    }

    private static AccessSegment Access(Words w, string id)
    {
        var (amount, start) = (w.Number(), w.Time());
        w.Skip("/");
        return new AccessSegment(id, amount, start, w.Time());
    }

    public static ScheduledPayment Payment(Words w, string id, int number)
    {
        var amount = w.Next().Split('x');
        w.Skip("at");
        return new ScheduledPayment($"{id}:{number}", w.Time(), Words.Number(amount[0]), amount.Length > 1 ? Words.Number(amount[1]) : 1);
    }

    public static RecurringCommit Recurring(Words w, string id, Instant start, string currency)
    {
        var (type, amount, scope) = (w.One<CommitType>(), w.Number(), LineScope.Everything);
        var recurring = new RecurringCommit(id, type, id, id, 100, new PricedAmount(currency, amount, 1), null, null, 1, start, null, GrantProration.FirstAndLast);
        while (w.More)
        {
            if (Scope(w, ref scope)) continue;
            if (w.Take("priority")) recurring = recurring with { Priority = w.Number() };
            else if (w.Take("every")) recurring = recurring with { Frequency = w.One<BillingFrequency>() };
            else if (w.Take("lasting")) recurring = recurring with { DurationPeriods = w.Whole() };
            else if (w.Take("from")) recurring = recurring with { StartingAt = w.Time() };
            else if (w.Take("until")) recurring = recurring with { EndingBefore = w.Time() };
            else if (w.Take("prorated")) recurring = recurring with { Proration = w.One<GrantProration>() };
            else if (w.Take("round")) recurring = recurring with { AccessRounding = new AmountRoundingRule(w.One<ProrationRounding>(), w.Whole()) };
            else if (w.Take("bill")) recurring = recurring with { Invoice = new PricedAmount(currency, w.Number(), 1) };
            else if (w.Take("round-bill")) recurring = recurring with { InvoiceRounding = new AmountRoundingRule(w.One<ProrationRounding>(), w.Whole()) };
            else if (w.Take("unit")) recurring = recurring with { Access = recurring.Access with { CreditTypeId = w.Next() } };
            else if (w.Take("commit-rate")) recurring = recurring with { RateType = CommitRateType.CommitRate };
            else if (w.Take("rollover")) recurring = recurring with { RolloverFraction = w.Number() };
            else throw w.Bad("a word about a recurring commit");
        }
        return recurring with { Scope = scope };
    }

    public static Subscription Subscription(Words w, string id, Instant start)
    {
        var product = w.Next();
        var quantity = w.Number();
        w.Skip("every");
        var made = new Subscription(
            id, product, w.One<BillingFrequency>(), w.One<CollectionSchedule>(), start, null, false, ProrationBilling.BillOnNextCollectionDate, null,
            InvoicePlacement.OnScheduledInvoice, null, [])
        {
            Name = id,
        };
        while (w.More)
        {
            if (w.Take("prorated")) made = made with { IsProrated = true };
            else if (w.Take("at-once")) made = made with { Billing = ProrationBilling.BillImmediately };
            else if (w.Take("on-usage")) made = made with { Placement = InvoicePlacement.OnUsageInvoice };
            else if (w.Take("round")) made = made with { Rounding = new AmountRoundingRule(w.One<ProrationRounding>(), w.Whole()) };
            else if (w.Take("anchor")) made = made with { Anchor = w.Time() };
            else if (w.Take("from")) made = made with { StartingAt = w.Time() };
            else if (w.Take("until")) made = made with { EndingBefore = w.Time() };
            else throw w.Bad("a word about a subscription");
        }
        return made with { Quantities = [new QuantityChange(id + ":0", made.StartingAt, quantity, PageReader.Agreed)] };
    }
}
