using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Invoicing;

/// <summary>A contract and how far it is billed.</summary>
/// <param name="BilledThrough">End of the last final usage period; null: none is.</param>
/// <param name="BilledCharges">Ids of the charges on final invoices.</param>
public sealed record OpenContract(Terms Terms, Instant? BilledThrough, IReadOnlySet<string> BilledCharges)
{
    /// <summary>Of a parent: end of the last period whose invoices were put together; null: none were.</summary>
    public Instant? ConsolidatedThrough { get; init; }

    /// <summary>True while a child is not billed as far.</summary>
    public bool WaitsForFamily { get; init; }

    /// <summary>The period whose invoices are to be put together next; null when none is.</summary>
    public Interval? ToConsolidate => !WaitsForFamily && Terms.Contract.Hierarchy is { Consolidation: Contracts.ConsolidationType.Concatenate } ? Terms.Contract.PeriodAfter(ConsolidatedThrough) : null;

    /// <summary>The times whose bill is still to come, of what began up to an instant: the next usage period's, and those that subscriptions charge later.</summary>
    internal IEnumerable<Instant> Unbilled(Instant until)
    {
        if (Terms.Contract.PeriodAfter(BilledThrough) is { } next) yield return next.Start;
        foreach (var charge in Terms.Contract.Subscriptions.SelectMany(s => SubscriptionCharges.Of(Terms, s, until)))
            if (!BilledCharges.Contains(charge.Id)) yield return charge.Line.Time.Start;
    }
}

/// <summary>What will be one invoice.</summary>
/// <param name="Period">Of usage; of a scheduled statement the instant it falls due, twice.</param>
public sealed record Statement(Terms Terms, InvoiceType Type, Interval Period)
{
    internal IReadOnlyList<Charge> Charges { get; init; } = [];

    /// <summary>Late usage of final periods that this usage statement carries.</summary>
    internal IReadOnlyList<GrossLine> Adjustments { get; init; } = [];

    /// <summary>True when it carries late usage of the period that starts here.</summary>
    public bool Carries(Instant periodStart) => Adjustments.Any(a => a.AdjustsPeriod == periodStart);

    /// <summary>A usage statement with the charges that are due by an instant; another as it is.</summary>
    public Statement UpTo(Instant until) => Type != InvoiceType.Usage || until >= Period.End ? this : this with { Charges = [] };

    /// <summary>True when it trues up a postpaid commit: it waits for the last usage that counts towards it.</summary>
    public bool IsTrueup => Charges.Any(c => c.Trueup is not null);

    /// <summary>True when what it costs, or what pays for it, depends on what is left of commits.</summary>
    public bool NeedsBalances => Type == InvoiceType.Usage || Charges.Any(c => c.Trueup is not null || c.Line.Type == LineType.Subscription);

    /// <summary>The currency of the charges; null: that of the rate card.</summary>
    public string CreditTypeId => Type == InvoiceType.Scheduled ? Charges[0].Line.CreditTypeId : Terms.CreditType.Id;
}

/// <summary>A statement and what it costs.</summary>
public sealed record StatementResult(Statement Statement, RatedStatement Rated);

/// <summary>Rates all open statements of a customer in the order of time, because they draw on the same commits.</summary>
/// <remarks>
/// The draft, the preview, the balance, the alert and the final invoice are this one function with another until. Order: a usage statement at the end of its
/// period, a scheduled one at its date, a true-up after all usage that counts towards it, usage first at one instant; then the contract that started earlier. A statement sees what those before it left.
/// </remarks>
public static class AccountRating
{
    /// <summary>Statements that have begun by an instant: usage periods that started before it, and unbilled charges due up to it.</summary>
    /// <param name="contracts">All of the customer: a renewal has a say in the true-ups of the contract before.</param>
    public static IReadOnlyList<Statement> Open(IReadOnlyList<OpenContract> contracts, Instant until) =>
        InOrder([.. contracts.SelectMany(c => Of(c, contracts, until))]);

    /// <summary>Statements in the order in which they draw.</summary>
    public static IReadOnlyList<Statement> InOrder(IReadOnlyList<Statement> statements) =>
    [
        .. statements.OrderBy(s => s.IsTrueup ? LastDraw(s, statements) : s.Period.End).ThenBy(s => s.Type == InvoiceType.Usage ? 0 : s.IsTrueup ? 2 : 1)
            .ThenBy(s => s.Terms.Contract.StartingAt).ThenBy(s => s.Terms.Contract.Id, StringComparer.Ordinal),
    ];

    /// <summary>A statement that was billed before, made anew: the same period or date, and those of its charges that still are.</summary>
    public static Statement Again(Terms terms, InvoiceType type, Interval period, IReadOnlyList<string> chargeIds)
    {
        var again = chargeIds.Count == 0 ? [] : Charges.Of(terms, Instant.Max(period.End, terms.Contract.EndingBefore ?? period.End)).Where(c => chargeIds.Contains(c.Id)).ToList();
        return new Statement(terms, type, period) { Charges = again };
    }

    /// <summary>The statements of one contract, in no order.</summary>
    internal static IReadOnlyList<Statement> Of(OpenContract open, IReadOnlyList<OpenContract> all, Instant until)
    {
        var statements = new List<Statement>();
        var contract = open.Terms.Contract;
        var renewal = all.FirstOrDefault(c => c.Terms.Contract.Renewal?.FromContractId == contract.Id)?.Terms;
        var charges = Charges.Of(open.Terms, until).Where(c => !open.BilledCharges.Contains(c.Id))
            .Where(c => c.Trueup is null || renewal?.Contract.Renewal?.Trueup != TrueupBehavior.Remove)
            .Select(c => c.Trueup is null ? c : c with { TakenOver = renewal?.Commits.FirstOrDefault(r => r.RolledOver?.CommitId == c.Trueup.Id && r.Version == Rollovers.Derived) }).ToList();
        var placed = new HashSet<string>(StringComparer.Ordinal);
        for (var period = contract.PeriodAfter(open.BilledThrough); period is { } at && at.Start < until; period = contract.PeriodAfter(at.End))
        {
            var own = charges.Where(c => c.OnUsageInvoice && c.At == at.End).ToList();
            placed.UnionWith(own.Select(c => c.Id));
            statements.Add(new Statement(open.Terms, InvoiceType.Usage, at) { Charges = own });
        }
        // A charge that no usage invoice carries is on a scheduled one; true-ups and other currencies are by themselves.
        statements.AddRange(charges.Where(c => !placed.Contains(c.Id) && !WillCarry(contract, open.BilledThrough, c))
            .GroupBy(c => (At: DueAt(contract, c), IsTrueup: c.Trueup is not null, Unit: c.Line.CreditTypeId))
            .Where(g => g.Key.At <= until)
            .Select(g => new Statement(open.Terms, InvoiceType.Scheduled, new Interval(g.Key.At, g.Key.At)) { Charges = [.. g] }));
        return statements;
    }

    // A true-up that falls due within a usage period, or before a subscription charges that time, bills what these leave.
    private static Instant LastDraw(Statement trueup, IReadOnlyList<Statement> statements)
    {
        bool Begins(Statement s) => s.Type == InvoiceType.Usage
            ? s.Period.Start < trueup.Period.End
            : s.Charges.Any(c => c.Line.Type == LineType.Subscription && c.Line.Time.Start < trueup.Period.End);
        return statements.Where(s => Begins(s) && s.Terms.Commits.Any(c => c.IsFor(s.Terms.Contract.Id) && trueup.Charges.Any(t => t.Trueup!.Id == c.Id))).Select(s => s.Period.End).Append(trueup.Period.End).Max();
    }

    /// <summary>Rates statements in their order.</summary>
    /// <param name="statements">Of <see cref="Open"/>, in its order; it may be the beginning only.</param>
    /// <param name="usageOf">Of each usage statement, as read by <see cref="Segmenting.Segments"/> up to <paramref name="until"/>.</param>
    /// <param name="ledger">What was posted so far.</param>
    /// <param name="until">Usage from here on is left out; the largest instant takes all that there is.</param>
    /// <param name="now">A period that is over by now is complete: minimums are owed.</param>
    /// <param name="passOver">Asked when a statement can't be rated: true leaves it out, as if nothing were drawn for it; null: the fault is thrown.</param>
    /// <remarks>Errors: <see cref="InexactAmountException"/> and overflow when an amount cannot be kept; argument errors for usage that was not read by the segments.</remarks>
    public static AccountState Rate(
        IReadOnlyList<Statement> statements, Func<Statement, IReadOnlyList<UsageQuantity>> usageOf, LedgerTotals ledger, Instant until, Instant now,
        Func<Statement, Exception, bool>? passOver = null)
    {
        var balances = new Balances(ledger);
        var results = new List<StatementResult>();
        foreach (var statement in statements)
        {
            var before = balances.Copy();
            try
            {
                Rollovers.Grant(statement.Terms, balances);
                results.Add(new StatementResult(statement, statement.Type == InvoiceType.Usage
                    ? RateUsage(statement, usageOf(statement), balances, until, statement.Period.End <= now)
                    : RateScheduled(statement, balances)));
            }
            catch (Exception fault) when (passOver?.Invoke(statement, fault) == true)
            {
                balances = before;
            }
        }
        return new AccountState(results, balances);
    }

    private static RatedStatement RateUsage(Statement statement, IReadOnlyList<UsageQuantity> usage, Balances balances, Instant until, bool isComplete)
    {
        var gross = new UsageRating(statement.Terms, statement.Period, until, isComplete).Rate(usage);
        return new StatementRating(statement.Terms, balances, statement.Period.End).Rate(
            [.. gross.Lines, .. statement.Adjustments], statement.Charges,
            (parts, paidForNothing) => CompositeRating.Rate(statement.Terms, statement.Period, until, isComplete, parts, paidForNothing), gross.Unrated);
    }

    private static RatedStatement RateScheduled(Statement statement, Balances balances)
    {
        var charges = statement.Charges.Select(c => c.Trueup is { } commit ? Missing(c, commit, balances) : c).ToList();
        // What is sold by date may be in another currency than what is used.
        var terms = statement.Terms.IsFiat(statement.CreditTypeId) ? statement.Terms : statement.Terms with { CreditType = Currencies.Find(statement.CreditTypeId)! };
        return new StatementRating(terms, balances, statement.Period.End).Rate(statement.Adjustments, charges, (_, _) => [], []);
    }

    /// <summary>The true-up: what was promised, not drawn, and not taken over by a renewal.</summary>
    private static Charge Missing(Charge charge, Commit commit, Balances balances)
    {
        var left = balances.Left(commit.Access[0]);
        if (charge.TakenOver is { } rolledOver) left = Exact.Add(left, -Rollovers.Amount(rolledOver, left));
        var part = charge.Line.Part with { Quantity = 1, UnitPrice = left > 0 ? left : 0 };
        return charge with { Line = charge.Line with { Part = part, Amount = part.UnitPrice } };
    }

    private static Instant DueAt(Contract contract, Charge charge)
    {
        if (charge.Trueup is not { } commit) return charge.At;
        var end = commit.Access[0].EndingBefore;
        // A customer's commit outlives the contract whose invoices carry its payment.
        if (commit.ContractId is not null && contract.EndingBefore < end) end = contract.EndingBefore.Value;
        return charge.At > end ? charge.At : end;
    }

    // A charge at the end of a usage period that has not begun is not for a scheduled invoice either.
    private static bool WillCarry(Contract contract, Instant? billedThrough, Charge charge)
    {
        if (!charge.OnUsageInvoice) return false;
        for (var period = contract.PeriodAfter(billedThrough); period is { } at && at.Start < charge.At; period = contract.PeriodAfter(at.End))
            if (at.End == charge.At) return true;
        return false;
    }
}

/// <summary>An account as its open statements leave it.</summary>
public sealed class AccountState
{
    private readonly Balances balances;

    internal AccountState(IReadOnlyList<StatementResult> statements, Balances balances) => (Statements, this.balances) = (statements, balances);

    /// <summary>In the order in which they were rated.</summary>
    public IReadOnlyList<StatementResult> Statements { get; }

    /// <summary>The same balances, and of the statements those of one customer.</summary>
    public AccountState Of(string customerId) => new([.. Statements.Where(s => s.Statement.Terms.Contract.CustomerId == customerId)], balances);

    /// <summary>What is left of a segment after all of them.</summary>
    public decimal Left(AccessSegment segment) => balances.Left(segment);

    /// <summary>What they drew of a segment.</summary>
    public decimal Drawn(string segmentId) => balances.Taken(segmentId);
}
