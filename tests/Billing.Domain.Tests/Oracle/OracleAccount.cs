using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Tests.Oracle;

/// <summary>The reference: what a customer's world comes to, by the rules as they are written, slowly and plainly.</summary>
/// <remarks>
/// It shares nothing with the engine but the records of terms. It looks at every instant that any term names (or, when asked, at every hour), counts in
/// ratios of whole numbers, and rounds only where the rules say so.
/// </remarks>
internal sealed class OracleAccount
{
    private readonly World world;
    private readonly IReadOnlyDictionary<string, string> ids;
    private readonly List<OracleCommit> commits;
    private readonly List<Instant> ticks;
    private readonly List<Bill> bills = [];

    private OracleAccount(World world, IReadOnlyDictionary<string, string> ids, bool everyHour)
    {
        (this.world, this.ids) = (world, ids);
        commits = OracleCommits.All(world);
        ticks = everyHour ? Hours() : Named();
    }

    /// <param name="world">What is reckoned.</param>
    /// <param name="ids">The ids of derived commits by name, where nothing but an id decides which pays first.</param>
    /// <param name="everyHour">True: looks at every hour, not only at those that some term names.</param>
    public static Reckoning Reckon(World world, IReadOnlyDictionary<string, string> ids, bool everyHour = false) => new OracleAccount(world, ids, everyHour).Reckon();

    private Card CardOf(Contract contract) => world.Cards.First(c => c.Id == contract.RateCardId);

    private List<Instant> Hours()
    {
        var last = world.Contracts.SelectMany(c => OracleCalendar.Statements(c, world.Until)).Max(s => s.End);
        var hours = new List<Instant>();
        for (var hour = world.Contracts.Min(c => c.StartingAt); hour < last; hour += Duration.FromHours(1)) hours.Add(hour);
        return hours;
    }

    private List<Instant> Named()
    {
        var named = new List<Instant?>();
        named.AddRange(world.Products.SelectMany(p => p.Updates).Select(u => (Instant?)u.StartingAt));
        foreach (var rate in world.Cards.SelectMany(c => c.Rates)) named.AddRange([rate.StartingAt, rate.EndingBefore]);
        foreach (var segment in commits.SelectMany(c => c.Segments)) named.AddRange([segment.Start, segment.End]);
        foreach (var contract in world.Contracts)
        {
            foreach (var made in contract.Overrides) named.AddRange([made.StartingAt, made.EndingBefore]);
            named.AddRange(contract.UsageFilters.Select(f => (Instant?)f.StartingAt));
            foreach (var frequency in Enum.GetValues<BillingFrequency>())
                for (var n = 0; OracleCalendar.Boundary(contract.StartingAt, frequency, n) <= world.Until + Duration.FromDays(400); n++) named.Add(OracleCalendar.Boundary(contract.StartingAt, frequency, n));
        }
        return [.. named.OfType<Instant>().Distinct()];
    }

    /// <summary>A statement to be made.</summary>
    private sealed record Statement(Contract Contract, string Kind, Span Time, IReadOnlyList<Due> Charges);

    private List<Statement> Statements()
    {
        var all = new List<Statement>();
        foreach (var contract in world.Contracts)
        {
            var due = OracleCharges.Of(world, contract, CardOf(contract), commits).ToList();
            var usage = OracleCalendar.Statements(contract, world.Until).Select(period => new Statement(
                contract, "USAGE", period, [.. due.Where(d => d.OnUsage && d.At == period.End)])).ToList();
            all.AddRange(usage);
            var rest = due.Where(d => !usage.Exists(u => u.Charges.Contains(d))).ToList();
            all.AddRange(rest.Where(d => d.Trueup is not null).GroupBy(d => d.At).Select(g => new Statement(contract, "TRUEUP", new Span(g.Key, g.Key), [.. g])));
            all.AddRange(rest.Where(d => d.Trueup is null).GroupBy(d => (d.At, d.Line.Unit)).Select(g => new Statement(contract, "SCHEDULED", new Span(g.Key.At, g.Key.At), [.. g])));
        }
        // True-ups come last: they bill what everything else left.
        return [.. all.OrderBy(s => s.Kind == "TRUEUP").ThenBy(s => s.Time.End).ThenBy(s => s.Kind == "USAGE" ? 0 : 1).ThenBy(s => s.Contract.StartingAt).ThenBy(s => s.Contract.Id, StringComparer.Ordinal)];
    }

    private Reckoning Reckon()
    {
        foreach (var statement in Statements())
        {
            foreach (var rolled in commits.Where(c => c.IsOpen && c.Terms.ContractId == statement.Contract.Id && statement.Time.End >= statement.Contract.StartingAt)) RollOver(rolled, statement.Contract);
            bills.Add(statement.Kind == "TRUEUP" ? Trueup(statement) : Rate(statement));
        }
        foreach (var rolled in commits.Where(c => c.IsOpen && c.Segments[0].Start <= world.Until)) RollOver(rolled, world.Contracts.First(c => c.Id == rolled.Terms.ContractId));
        return new Reckoning(bills, [.. commits.SelectMany(c => c.Segments).Where(s => s.Start <= world.Until && !s.Commit.IsOpen).Select(Close)]);
    }

    private static void RollOver(OracleCommit rolled, Contract renewal)
    {
        var left = Ratio.Sum(OracleCommits.Reaching(rolled.Source!, renewal.StartingAt).Select(s => Ratio.Max(0, s.Left)));
        var amount = Ratio.Min(left, rolled.Segments[0].Granted);
        (rolled.Segments[0].Granted, rolled.Segments[0].Left, rolled.IsOpen) = (amount, amount, false);
        foreach (var segment in OracleCommits.Reaching(rolled.Source!, renewal.StartingAt))
        {
            var part = Ratio.Min(amount, Ratio.Max(0, segment.Left));
            if (part > 0) segment.Draws.Add((null, $"to {renewal.Id}", -part, renewal.StartingAt));
            segment.Left -= part;
            amount -= part;
        }
    }

    private Bill Trueup(Statement statement)
    {
        var lines = new List<BillLine>();
        // True-ups of one date are one invoice, which waits for all of them.
        var waits = statement.Charges.Any(d => IsOpen(d.Trueup!, statement.Time.End));
        foreach (var due in statement.Charges)
        {
            var segment = due.Trueup!.Segments[0];
            var missing = Ratio.Max(0, segment.Left);
            lines.Add(new BillLine("purchase " + due.Trueup.Name, due.Line.Time.Start, due.Line.Time.End, 1, missing, missing, null));
            if (!missing.IsZero && !waits) segment.Draws.Add((null, "true-up", -missing, statement.Time.End));
        }
        return new Bill(statement.Contract.Id, "TRUEUP", statement.Time.Start, statement.Time.End, lines, [], Ratio.Sum(lines.Select(l => l.Total)));
    }

    private Bill Rate(Statement statement)
    {
        var (contract, card) = (statement.Contract, CardOf(statement.Contract));
        var own = commits.Where(c => c.TakesPart && c.IsFor(contract.Id)).ToList();
        var usage = new OracleUsage(world, contract, card, statement.Time, ticks, (topic, unit, at) => string.Join(
            ',', own.Where(c => c.Terms.CreditTypeId == unit && OracleTerms.Matches(c.Terms.Scope, topic)).SelectMany(c => c.Segments).Where(s => s.Start <= at && at < s.End).Select(s => s.Name)));
        List<Gross> used = statement.Kind == "USAGE" ? usage.Lines() : [];
        var subscriptions = statement.Charges.Select(c => c.Line).Where(l => l.Kind == "subscription ").ToList();
        var payment = new OraclePayment(contract, card, OracleCommits.BurnOrder(own, world, card, statement.Time.End, ids));
        payment.Pay(used);
        payment.Pay(subscriptions);
        if (statement.Kind == "USAGE") payment.Pay(usage.Composites([.. used, .. subscriptions]));
        foreach (var other in statement.Charges.Select(c => c.Line).Where(l => l.Kind != "subscription ")) payment.Add(other, other.Part.Quantity, other.Part.Price, other.Amount, other.Part.Level, null);
        var bill = payment.Bill(statement.Kind, statement.Time, usage.Unrated);
        foreach (var (segment, amount) in payment.Drawn) segment.Draws.Add((bill, contract.Id, -amount, OracleCalendar.Earlier(statement.Time.End, segment.End)));
        return bill;
    }

    // True while usage, or a subscription's charge, that may still draw on a commit, and that lies before an instant, is not final.
    private bool IsOpen(OracleCommit commit, Instant before) => world.Contracts.Where(c => commit.IsFor(c.Id)).Any(contract =>
    {
        if (OracleCharges.Later(world, contract, CardOf(contract)).Any(start => start < before)) return true;
        var next = OracleCalendar.Statements(contract, Instant.FromUtc(2100, 1, 1, 0, 0)).FirstOrDefault(s => s.End > world.Until || s.End == contract.EndingBefore);
        return next is not null && next.End > world.Until && next.Start < before;
    });

    private SegmentAccount Close(OracleSegment segment)
    {
        var commit = segment.Commit;
        var contract = world.Contracts.FirstOrDefault(c => c.Id == commit.Terms.ContractId);
        var end = OracleCalendar.Earlier(segment.End, contract?.EndingBefore);
        // Only what is final is in the ledger; drafts lower what is left.
        var entries = segment.Draws.Where(d => d.Of is null || d.Of.End <= world.Until).ToList();
        var left = segment.Left;
        var waits = commits.Exists(c => c.IsOpen && c.Source == commit && OracleCommits.Reaching(commit, c.Segments[0].Start).Contains(segment));
        if (entries.Exists(e => e.What == "true-up")) left = 0;
        if (commit.Terms.Type != CommitType.Postpaid && end <= world.Until && !IsOpen(commit, end) && !waits)
        {
            if (!left.IsZero) entries.Add((null, "expired", -left, end));
            left = 0;
        }
        return new SegmentAccount(segment.Name, segment.Granted, [.. entries.Select(e => (e.What, e.Amount, e.At))], left);
    }
}
