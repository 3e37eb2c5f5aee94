using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Domain.Values;

namespace Billing.UseCases.Contracts;

/// <summary>Turns commits and credits that are asked for into commits, or says where and why not. Places are relative to the commit.</summary>
internal static class ReadCommits
{
    /// <summary>Where it is not said.</summary>
    private const decimal DefaultPriority = 100;

    /// <param name="isCredit">True for a credit, whatever type it says.</param>
    /// <param name="wanted">The commit.</param>
    /// <param name="frame">Its contract.</param>
    public static Outcome<Commit> Commit(bool isCredit, NewCommit wanted, TermsFrame frame)
    {
        var id = frame.NewId();
        if (!isCredit && wanted.Type is not (CommitType.Prepaid or CommitType.Postpaid))
            return new Refusal("type_missing", "A commit is PREPAID or POSTPAID.", "/type");
        if (!frame.Catalog.Product(wanted.ProductId, "/product_id", ProductType.Fixed).Is(out var product, out var refusal)) return refusal;
        if (wanted.AccessSchedule is not { } schedule) return new Refusal("access_schedule_missing", "Say in access_schedule how much can be drawn, and when.", "/access_schedule");
        if (!frame.Catalog.Unit(schedule.CreditTypeId, "/access_schedule/credit_type_id").Is(out var unit, out refusal)) return refusal;
        if (!ReadLists.All(schedule.ScheduleItems, "/access_schedule/schedule_items", i => Segment(i, frame)).Is(out var access, out refusal)) return refusal;
        PaymentSchedule? payments = null;
        if (wanted.InvoiceSchedule is { } invoicing)
        {
            if (!ReadPayments.Schedule(invoicing, "/invoice_schedule", frame).Is(out payments, out refusal)) return refusal;
            if (payments.Items.Any(p => p.UnitPrice < 0)) return new Refusal("negative_amount", "An amount is 0 or more.", "/invoice_schedule/schedule_items");
        }
        if (!Scope(wanted.ApplicableProductIds, wanted.ApplicableProductTags, wanted.Specifiers, frame.Catalog).Is(out var scope, out refusal)) return refusal;
        if (wanted.PaymentGateConfig is { PaymentGateType: not PaymentGate.None })
            return new Refusal("payment_gate_not_offered", "A payment gate on a commit that is added by hand is not offered; thresholds have one.", "/payment_gate_config/payment_gate_type", RefusalKind.NotOffered);
        if (!Access(wanted.HierarchyConfiguration).Is(out var children, out refusal)) return refusal;
        var commit = new Commit(
            id, frame.CustomerId, frame.ContractId, 1, isCredit ? CommitType.Credit : wanted.Type!.Value, product.Id, wanted.Name, wanted.Priority ?? DefaultPriority, unit,
            [.. access.OrderBy(a => a.StartingAt)], frame.Now)
        {
            Description = wanted.Description,
            Invoicing = payments,
            Scope = scope,
            RateType = wanted.RateType ?? CommitRateType.ListRate,
            RolloverFraction = wanted.RolloverFraction,
            ChildAccess = children,
            CustomFields = wanted.CustomFields ?? new Dictionary<string, string>(),
            CountsAsDiscounted = wanted.SpendTrackerAttributes?.CountsAsDiscounted,
            CreatedBy = frame.By,
        };
        if (Check(commit) is { } wrong) return wrong;
        frame.Known.Commits.Add(id);
        return frame.Known.Name(wanted.TemporaryId, id) is { } twice ? twice : commit;
    }

    /// <summary>The refusal for a commit that cannot be kept, or null: its own rules, and those that need more than itself.</summary>
    public static Refusal? Check(Commit commit)
    {
        if (commit.Check() is { } wrong) return wrong;
        return commit is { Type: CommitType.Postpaid, Invoicing: { } invoicing } && !string.Equals(invoicing.CreditTypeId, commit.CreditTypeId, StringComparison.OrdinalIgnoreCase)
            ? new Refusal("bad_postpaid_commit", "What is promised and what is trued up are in one currency.", "/invoice_schedule/credit_type_id")
            : null;
    }

    /// <summary>A recurring commit or credit.</summary>
    public static Outcome<RecurringCommit> Recurring(bool isCredit, NewRecurringCommit wanted, TermsFrame frame)
    {
        var id = frame.NewId();
        if (!frame.Catalog.Product(wanted.ProductId, "/product_id", ProductType.Fixed).Is(out var product, out var refusal)) return refusal;
        if (!frame.Catalog.Unit(wanted.AccessAmount.CreditTypeId, "/access_amount/credit_type_id").Is(out var unit, out refusal)) return refusal;
        if (wanted.AccessAmount.Quantity is null && wanted.SubscriptionConfig is null)
            return new Refusal("quantity_missing", "An access amount needs a quantity, unless a subscription gives it.", "/access_amount/quantity");
        PricedAmount? invoice = null;
        if (wanted.InvoiceAmount is { } sold)
        {
            if (isCredit) return new Refusal("credit_with_invoice", "A credit is given, not sold: it has no invoice_amount.", "/invoice_amount");
            if (!frame.Catalog.Fiat(sold.CreditTypeId, "/invoice_amount/credit_type_id").Is(out var currency, out refusal)) return refusal;
            if (sold.Quantity is not { } quantity) return new Refusal("quantity_missing", "An invoice amount needs a quantity.", "/invoice_amount/quantity");
            invoice = new PricedAmount(currency, sold.UnitPrice, quantity);
        }
        if (frame.Start(wanted.StartingAt, wanted.StartingAtOffset) is not { } start)
            return new Refusal("starting_at_missing", "Say when the first grant starts.", "/starting_at");
        if (start < frame.StartingAt) return new Refusal("starts_before_contract", "Grants start with the contract or later.", "/starting_at");
        if (!Scope(wanted.ApplicableProductIds, wanted.ApplicableProductTags, wanted.Specifiers, frame.Catalog).Is(out var scope, out refusal)) return refusal;
        if (!Seats(wanted.SubscriptionConfig, frame).Is(out var seats, out refusal)) return refusal;
        if (!Access(wanted.HierarchyConfiguration).Is(out var children, out refusal)) return refusal;
        var recurring = new RecurringCommit(
            id, isCredit ? CommitType.Credit : CommitType.Prepaid, product.Id, wanted.Name, wanted.Priority ?? DefaultPriority,
            new PricedAmount(unit, wanted.AccessAmount.UnitPrice, wanted.AccessAmount.Quantity ?? 1), invoice, wanted.RecurrenceFrequency, wanted.CommitDuration.Value, start,
            frame.End(wanted.EndingBefore, wanted.Duration, start, wanted.StartingAtOffset), wanted.Proration ?? GrantProration.FirstAndLast)
        {
            Description = wanted.Description,
            Scope = scope,
            RateType = wanted.RateType ?? CommitRateType.ListRate,
            RolloverFraction = wanted.RolloverFraction,
            AccessRounding = wanted.ProrationRounding?.Access,
            InvoiceRounding = wanted.ProrationRounding?.Invoice,
            Seats = seats.FirstOrDefault(),
            ChildAccess = children,
            CustomFields = wanted.CustomFields ?? new Dictionary<string, string>(),
        };
        if (recurring.Check() is { } wrong) return wrong;
        frame.Known.Recurring.Add(id);
        return frame.Known.Name(wanted.TemporaryId, id) is { } twice ? twice : recurring;
    }

    /// <summary>The lines that a commit is for.</summary>
    public static Outcome<LineScope> Scope(IReadOnlyList<string>? productIds, IReadOnlyList<string>? productTags, IReadOnlyList<LineSpecifier>? specifiers, Catalog catalog)
    {
        if (specifiers is { Count: > 0 } && (productIds is { Count: > 0 } || productTags is { Count: > 0 }))
            return new Refusal("two_scopes", "Give specifiers, or applicable products and tags; a specifier can name both itself.", "/specifiers");
        if (!ReadLists.All(productIds, "/applicable_product_ids", id => Sold(id, "", catalog)).Is(out var products, out var refusal)) return refusal;
        if (!ReadLists.All(productTags, "/applicable_product_tags", tag => new Outcome<string>(tag)).Is(out var tags, out refusal)) return refusal;
        if (!ReadLists.All(specifiers, "/specifiers", s => Specifier(s, catalog)).Is(out var of, out refusal)) return refusal;
        return new LineScope(products, tags, of);
    }

    /// <summary>A product that lines of usage, subscriptions or shares are about.</summary>
    public static Outcome<string> Sold(string id, string field, Catalog catalog) =>
        catalog.Product(id, field, ProductType.Usage, ProductType.Subscription, ProductType.Composite).Is(out var product, out var refusal) ? product.Id : refusal;

    /// <summary>Which children may draw.</summary>
    /// <param name="wanted">Null: none.</param>
    public static Outcome<ChildAccess> Access(CommitHierarchy? wanted)
    {
        const string Field = "/hierarchy_configuration/child_access";
        var named = wanted?.ChildAccess.ContractIds ?? [];
        return wanted?.ChildAccess.Type switch
        {
            null or ChildAccessType.None => ChildAccess.None,
            ChildAccessType.All => new ChildAccess(true, []),
            ChildAccessType.ContractIds when named.Count is > 0 and < ChildContracts.MaxNodes => new ChildAccess(false, named),
            _ => new Refusal("contract_ids_missing", $"Name 1 to {ChildContracts.MaxNodes - 1} contracts of children.", Field + "/contract_ids"),
        };
    }

    private static Outcome<LineSpecifier> Specifier(LineSpecifier wanted, Catalog catalog)
    {
        if (wanted is { ProductId: null, HasGroupValues: false } && wanted.ProductTags is not { Count: > 0 })
            return new Refusal("empty_specifier", "A specifier names a product, tags or group values.", "");
        return wanted.ProductId is null || Sold(wanted.ProductId, "/product_id", catalog).Is(out _, out var refusal) ? wanted : refusal;
    }

    /// <summary>A segment.</summary>
    public static Outcome<AccessSegment> Segment(NewAccessItem wanted, TermsFrame frame)
    {
        var id = frame.NewId();
        if ((wanted.StartingAtOffset?.Check("/starting_at_offset") ?? wanted.Duration?.Check("/duration")) is { } refusal) return refusal;
        if (frame.Start(wanted.StartingAt, wanted.StartingAtOffset) is not { } start) return new Refusal("starting_at_missing", "Say from when on it can be drawn.", "/starting_at");
        return frame.End(wanted.EndingBefore, wanted.Duration, start, wanted.StartingAtOffset) is { } end
            ? new AccessSegment(id, wanted.Amount, start, end)
            : new Refusal("ending_before_missing", "Say until when it can be drawn.", "/ending_before");
    }

    private static Outcome<SeatGrants[]> Seats(NewSeatGrants? wanted, TermsFrame frame)
    {
        if (wanted is null) return Array.Empty<SeatGrants>();
        if (!frame.Known.Subscriptions.TryGetValue(frame.Known.Resolve(wanted.SubscriptionId), out var subscription))
            return new Refusal("subscription_not_found", $"The contract has no subscription '{wanted.SubscriptionId}'.", "/subscription_config/subscription_id", RefusalKind.NotFound);
        if (wanted.Allocation == Allocation.Individual && subscription.Mode != QuantityMode.SeatBased)
            return new Refusal("seats_needed", "A balance for each seat needs a SEAT_BASED subscription.", "/subscription_config/allocation");
        return new[] { new SeatGrants(subscription.Id, wanted.ApplySeatIncreaseConfig.IsProrated, wanted.Allocation == Allocation.Individual) };
    }
}
