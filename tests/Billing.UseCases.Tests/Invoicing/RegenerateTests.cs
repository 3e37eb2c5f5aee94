using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Invoicing;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Billing.UseCases.Pricing;
using Xunit;
using static Billing.UseCases.Tests.Town;

namespace Billing.UseCases.Tests.Invoicing;

/// <summary>Voided and made anew from unchanged usage, an invoice is what it was, and so are the balances.</summary>
public class RegenerateTests
{
    private readonly Town town = new();
    private Customer acme = null!;
    private Product calls = null!;
    private Product seats = null!;
    private Product deposit = null!;

    /// <summary>What the contract of January to April has beside its prices.</summary>
    private NewContract Deal(string name, NewContract plain)
    {
        NewCommit Commit(CommitType type, decimal amount, string until, params string[] paid) => new(deposit.Id)
        {
            Type = type,
            AccessSchedule = new NewAccessSchedule([new NewAccessItem(amount) { StartingAt = At("2026-01-01"), EndingBefore = At(until) }]),
            InvoiceSchedule = paid.Length == 0 ? null : new NewPaymentSchedule { ScheduleItems = [.. paid.Select(p => new NewPayment { Timestamp = At(p), Amount = amount / paid.Length })] },
        };
        NewSubscription Seats(CollectionSchedule collection) => new(collection, new SubscriptionRate(seats.Id, BillingFrequency.Monthly)) { InitialQuantity = 3 };
        return name switch
        {
            "plain" => plain,
            "commit over three months" => plain with { Commits = [Commit(CommitType.Prepaid, 130_000, "2027-01-01", "2026-01-01", "2026-02-01")] },
            "commit that expires in February" => plain with { Commits = [Commit(CommitType.Prepaid, 50_000, "2026-02-11")] },
            "promise" => plain with { Commits = [Commit(CommitType.Postpaid, 200_000, "2026-05-01", "2026-05-01")] },
            "promise and prepaid" => plain with { Commits = [Commit(CommitType.Postpaid, 90_000, "2026-05-01", "2026-05-01"), Commit(CommitType.Prepaid, 70_000, "2026-04-01", "2026-01-01")] },
            "seats in advance" => plain with { Subscriptions = [Seats(CollectionSchedule.Advance)] },
            "seats in arrears" => plain with { Subscriptions = [Seats(CollectionSchedule.Arrears)] },
            "monthly grant" => plain with { RecurringCommits = [new NewRecurringCommit(deposit.Id, new NewPricedAmount(9_000, 1), new CommitDuration(2)) { StartingAt = At("2026-01-01") }] },
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
        };
    }

    private async Task BillAsync(string deal)
    {
        acme = await town.CustomerAsync("Acme");
        calls = await town.ProductAsync(ProductType.Usage, "Calls");
        seats = await town.ProductAsync(ProductType.Subscription, "Seats");
        deposit = await town.ProductAsync(ProductType.Fixed, "Deposit");
        var card = (await town.Cards.CreateAsync(new NewRateCard("Standard", null, [], null, new Dictionary<string, string>()), town.Ids, default)).Value;
        await town.RateAsync(card, calls, new Price.Tiered([new Tier(1_000, 10), new Tier(9_000, 8), new Tier(null, 5)]));
        await town.RateAsync(card, calls, new Price.Tiered([new Tier(1_000, 9), new Tier(null, 4)]), "2026-02-16");
        await town.SeatRateAsync(card, seats, 3_000);
        _ = (await town.Contracts.CreateAsync(Deal(deal, new NewContract(acme.Id, At("2026-01-01"), At("2026-05-01"), card.Id)), town.Ids, default)).Value;
        foreach (var (hour, quantity) in new[]
        {
            ("2026-01-05T10", 700m), ("2026-01-20T10", 600), ("2026-02-05T10", 4_000.5m), ("2026-02-10T23", 1), ("2026-02-11T00", 2), ("2026-02-20T10", 8_000), ("2026-03-31T23", 15), ("2026-04-02T03", 12_000),
        }) town.Use(acme.Id, hour, quantity);
        foreach (var day in new[] { "2026-01-01T01", "2026-02-02", "2026-03-02", "2026-04-02", "2026-05-02", "2026-05-03" })
        {
            town.Now = At(day);
            _ = await town.RunAsync();
        }
    }

    private async Task<List<Invoice>> FinalAsync() => [.. (await town.ListAsync(acme.Id, InvoiceStatus.Finalized)).OrderBy(i => i.End).ThenBy(i => i.Type).ThenBy(i => i.Start)];

    private static string Say(Invoice invoice) => FormattableString.Invariant($"{invoice.Type} {invoice.Start} {invoice.End} {invoice.Total} ")
        + string.Join("; ", invoice.Lines.Select(l => FormattableString.Invariant($"{l.Name} {l.Quantity} {l.UnitPrice} {l.Total} {l.StartingAt} {l.EndingBefore} {l.Commit?.SegmentId}")));

    private async Task<string> BalancesAsync() => string.Join("; ", (await town.Balances.ListAsync(acme.Id, new UseCases.Credits.BalanceFilter(), false, true, default)).Value.Select(b =>
        FormattableString.Invariant($"{b.Commit.Type} {b.Left} drawn {b.Ledger!.Where(e => e.Type is LedgerEntryType.AutomatedInvoiceDeduction or LedgerEntryType.Credited).Sum(e => e.Amount)} trued up {b.Ledger!.Where(e => e.Type == LedgerEntryType.Trueup).Sum(e => e.Amount)} in all {b.Ledger!.Sum(e => e.Amount)}")));

    public static TheoryData<string, int, decimal> Deals => new()
    {
        // January 1,000 x 10 + 300 x 8 = 12,400. February 1,000 x 10 + 3,003.5 x 8 = 34,028 until the 16th, then 8,000 x 4 = 32,000: 66,028. March 15 x 9 = 135. April 1,000 x 9 + 11,000 x 4 = 53,000.
        { "plain", 4, 131_563 },
        // 130,000 paid in two halves; 131,563 - 130,000 = 1,563 left to pay.
        { "commit over three months", 6, 131_563 },
        // January draws 12,400, and February until the 11th 1,000 x 10 + 3,001.5 x 8 = 34,012; the other 3,588 of 50,000 expire: 131,563 - 46,412.
        { "commit that expires in February", 4, 85_151 },
        // 200,000 - 131,563 = 68,437 are trued up.
        { "promise", 5, 200_000 },
        // Prepaid 70,000 pays January and 57,600 of February; what is left of usage, 61,563, counts for the promise of 90,000.
        { "promise and prepaid", 6, 160_000 },
        // 3 x 3,000 each month more; in advance the first is an invoice of its own.
        { "seats in advance", 5, 167_563 },
        { "seats in arrears", 4, 167_563 },
        // Each grant of 9,000 lasts two months: January 9,000, February 9,000, March 135, April 8,865 of March's and 9,000.
        { "monthly grant", 4, 131_563 - 9_000 - 9_000 - 135 - 8_865 - 9_000 },
    };

    [Theory]
    [MemberData(nameof(Deals))]
    public async Task One_by_one(string deal, int invoices, decimal billed)
    {
        await BillAsync(deal);
        var before = await FinalAsync();
        Assert.Equal((invoices, billed), (before.Count, before.Sum(i => i.Total)));
        var balances = await BalancesAsync();
        foreach (var invoice in before)
        {
            _ = (await town.Changes.VoidAsync(invoice.Id, default)).Value;
            var again = (await town.Changes.RegenerateAsync(invoice.Id, town.Ids, default)).Value;
            Assert.Equal(Say(invoice), Say(again));
            _ = await town.RunAsync();
        }
        Assert.Equal(before.Select(Say), (await FinalAsync()).Select(Say));
        Assert.Equal(balances, await BalancesAsync());
    }

    [Theory]
    [MemberData(nameof(Deals))]
    public async Task All_at_once_and_in_the_order_in_which_they_were_made(string deal, int invoices, decimal billed)
    {
        await BillAsync(deal);
        var before = (await FinalAsync()).OrderBy(i => i.Number).ToList();
        var balances = await BalancesAsync();
        foreach (var invoice in before) _ = (await town.Changes.VoidAsync(invoice.Id, default)).Value;
        Assert.Empty(await FinalAsync());
        foreach (var invoice in before) Assert.Equal(Say(invoice), Say((await town.Changes.RegenerateAsync(invoice.Id, town.Ids, default)).Value));
        _ = await town.RunAsync();
        var after = await FinalAsync();
        Assert.Equal((invoices, billed), (after.Count, after.Sum(i => i.Total)));
        Assert.Equal(balances, await BalancesAsync());
    }
}
