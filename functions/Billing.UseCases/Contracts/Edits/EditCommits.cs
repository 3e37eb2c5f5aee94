using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.UseCases.Contracts;

/// <summary>Changes commits and credits, or says where that cannot be and why. Places are relative to the update.</summary>
/// <remarks>
/// What is on a final invoice stays: a payment that was invoiced cannot change, nor can a segment that was drawn on be removed, or made smaller than what was
/// drawn. Source: Metronome, edit-contract.
/// </remarks>
internal static class EditCommits
{
    private const decimal DefaultPriority = 100;

    /// <summary>Changes one. Null when it was done.</summary>
    public static Refusal? Update(EditDraft draft, CommitUpdate update, bool isCredit, TermsFrame frame)
    {
        var (id, field) = isCredit ? (update.CreditId, "/credit_id") : (update.CommitId, "/commit_id");
        if (!Find(draft, id, isCredit, field).Is(out var before, out var refusal)) return refusal;
        if (!Scope(before, update, frame.Catalog).Is(out var scope, out refusal)) return refusal;
        if (update.ProductId is { } productId && !frame.Catalog.Product(productId, "/product_id", ProductType.Fixed).Is(out _, out refusal)) return refusal;
        var children = before.ChildAccess;
        if (update.HierarchyConfiguration is { } hierarchy && !ReadCommits.Access(hierarchy).Is(out children, out refusal)) return refusal;
        if (Contracts(before, update, draft) is { } wrongContract) return wrongContract;
        var access = before.Access;
        if (update.AccessSchedule is { } changed && !Access(draft, before, changed, frame).Is(out access, out refusal)) return refusal.Under("/access_schedule");
        var payments = before.Invoicing;
        if (update.InvoiceSchedule is { } paid)
        {
            if (isCredit) return new Refusal("credit_with_invoice", "A credit is given, not sold: it has no invoice_schedule.", "/invoice_schedule");
            var schedule = before.Invoicing ?? new PaymentSchedule(frame.Catalog.CurrencyId, []);
            if (!EditPayments.Update(schedule, paid, draft.Account.Billed, frame).Is(out payments, out refusal)) return refusal.Under("/invoice_schedule");
            // A prepaid commit that nothing is paid for is complimentary.
            if (payments.Items.Count == 0 && !payments.DoNotInvoice) payments = null;
        }
        var after = before with
        {
            Access = access,
            Invoicing = payments,
            Scope = scope,
            ChildAccess = children,
            ProductId = update.ProductId ?? before.ProductId,
            Name = update.Name ?? before.Name,
            Description = update.Description ?? before.Description,
            Priority = update.Priority is null ? before.Priority : update.Priority.Value ?? DefaultPriority,
            RateType = update.RateType ?? before.RateType,
            RolloverFraction = update.RolloverFraction is null ? before.RolloverFraction : update.RolloverFraction.Value,
            ApplicableContractIds = update.ApplicableContractIds is null ? before.ApplicableContractIds : update.ApplicableContractIds.Value ?? [],
            InvoiceContractId = update.InvoiceContractId ?? before.InvoiceContractId,
        };
        if (ReadCommits.Check(after) is { } bad) return bad;
        draft.Change(after);
        return null;
    }

    /// <summary>Archives one: nothing draws on it any more, and what is left of it is gone. Null when it was done.</summary>
    public static Refusal? Archive(EditDraft draft, string id, bool isCredit)
    {
        if (!Find(draft, id, isCredit, "/id").Is(out var commit, out var refusal)) return refusal;
        if (commit.Invoicing?.Items.Any(i => draft.Account.Billed.Contains(i.Id)) == true)
            return new Refusal("payment_invoiced", "A final invoice bills this commit; void it first.", "/id", RefusalKind.Conflict);
        if (commit.Access.Any(a => draft.IsDrawn(a.Id)))
            return new Refusal("segment_used", "A final invoice drew on it; void the invoice first.", "/id", RefusalKind.Conflict);
        Close(draft, commit);
        return null;
    }

    /// <summary>Archives a commit whatever it was used for.</summary>
    public static void Close(EditDraft draft, Commit commit)
    {
        foreach (var segment in commit.Access.Where(a => !draft.IsSettled(a.Id)))
        {
            var left = Exact.Add(segment.Amount, draft.Posted(segment.Id));
            if (left != 0) draft.Post(new LedgerEntry(commit.Id, segment.Id, LedgerEntryType.Expiration, -left, Instant.Max(draft.Now, segment.StartingAt)));
            draft.Settle(segment.Id);
        }
        draft.Change(commit with { ArchivedAt = draft.Now });
    }

    private static Outcome<Commit> Find(EditDraft draft, string? id, bool isCredit, string field)
    {
        if (id is null) return new Refusal("id_missing", $"Name the {(isCredit ? "credit" : "commit")}.", field);
        if (draft.Find(id) is not { } commit || (commit.Type == CommitType.Credit) != isCredit || (draft.Contract is { } contract && commit.ContractId != contract.Id))
            return new Refusal("commit_not_found", $"There is no {(isCredit ? "credit" : "commit")} '{id}' here.", field, RefusalKind.NotFound);
        if (commit.RolledOver is not null) return new Refusal("rollover_read_only", "What a renewal took over cannot be changed.", field, RefusalKind.Conflict);
        if (commit.CreditMemoId is { } memoId) return new Refusal("credit_of_memo", $"Credit memo {memoId} gave it; it is taken back by voiding the memo.", field, RefusalKind.Conflict);
        return commit.ArchivedAt is null ? commit : new Refusal("commit_archived", $"'{id}' is archived.", field, RefusalKind.Conflict);
    }

    private static Outcome<LineScope> Scope(Commit before, CommitUpdate update, Catalog catalog)
    {
        // What stays was checked when it came; its products may be archived since.
        if (!ReadCommits.Scope(update.ApplicableProductIds?.Value, update.ApplicableProductTags?.Value, update.Specifiers?.Value, catalog).Is(out var given, out var refusal)) return refusal;
        var scope = new LineScope(
            update.ApplicableProductIds is null ? before.Scope.ProductIds : given.ProductIds, update.ApplicableProductTags is null ? before.Scope.ProductTags : given.ProductTags,
            update.Specifiers is null ? before.Scope.Specifiers : given.Specifiers);
        return scope.Specifiers.Count > 0 && scope.ProductIds.Count + scope.ProductTags.Count > 0
            ? new Refusal("two_scopes", "It would have specifiers, and applicable products or tags; take the others away with null.", "/specifiers")
            : scope;
    }

    private static Refusal? Contracts(Commit before, CommitUpdate update, EditDraft draft)
    {
        if (update.ApplicableContractIds is null && update.InvoiceContractId is null) return null;
        var field = update.ApplicableContractIds is null ? "/invoice_contract_id" : "/applicable_contract_ids";
        if (before.ContractId is not null) return new Refusal("contract_level", "It belongs to one contract; only a customer's commits and credits can be moved.", field);
        return before.Type == CommitType.Postpaid && update.ApplicableContractIds is not null
            ? new Refusal("postpaid_contracts", "The contracts of a POSTPAID commit stay.", field)
            : null;
    }

    private static Outcome<IReadOnlyList<AccessSegment>> Access(EditDraft draft, Commit commit, AccessUpdate update, TermsFrame frame)
    {
        var access = commit.Access.ToList();
        var wrong = ReadLists.Each(update.RemoveScheduleItems, "/remove_schedule_items", item =>
        {
            if (access.Find(a => a.Id == item.Id) is not { } segment) return Missing(item.Id);
            if (draft.Posted(item.Id) != 0 || draft.IsSettled(item.Id) || draft.IsDrawn(item.Id))
                return new Refusal("segment_used", "A final invoice drew on this segment, or it has ended; void the invoice first.", "/id", RefusalKind.Conflict);
            access.Remove(segment);
            return null;
        });
        wrong ??= ReadLists.Each(update.UpdateScheduleItems, "/update_schedule_items", item =>
        {
            var at = access.FindIndex(a => a.Id == item.Id);
            if (at < 0) return Missing(item.Id);
            var after = access[at] with
            {
                Amount = item.Amount ?? access[at].Amount, StartingAt = item.StartingAt ?? access[at].StartingAt, EndingBefore = item.EndingBefore ?? access[at].EndingBefore,
            };
            if (Segment(draft, commit, access[at], after) is { } refused) return refused;
            access[at] = after;
            return null;
        });
        if (wrong is not null) return wrong;
        if (!ReadLists.All(update.AddScheduleItems, "/add_schedule_items", a => ReadCommits.Segment(a, frame)).Is(out var added, out var refusal)) return refusal;
        return new Outcome<IReadOnlyList<AccessSegment>>([.. access.Concat(added).OrderBy(a => a.StartingAt)]);
    }

    /// <summary>The refusal of a change that would contradict the ledger, or null. One that has expired is opened again when its end is put off.</summary>
    private static Refusal? Segment(EditDraft draft, Commit commit, AccessSegment before, AccessSegment after)
    {
        if (after == before) return null;
        var own = draft.Account.Entries.Where(e => e.SegmentId == before.Id).ToList();
        if (draft.IsSettled(before.Id))
        {
            if (after.EndingBefore <= draft.Now || own.Exists(e => e.Type is LedgerEntryType.Rollover or LedgerEntryType.Trueup) || commit.Type == CommitType.Postpaid)
                return new Refusal("segment_ended", "This segment has ended, and what was left of it is gone; only its end can be put off, beyond now.", "/ending_before", RefusalKind.Conflict);
            var expired = Exact.Sum(own.Where(e => e.Type == LedgerEntryType.Expiration).Select(e => e.Amount));
            if (expired != 0) draft.Post(new LedgerEntry(commit.Id, before.Id, LedgerEntryType.Expiration, -expired, draft.Now));
            draft.Reopen(before.Id);
        }
        if (Exact.Add(after.Amount, draft.Posted(before.Id)) < 0)
            return new Refusal("amount_below_drawn", "Final invoices drew more than this amount.", "/amount", RefusalKind.Conflict);
        if (!draft.IsDrawn(before.Id)) return null;
        if (after.StartingAt > before.StartingAt) return new Refusal("segment_used", "A final invoice drew on this segment; it cannot start later.", "/starting_at", RefusalKind.Conflict);
        return own.Exists(e => e.Type == LedgerEntryType.AutomatedInvoiceDeduction && e.At > after.EndingBefore)
            ? new Refusal("segment_used", "A final invoice drew on this segment; it cannot end before that.", "/ending_before", RefusalKind.Conflict)
            : null;
    }

    private static Refusal Missing(string id) => new("schedule_item_not_found", $"The schedule has no item '{id}'.", "/id", RefusalKind.NotFound);
}
