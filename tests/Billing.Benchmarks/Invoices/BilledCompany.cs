using System.Globalization;
using Billing.Domain.Metering;
using Billing.Domain.Pricing;
using Billing.Functions.Demo;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;
using Billing.UseCases.Metering;
using Billing.UseCases.Pricing;
using NodaTime;

namespace Billing.Benchmarks.Invoices;

/// <summary>A company with a price list, and customers with a free credit each; what they owe is worked out the simple way beside it.</summary>
internal sealed class BilledCompany(DemoHost host, int products, CancellationToken stop)
{
    /// <summary>Days of usage in a month.</summary>
    public const int Days = 30;

    private const decimal CreditCents = 2_000m;
    private const string EventType = "work";

    private static readonly IReadOnlyDictionary<string, string> NoFields = new Dictionary<string, string>();

    private readonly List<Meter> meters = [];
    private string card = "";
    private string credit = "";

    /// <summary>What is counted, a meter a product.</summary>
    public IReadOnlyList<Meter> Meters => meters;

    /// <summary>Makes meters, products and the price list.</summary>
    public async Task OpenAsync(Instant since)
    {
        var ids = IdSource.DerivedFrom("benchmark");
        card = (await host.Get<RateCards>().CreateAsync(new NewRateCard("Price list", null, [], null, NoFields), ids, stop)).Value.Id;
        credit = (await host.Get<Products>().CreateAsync(ProductType.Fixed, new ProductTerms("Free credit", null, [], [], null, null, []), NoFields, ids, stop)).Value.Id;
        for (var p = 0; p < products; p++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"units_{p}");
            meters.Add((await host.Get<Meters>().CreateAsync(
                new NewMeter(name, name, null, Aggregation.Sum, [EventType], null, [], PropertyPath.OfName(name), [], NoFields), ids, stop)).Value.Meter);
            var product = (await host.Get<Products>().CreateAsync(ProductType.Usage, new ProductTerms(name, meters[p].Id, [], [], null, null, []), NoFields, ids, stop)).Value;
            _ = (await host.Get<Rates>().AddAsync(card, [new NewRate(product.Id, new Price.Flat(Cents(p)), since, null, true, new Dictionary<string, string?>())], ids, stop)).Value;
        }
        await host.Work.Drain(stop);
    }

    /// <summary>A customer with a contract for one month, so that no invoice without usage is counted.</summary>
    public async Task<string> CustomerAsync(string name, Instant month)
    {
        var ids = IdSource.DerivedFrom("benchmark/" + name);
        var customer = (await host.Get<Customers>().CreateAsync(new NewCustomer(name, [name], NoFields), ids, stop)).Value;
        var free = new NewCommit(credit) { AccessSchedule = new NewAccessSchedule([new NewAccessItem(CreditCents) { StartingAt = month, EndingBefore = month + Duration.FromDays(365) }]), Priority = 1 };
        _ = (await host.Get<Contracts>().CreateAsync(new NewContract(customer.Id, month, month + Duration.FromDays(Days), card, Name: "Pay as you go") { Credits = [free] }, ids, stop)).Value;
        return customer.Id;
    }

    /// <summary>Units that a customer uses of a product in an hour of the month, in one event.</summary>
    public static long Units(int customer, int product, int hour) => (customer * 7L + product * 13L + hour * 31L) % 1_000 + 1;

    /// <summary>What a customer's month costs, in cents, exact.</summary>
    public decimal Owed(int customer)
    {
        var cents = 0m;
        for (var p = 0; p < products; p++)
            for (var hour = 0; hour < Days * 24; hour++) cents += Units(customer, p, hour) * Cents(p);
        return Math.Max(0, cents - CreditCents);
    }

    private static decimal Cents(int product) => 0.001m * (product + 1);
}
