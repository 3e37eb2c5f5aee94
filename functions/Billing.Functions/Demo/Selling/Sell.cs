using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using Billing.Functions.Demo.Traffic;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;
using Billing.UseCases.Pricing;

namespace Billing.Functions.Demo.Selling;

/// <summary>Makes the contracts of <see cref="Deals"/>, through the use cases.</summary>
/// <param name="Host">Of the demo.</param>
/// <param name="Traffic">Says when.</param>
/// <param name="CardId">The price list.</param>
/// <param name="CommitProductId">Names commits on invoices.</param>
/// <param name="CreditProductId">Names credits.</param>
/// <param name="TopUpProductId">Names top-ups.</param>
/// <param name="SeatsId">What seats are sold as.</param>
internal sealed record Sell(DemoHost Host, TrafficPlan Traffic, string CardId, string CommitProductId, string CreditProductId, string TopUpProductId, string SeatsId)
{
    /// <summary>The tag of all that commits and credits pay for: usage, not seats.</summary>
    public const string Usage = "usage";

    /// <summary>The tag of tokens of all kinds.</summary>
    public const string Tokens = "tokens";

    /// <summary>Makes the products that are not metered, and the price of a seat.</summary>
    public static async Task<Sell> PrepareAsync(DemoHost host, TrafficPlan traffic, string cardId, IdSource ids, CancellationToken stop)
    {
        var commit = await ProductAsync("Prepaid usage", ProductType.Fixed);
        var credit = await ProductAsync("Free credit", ProductType.Fixed);
        var topUp = await ProductAsync("Top-up", ProductType.Fixed);
        var seats = await ProductAsync("Seats", ProductType.Subscription);
        var price = new NewRate(seats, new Price.Flat(Deals.SeatPrice), traffic.Months[0], null, true, new Dictionary<string, string?>()) { Terms = new RateTerms { BillingFrequency = BillingFrequency.Monthly } };
        _ = (await host.Get<Rates>().AddAsync(cardId, [price], ids, stop)).Value;
        return new Sell(host, traffic, cardId, commit, credit, topUp, seats);

        async Task<string> ProductAsync(string name, ProductType type) =>
            (await host.Get<Products>().CreateAsync(type, new ProductTerms(name, null, [], [], null, null, []), new Dictionary<string, string>(), ids, stop)).Value.Id;
    }

    /// <summary>Makes a customer's contract.</summary>
    public async Task ToAsync(Customer customer, int number, IdSource ids, CancellationToken stop)
    {
        var plan = Deals.PlanOf(number);
        var bare = new NewContract(customer.Id, Traffic.Months[0], RateCardId: CardId, Name: Deals.NameOf(plan));
        var contract = (await Host.Get<Contracts>().CreateAsync(
            plan switch
            {
                Plan.SelfServe => bare with { Credits = [Grant(CreditProductId, "Free credit", Deals.FreeCredit, months: 1)] },
                Plan.Enterprise => Enterprise(bare),
                Plan.Wallet => bare with
                {
                    Commits = [Grant(CommitProductId, "Prepaid wallet", Deals.WalletAtFirst, 12) with { Type = CommitType.Prepaid, InvoiceSchedule = new NewPaymentSchedule { ScheduleItems = [new NewPayment { Timestamp = Traffic.Months[0], Amount = Deals.WalletAtFirst }] } }],
                },
                _ => throw new ArgumentOutOfRangeException(nameof(number), plan, "Unknown plan."),
            },
            ids, stop)).Value;
        if (plan != Plan.Enterprise) return;
        var more = new SubscriptionUpdate(contract.Subscriptions[0].Id) { QuantityUpdates = [new QuantityUpdate(Deals.Change(Traffic), Deals.SeatsLater)] };
        _ = (await Host.Get<EditContracts>().EditAsync(new EditContract(customer.Id, contract.Id) { UpdateSubscriptions = [more] }, ids, stop)).Value;
    }

    /// <summary>Switches the wallet's automatic top-up on.</summary>
    public async Task TopUpAsync(Customer customer, IdSource ids, CancellationToken stop)
    {
        var contract = (await Host.Get<Contracts>().ListAsync(customer.Id, false, stop)).Value[0];
        var topUp = new NewThreshold(
            true, Deals.TopUpBelow, new NewThresholdCommit(TopUpProductId) { Name = "Automatic top-up", ApplicableProductTags = [Usage] }, new NewPaymentGate(PaymentGate.None), Deals.TopUpTo);
        _ = (await Host.Get<EditContracts>().EditAsync(new EditContract(customer.Id, contract.Id) { AddPrepaidBalanceThresholdConfiguration = topUp }, ids, stop)).Value;
    }

    private NewContract Enterprise(NewContract bare) => bare with
    {
        Commits =
        [
            Grant(CommitProductId, "Annual commit", Deals.YearlyCommit, 12) with
            {
                Type = CommitType.Prepaid,
                InvoiceSchedule = new NewPaymentSchedule
                {
                    RecurringSchedule = new NewRecurringPayments(AmountDistribution.Divided, PaymentFrequency.Quarterly, Traffic.Months[0], Deals.Month(Traffic, 12)) { Amount = Deals.YearlyCommit },
                },
            },
        ],
        Overrides =
        [
            new NewOverride
            {
                Type = OverrideType.Multiplier,
                StartingAt = Traffic.Months[0],
                Multiplier = Deals.Multiplier,
                OverrideSpecifiers = [.. Deals.Discounted.Select(m => new NewOverrideSpecifier { ProductTags = [Tokens], PricingGroupValues = new Dictionary<string, string> { [Company.Model] = m } })],
            },
        ],
        Subscriptions =
        [
            new NewSubscription(CollectionSchedule.Advance, new SubscriptionRate(SeatsId, BillingFrequency.Monthly))
            {
                InitialQuantity = Deals.SeatsAtFirst,
                Proration = new NewProration { IsProrated = true, InvoiceBehavior = ProrationBilling.BillImmediately },
                BillingCycleConfig = new NewBillingCycle { InvoicePlacement = InvoicePlacement.OnScheduledInvoice },
            },
        ],
    };

    private NewCommit Grant(string productId, string name, decimal amount, int months) => new(productId)
    {
        Name = name,
        AccessSchedule = new NewAccessSchedule([new NewAccessItem(amount) { StartingAt = Traffic.Months[0], EndingBefore = Deals.Month(Traffic, months) }]),
        ApplicableProductTags = [Usage],
    };
}
