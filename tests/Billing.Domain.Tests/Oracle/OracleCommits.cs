using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using NodaTime;

namespace Billing.Domain.Tests.Oracle;

/// <summary>A segment of a commit, and what becomes of it.</summary>
internal sealed class OracleSegment(string name, OracleCommit commit, Ratio granted, Instant start, Instant end)
{
    public string Name { get; } = name;

    public OracleCommit Commit { get; } = commit;

    public Ratio Granted { get; set; } = granted;

    public Instant Start { get; } = start;

    public Instant End { get; } = end;

    /// <summary>Who drew, how much, and when it counts.</summary>
    public List<(Bill? Of, string What, Ratio Amount, Instant At)> Draws { get; } = [];

    public Ratio Left { get; set; } = granted;
}

/// <summary>A commit or credit, agreed or derived.</summary>
/// <param name="terms">As data: type, priority, scope, unit, rate type; of a derived one those it was derived with.</param>
internal sealed class OracleCommit(string name, Commit terms)
{
    public string Name { get; } = name;

    public Commit Terms { get; } = terms;

    public List<OracleSegment> Segments { get; } = [];

    /// <summary>Of a rolled over one: where it came from.</summary>
    public OracleCommit? Source { get; init; }

    /// <summary>Until the amount of a rolled over one follows from its source.</summary>
    public bool IsOpen { get; set; }

    /// <summary>Of a grant: what is billed for it, a part of a period billed in part.</summary>
    public Ratio BilledShare { get; init; }

    public bool TakesPart => Terms.ArchivedAt is null && Terms.IsPaid;

    public bool IsFor(string contractId) => Terms.ContractId is { } own ? own == contractId : Terms.ApplicableContractIds.Count == 0 || Terms.ApplicableContractIds.Contains(contractId);

    public static OracleCommit Of(string name, Commit terms)
    {
        var made = new OracleCommit(name, terms);
        for (var i = 0; i < terms.Access.Count; i++)
            made.Segments.Add(new OracleSegment(name + (terms.Access.Count > 1 ? $"/{i + 1}" : ""), made, terms.Access[i].Amount, terms.Access[i].StartingAt, terms.Access[i].EndingBefore));
        return made;
    }

    /// <summary>True when nothing is paid for it. What is rolled over cost what its source cost.</summary>
    public bool IsFree => Source?.IsFree ?? (Terms.Type != CommitType.Postpaid && (Terms.Invoicing is null || Segments.All(s => s.Granted.IsZero)
        || (Terms.RecurringCommitId is null ? Terms.Invoicing.Items.All(i => i.UnitPrice == 0 || i.Quantity == 0) : BilledShare.IsZero)));
}

/// <summary>Derives commits and puts their segments in order. Rules 18, 23 and 24 of the specification.</summary>
internal static class OracleCommits
{
    /// <summary>All commits of a customer: agreed, granted, and rolled over.</summary>
    public static List<OracleCommit> All(World world)
    {
        var all = world.Commits.Select(c => OracleCommit.Of(c.Id, c)).ToList();
        foreach (var contract in world.Contracts) all.AddRange(contract.RecurringCommits.SelectMany(r => Grants(contract, r, world.Until)));
        foreach (var renewal in world.Contracts.Where(c => c.Renewal is not null)) all.AddRange(Rollovers(all, renewal).ToList());
        return all;
    }

    private static IEnumerable<OracleCommit> Grants(Contract contract, RecurringCommit recurring, Instant until)
    {
        // Known are the grants that begin before the statement that is open at the end of the world ends.
        var open = OracleCalendar.Statements(contract with { UsageStatementSchedule = contract.UsageStatementSchedule with { InvoiceGenerationStartingAt = null } }, until + Duration.FromSeconds(1)).LastOrDefault();
        var last = open is not null && open.End > until ? open.End : contract.EndingBefore is { } over && over > until && open is null ? over : until;
        var end = contract.EndingBefore;
        if (recurring.EndingBefore is { } own) end = OracleCalendar.Earlier(own, end);
        for (var start = recurring.StartingAt; start <= last && !(end <= start);)
        {
            var (anchor, frequency) = recurring.Frequency is { } every ? (recurring.StartingAt, every) : (OracleCalendar.Anchor(contract), contract.UsageStatementSchedule.Frequency);
            var whole = OracleCalendar.PeriodAt(anchor, frequency, start);
            // The grant lasts for its own period and the next ones.
            var closes = whole.End;
            for (var n = 1; n < recurring.DurationPeriods; n++) closes = OracleCalendar.PeriodAt(anchor, frequency, closes).End;
            closes = OracleCalendar.Earlier(closes, contract.EndingBefore);
            var cutEnd = OracleCalendar.Earlier(whole.End, end);
            var from = start > whole.Start && recurring.Proration is GrantProration.First or GrantProration.FirstAndLast ? start : whole.Start;
            var to = cutEnd < whole.End && recurring.Proration is GrantProration.Last or GrantProration.FirstAndLast ? cutEnd : whole.End;
            var (access, price) = (recurring.Access.UnitPrice * recurring.Access.Quantity, recurring.Invoice?.UnitPrice);
            foreach (var change in recurring.Changes.Where(c => c.At <= start))
            {
                access = (change.AccessUnitPrice ?? recurring.Access.UnitPrice) * (change.AccessQuantity ?? recurring.Access.Quantity);
                price = change.InvoiceUnitPrice ?? price;
            }
            var amount = Share(access, new Span(from, to), whole, recurring.AccessRounding);
            var name = $"{recurring.Id}@{Words.Time(start)}";
            var terms = new Commit(name, contract.CustomerId, contract.Id, 1, recurring.Type, recurring.ProductId, recurring.Name, recurring.Priority, recurring.Access.CreditTypeId, [], start)
            {
                Scope = recurring.Scope,
                RateType = recurring.RateType,
                RolloverFraction = recurring.RolloverFraction,
                RecurringCommitId = recurring.Id,
                Invoicing = price is { } due ? new PaymentSchedule(recurring.Invoice!.CreditTypeId, [new ScheduledPayment(name, start, due, recurring.Invoice.Quantity)]) : null,
            };
            var made = new OracleCommit(name, terms) { BilledShare = price is { } p ? Share(p, new Span(from, to), whole, recurring.InvoiceRounding) : 0 };
            made.Segments.Add(new OracleSegment(name, made, amount, start, closes));
            yield return made;
            start = whole.End;
        }
    }

    private static Ratio Share(Ratio amount, Span part, Span whole, AmountRoundingRule? rule) => part == whole ? amount : Prorated(amount, part, whole, rule);

    /// <summary>Amount × hours ÷ hours at 20 decimals, then by the rule.</summary>
    public static Ratio Prorated(Ratio amount, Span part, Span whole, AmountRoundingRule? rule)
    {
        var share = (amount * part.Hours / whole.Hours).Quotient();
        return rule is null ? share : share.Round(rule.DecimalPlaces, rule.RoundingMethod switch
        {
            ProrationRounding.HalfUp => Way.HalfUp,
            ProrationRounding.Floor => Way.Floor,
            _ => Way.Ceiling,
        });
    }

    private static IEnumerable<OracleCommit> Rollovers(IReadOnlyList<OracleCommit> all, Contract renewal)
    {
        foreach (var source in all.Where(c => c.Terms.ContractId == renewal.Renewal!.FromContractId && c.TakesPart && c.Terms.RolloverFraction > 0 && Reaching(c, renewal.StartingAt).Any()))
        {
            var most = Ratio.Sum(source.Segments.Select(s => s.Granted)) * source.Terms.RolloverFraction!.Value;
            var length = source.Segments[^1].End - source.Segments[0].Start;
            var made = new OracleCommit($"{source.Name}>{renewal.Id}", source.Terms with { ContractId = renewal.Id, RolloverFraction = null, RecurringCommitId = null, ApplicableContractIds = [] }) { Source = source, IsOpen = true };
            made.Segments.Add(new OracleSegment(made.Name, made, most, renewal.StartingAt, renewal.StartingAt + length));
            yield return made;
        }
    }

    /// <summary>The segments that were open when the renewal began: what had ended is lost, what had not begun never was.</summary>
    public static IEnumerable<OracleSegment> Reaching(OracleCommit commit, Instant start) => commit.Segments.Where(s => s.Start < start && s.End >= start);

    /// <summary>In the order in which they pay; sorted by the least rule first, so that the greatest has the last word.</summary>
    /// <param name="ids">The ids of commits by name: the last of the rules.</param>
    public static List<OracleSegment> BurnOrder(IEnumerable<OracleCommit> commits, World world, Card card, Instant tagsAt, IReadOnlyDictionary<string, string> ids)
    {
        var rated = card.Rates.Select(r => r.ProductId).Distinct().Select(id => world.Products.First(p => p.Id == id)).ToList();
        IEnumerable<OracleSegment> order = commits.SelectMany(c => c.Segments);
        order = order.OrderBy(s => s.Name, StringComparer.Ordinal);
        order = order.OrderBy(s => ids.GetValueOrDefault(s.Commit.Name, s.Commit.Name), StringComparer.Ordinal);
        order = order.OrderBy(s => s.Commit.Terms.ContractId is null ? 1 : 0);
        order = order.OrderBy(s => s.Commit.Terms.ContractId is not null ? 1 : s.Commit.Terms.ApplicableContractIds.Count is var n && n == 0 ? int.MaxValue : n);
        order = order.OrderBy(s => s.Start);
        order = order.OrderBy(s => s.End);
        order = order.OrderBy(s => s.Commit.Terms.Scope.Specifiers.Count(x => x.PricingGroupValues?.Count > 0 || x.PresentationGroupValues?.Count > 0));
        order = order.OrderBy(s => s.Commit.Terms.Scope is { ProductIds.Count: 0, ProductTags.Count: 0, Specifiers.Count: 0 }
            ? int.MaxValue
            : rated.Count(p => OracleTerms.MayMatch(s.Commit.Terms.Scope, p.Id, OracleTerms.At(p, tagsAt).Terms.Tags)));
        order = order.OrderBy(s => s.Commit.Source is not null || s.Commit.IsFree ? 0 : 1);
        order = order.OrderBy(s => s.Commit.Terms.Priority);
        order = order.OrderBy(s => (s.Commit.Source is not null, s.Commit.Terms.Type) switch
        {
            (true, CommitType.Postpaid) => 0,
            (true, _) => 1,
            (false, CommitType.Postpaid) => 3,
            _ => 2,
        });
        return [.. order];
    }
}
