using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Tests.Oracle;

/// <summary>Reads the terms and the usage of a ledger page: one line a fact, in any order that names things before they are used.</summary>
/// <remarks>What can be written is what <see cref="PageWriter"/> writes.</remarks>
internal sealed class PageReader
{
    /// <summary>When everything was agreed, unless a line says otherwise.</summary>
    public static readonly Instant Agreed = Instant.FromUtc(2020, 1, 1, 0, 0);

    private static readonly Dictionary<string, string> NoFields = [];

    private readonly Dictionary<string, PricedMetric> metrics = [];
    private readonly List<Product> products = [];
    private readonly List<Card> cards = [];
    private readonly List<Contract> contracts = [];
    private readonly List<Commit> commits = [];
    private readonly List<Use> uses = [];
    private Instant? until;

    public static World Read(string text)
    {
        var page = new PageReader();
        foreach (var line in text.Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0 && !l.StartsWith("->", StringComparison.Ordinal) && l[0] != '#')) page.Line(new Words(line));
        return new World([.. page.metrics.Values], page.products, page.cards, page.contracts, page.commits, page.uses, page.until ?? throw new FormatException("A page needs a line 'until'."));
    }

    private void Line(Words w)
    {
        switch (w.Next())
        {
            case "card": ReadCard(w); break;
            case "product": ReadProduct(w); break;
            case "change": ReadChange(w); break;
            case "rate": ReadRate(w); break;
            case "contract": ReadContract(w); break;
            case "filter": ReadFilter(w); break;
            case "override": ReadOverride(w); break;
            case "grant": commits.Add(TermReader.Commit(w, Currency)); break;
            case "recurring": ReadRecurring(w); break;
            case "subscription": ReadSubscription(w); break;
            case "seats": ReadSeats(w); break;
            case "charge": ReadCharge(w); break;
            case "use": uses.Add(new Use(w.Next(), w.Time(), w.Number(), w.More ? w.Values() : Groups.None)); break;
            case "until": until = w.Time(); break;
            default: throw w.Bad("a kind of line");
        }
    }

    // Dollars, unless a card was named first.
    private string Currency => cards.Count == 0 ? Currencies.Usd.Id : cards[0].Currency.Id;

    private int CardOf(string? id)
    {
        if (cards.Count == 0) cards.Add(new Card(id ?? "card", Currencies.Usd, [], []));
        var found = id is null ? 0 : cards.FindIndex(c => c.Id == id);
        return found >= 0 ? found : throw new FormatException($"There is no card '{id}'.");
    }

    private void ReadCard(Words w)
    {
        var card = new Card(w.Next(), Currencies.Usd, [], []);
        while (w.More)
        {
            if (w.Take("currency"))
            {
                var name = w.Next();
                card = card with { Currency = Currencies.All.First(c => c.Name == name) };
            }
            else
            {
                w.Skip("unit");
                var unit = w.Next();
                w.Skip("at");
                card = card with { Conversions = [.. card.Conversions, new CreditTypeConversion(unit, w.Number())] };
            }
        }
        cards.Add(card);
    }

    private void ReadProduct(Words w)
    {
        var id = w.Next();
        var (type, metric, whole) = (ProductType.Usage, id, false);
        var terms = new ProductTerms(id, null, [], [], null, null, []);
        while (w.More)
        {
            if (w.Take("is")) type = w.One<ProductType>();
            else if (w.Take("by")) terms = terms with { PricingGroupKey = w.List() };
            else if (w.Take("show")) terms = terms with { PresentationGroupKey = w.List() };
            else if (w.Take("metric")) metric = w.Next();
            else if (w.Take("max")) whole = true;
            else if (w.Take("divide")) terms = terms with { QuantityConversion = new(ConversionOperation.Divide, w.Number()) };
            else if (w.Take("multiply")) terms = terms with { QuantityConversion = new(ConversionOperation.Multiply, w.Number()) };
            else if (w.Take("round")) terms = terms with { QuantityRounding = new(w.One<QuantityRoundingMethod>(), w.Whole()) };
            else if (w.Take("tags")) terms = terms with { Tags = w.List() };
            else if (w.Take("of")) terms = terms with { CompositeProductIds = w.List() };
            else if (w.Take("of-tags")) terms = terms with { CompositeTags = w.List() };
            else if (w.Take("without-free")) terms = terms with { ExcludeFreeUsage = true };
            else throw w.Bad("a word about a product");
        }
        if (type == ProductType.Usage)
        {
            terms = terms with { BillableMetricId = metric };
            metrics.TryAdd(metric, new PricedMetric(metric, whole, []));
        }
        products.Add(new Product(id, type, terms, [], Agreed, null, NoFields));
    }

    private void ReadChange(Words w)
    {
        var id = w.Next();
        w.Skip("at");
        var change = new ProductUpdate(w.Time(), Agreed);
        while (w.More)
        {
            if (w.Take("name")) change = change with { Name = w.Next() };
            else if (w.Take("divide")) change = change with { QuantityConversion = new(new QuantityConversion(ConversionOperation.Divide, w.Number())) };
            else if (w.Take("multiply")) change = change with { QuantityConversion = new(new QuantityConversion(ConversionOperation.Multiply, w.Number())) };
            else if (w.Take("unconverted")) change = change with { QuantityConversion = new(null) };
            else if (w.Take("round")) change = change with { QuantityRounding = new(new QuantityRounding(w.One<QuantityRoundingMethod>(), w.Whole())) };
            else if (w.Take("unrounded")) change = change with { QuantityRounding = new(null) };
            else if (w.Take("tags")) change = change with { Tags = w.List() };
            else if (w.Take("of")) change = change with { CompositeProductIds = w.List() };
            else throw w.Bad("a word about a change");
        }
        var at = products.FindIndex(p => p.Id == id);
        products[at] = products[at] with { Updates = [.. products[at].Updates, change] };
    }

    private void ReadRate(Words w)
    {
        var (product, price) = (w.Next(), TermReader.PriceOf(w.Next()));
        var (from, end, entitled, unit, values, terms) = (Agreed, (Instant?)null, true, (string?)null, Groups.None, RateTerms.None);
        string? card = null;
        while (w.More)
        {
            if (w.Take("card")) card = w.Next();
            else if (w.Take("for")) values = w.Values();
            else if (w.Take("from")) from = w.Time();
            else if (w.Take("until")) end = w.Time();
            else if (w.Take("off")) entitled = false;
            else if (w.Take("unit")) unit = w.Next();
            else if (w.Take("free")) terms = terms with { FreeUnits = w.Number() };
            else if (w.Take("min")) terms = terms with { Minimum = w.Number() };
            else if (w.Take("max")) terms = terms with { Maximum = w.Number() };
            else if (w.Take("counter")) terms = terms with { CounterFrequency = w.One<BillingFrequency>() };
            else if (w.Take("every")) terms = terms with { BillingFrequency = w.One<BillingFrequency>() };
            else if (w.Take("commit-rate")) terms = terms with { CommitRate = TermReader.PriceOf(w.Next()) };
            else throw w.Bad("a word about a rate");
        }
        var at = CardOf(card);
        var rate = new Rate($"rate {cards[at].Id} {cards[at].Rates.Count}", product, price, from, end, entitled, values, unit ?? cards[at].Currency.Id) { Terms = terms };
        cards[at] = cards[at] with { Rates = [.. cards[at].Rates, rate] };
    }

    private void ReadContract(Words w)
    {
        var (id, start, end) = (w.Next(), w.Time(), (Instant?)null);
        if (w.Take("/")) end = w.Time();
        var contract = new Contract(
            id, "customer", 1, start, end, null, new UsageStatementSchedule(BillingFrequency.Monthly), null, id, null, AmountRounding.Exact, NoFields, Agreed, null);
        string? card = null;
        while (w.More)
        {
            if (w.Take("card")) card = w.Next();
            else if (w.Take("statements")) contract = contract with { UsageStatementSchedule = contract.UsageStatementSchedule with { Frequency = w.One<BillingFrequency>() } };
            else if (w.Take("from-start")) contract = contract with { UsageStatementSchedule = contract.UsageStatementSchedule with { Day = StatementDay.ContractStart } };
            else if (w.Take("anchor")) contract = contract with { UsageStatementSchedule = contract.UsageStatementSchedule with { Day = StatementDay.CustomDate, BillingAnchorDate = w.Time() } };
            else if (w.Take("invoices-from")) contract = contract with { UsageStatementSchedule = contract.UsageStatementSchedule with { InvoiceGenerationStartingAt = w.Time() } };
            else if (w.Take("minor-unit")) contract = contract with { Rounding = AmountRounding.MinorUnit };
            else if (w.Take("explicit")) contract = contract with { MultiplierPrioritization = MultiplierPrioritization.Explicit };
            else if (w.Take("min")) contract = contract with { Minimum = w.Number() };
            else if (w.Take("max")) contract = contract with { Maximum = w.Number() };
            else if (w.Take("charges-on-usage")) contract = contract with { ScheduledChargesOnUsageInvoices = true };
            else if (w.Take("renews")) contract = contract with { Renewal = new Renewal(w.Next(), w.Take("without-trueup") ? TrueupBehavior.Remove : TrueupBehavior.AsIs) };
            else throw w.Bad("a word about a contract");
        }
        contracts.Add(contract with { RateCardId = cards[CardOf(card)].Id });
    }

    private void Change(string contractId, Func<Contract, Contract> change)
    {
        var at = contracts.FindIndex(c => c.Id == contractId);
        if (at < 0) throw new FormatException($"There is no contract '{contractId}'.");
        contracts[at] = change(contracts[at]);
    }

    private void ReadFilter(Words w)
    {
        var contract = w.Next();
        var filter = new UsageFilter(w.Next(), w.List(), Agreed);
        if (w.Take("from")) filter = filter with { StartingAt = w.Time() };
        Change(contract, c => c with { UsageFilters = [.. c.UsageFilters, filter] });
    }

    private void ReadOverride(Words w)
    {
        var id = w.Next();
        w.Skip("of");
        var contract = w.Next();
        var made = TermReader.Override(w, id);
        Change(contract, c => c with { Overrides = [.. c.Overrides, made] });
    }

    private void ReadRecurring(Words w)
    {
        var id = w.Next();
        w.Skip("of");
        var contract = w.Next();
        var start = contracts.First(c => c.Id == contract).StartingAt;
        var recurring = TermReader.Recurring(w, id, start, Currency);
        Change(contract, c => c with { RecurringCommits = [.. c.RecurringCommits, recurring] });
    }

    private void ReadSubscription(Words w)
    {
        var id = w.Next();
        w.Skip("of");
        var contract = w.Next();
        var start = contracts.First(c => c.Id == contract).StartingAt;
        var subscription = TermReader.Subscription(w, id, start);
        Change(contract, c => c with { Subscriptions = [.. c.Subscriptions, subscription] });
    }

    private void ReadSeats(Words w)
    {
        var (subscription, quantity) = (w.Next(), w.Number());
        w.Skip("from");
        var start = w.Time();
        var known = w.Take("known") ? w.Time() : start;
        Change(contracts.First(c => c.Subscriptions.Any(s => s.Id == subscription)).Id, c => c with
        {
            Subscriptions =
            [
                .. c.Subscriptions.Select(s => s.Id != subscription ? s : s with { Quantities = [.. s.Quantities, new QuantityChange($"{s.Id}:{s.Quantities.Count}", start, quantity, known)] }),
            ],
        });
    }

    private void ReadCharge(Words w)
    {
        var id = w.Next();
        w.Skip("of");
        var (contract, kind, product, items) = (w.Next(), w.One<ScheduledKind>(), w.Next(), new List<ScheduledPayment>());
        while (w.Take("bill")) items.Add(TermReader.Payment(w, id, items.Count));
        Change(contract, c => c with { ScheduledCharges = [.. c.ScheduledCharges, new ScheduledCharge(id, kind, product, id, new PaymentSchedule(Currency, items), NoFields)] });
    }
}
