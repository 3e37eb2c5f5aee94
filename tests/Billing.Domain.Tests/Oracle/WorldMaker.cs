using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Tests.Oracle;

/// <summary>Makes up a customer from a seed: few and small numbers, and times that fall together more often than not.</summary>
internal sealed class WorldMaker
{
    private static readonly string[] Models = ["aa", "bb"];
    private static readonly string[] Teams = ["t1", "t2"];
    private static readonly string[] Tags = ["x", "y"];

    // Month ends, a leap day, the turn of a year, and a start between days.
    private static readonly Instant[] Starts =
    [
        Instant.FromUtc(2026, 1, 1, 0, 0), Instant.FromUtc(2026, 1, 31, 0, 0), Instant.FromUtc(2024, 1, 31, 0, 0), Instant.FromUtc(2024, 2, 29, 0, 0),
        Instant.FromUtc(2026, 2, 15, 5, 0), Instant.FromUtc(2025, 12, 31, 23, 0), Instant.FromUtc(2026, 4, 30, 0, 0),
    ];

    private readonly Random dice;
    private readonly List<Instant> moments = [];
    private readonly List<Product> products = [];
    private readonly List<PricedMetric> metrics = [];

    private WorldMaker(int seed) => dice = new Random(seed);

    public static World Make(int seed) => new WorldMaker(seed).Make();

    private bool Chance(int percent) => dice.Next(100) < percent;

    private T Pick<T>(params T[] some) => some[dice.Next(some.Length)];

    private decimal Amount() => Pick(0m, 1, 10, 20, 30, 60, 100, 150, 50.5m);

    private decimal PriceNumber() => Pick(0m, 1, 2, 3, 5, 10, 0.5m, 2.5m);

    private Instant Moment() => moments[dice.Next(moments.Count)];

    private (Instant From, Instant? Until) Time(int always)
    {
        if (Chance(always)) return (PageReader.Agreed, null);
        var (a, b) = (Moment(), Moment());
        if (a == b || Chance(30)) return (a, null);
        return a < b ? (a, b) : (b, a);
    }

    private Span Access()
    {
        var (from, until) = Time(0);
        return new Span(from, until ?? OracleCalendar.Boundary(from, BillingFrequency.Monthly, dice.Next(1, 4)));
    }

    private World Make()
    {
        var start = Pick(Starts);
        moments.Add(start);
        for (var n = 1; n <= 3; n++) moments.Add(OracleCalendar.Boundary(start, BillingFrequency.Monthly, n));
        moments.Add(Instant.FromUtc(start.InUtc().Year, start.InUtc().Month, 1, 0, 0).Plus(Duration.FromDays(32)));
        for (var n = 0; n < 4; n++) moments.Add(start + Duration.FromHours(dice.Next(0, 2200)));
        for (var n = dice.Next(1, 4); n > 0; n--) AddUsageProduct("p" + n);
        var name = Chance(15) ? Pick("JPY", "EUR", "KWD") : Currencies.Usd.Name;
        var currency = Currencies.All.First(c => c.Name == name);
        if (Chance(40)) products.Add(Product("seats", ProductType.Subscription, Terms("seats")));
        if (Chance(30)) AddComposite();
        products.Add(Product("fee", ProductType.Fixed, Terms("fee")));
        var cards = Enumerable.Range(1, Chance(15) ? 2 : 1).Select(n => MakeCard("card" + n, currency)).ToList();
        var contracts = MakeContracts(start, cards);
        var commits = Enumerable.Range(1, dice.Next(0, 5)).Select(n => MakeCommit("c" + n, contracts, cards)).ToList();
        contracts = [.. contracts.Select(c => WithTerms(c, cards.First(k => k.Id == c.RateCardId), commits))];
        var uses = Enumerable.Range(0, dice.Next(0, 13)).Select(_ => MakeUse()).ToList();
        return new World(metrics, products, cards, contracts, commits, uses, Chance(60) ? Moment() + Duration.FromDays(30) : Pick([.. moments]) + Duration.FromHours(dice.Next(0, 800)));
    }

    private static Product Product(string id, ProductType type, ProductTerms terms) => new(id, type, terms, [], PageReader.Agreed, null, new Dictionary<string, string>());

    private ProductTerms Terms(string id) => new(id, null, [], [], null, null, Chance(40) ? [Pick(Tags)] : []);

    private void AddUsageProduct(string id)
    {
        var whole = Chance(12);
        metrics.Add(new PricedMetric(id, whole, []));
        var terms = Terms(id) with
        {
            BillableMetricId = id,
            PricingGroupKey = Chance(40) ? ["model"] : [],
            PresentationGroupKey = Chance(20) ? ["team"] : [],
            QuantityConversion = Chance(25) ? Conversion() : null,
            QuantityRounding = Chance(25) ? Rounding() : null,
        };
        var product = Product(id, ProductType.Usage, terms);
        while (Chance(20)) product = product with { Updates = [.. product.Updates, Update(id, product.Updates.Count)] };
        products.Add(product);
    }

    private QuantityConversion Conversion() => Pick(new QuantityConversion(ConversionOperation.Divide, 3), new(ConversionOperation.Divide, 10), new(ConversionOperation.Multiply, 2));

    private QuantityRounding Rounding() => new(Pick(Enum.GetValues<QuantityRoundingMethod>()), dice.Next(0, 2));

    private ProductUpdate Update(string id, int number)
    {
        var update = new ProductUpdate(Moment(), PageReader.Agreed);
        return dice.Next(4) switch
        {
            0 => update with { Name = $"{id}n{number}" },
            1 => update with { Tags = [Pick(Tags)] },
            2 => update with { QuantityRounding = new(Chance(70) ? Rounding() : null) },
            _ => update with { QuantityConversion = new(Chance(70) ? Conversion() : null) },
        };
    }

    private void AddComposite()
    {
        var terms = Terms("support") with { ExcludeFreeUsage = Chance(40) };
        terms = Chance(50) ? terms with { CompositeTags = [Pick(Tags)] } : terms with { CompositeProductIds = [products[dice.Next(products.Count)].Id] };
        var composite = Product("support", ProductType.Composite, terms with { Tags = [] });
        if (terms.CompositeProductIds.Count > 0 && Chance(30))
            composite = composite with { Updates = [new ProductUpdate(Moment(), PageReader.Agreed) { CompositeProductIds = [products[dice.Next(products.Count)].Id] }] };
        products.Add(composite);
    }

    private Card MakeCard(string id, CreditType currency)
    {
        var (rates, custom) = (new List<Rate>(), Chance(20));
        void Add(Product product, IReadOnlyDictionary<string, string?> values, Price price, RateTerms terms, int always)
        {
            var (from, until) = Time(always);
            // A first rate always has some time; which unit a product is priced in never changes.
            var unit = custom && product.Id == "p1" ? "coins" : currency.Id;
            rates.Add(new Rate($"rate {id} {rates.Count}", product.Id, price, from, until, !Chance(7), values, unit) { Terms = terms });
        }

        foreach (var product in products.Where(p => p.Type is not ProductType.Fixed))
        {
            IReadOnlyDictionary<string, string?>[] groups = product.Initial.PricingGroupKey.Count == 0
                ? [Groups.None]
                : [.. Models.Select(m => new Dictionary<string, string?> { ["model"] = m })];
            foreach (var values in groups.Where(_ => !Chance(8)))
            {
                for (var n = Chance(30) ? 2 : 1; n > 0; n--)
                {
                    var (price, terms) = product.Type switch
                    {
                        ProductType.Usage => UsagePrice(),
                        ProductType.Composite => (Chance(70) ? new Price.Percentage(Pick(0.5m, 0.1m)) : new Price.TieredPercentage([new Tier(50, 0.1m, Chance(30) ? 5 : 0), new Tier(null, 0.2m)]), Bounds(new RateTerms())),
                        _ when Chance(15) => (new Price.Subscription(10, 3, Chance(50)), new RateTerms()),
                        _ => ((Price)new Price.Flat(Pick(10m, 31, 7)), new RateTerms { BillingFrequency = Pick(BillingFrequency.Monthly, BillingFrequency.Monthly, BillingFrequency.Weekly, BillingFrequency.Quarterly) }),
                    };
                    Add(product, values, price, terms, n == 1 ? 60 : 0);
                }
            }
        }
        return new Card(id, currency, rates, custom ? [new CreditTypeConversion("coins", Pick(2m, 0.5m))] : []);
    }

    private IReadOnlyList<Tier> Tiers()
    {
        var tiers = Enumerable.Range(0, dice.Next(1, 3)).Select(_ => new Tier(dice.Next(1, 12), PriceNumber(), Chance(20) ? 5 : 0)).ToList();
        return [.. tiers, new Tier(null, PriceNumber(), Chance(20) ? 5 : 0)];
    }

    private (Price Price, RateTerms Terms) UsagePrice()
    {
        Price price = dice.Next(10) switch
        {
            < 5 => new Price.Flat(PriceNumber()),
            < 7 => new Price.Tiered(Tiers()),
            7 => new Price.Volume(Tiers()),
            8 => new Price.Package(PriceNumber(), dice.Next(1, 8), Pick(PackageRounding.Up, PackageRounding.Down)),
            _ => Chance(85) ? new Price.Percentage(0.5m) : new Price.Custom("{}"),
        };
        var terms = new RateTerms();
        if (price is Price.Flat or Price.Tiered && Chance(40)) terms = terms with { CommitRate = Chance(60) ? new Price.Flat(PriceNumber()) : new Price.Tiered([new Tier(5, 4), new Tier(null, 1)]) };
        else if (price is not Price.Custom && Chance(20)) terms = terms with { FreeUnits = dice.Next(1, 9) };
        if (price is not (Price.Volume or Price.Custom) && Chance(15)) terms = terms with { CounterFrequency = Pick(BillingFrequency.Quarterly, BillingFrequency.Annual, BillingFrequency.Weekly) };
        return (price, price is Price.Custom ? terms : Bounds(terms));
    }

    private RateTerms Bounds(RateTerms terms)
    {
        if (Chance(12)) terms = terms with { Minimum = Pick(10m, 31, 60) };
        return Chance(12) ? terms with { Maximum = (terms.Minimum ?? 0) + Pick(10m, 20, 45.5m) } : terms;
    }

    private List<Contract> MakeContracts(Instant start, IReadOnlyList<Card> cards)
    {
        var first = MakeContract("A", start, cards);
        if (!Chance(45)) return [first];
        var second = MakeContract("B", Chance(50) ? start : Moment(), cards);
        if (second.StartingAt > first.StartingAt && Chance(60))
        {
            first = first with { EndingBefore = second.StartingAt };
            second = second with { Renewal = new Renewal("A", Chance(70) ? TrueupBehavior.AsIs : TrueupBehavior.Remove) };
        }
        return [first, second];
    }

    private Contract MakeContract(string id, Instant start, IReadOnlyList<Card> cards)
    {
        var frequency = Pick(BillingFrequency.Monthly, BillingFrequency.Monthly, BillingFrequency.Monthly, BillingFrequency.Quarterly, BillingFrequency.Weekly);
        var schedule = dice.Next(3) switch
        {
            0 => new UsageStatementSchedule(frequency),
            1 => new UsageStatementSchedule(frequency, StatementDay.ContractStart),
            _ => new UsageStatementSchedule(frequency, StatementDay.CustomDate, Pick(Instant.FromUtc(2025, 12, 31, 0, 0), Instant.FromUtc(2026, 1, 10, 0, 0), Instant.FromUtc(2024, 2, 29, 0, 0))),
        };
        if (Chance(5)) schedule = schedule with { InvoiceGenerationStartingAt = Moment() };
        var end = Moment();
        return new Contract(
            id, "customer", 1, start, end > start && Chance(60) ? end : null, cards[dice.Next(cards.Count)].Id, schedule, null, id, null,
            Chance(25) ? AmountRounding.MinorUnit : AmountRounding.Exact, new Dictionary<string, string>(), PageReader.Agreed, null)
        {
            MultiplierPrioritization = Chance(40) ? MultiplierPrioritization.Explicit : MultiplierPrioritization.LowestMultiplier,
            Minimum = Chance(6) ? Pick(31m, 100) : null,
            Maximum = Chance(6) ? Pick(100m, 150) : null,
            ScheduledChargesOnUsageInvoices = Chance(30),
        };
    }

    private Contract WithTerms(Contract contract, Card card, List<Commit> commits)
    {
        var (overrides, subscriptions, recurring) = (new List<Override>(), new List<Subscription>(), new List<RecurringCommit>());
        while (Chance(40) && recurring.Count < 2) recurring.Add(MakeRecurring($"r{recurring.Count}{contract.Id}", contract, card));
        while (Chance(50) && overrides.Count < 4) overrides.Add(MakeOverride($"o{overrides.Count}{contract.Id}", contract, card, commits, recurring));
        while (products.Exists(p => p.Id == "seats") && Chance(50) && subscriptions.Count < 2) subscriptions.Add(MakeSubscription($"s{subscriptions.Count}{contract.Id}", contract, mayBeLate: commits.Count + recurring.Count == 0 && Chance(60)));
        var charges = Enumerable.Range(0, Chance(30) ? 1 : 0).Select(n => new ScheduledCharge(
            $"f{n}{contract.Id}", Chance(25) ? ScheduledKind.Discount : ScheduledKind.Charge, "fee", $"f{n}{contract.Id}",
            new PaymentSchedule(card.Currency.Id, [new ScheduledPayment($"f{n}{contract.Id}:0", Moment(), 10, 1), new ScheduledPayment($"f{n}{contract.Id}:1", Moment(), 2.5m, 3)]), new Dictionary<string, string>()));
        List<UsageFilter> filters = Chance(10) ? [new UsageFilter("team", [Pick(Teams)], PageReader.Agreed)] : [];
        if (filters.Count > 0 && Chance(40)) filters.Add(new UsageFilter("team", [Pick(Teams)], Moment()));
        return contract with { Overrides = overrides, Subscriptions = subscriptions, RecurringCommits = recurring, ScheduledCharges = [.. charges], UsageFilters = filters };
    }

    private LineScope Scope(int everything)
    {
        if (Chance(everything)) return LineScope.Everything;
        var product = Pick([.. products.Where(p => p.Type != ProductType.Fixed)]);
        var specifier = new LineSpecifier(ProductId: Chance(50) ? product.Id : null, ProductTags: Chance(30) ? [Pick(Tags)] : null);
        if (Chance(60)) specifier = specifier with { PricingGroupValues = new Dictionary<string, string> { ["model"] = Pick(Models) } };
        else if (Chance(30)) specifier = specifier with { PresentationGroupValues = new Dictionary<string, string> { ["team"] = Pick(Teams) } };
        if (specifier is { ProductId: null, ProductTags: null, PricingGroupValues: null, PresentationGroupValues: null }) specifier = specifier with { ProductId = product.Id };
        return dice.Next(4) switch
        {
            0 => new LineScope([product.Id], [], []),
            1 => new LineScope([], [Pick(Tags)], []),
            2 => new LineScope([], [], [specifier]),
            _ => new LineScope([product.Id], Chance(30) ? [Pick(Tags)] : [], [specifier]),
        };
    }

    private Override MakeOverride(string id, Contract contract, Card card, List<Commit> commits, List<RecurringCommit> recurring)
    {
        var isExplicit = contract.MultiplierPrioritization == MultiplierPrioritization.Explicit;
        var simple = products.Where(p => card.Rates.Any(r => r.ProductId == p.Id) && card.Rates.Where(r => r.ProductId == p.Id).All(r => r.Price is Price.Flat or Price.Tiered)).ToList();
        var (from, until) = Time(30);
        var made = new Override(id, from, until, Scope(0), new OverrideChange.Multiplier(Pick(0.5m, 0.8m, 0, 2)), dice.Next(1, 4));
        if (Chance(20) && simple.Count > 0 && isExplicit)
            made = made with { Scope = new LineScope([Pick([.. simple]).Id], [], []), Change = new OverrideChange.Tiered([new MultiplierTier(0.5m, dice.Next(1, 9)), new MultiplierTier(2, null)]) };
        else if (Chance(35))
            made = made with { Scope = OverwriteScope(Pick([.. products.Where(p => p.Type is ProductType.Usage or ProductType.Subscription)])), Change = new OverrideChange.Overwrite(new Price.Flat(PriceNumber()), null) };
        else if (Chance(15))
            made = made with { Change = new OverrideChange.Overwrite(null, null), Entitled = Chance(50) };
        if (made.Change is OverrideChange.Overwrite { Price: null }) return made;
        if (Chance(25))
            made = made with { Commits = dice.Next(3) switch { 0 => new CommitSelector(true, [], []), 1 when commits.Count > 0 => new CommitSelector(false, [commits[0].Id], []), _ when recurring.Count > 0 => new CommitSelector(false, [], [recurring[0].Id]), _ => null }, Target = Chance(40) ? OverrideTarget.CommitRate : OverrideTarget.ListRate };
        else if (Chance(15) && made.Change is not OverrideChange.Tiered)
            made = made with { Target = OverrideTarget.CommitRate };
        return made;
    }

    // An overwrite names its product, and may name the values of its pricing group key.
    private LineScope OverwriteScope(Product product) => product.Initial.PricingGroupKey.Count > 0 && Chance(60)
        ? new LineScope([], [], [new LineSpecifier(product.Id, PricingGroupValues: new Dictionary<string, string> { ["model"] = Pick(Models) })])
        : new LineScope([product.Id], [], []);

    private Commit MakeCommit(string id, List<Contract> contracts, List<Card> cards)
    {
        var owner = contracts[dice.Next(contracts.Count)];
        var type = Pick(CommitType.Prepaid, CommitType.Credit, CommitType.Prepaid, CommitType.Postpaid);
        var (time, amount, currency) = (Access(), Amount(), cards[0].Currency.Id);
        List<AccessSegment> access = [new($"{id}/1", amount, time.Start, time.End)];
        if (type != CommitType.Postpaid && Chance(25)) access.Add(new AccessSegment($"{id}/2", Amount(), time.End, time.End + Duration.FromDays(dice.Next(5, 40))));
        var paid = type == CommitType.Postpaid ? amount : Pick(amount, amount / 2, 0);
        var commit = new Commit(id, "customer", owner.Id, 1, type, "fee", id, dice.Next(1, 4), currency, access, PageReader.Agreed)
        {
            Invoicing = type == CommitType.Postpaid || (type == CommitType.Prepaid && Chance(70)) ? new PaymentSchedule(currency, [new ScheduledPayment(id + ":0", Moment(), paid, 1)]) : null,
            Scope = Scope(55),
            RateType = Chance(35) ? CommitRateType.CommitRate : CommitRateType.ListRate,
            RolloverFraction = Chance(40) ? Pick(0.5m, 1) : null,
            IsPaid = !Chance(4),
            ArchivedAt = Chance(4) ? PageReader.Agreed : null,
        };
        if (type != CommitType.Postpaid && cards[0].Conversions.Count > 0 && Chance(40)) commit = commit with { CreditTypeId = "coins" };
        return Chance(25) ? commit with { ContractId = null, RolloverFraction = null, ApplicableContractIds = Chance(30) ? [owner.Id] : [], InvoiceContractId = commit.Invoicing is null ? null : owner.Id } : commit;
    }

    private RecurringCommit MakeRecurring(string id, Contract contract, Card card)
    {
        var start = Chance(70) ? contract.StartingAt : OracleCalendar.Later(contract.StartingAt, Moment());
        var end = Moment();
        var type = Pick(CommitType.Credit, CommitType.Prepaid);
        return new RecurringCommit(
            id, type, "fee", id, dice.Next(1, 4), new PricedAmount(card.Conversions.Count > 0 && Chance(30) ? "coins" : card.Currency.Id, Amount(), 1),
            type == CommitType.Prepaid && Chance(60) ? new PricedAmount(card.Currency.Id, Pick(10m, 7), 1) : null,
            Chance(50) ? Pick(BillingFrequency.Monthly, BillingFrequency.Weekly, BillingFrequency.Quarterly) : null, dice.Next(1, 3), start, end > start && Chance(40) ? end : null, Pick(Enum.GetValues<GrantProration>()))
        {
            Scope = Scope(60),
            RateType = Chance(30) ? CommitRateType.CommitRate : CommitRateType.ListRate,
            RolloverFraction = Chance(30) ? Pick(0.5m, 1) : null,
            AccessRounding = Chance(60) ? new AmountRoundingRule(Pick(Enum.GetValues<ProrationRounding>()), dice.Next(-1, 2)) : null,
            InvoiceRounding = Chance(40) ? new AmountRoundingRule(Pick(Enum.GetValues<ProrationRounding>()), 0) : null,
        };
    }

    private Subscription MakeSubscription(string id, Contract contract, bool mayBeLate)
    {
        var start = Chance(60) ? contract.StartingAt : OracleCalendar.Later(contract.StartingAt, Moment());
        var (advance, prorated, end) = (Chance(60), Chance(60), Moment());
        var quantities = new List<QuantityChange> { new($"{id}:0", start, dice.Next(0, 5), PageReader.Agreed) };
        while (Chance(50) && quantities.Count < 4)
        {
            var at = OracleCalendar.Later(start, Moment());
            // Some are recorded ahead; some late, but not where an invoice is closed or something has expired that would have been there in time.
            var known = Chance(60) ? at : OracleCalendar.Later(start, Moment());
            quantities.Add(new QuantityChange($"{id}:{quantities.Count}", at, dice.Next(0, 8), mayBeLate ? known : OracleCalendar.Earlier(at, known)));
        }
        return new Subscription(
            id, "seats", Pick(BillingFrequency.Monthly, BillingFrequency.Monthly, BillingFrequency.Weekly, BillingFrequency.Quarterly), advance ? CollectionSchedule.Advance : CollectionSchedule.Arrears,
            start, end > start && Chance(30) ? end : null, prorated, advance && Chance(50) ? ProrationBilling.BillImmediately : ProrationBilling.BillOnNextCollectionDate,
            Chance(60) ? new AmountRoundingRule(ProrationRounding.HalfUp, dice.Next(0, 2)) : null, mayBeLate ? InvoicePlacement.OnScheduledInvoice : Pick(InvoicePlacement.OnUsageInvoice, InvoicePlacement.OnScheduledInvoice), Chance(25) ? Moment() : null, quantities)
        {
            Name = id,
        };
    }

    private Use MakeUse()
    {
        var at = Moment() + Pick(Duration.Zero, Duration.Zero, Duration.FromHours(-1), Duration.FromMinutes(30), Duration.FromMinutes(-1), Duration.FromHours(dice.Next(-700, 700)));
        var group = new Dictionary<string, string?>();
        if (Chance(85)) group["model"] = Pick(Models);
        if (Chance(85)) group["team"] = Pick(Teams);
        return new Use(Pick([.. metrics]).Id, at, Pick(dice.Next(1, 20), dice.Next(1, 20), dice.Next(1, 20), 2.5m, -3, 100), group);
    }
}
