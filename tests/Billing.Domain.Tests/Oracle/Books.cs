using Billing.Domain.Credits;
using Billing.Domain.Invoicing;
using NodaTime;

namespace Billing.Domain.Tests.Oracle;

/// <summary>Keeps the books of a world with the engine: issues what is due, posts what it draws, and closes what is over, as billing does.</summary>
internal sealed class Books(World world)
{
    private static readonly HashSet<string> None = [];

    private readonly Dictionary<string, Instant> billedThrough = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> billedCharges = new(StringComparer.Ordinal);
    private readonly List<Commit> settled = [];
    private readonly List<(string Segment, string What, decimal Amount, Instant At)> entries = [];
    private readonly List<Bill> bills = [];
    private LedgerTotals ledger = LedgerTotals.Empty;

    /// <summary>Nothing is ever issued: all statements are drafts, rated in one go.</summary>
    public static IReadOnlyList<Bill> Drafts(World world) => new Books(world).Open();

    /// <summary>Everything that is due by the world's end is issued in one run at that time.</summary>
    public static Reckoning AtOnce(World world)
    {
        var books = new Books(world);
        books.RunAll(world.Until);
        return books.Reckon();
    }

    /// <summary>Billing looks at the account from its first term on, each time when the engine says that something falls due.</summary>
    public static Reckoning AsItFallsDue(World world)
    {
        var books = new Books(world);
        var now = world.Contracts.Min(c => c.StartingAt);
        while (now < world.Until)
        {
            books.RunAll(now);
            var run = new EngineRun(world, books.settled, now);
            var due = NextDue.Of(books.Contracts(run), [], run.Commits, books.ledger, Duration.Zero, now);
            if (due <= now) throw new InvalidOperationException($"At {Words.Time(now)} nothing more is done, and yet {Words.Time(due.Value)} is due.");
            // Whoever changes something makes billing look at once.
            now = Recorded(world).Where(r => r > now).Append(world.Until).Append(due ?? world.Until).Min();
        }
        books.RunAll(world.Until);
        var before = books.entries.Count;
        books.RunAll(world.Until);
        if (books.entries.Count != before) throw new InvalidOperationException("A second run posted something.");
        return books.Reckon();
    }

    private static IEnumerable<Instant> Recorded(World world) => world.Contracts.SelectMany(c => c.Subscriptions).SelectMany(s => s.Quantities).Select(q => q.CreatedAt);

    private IReadOnlyList<OpenContract> Contracts(EngineRun run) =>
        run.Contracts(id => (billedThrough.TryGetValue(id, out var end) ? end : null, billedCharges.GetValueOrDefault(id) ?? None));

    private void RunAll(Instant at)
    {
        // Each invoice closes what it is the last to draw on, in the same step.
        while (Issue(at)) Close(at);
        Close(at);
    }

    private bool Issue(Instant at)
    {
        var run = new EngineRun(world, settled, at);
        var contracts = Contracts(run);
        var open = AccountRating.Open(contracts, at);
        var due = open.FirstOrDefault(s => s.Type == InvoiceType.Usage
            ? s.Terms.Contract.FinalAt(s.Period, Duration.Zero) <= at && contracts.Any(c => ReferenceEquals(c.Terms, s.Terms) && c.Terms.Contract.PeriodAfter(c.BilledThrough) == s.Period)
            : !s.IsTrueup || !NextDue.IsWaiting(s, contracts, []));
        if (due is null) return false;
        var result = run.Rate([.. open.TakeWhile(s => !ReferenceEquals(s, due)), due], ledger, Instant.MaxValue, at).Statements[^1];
        Check(result.Rated);
        var contract = due.Terms.Contract.Id;
        if (due.Type == InvoiceType.Usage) billedThrough[contract] = due.Period.End;
        billedCharges[contract] = [.. billedCharges.GetValueOrDefault(contract) ?? None, .. result.Rated.ChargeIds];
        foreach (var draw in result.Rated.Draws)
            Post(run, new LedgerEntry(draw.CommitId, draw.SegmentId, LedgerEntryType.AutomatedInvoiceDeduction, -draw.Amount, draw.At), contract);
        if (due.IsTrueup)
        {
            foreach (var line in result.Rated.Lines.Where(l => l.Commit is { Type: CommitType.Postpaid }))
            {
                var segment = run.Commits.First(c => c.Id == line.Commit!.CommitId).Access[0];
                if (line.Total != 0) Post(run, new LedgerEntry(line.Commit!.CommitId, segment.Id, LedgerEntryType.Trueup, -line.Total, due.Period.End), "true-up");
                ledger = ledger.With([], [segment.Id]);
            }
        }
        bills.Add(run.Say(result));
        return true;
    }

    private void Close(Instant at)
    {
        var run = new EngineRun(world, settled, at);
        var contracts = Contracts(run);
        var rolled = AccountClosing.Rollovers(contracts, run.Commits, ledger, at);
        foreach (var entry in rolled.Entries) Post(run, entry, $"to {entry.ContractId}");
        settled.AddRange(rolled.Commits);
        if (rolled.Commits.Count > 0) run = new EngineRun(world, settled, at);
        foreach (var entry in AccountClosing.Expirations(contracts, [], [], run.Commits, ledger, at))
        {
            if (entry.Amount != 0) Post(run, entry, "expired");
            ledger = ledger.With([], [entry.SegmentId]);
        }
    }

    private void Post(EngineRun run, LedgerEntry entry, string what)
    {
        ledger = ledger.With([entry]);
        entries.Add((run.NameOf(entry.SegmentId), what, entry.Amount, entry.At));
    }

    /// <summary>What is not issued yet, as it stands at the world's end.</summary>
    private IReadOnlyList<Bill> Open()
    {
        var run = new EngineRun(world, settled, world.Until);
        return [.. run.Rate(AccountRating.Open(Contracts(run), world.Until), ledger, world.Until, world.Until).Statements.Select(run.Say)];
    }

    private Reckoning Reckon()
    {
        var run = new EngineRun(world, settled, world.Until);
        var state = run.Rate(AccountRating.Open(Contracts(run), world.Until), ledger, world.Until, world.Until);
        var accounts = new List<SegmentAccount>();
        foreach (var (commit, segment) in run.Commits.SelectMany(c => c.Access.Select(a => (c, a))))
        {
            if (segment.StartingAt > world.Until || (commit.RolledOver is not null && commit.Version == Rollovers.Derived)) continue;
            var name = run.NameOf(segment.Id);
            var own = entries.Where(e => e.Segment == name).ToList();
            var left = state.Left(segment);
            // A settled segment has nothing left; what its entries say must come to the same.
            if (ledger.Of(segment.Id).IsSettled && commit.Type != CommitType.Postpaid && segment.Amount + own.Sum(e => e.Amount) != left) throw new InvalidOperationException($"The ledger of {name} does not sum to its balance.");
            accounts.Add(new SegmentAccount(name, segment.Amount, [.. own.Select(e => (e.What, (Ratio)e.Amount, e.At))], left));
        }
        return new Reckoning([.. bills, .. state.Statements.Select(run.Say)], accounts);
    }

    /// <summary>What must hold of each invoice, whatever its terms.</summary>
    private static void Check(RatedStatement rated)
    {
        var applied = rated.Lines.Where(l => l.Type == LineType.AppliedCommitOrCredit).GroupBy(l => l.Commit!.SegmentId!).ToDictionary(g => g.Key, g => -g.Sum(l => l.Total));
        if (applied.Count != rated.Draws.Count || rated.Draws.Any(d => applied[d.SegmentId] != d.Amount)) throw new InvalidOperationException("What is drawn is not what is applied.");
    }
}
