using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Domain.Values;

namespace Billing.UseCases.Contracts;

/// <summary>Changes what a contract keeps by itself: recurring commits, thresholds, overrides, trackers, names. Places are those of an edit.</summary>
internal static class EditTerms
{
    /// <summary>Changes grants to come of a recurring commit or credit. Null when it was done.</summary>
    public static Refusal? Recurring(EditDraft draft, RecurringUpdate update, bool isCredit)
    {
        var (id, field) = isCredit ? (update.RecurringCreditId, "/recurring_credit_id") : (update.RecurringCommitId, "/recurring_commit_id");
        var contract = draft.Contract!;
        if (contract.RecurringCommits.FirstOrDefault(r => r.Id == id && (r.Type == CommitType.Credit) == isCredit) is not { } recurring)
            return new Refusal("recurring_not_found", $"The contract has no recurring {(isCredit ? "credit" : "commit")} '{id}'.", field, RefusalKind.NotFound);
        if (update.AccessAmount?.Quantity is not null && recurring.Seats is not null)
            return new Refusal("quantity_of_seats", "Its quantity is that of the subscription.", "/access_amount/quantity", RefusalKind.Conflict);
        if (update.InvoiceAmount is not null && recurring.Invoice is null)
            return new Refusal("no_invoice_amount", "Nothing is invoiced for it.", "/invoice_amount", RefusalKind.Conflict);
        var rounding = update.ProrationRounding;
        var changed = recurring with
        {
            Changes =
            [
                .. recurring.Changes,
                new RecurringChange(draft.Now)
                {
                    AccessUnitPrice = update.AccessAmount?.UnitPrice,
                    AccessQuantity = update.AccessAmount?.Quantity,
                    InvoiceUnitPrice = update.InvoiceAmount?.UnitPrice,
                    InvoiceQuantity = update.InvoiceAmount?.Quantity,
                    EndingBefore = update.EndingBefore,
                    RateType = update.RateType,
                    AccessRounding = rounding is null ? null : rounding.Value is { } to ? to.Access : new Changed<AmountRoundingRule>(null),
                    InvoiceRounding = rounding is null ? null : rounding.Value is { } both ? both.Invoice : new Changed<AmountRoundingRule>(null),
                },
            ],
        };
        if (changed.Latest().Check() is { } wrong) return wrong;
        draft.Contract = contract with { RecurringCommits = [.. contract.RecurringCommits.Select(r => r.Id == id ? changed : r)] };
        return null;
    }

    /// <summary>Takes an override away. Null when it was done.</summary>
    public static Refusal? RemoveOverride(EditDraft draft, string id)
    {
        var contract = draft.Contract!;
        if (contract.Overrides.All(o => o.Id != id)) return new Refusal("override_not_found", $"The contract has no override '{id}'.", "/id", RefusalKind.NotFound);
        draft.Contract = contract with { Overrides = [.. contract.Overrides.Where(o => o.Id != id)] };
        return null;
    }

    /// <summary>Archives a spend tracker. Null when it was done.</summary>
    public static Refusal? ArchiveTracker(EditDraft draft, string alias)
    {
        var contract = draft.Contract!;
        if (!contract.SpendTrackers.Any(t => t.Alias == alias && t.ArchivedAt is null))
            return new Refusal("spend_tracker_not_found", $"The contract has no spend tracker '{alias}'.", "", RefusalKind.NotFound);
        if (contract.PrepaidThreshold?.Discount?.SpendTrackerAlias == alias || contract.SpendThreshold?.Discount?.SpendTrackerAlias == alias)
            return new Refusal("spend_tracker_used", $"A threshold's discount is capped by '{alias}'.", "", RefusalKind.Conflict);
        draft.Contract = contract with { SpendTrackers = [.. contract.SpendTrackers.Select(t => t.Alias == alias && t.ArchivedAt is null ? t with { ArchivedAt = draft.Now } : t)] };
        return null;
    }

    /// <summary>Adds or changes both thresholds. Null when it was done.</summary>
    public static Refusal? Thresholds(EditDraft draft, EditContract wanted, Catalog catalog)
    {
        var contract = draft.Contract!;
        if (wanted.AddPrepaidBalanceThresholdConfiguration is not null && contract.PrepaidThreshold is not null) return Exists("/add_prepaid_balance_threshold_configuration");
        if (wanted.AddSpendThresholdConfiguration is not null && contract.SpendThreshold is not null) return Exists("/add_spend_threshold_configuration");
        if (wanted.UpdatePrepaidBalanceThresholdConfiguration is not null && contract.PrepaidThreshold is null) return Missing("/update_prepaid_balance_threshold_configuration");
        if (wanted.UpdateSpendThresholdConfiguration is not null && contract.SpendThreshold is null) return Missing("/update_spend_threshold_configuration");
        if ((wanted.AddPrepaidBalanceThresholdConfiguration ?? wanted.UpdatePrepaidBalanceThresholdConfiguration?.Apply(NewThreshold.Of(contract.PrepaidThreshold!))) is { } prepaid)
        {
            var at = wanted.AddPrepaidBalanceThresholdConfiguration is null ? "/update_prepaid_balance_threshold_configuration" : "/add_prepaid_balance_threshold_configuration";
            if (!ReadThresholds.Prepaid(prepaid, contract.SpendTrackers, catalog).Is(out var threshold, out var refusal)) return refusal.Under(at);
            contract = contract with { PrepaidThreshold = threshold };
        }
        if ((wanted.AddSpendThresholdConfiguration ?? wanted.UpdateSpendThresholdConfiguration?.Apply(NewThreshold.Of(contract.SpendThreshold!))) is { } spend)
        {
            var at = wanted.AddSpendThresholdConfiguration is null ? "/update_spend_threshold_configuration" : "/add_spend_threshold_configuration";
            if (!ReadThresholds.Spend(spend, contract.SpendTrackers, catalog).Is(out var threshold, out var refusal)) return refusal.Under(at);
            contract = contract with { SpendThreshold = threshold };
        }
        draft.Contract = contract;
        return null;

        static Refusal Exists(string at) => new("threshold_exists", "The contract has one; update it.", at, RefusalKind.Conflict);
        static Refusal Missing(string at) => new("threshold_not_found", "The contract has none; add one.", at, RefusalKind.NotFound);
    }
}
