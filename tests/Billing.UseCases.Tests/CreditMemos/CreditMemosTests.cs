using Billing.Domain.Contracts;
using Billing.Domain.CreditMemos;
using Billing.Domain.Credits;
using Billing.Domain.Invoicing;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Billing.UseCases.CreditMemos;
using Billing.UseCases.Credits;
using Billing.UseCases.Documents;
using Billing.UseCases.Notifications;
using Xunit;
using static Billing.UseCases.Tests.Town;

namespace Billing.UseCases.Tests.CreditMemos;

/// <summary>January's invoice is 1,000 calls x 10 = 10,000; the card's next 9,000 are at 8.</summary>
public class CreditMemosTests
{
    private readonly Town town = new();

    private async Task<Invoice> BilledAsync(LateUsagePolicy? policy = null, string? end = null)
    {
        var customer = await town.CustomerAsync("Credited Co");
        var contract = await town.ContractAsync(customer, await town.CardAsync(), end: end);
        if (policy is not null) await town.EditAsync(contract, c => c with { LateUsagePolicy = policy });
        town.Use(customer.Id, "2026-01-05T10", 1000);
        await MoveAsync("2026-02-02");
        return (await town.ListAsync(customer.Id, InvoiceStatus.Finalized)).Single();
    }

    private async Task MoveAsync(string to)
    {
        town.Now = At(to);
        await town.RunAsync();
        await town.RateAgain.RunAsync(town.Now, default);
        await town.RunAsync();
    }

    private Task<Outcome<CreditMemo>> CreditAsync(Invoice invoice, decimal amount, Func<NewCreditMemo, NewCreditMemo>? with = null, IdSource? ids = null)
    {
        var wanted = new NewCreditMemo(invoice.CustomerId, invoice.Id, CreditMemoReason.ServiceIssue) { Amount = amount };
        return town.Memos.RunAsync(with?.Invoke(wanted) ?? wanted, ids ?? town.Ids, default);
    }

    private async Task<Outcome<CreditMemo>> ToBalanceAsync(Invoice invoice, decimal amount)
    {
        var product = await town.ProductAsync(ProductType.Fixed, "Given back");
        return await CreditAsync(invoice, amount, w => w with { CreditTo = CreditDestination.Balance, ProductId = product.Id });
    }

    private Task<Outcome<CreditMemo>> VoidAsync(CreditMemo memo) => town.VoidMemos.RunAsync(memo.CustomerId, memo.Id, default);

    private async Task<List<string>> MessagesAsync() =>
        [.. (await town.Store.OfKindAsync(Container.Accounts, "outbox", null, 100, default)).Items.SelectMany(s => s.Value<OutboxEntry>().Messages).Select(m => m.Type).Where(t => t.Contains("credit", StringComparison.Ordinal))];

    [Fact]
    public async Task Memos_are_numbered_apart_from_invoices_and_a_void_one_keeps_its_number()
    {
        var invoice = await BilledAsync();
        var first = (await CreditAsync(invoice, 6_000, w => w with { Memo = "The outage of 5 January" })).Value;
        Assert.Equal("invoice_over_credited", (await CreditAsync(invoice, 4_001)).Refusal?.Code); // 10,000 - 6,000 = 4,000
        var second = (await CreditAsync(invoice, 4_000)).Value;
        Assert.Equal(("CM-1", 1L, 6_000m, "CM-2"), (first.NumberText, first.InvoiceNumber, first.Total, second.NumberText));
        Assert.Equal("Credited Co", first.Buyer?.Name);
        Assert.Equal(CreditMemoStatus.Void, (await VoidAsync(first)).Value.Status);
        Assert.Equal("credit_memo_void", (await VoidAsync(first)).Refusal?.Code);
        Assert.Equal("CM-3", (await CreditAsync(invoice, 6_000)).Value.NumberText);
        Assert.Equal(2L, (await town.Accounts.HeadAsync(invoice.CustomerId, default)).NextInvoiceNumber);
        Assert.Equal(["credit_memo.issued", "credit_memo.issued", "credit_memo.voided", "credit_memo.issued"], await MessagesAsync());
        Assert.Equal(invoice.Total, (await town.Invoices.GetAsync(invoice.CustomerId, invoice.Id, default)).Value.Total);
    }

    [Fact]
    public async Task Two_that_race_do_not_credit_more_than_there_is()
    {
        var invoice = await BilledAsync();
        Outcome<CreditMemo>? other = null;
        town.Store.BeforeCommit = async writes =>
        {
            if (!writes.Any(w => w is Write.Create { Document.Kind: "credit-memo" })) return;
            // Just before the first is written, another one is.
            town.Store.BeforeCommit = null;
            other = await CreditAsync(invoice, 7_000);
        };
        Assert.Equal("invoice_over_credited", (await CreditAsync(invoice, 7_000)).Refusal?.Code);
        Assert.Equal("CM-1", other!.Value.Value.NumberText);
        Assert.Single(town.Store.All("credit-memo"));
    }

    [Fact]
    public async Task Of_many_at_once_as_many_are_done_as_there_is_room_for()
    {
        var invoice = await BilledAsync();
        // All have read the same head when the first is let through. The store is for one thread: without a context they go on one after the other.
        var all = await Task.Run(() =>
        {
            var gate = new TaskCompletionSource();
            town.Store.BeforeCommit = _ => gate.Task;
            var begun = Enumerable.Range(0, 20).Select(_ => CreditAsync(invoice, 1_500)).ToList();
            town.Store.BeforeCommit = null;
            gate.SetResult();
            return Task.WhenAll(begun);
        });
        var done = all.Where(m => m.Refusal is null).Select(m => m.Value).ToList();
        Assert.Equal(6, done.Count); // 6 x 1,500 = 9,000, and 1,000 is left
        Assert.Equal([1L, 2L, 3L, 4L, 5L, 6L], done.Select(m => m.Number).Order());
        Assert.All(all.Where(m => m.Refusal is not null), m => Assert.Equal("invoice_over_credited", m.Refusal?.Code));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_creation_that_was_killed_and_is_repeated_with_its_key_is_done_once(bool before)
    {
        var invoice = await BilledAsync();
        var product = await town.ProductAsync(ProductType.Fixed, "Given back");
        Task<Outcome<CreditMemo>> Once() => CreditAsync(
            invoice, 9_000, w => w with { CreditTo = CreditDestination.Balance, ProductId = product.Id, UniquenessKey = "k" }, IdSource.DerivedFrom("key"));
        Func<IReadOnlyList<Write>, bool> isIt = writes => writes.Any(w => w is Write.Create { Document.Kind: "credit-memo" });
        if (before) town.Store.BeforeCommit = writes => isIt(writes) ? throw new IOException("killed") : Task.CompletedTask;
        else town.Store.AfterCommit = writes => { if (isIt(writes)) throw new IOException("killed"); };
        await Assert.ThrowsAsync<IOException>(Once);
        (town.Store.BeforeCommit, town.Store.AfterCommit) = (null, null);
        var memo = (await Once()).Value;
        Assert.Equal(memo.Id, (await Once()).Value.Id);
        Assert.Single(town.Store.All("credit-memo"));
        Assert.Single(town.Store.All("commit"));
        Assert.Equal(["credit.create", "credit_memo.issued"], await MessagesAsync());
        Assert.Equal("uniqueness_key_used", (await CreditAsync(invoice, 1, w => w with { UniquenessKey = "k" })).Refusal?.Code);
    }

    [Fact]
    public async Task What_goes_to_the_balance_pays_for_usage_from_then_on()
    {
        var invoice = await BilledAsync();
        var memo = (await ToBalanceAsync(invoice, 2_500)).Value;
        town.Use(invoice.CustomerId, "2026-02-10T10", 400);
        town.Now = At("2026-02-11");
        // 400 x 10 = 4,000, of which 2,500 are paid.
        Assert.Equal(1_500m, (await town.ListAsync(invoice.CustomerId, InvoiceStatus.Draft)).Single().Total);
        // A draft draws nothing for good: the memo can still be voided.
        Assert.Null((await VoidAsync(memo)).Refusal);
        Assert.Equal(4_000m, (await town.ListAsync(invoice.CustomerId, InvoiceStatus.Draft)).Single().Total);
        var ledger = (await town.Balances.ListAsync(invoice.CustomerId, new BalanceFilter(memo.CommitId, IncludeArchived: true), true, true, default)).Value.Single();
        Assert.Equal([(LedgerEntryType.SegmentStart, 2_500m, memo.Id), (LedgerEntryType.Canceled, -2_500m, memo.Id)], ledger.Ledger!.Select(e => (e.Type, e.Amount, e.CreditMemoId)));
        Assert.Equal(0m, ledger.Left);
        Assert.Equal(["credit.create", "credit_memo.issued", "credit.archive", "credit_memo.voided"], await MessagesAsync());
    }

    [Fact]
    public async Task A_memo_whose_credit_was_drawn_is_voided_only_once_the_draw_is()
    {
        var invoice = await BilledAsync();
        var memo = (await ToBalanceAsync(invoice, 2_500)).Value;
        town.Use(invoice.CustomerId, "2026-02-10T10", 400);
        await MoveAsync("2026-03-02");
        var february = (await town.ListAsync(invoice.CustomerId, InvoiceStatus.Finalized))[1];
        Assert.Equal(1_500m, february.Total); // 4,000 - 2,500
        Assert.Equal("credit_drawn", (await VoidAsync(memo)).Refusal?.Code);
        await town.Changes.VoidAsync(february.Id, default);
        Assert.Null((await VoidAsync(memo)).Refusal);
        Assert.Equal(4_000m, (await town.Changes.RegenerateAsync(february.Id, town.Ids, default)).Value.Total);
    }

    [Fact]
    public async Task The_credit_of_a_memo_is_changed_by_the_memo_alone()
    {
        var invoice = await BilledAsync();
        var memo = (await ToBalanceAsync(invoice, 2_500)).Value;
        Assert.Equal("credit_of_memo", (await town.Edits.ArchiveCommitAsync(invoice.CustomerId, memo.CommitId!, true, null, town.Ids, default)).Refusal?.Code);
    }

    [Fact]
    public async Task An_invoice_with_a_memo_is_not_voided_and_its_contract_not_archived_with_its_invoices()
    {
        var invoice = await BilledAsync();
        await MoveAsync("2026-03-02");
        var memo = (await CreditAsync(invoice, 1)).Value;
        Assert.Equal("invoice_credited", (await town.Changes.VoidAsync(invoice.Id, default)).Refusal?.Code);
        Assert.Equal("invoice_credited", (await town.Archive.ArchiveAsync(invoice.CustomerId, invoice.ContractId, true, default)).Refusal?.Code);
        Assert.All(await town.ListAsync(invoice.CustomerId, InvoiceStatus.Finalized), i => Assert.Equal(InvoiceStatus.Finalized, i.Status));
        Assert.Equal(2, (await town.ListAsync(invoice.CustomerId, InvoiceStatus.Finalized)).Count);
        await VoidAsync(memo);
        await town.Changes.VoidAsync(invoice.Id, default);
        Assert.Equal("invoice_not_final", (await CreditAsync(invoice, 1)).Refusal?.Code);
        Assert.Equal(10_000m, (await town.Changes.RegenerateAsync(invoice.Id, town.Ids, default)).Value.Total);
    }

    [Fact]
    public async Task A_memo_that_races_with_the_void_of_its_invoice_comes_before_or_after_it()
    {
        var invoice = await BilledAsync();
        Outcome<CreditMemo>? memo = null;
        town.Store.BeforeCommit = async writes =>
        {
            if (!writes.Any(w => w is Write.Replace { Document.Kind: "invoice" })) return;
            town.Store.BeforeCommit = null;
            memo = await CreditAsync(invoice, 10_000);
        };
        Assert.Equal("invoice_credited", (await town.Changes.VoidAsync(invoice.Id, default)).Refusal?.Code);
        Assert.Null(memo!.Value.Refusal);
    }

    private async Task LateAsync(Invoice invoice, decimal quantity)
    {
        town.Use(invoice.CustomerId, "2026-01-20T10", quantity);
        await town.Accounts.ChangeAsync<bool>(
            invoice.CustomerId,
            head => Task.FromResult<Outcome<AccountChange<bool>>>(new AccountChange<bool>(true, head.WithLate([new LatePeriod(invoice.ContractId, invoice.Start)]), []) { Due = null }), default);
    }

    [Fact]
    public async Task Late_usage_of_a_credited_invoice_goes_on_the_next_one_even_where_it_would_be_made_anew()
    {
        var invoice = await BilledAsync(LateUsagePolicy.Regenerate);
        await CreditAsync(invoice, 10_000);
        await LateAsync(invoice, 300);
        Assert.Equal(2_400m, (await town.ListAsync(invoice.CustomerId, InvoiceStatus.Draft)).Single().Total); // 300 x 8, whatever was credited
        await MoveAsync("2026-03-02");
        Assert.Equal([(InvoiceStatus.Finalized, 10_000m), (InvoiceStatus.Finalized, 2_400m), (InvoiceStatus.Draft, 0m)], (await town.ListAsync(invoice.CustomerId)).Select(i => (i.Status, i.Total)));
        Assert.Empty((await town.Accounts.HeadAsync(invoice.CustomerId, default)).Late);
    }

    [Fact]
    public async Task Late_usage_of_a_credited_invoice_of_a_contract_that_has_ended_is_an_invoice_of_its_own()
    {
        var invoice = await BilledAsync(LateUsagePolicy.Regenerate, end: "2026-02-01");
        await CreditAsync(invoice, 10_000);
        await LateAsync(invoice, 300);
        await MoveAsync("2026-02-03");
        await town.Accounts.FenceAsync(invoice.CustomerId, default);
        await town.RunAsync();
        Assert.Equal([(InvoiceType.Usage, 10_000m), (InvoiceType.Adjustment, 2_400m)], (await town.ListAsync(invoice.CustomerId, InvoiceStatus.Finalized)).Select(i => (i.Type, i.Total)));
    }

    [Fact]
    public async Task Late_usage_that_waits_while_the_next_invoice_falls_due_is_not_forgotten_where_it_is_made_anew()
    {
        var invoice = await BilledAsync(LateUsagePolicy.Regenerate);
        await LateAsync(invoice, 300);
        await MoveAsync("2026-03-02");
        // February's invoice was due first; January's is made anew after it: 1,000 x 10 + 300 x 8.
        Assert.Equal([0m, 12_400m], (await town.ListAsync(invoice.CustomerId, InvoiceStatus.Finalized)).Select(i => i.Total).Order());
        Assert.Equal(invoice.Id, (await town.ListAsync(invoice.CustomerId, InvoiceStatus.Void)).Single().Id);
    }

    [Fact]
    public async Task What_can_not_be_is_refused()
    {
        var invoice = await BilledAsync();
        async Task<string?> Code(Func<NewCreditMemo, NewCreditMemo> with) => (await CreditAsync(invoice, 1, with)).Refusal is { } r ? $"{r.Code} {r.Field}" : null;
        Assert.Equal("amount_or_lines /amount", await Code(w => w with { Lines = [new LineCredit(1, 1)] }));
        Assert.Equal("amount_or_lines /amount", await Code(w => w with { Amount = null }));
        Assert.Equal("no_lines /lines", await Code(w => w with { Amount = null, Lines = [] }));
        Assert.Equal("product_id_missing /product_id", await Code(w => w with { CreditTo = CreditDestination.Balance }));
        Assert.Equal("product_not_found /product_id", await Code(w => w with { CreditTo = CreditDestination.Balance, ProductId = "none" }));
        var usage = await town.ProductAsync("Usage");
        Assert.Equal("wrong_product_type /product_id", await Code(w => w with { CreditTo = CreditDestination.Balance, ProductId = usage.Id }));
        Assert.Equal("no_balance /product_id", await Code(w => w with { ProductId = usage.Id }));
        Assert.Equal("no_balance /access_ending_before", await Code(w => w with { AccessEndingBefore = At("2027-01-01") }));
        Assert.Equal("memo_too_long /memo", await Code(w => w with { Memo = new string('x', 2001) }));
        Assert.Equal("invoice_not_found /invoice_id", await Code(w => w with { InvoiceId = "none" }));
        Assert.Equal("customer_not_found /customer_id", await Code(w => w with { CustomerId = "none" }));
        var fixedProduct = await town.ProductAsync(ProductType.Fixed, "Given back");
        Assert.Equal("ends_before_start /access_ending_before", await Code(w => w with { CreditTo = CreditDestination.Balance, ProductId = fixedProduct.Id, AccessEndingBefore = At("2026-02-02") }));
        var draft = (await town.ListAsync(invoice.CustomerId, InvoiceStatus.Draft)).Single();
        Assert.Equal("invoice_not_found /invoice_id", await Code(w => w with { InvoiceId = draft.Id }));
    }
}
