using System.Globalization;
using Billing.Domain.Contracts;
using Billing.Domain.Metering;
using Billing.Domain.Pricing;
using Billing.Functions.Demo.Selling;
using Billing.Functions.Demo.Traffic;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;
using Billing.UseCases.Metering;
using Billing.UseCases.Pricing;

namespace Billing.Functions.Demo;

/// <summary>The company's books: what it counts, what it sells, and to whom.</summary>
/// <param name="TokenMeters">A SUM meter for each kind of token, grouped by model and region.</param>
/// <param name="RequestMeter">A COUNT meter.</param>
/// <param name="Customers">By number.</param>
/// <param name="Sell">What it sells on.</param>
internal sealed record Company(IReadOnlyDictionary<TokenKind, Meter> TokenMeters, Meter RequestMeter, IReadOnlyList<Customer> Customers, Sell Sell)
{
    public const string EventType = "llm_request";
    public const string Model = "model";
    public const string Region = "region";

    private static readonly IReadOnlyDictionary<string, string> NoFields = new Dictionary<string, string>();

    /// <summary>The event property that holds the tokens of a kind.</summary>
    public static string PropertyOf(TokenKind kind) => kind switch
    {
        TokenKind.Input => "input_tokens",
        TokenKind.CachedInput => "cached_input_tokens",
        TokenKind.Output => "output_tokens",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Unknown kind of token."),
    };

    /// <summary>The key that a customer's producers send, an ingest alias: <c>amber-robotics</c>.</summary>
    public static string KeyOf(string name) => name.ToLowerInvariant().Replace(' ', '-');

    /// <summary>Makes meters, products, prices, then the customers with a contract each, all through the use cases.</summary>
    public static async Task<Company> OpenAsync(DemoHost host, TrafficPlan traffic, int seed, Action<int> made, CancellationToken stop)
    {
        // Derived ids: the same demo makes the same ids.
        var ids = IdSource.DerivedFrom($"demo/{seed.ToString(CultureInfo.InvariantCulture)}");
        var card = (await host.Get<RateCards>().CreateAsync(new NewRateCard("Price list", null, [new RateCardAlias("price-list")], null, NoFields), ids, stop)).Value;
        var groups = traffic.Requests.Select(r => (r.Model, r.Region)).Distinct().Order().ToList();
        var meters = new Dictionary<TokenKind, Meter>();
        foreach (var kind in Enum.GetValues<TokenKind>())
        {
            var meter = meters[kind] = await TokenMeterAsync(host, kind, ids, stop);
            var conversion = new QuantityConversion(ConversionOperation.Divide, 1_000_000, "million tokens");
            var product = await ProductAsync(host, new ProductTerms(NameOf(kind), meter.Id, [Model, Region], [], conversion, null, [Sell.Tokens, Sell.Usage]), ids, stop);
            var rates = groups.Select(g => new NewRate(
                product.Id, new Price.Flat(PriceList.CentsPerMillion(new TokenGroup(g.Model, g.Region, kind))), traffic.Months[0], null, true,
                new Dictionary<string, string?> { [Model] = g.Model, [Region] = g.Region }));
            var changed = groups.Where(g => kind == TokenKind.Output && PriceList.Cheaper.Contains(g.Model)).Select(g => new NewRate(
                product.Id, new Price.Flat(PriceList.CentsPerMillion(new TokenGroup(g.Model, g.Region, kind), changed: true)), Deals.Change(traffic), null, true,
                new Dictionary<string, string?> { [Model] = g.Model, [Region] = g.Region }));
            _ = (await host.Get<Rates>().AddAsync(card.Id, [.. rates, .. changed], ids, stop)).Value;
        }
        var requests = (await host.Get<Meters>().CreateAsync(
            new NewMeter("API requests", "api_requests", null, Aggregation.Count, [EventType], null, [], null, [], NoFields), ids, stop)).Value.Meter;
        var calls = await ProductAsync(host, new ProductTerms("API requests", requests.Id, [], [], null, null, [Sell.Usage]), ids, stop);
        var tiers = new Price.Tiered([.. PriceList.RequestTiers.Select(t => new Tier(t.Size, t.Cents))]);
        _ = (await host.Get<Rates>().AddAsync(card.Id, [new NewRate(calls.Id, tiers, traffic.Months[0], null, true, new Dictionary<string, string?>())], ids, stop)).Value;
        var sell = await Sell.PrepareAsync(host, traffic, card.Id, ids, stop);
        await host.Work.Drain(stop);
        return new Company(meters, requests, await CustomersAsync(host, traffic, sell, seed, made, stop), sell);
    }

    public static string NameOf(TokenKind kind) => kind switch
    {
        TokenKind.Input => "Input tokens",
        TokenKind.CachedInput => "Cached input tokens",
        TokenKind.Output => "Output tokens",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Unknown kind of token."),
    };

    private static async Task<Meter> TokenMeterAsync(DemoHost host, TokenKind kind, IdSource ids, CancellationToken stop)
    {
        var value = PropertyPath.OfName(PropertyOf(kind));
        // Requests that say nothing of a kind are no business of its meter.
        return (await host.Get<Meters>().CreateAsync(
            new NewMeter(
                NameOf(kind), PropertyOf(kind), null, Aggregation.Sum, [EventType], null, [new PropertyFilter(value, Exists: true, null, null)], value,
                [[new Dimension(Model, PropertyPath.OfName(Model)), new Dimension(Region, PropertyPath.OfName(Region))]], NoFields),
            ids, stop)).Value.Meter;
    }

    private static async Task<Product> ProductAsync(DemoHost host, ProductTerms terms, IdSource ids, CancellationToken stop) =>
        (await host.Get<Products>().CreateAsync(ProductType.Usage, terms, NoFields, ids, stop)).Value;

    private static async Task<Customer[]> CustomersAsync(DemoHost host, TrafficPlan traffic, Sell sell, int seed, Action<int> made, CancellationToken stop)
    {
        var (customers, done) = (new Customer[traffic.Customers.Count], 0);
        await Parallel.ForAsync(0, customers.Length, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = stop }, async (n, step) =>
        {
            var ids = IdSource.DerivedFrom(string.Create(CultureInfo.InvariantCulture, $"demo/{seed}/customer/{n}"));
            var name = traffic.Customers[n];
            customers[n] = (await host.Get<Customers>().CreateAsync(new NewCustomer(name, [KeyOf(name)], NoFields), ids, step)).Value;
            await sell.ToAsync(customers[n], n, ids, step);
            made(Interlocked.Increment(ref done));
        });
        return customers;
    }
}
