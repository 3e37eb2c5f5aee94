using Billing.Domain.Contracts;
using Billing.Domain.Credits;

namespace Billing.Domain.Tests.Oracle;

/// <summary>Lets commits and credits pay for the lines of one statement. Rules 13, 18 to 22 and 27 of the specification.</summary>
/// <param name="order">Segments in the order in which they pay.</param>
internal sealed class OraclePayment(Contract contract, Card card, IReadOnlyList<OracleSegment> order)
{
    private readonly List<(BillLine Line, string Unit, bool Counts)> lines = [];

    public Dictionary<OracleSegment, Ratio> Drawn { get; } = [];

    /// <summary>Pays for lines: earlier start, higher price, name first.</summary>
    public void Pay(IReadOnlyList<Gross> some)
    {
        foreach (var line in some.OrderBy(l => l.Time.Start).ThenByDescending(l => l.Part.Price).ThenBy(l => l.Name, StringComparer.Ordinal)) Pay(line);
    }

    public void Add(Gross line, Ratio quantity, Ratio price, Ratio total, int? level, OracleSegment? paidBy)
    {
        var (shown, topic) = (line.Shown ?? line.Time, line.Topic);
        var values = BillLine.Values(topic.Pricing ?? new Dictionary<string, string?>(), topic.Shown ?? new Dictionary<string, string?>());
        var what = line.Kind + line.Name + values + (level is null ? "" : $" tier {level}");
        // What a promise pays for is billed all the same.
        lines.Add((new BillLine(what, shown.Start, shown.End, quantity, price, total, paidBy?.Name), line.Unit, paidBy is null || paidBy.Commit.Terms.Type == CommitType.Postpaid));
    }

    private void Pay(Gross line)
    {
        var (quantity, amount, from) = (line.Part.Quantity, line.Amount, line.Part.From);
        foreach (var segment in order.Where(s => Fits(s, line)))
        {
            if (quantity <= 0 || Usable(segment, line) <= 0) continue;
            var own = line.Part.IsUnits && line.Pricing?.Price is { IsByUnit: true }
                ? OracleTerms.PriceFor(line.Pricing, contract, segment.Commit.Terms with { Id = segment.Commit.Name }, segment.Commit.Terms.RecurringCommitId)
                : null;
            if (own is null)
            {
                if (amount <= 0) continue;
                var drawn = Ratio.Min(Usable(segment, line), amount);
                var covered = drawn == amount ? quantity : (drawn / line.Part.Price).Quotient();
                Draw(line, segment, covered, line.Part.Price, drawn, line.Part.Level);
                (quantity, amount, from) = (quantity - covered, amount - drawn, from + covered);
                continue;
            }
            // At a price of its own: step by step of that price, from where the line stands on the counter, as far as the segment reaches.
            foreach (var part in own.Parts(0, from, quantity, from + quantity, false).Where(p => p.IsUnits && p.Quantity > 0).ToList())
            {
                var left = Usable(segment, line);
                if (left <= 0) break;
                var cost = OracleBounds.Round((part.Quantity * part.Price).Quotient(), line.Unit, contract, card);
                var covered = left >= cost ? part.Quantity : (left / part.Price).Quotient();
                Draw(line, segment, covered, part.Price, Ratio.Min(left, cost), part.Level);
                (quantity, from) = (quantity - covered, from + covered);
            }
            // What is left is a quotient, and so is what it costs.
            amount = OracleBounds.Round((quantity * line.Part.Price).Quotient(), line.Unit, contract, card);
        }
        if (!quantity.IsZero || !amount.IsZero) Add(line, quantity, line.Part.Price, amount, line.Part.Level, null);
    }

    // An invoice in whole minor units draws whole minor units.
    private Ratio Usable(OracleSegment segment, Gross line) => OracleBounds.IsRounded(line.Unit, contract, card) ? segment.Left.Round(card.Currency.MinorUnitDecimals, Way.Floor) : segment.Left;

    private static bool Fits(OracleSegment segment, Gross line)
    {
        var terms = segment.Commit.Terms;
        var open = segment.Start <= line.Time.Start && (line.Time.Start == line.Time.End ? line.Time.Start < segment.End : line.Time.End <= segment.End);
        return open && terms.CreditTypeId == line.Unit && OracleTerms.Matches(terms.Scope, line.Topic);
    }

    private void Draw(Gross line, OracleSegment segment, Ratio quantity, Ratio price, Ratio amount, int? level)
    {
        segment.Left -= amount;
        Drawn[segment] = Drawn.GetValueOrDefault(segment) + amount;
        if (segment.Commit.IsFree) line.PaidFree += amount;
        Add(line, quantity, price, amount, level, segment);
    }

    public Bill Bill(string kind, Span time, IReadOnlyList<string> unrated)
    {
        foreach (var unit in lines.Where(l => l.Unit != card.Currency.Id).GroupBy(l => l.Unit).ToList())
        {
            var rest = Ratio.Sum(unit.Where(l => l.Counts).Select(l => l.Line.Total));
            if (rest.IsZero) continue;
            Ratio price = card.Conversions.First(c => c.CustomCreditTypeId == unit.Key).FiatPerCustomCredit;
            var total = OracleBounds.Round(rest * price, card.Currency.Id, contract, card);
            lines.Add((new BillLine($"{unit.Key} conversion", time.Start, time.End, rest, price, total, null), card.Currency.Id, true));
        }
        return new Bill(contract.Id, kind, time.Start, time.End, [.. lines.Select(l => l.Line)], unrated, Ratio.Sum(lines.Where(l => l.Counts && l.Unit == card.Currency.Id).Select(l => l.Line.Total)));
    }
}
