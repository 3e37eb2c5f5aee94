using Billing.Domain.Credits;
using Billing.Domain.Invoicing;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Tests.Oracle;

/// <summary>Lets the engine rate a world: builds its terms, reads usage as it asks, and says the result in shared words.</summary>
internal sealed class EngineRun
{
    private readonly World world;
    private readonly ILookup<string, Use> uses;
    private readonly Dictionary<string, string> segmentNames = new(StringComparer.Ordinal);

    /// <param name="world">What is rated.</param>
    /// <param name="settled">Rollovers whose amount is known for good.</param>
    /// <param name="now">Grants are derived up to the end of the periods that it lies in.</param>
    public EngineRun(World world, IReadOnlyList<Commit> settled, Instant now)
    {
        // What is recorded later is not known yet.
        this.world = world = world with
        {
            Contracts = [.. world.Contracts.Select(c => c with { Subscriptions = [.. c.Subscriptions.Select(s => s with { Quantities = [.. s.Quantities.Where((q, i) => i == 0 || q.CreatedAt <= now)] })] })],
        };
        uses = world.Uses.Where(u => u.At < world.Until).ToLookup(u => u.Metric, StringComparer.Ordinal);
        var all = world.Commits.Concat(settled).ToList();
        var known = all.Select(c => c.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var contract in world.Contracts)
        {
            var until = contract.PeriodAt(now)?.End ?? contract.EndingBefore ?? now;
            all.AddRange(Grants.Of(contract, until > now ? until : now));
        }
        foreach (var renewal in world.Contracts.Where(c => c.Renewal is not null)) all.AddRange(Rollovers.Of(all, renewal).Where(r => !known.Contains(r.Id)));
        Commits = all;
        foreach (var commit in all)
            for (var i = 0; i < commit.Access.Count; i++) segmentNames[commit.Access[i].Id] = NameOf(commit) + (commit.Access.Count > 1 ? $"/{i + 1}" : "");
    }

    public IReadOnlyList<Commit> Commits { get; }

    /// <summary>The ids of commits by what they are called.</summary>
    public IReadOnlyDictionary<string, string> Ids => Commits.DistinctBy(NameOf).ToDictionary(NameOf, c => c.Id, StringComparer.Ordinal);

    /// <summary>What a commit is called, whoever derived it: promo, monthly@2026-01-01 (a grant), promo>B (rolled over into B).</summary>
    public string NameOf(Commit commit) => commit switch
    {
        { RolledOver: { } from } => $"{NameOf(Commits.First(c => c.Id == from.CommitId))}>{commit.ContractId}",
        { RecurringCommitId: { } recurring } => $"{recurring}@{Words.Time(commit.Access[0].StartingAt)}",
        _ => commit.Id,
    };

    public string NameOf(string segmentId) => segmentNames[segmentId];

    public IReadOnlyList<OpenContract> Contracts(Func<string, (Instant? BilledThrough, IReadOnlySet<string> Charges)> billed) =>
    [
        .. world.Contracts.Select(contract =>
        {
            var card = world.Cards.First(c => c.Id == contract.RateCardId);
            var own = Commits.Where(c => c.IsFor(contract.Id) || c.InvoiceContractId == contract.Id).ToList();
            var terms = new Terms(
                contract, card.Currency, 1, new RateSchedule(card.Rates), world.Products.ToDictionary(p => p.Id, StringComparer.Ordinal), world.Metrics.ToDictionary(m => m.Id, StringComparer.Ordinal))
            {
                Commits = own,
                Conversions = card.Conversions,
                RolledOverFrom = [.. Commits.Where(c => c.ContractId == contract.Renewal?.FromContractId && own.Exists(r => r.RolledOver?.CommitId == c.Id && r.Version == Rollovers.Derived))],
            };
            return new OpenContract(terms, billed(contract.Id).BilledThrough, billed(contract.Id).Charges);
        }),
    ];

    public AccountState Rate(IReadOnlyList<Statement> statements, LedgerTotals ledger, Instant until, Instant now) =>
        AccountRating.Rate(statements, s => Usage(s, until), ledger, until, now);

    /// <summary>What a reader of usage answers: sums, or for a metric that counts over the whole the largest value.</summary>
    public IReadOnlyList<UsageQuantity> Usage(Statement statement, Instant until) =>
    [
        .. from asked in Segmenting.Segments(statement.Terms, statement.Period, until)
           from segment in asked.Segments
           from used in uses[asked.Product.BillableMetricId].Where(u => segment.Contains(u.At) && Fits(asked.Product.Filter, u))
               .GroupBy(u => Groups.Key(Groups.Only(u.Group, asked.Product.GroupKeys)))
           select new UsageQuantity(
               asked.Product.ProductId, segment, Groups.Only(used.First().Group, asked.Product.GroupKeys),
               asked.Product.WholePeriod ? used.Max(u => u.Quantity) : used.Sum(u => u.Quantity)),
    ];

    public Bill Say(StatementResult result)
    {
        var (statement, rated) = (result.Statement, result.Rated);
        var lines = new List<BillLine>();
        for (var i = 0; i < rated.Lines.Count; i++)
        {
            var line = rated.Lines[i];
            if (line.Type == LineType.AppliedCommitOrCredit) throw new InvalidOperationException("An applied line follows no covered one.");
            string? payer = null;
            if (line.Commit is { SegmentId: { } segment })
            {
                // What pays is a line of its own, right after what it covers.
                var applied = rated.Lines[++i];
                if (applied.Type != LineType.AppliedCommitOrCredit || applied.Total != -line.Total || applied.Commit != line.Commit) throw new InvalidOperationException("A covered line lacks its applied line.");
                payer = NameOf(segment);
            }
            var kind = line.Type switch
            {
                LineType.Usage => "",
                LineType.Subscription => "subscription ",
                LineType.Scheduled => "charge ",
                LineType.CommitPurchase => "purchase ",
                LineType.CpuConversion => "",
                _ => throw new InvalidOperationException(line.Type.ToString()),
            };
            var name = line.Type == LineType.CommitPurchase ? NameOf(Commits.First(c => c.Id == line.Commit!.CommitId)) : line.Name;
            var tier = line.Tier is { } t ? $" tier {t.Level}" : "";
            // A conversion has no time of its own.
            var (start, end) = line.Type == LineType.CpuConversion ? (statement.Period.Start, statement.Period.End) : (line.StartingAt, line.EndingBefore);
            lines.Add(new BillLine(
                kind + name + BillLine.Values(line.PricingGroupValues, line.PresentationGroupValues) + tier, start, end, line.Quantity, line.UnitPrice, line.Total, payer));
        }
        var unrated = rated.Unrated.Select(u => $"unrated {u.ProductId}{BillLine.Values(u.Group, [])} {Words.Time(u.StartingAt)} / {Words.Time(u.EndingBefore)}: {(Ratio)u.Quantity} {u.Reason}");
        var kindOfBill = statement.Type == InvoiceType.Usage ? "USAGE" : statement.IsTrueup ? "TRUEUP" : "SCHEDULED";
        return new Bill(statement.Terms.Contract.Id, kindOfBill, statement.Period.Start, statement.Period.End, lines, [.. unrated], rated.Total);
    }

    private static bool Fits(GroupFilter? filter, Use use) =>
        filter is null || (use.Group.TryGetValue(filter.GroupKey, out var value) && value is not null && filter.Values.Contains(value));
}
