using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Invoicing;

/// <summary>What a statement costs and what paid for it.</summary>
public sealed record RatedStatement(
    IReadOnlyList<InvoiceLine> Lines, IReadOnlyList<UnratedUsage> Unrated, IReadOnlyList<Draw> Draws, IReadOnlyList<string> ChargeIds, decimal Total);

/// <summary>Lets commits and credits pay for the lines of one statement, and adds it up.</summary>
/// <remarks>
/// Lines are paid in the order usage, subscription, composite; earlier start; higher unit price; name. What pays must be open throughout the line's time.
/// A line that is paid in part becomes covered lines, each followed by what was applied, and a remainder. Source: Metronome, prioritization-rules.
/// </remarks>
internal sealed class StatementRating(Terms terms, Balances balances, Instant serviceEnd)
{
    private readonly IReadOnlyList<OpenSegment> payers = BurnOrder.Of(
        Payers.Of(terms),
        [.. terms.Rates.Products.Select(id => (id, terms.Products[id].At(serviceEnd).Tags))]);

    private readonly Dictionary<(string Commit, string Segment), (decimal Amount, Instant At)> draws = [];
    private readonly Dictionary<GrossLine, decimal> paidForNothing = new(ReferenceEqualityComparer.Instance);

    /// <summary>Rates a statement.</summary>
    /// <param name="usage">Usage lines, in the order in which they are shown.</param>
    /// <param name="charges">Charges that fall on this statement.</param>
    /// <param name="composites">The composite lines of usage and subscriptions, given what of each line was paid for nothing.</param>
    /// <param name="unrated">Usage that is not charged.</param>
    public RatedStatement Rate(
        IReadOnlyList<GrossLine> usage,
        IReadOnlyList<Charge> charges,
        Func<IReadOnlyList<GrossLine>, Func<GrossLine, decimal>, IReadOnlyList<GrossLine>> composites,
        IReadOnlyList<UnratedUsage> unrated)
    {
        var subscriptions = charges.Select(c => c.Line).Where(l => l.Type == LineType.Subscription).ToList();
        var paid = Pay(usage).Concat(Pay(subscriptions)).ToDictionary(ReferenceEqualityComparer.Instance);
        var shares = composites([.. usage, .. subscriptions], line => paidForNothing.GetValueOrDefault(line));
        foreach (var (line, parts) in Pay(shares)) paid.Add(line, parts);
        var others = charges.Select(c => c.Line).Where(l => l.Type != LineType.Subscription);
        List<InvoiceLine> lines =
        [
            .. usage.Concat(subscriptions).Concat(shares).SelectMany(l => paid[l]),
            .. others.Select(l => l.Line(l.Part.Quantity, l.Part.UnitPrice, l.Amount, null)),
        ];
        lines.AddRange(Conversions(lines));
        return new RatedStatement(
            lines, unrated, [.. draws.Select(d => new Draw(d.Key.Commit, d.Key.Segment, d.Value.Amount, d.Value.At))], [.. charges.Select(c => c.Id)],
            terms.Total(lines));
    }

    private List<KeyValuePair<GrossLine, List<InvoiceLine>>> Pay(IReadOnlyList<GrossLine> lines) =>
    [
        .. lines.OrderBy(l => l.Time.Start).ThenByDescending(l => l.Part.UnitPrice).ThenBy(l => l.Name, StringComparer.Ordinal)
            .Select(l => new KeyValuePair<GrossLine, List<InvoiceLine>>(l, Pay(l))),
    ];

    private List<InvoiceLine> Pay(GrossLine line)
    {
        var parts = new List<InvoiceLine>();
        var (quantity, amount, from) = (line.Part.Quantity, line.Amount, line.Part.From);
        foreach (var payer in payers)
        {
            if (quantity <= 0) break;
            if (!PaysFor(payer, line) || Left(payer) <= 0) continue;
            var price = line.Part.Kind == PartKind.Units && line.Pricing is { Price: Price.Flat or Price.Tiered } pricing ? pricing.For(payer.Commit) : (Price: null, By: null);
            if (price.Price is null || ReferenceEquals(price.Price, line.Pricing!.Price))
            {
                if (amount <= 0) continue;
                var drawn = Math.Min(Left(payer), amount);
                var covered = drawn == amount ? quantity : Exact.Quotient(drawn, line.Part.UnitPrice);
                Cover(line, payer, covered, line.Part.UnitPrice, drawn, line.Part.Tier, parts);
                (quantity, amount, from) = (Exact.Add(quantity, -covered), Exact.Add(amount, -drawn), Exact.Add(from, covered));
                continue;
            }
            var taken = CoverAt(price.Price, line, payer, from, quantity, parts);
            if (taken == 0) continue;
            (quantity, from) = (Exact.Add(quantity, -taken), Exact.Add(from, taken));
            amount = CostOf(quantity, line.Part.UnitPrice, line);
        }
        if (quantity != 0 || amount != 0 || parts.Count == 0) parts.Add(line.Line(quantity, line.Part.UnitPrice, amount, line.Part.Tier));
        return parts;
    }

    /// <summary>Covers as much of a quantity as a commit can at a price of its own; answers how much that was.</summary>
    private decimal CoverAt(Price price, GrossLine line, OpenSegment payer, decimal from, decimal quantity, List<InvoiceLine> parts)
    {
        var taken = 0m;
        foreach (var part in RateCalculation.Rate(price, 0, new CountedQuantity(from, quantity, Exact.Add(from, quantity), Opens: false)))
        {
            var left = Left(payer);
            if (part.Kind != PartKind.Units || left <= 0) continue;
            var cost = CostOf(part.Quantity, part.UnitPrice, line);
            var drawn = Math.Min(left, cost);
            var covered = drawn == cost ? part.Quantity : Exact.Quotient(drawn, part.UnitPrice);
            Cover(line, payer, covered, part.UnitPrice, drawn, part.Tier, parts);
            taken = Exact.Add(taken, covered);
        }
        return taken;
    }

    // What another commit left of a quantity is a quotient, so what it costs is kept as one.
    private decimal CostOf(decimal quantity, decimal unitPrice, GrossLine line) => terms.Round(Exact.Share(quantity, unitPrice, 1), line.CreditTypeId);

    private decimal Left(OpenSegment payer) => terms.Drawable(balances.Left(payer.Segment), payer.Commit.CreditTypeId);

    private void Cover(GrossLine line, OpenSegment payer, decimal quantity, decimal unitPrice, decimal drawn, LineTier? tier, List<InvoiceLine> parts)
    {
        var (commit, segment) = payer;
        balances.Take(segment, drawn);
        var at = segment.EndingBefore < serviceEnd ? segment.EndingBefore : serviceEnd;
        var before = draws.GetValueOrDefault((commit.Id, segment.Id));
        draws[(commit.Id, segment.Id)] = (Exact.Add(before.Amount, drawn), at);
        if (commit.CostBasis() == 0) paidForNothing[line] = Exact.Add(paidForNothing.GetValueOrDefault(line), drawn);
        var covers = new LineCommit(commit.Id, segment.Id, commit.Type);
        var covered = line.Line(quantity, unitPrice, drawn, tier) with
        {
            Commit = covers, Gross = unitPrice == line.Part.UnitPrice && tier == line.Part.Tier ? null : new GrossPrice(line.Part.UnitPrice, line.Part.Tier),
        };
        parts.Add(covered);
        parts.Add(new InvoiceLine
        {
            Type = LineType.AppliedCommitOrCredit,
            Name = $"{terms.NameOf(commit)} applied",
            ProductId = commit.ProductId,
            ProductType = ProductType.Fixed,
            CreditTypeId = line.CreditTypeId,
            Quantity = 1,
            UnitPrice = -drawn,
            Total = -drawn,
            StartingAt = covered.StartingAt,
            EndingBefore = covered.EndingBefore,
            AdjustsPeriod = line.AdjustsPeriod,
            Commit = covers,
        });
    }

    // Late usage is paid by what was open when it was used and has not expired since.
    private bool PaysFor(OpenSegment payer, GrossLine line) =>
        (line.AdjustsPeriod is null || payer.Segment.EndingBefore > serviceEnd)
        && payer.Segment.StartingAt <= line.Time.Start && (line.Time.Duration == Duration.Zero ? payer.Segment.Covers(line.Time.Start) : line.Time.End <= payer.Segment.EndingBefore)
        && string.Equals(payer.Commit.CreditTypeId, line.CreditTypeId, StringComparison.OrdinalIgnoreCase)
        && payer.Commit.Scope.Matches(line.Subject);

    /// <summary>What is left in each custom pricing unit, in the invoice's currency.</summary>
    private List<InvoiceLine> Conversions(List<InvoiceLine> lines)
    {
        var conversions = new List<InvoiceLine>();
        foreach (var unit in lines.Where(l => !terms.IsFiat(l.CreditTypeId)).GroupBy(l => l.CreditTypeId, StringComparer.OrdinalIgnoreCase))
        {
            var left = Exact.Sum(unit.Where(l => l.Counts).Select(l => l.Total));
            if (left == 0) continue;
            var conversion = terms.Conversions.FirstOrDefault(c => string.Equals(c.CustomCreditTypeId, unit.Key, StringComparison.OrdinalIgnoreCase))
                ?? throw new InvalidOperationException($"The rate card has no conversion for the pricing unit {unit.Key}.");
            conversions.Add(new InvoiceLine
            {
                Type = LineType.CpuConversion,
                Name = $"{terms.UnitNames.GetValueOrDefault(unit.Key, unit.Key)} conversion",
                CreditTypeId = terms.CreditType.Id,
                Quantity = left,
                UnitPrice = conversion.FiatPerCustomCredit,
                Total = terms.Round(Exact.Multiply(left, conversion.FiatPerCustomCredit), terms.CreditType.Id),
                StartingAt = unit.Min(l => l.StartingAt),
                EndingBefore = unit.Max(l => l.EndingBefore),
            });
        }
        return conversions;
    }
}
