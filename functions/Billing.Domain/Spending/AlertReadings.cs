using System.Globalization;
using Billing.Domain.Contracts;
using Billing.Domain.Credits;
using Billing.Domain.Invoicing;
using Billing.Domain.Pricing;
using Billing.Domain.Values;
using NodaTime;

namespace Billing.Domain.Spending;

/// <summary>An account, rated as its drafts are at this moment.</summary>
/// <param name="Contracts">Those that are not archived.</param>
/// <param name="Commits">All of the customer.</param>
/// <param name="State">What the open statements cost and leave.</param>
/// <param name="Now">The present.</param>
public sealed record WatchedAccount(IReadOnlyList<OpenContract> Contracts, IReadOnlyList<Commit> Commits, AccountState State, Instant Now)
{
    /// <summary>The usage period that metric values are counted over: that of the oldest contract in force; null: none is.</summary>
    public Interval? Period => Contracts.Where(c => c.Terms.Contract.PeriodAt(Now) is not null)
        .OrderBy(c => c.Terms.Contract.StartingAt).ThenBy(c => c.Terms.Contract.Id, StringComparer.Ordinal).FirstOrDefault()?.Terms.Contract.PeriodAt(Now);
}

/// <summary>What an alert's value is.</summary>
/// <param name="Subject">What has it: a group value, an invoice, a segment, a seat; empty: the account.</param>
/// <param name="Since">Start of the period that it counts over: with the next one it starts anew; null: it has none.</param>
public sealed record AlertReading(string Subject, decimal Value, Instant? Since = null);

/// <summary>Reads what alerts watch.</summary>
public static class AlertReadings
{
    /// <summary>The values of an alert; none when it has nothing to watch (no contract in force, no balance that has begun).</summary>
    /// <param name="alert">The alert.</param>
    /// <param name="account">Rated up to now.</param>
    /// <param name="usage">Of a usage threshold: the metric's value over the account's period, by the alert's group keys.</param>
    /// <remarks>
    /// Balances: over all commits or credits of contracts and customer that have begun; a segment that is not open counts nothing, so what has expired is 0 left. What belongs
    /// to one seat counts for seats alone. Days are exact fractions. Rounding: percent at 20 decimals, half-even.
    /// </remarks>
    public static IReadOnlyList<AlertReading> Of(Alert alert, WatchedAccount account, IReadOnlyList<UsageQuantity> usage) => alert.Type switch
    {
        AlertType.SpendThresholdReached => Spend(alert, account),
        AlertType.InvoiceTotalReached => Totals(alert, account),
        AlertType.UsageThresholdReached => account.Period is { } period
            ? ByGroup(alert, period.Start, usage.Select(u => new Part(u.Group.GetValueOrDefault, u.Quantity)))
            : [],
        AlertType.LowRemainingDaysForCommitSegmentReached or AlertType.LowRemainingDaysForContractCreditSegmentReached =>
            [.. Watched(alert, account).SelectMany(c => c.Access).Where(a => a.Covers(account.Now)).Select(a => new AlertReading(a.Id, (decimal)(a.EndingBefore - account.Now).TotalTicks / NodaConstants.TicksPerDay))],
        AlertType.LowRemainingSeatBalanceReached => Seats(alert, account),
        _ => Balance(alert, account),
    };

    /// <summary>The next instant at which time alone can change a reading; null: never.</summary>
    public static Instant? NextChange(IReadOnlyList<Alert> alerts, WatchedAccount account)
    {
        if (alerts.Count == 0) return null;
        var contracts = account.Contracts.Select(c => c.Terms.Contract).SelectMany(c => new[] { c.StartingAt, c.PeriodAt(account.Now)?.End, NextDue.StartsAt(c, account.Now) ? account.Now + NextDue.Moment : null });
        var segments = account.Commits.Where(c => c.ArchivedAt is null).SelectMany(c => c.Access).ToList();
        var days = alerts.Where(a => a.IsDays && a.Threshold < 100_000).Select(a => Duration.FromTicks((long)(a.Threshold * NodaConstants.TicksPerDay))).Distinct().ToList();
        if (account.Contracts.Any(c => NextDue.Accrues(c, account.Now))) contracts = contracts.Append(NextDue.NextHour(account.Now));
        return contracts.OfType<Instant>().Concat(segments.SelectMany(s => new[] { s.StartingAt, s.EndingBefore }.Concat(days.Select(d => s.EndingBefore - d))))
            .Where(at => at > account.Now).Select(at => (Instant?)at).Min();
    }

    // What counts, and its value of a group key.
    private sealed record Part(Func<string, string?> ValueOf, decimal Amount);

    private static List<AlertReading> Spend(Alert alert, WatchedAccount account)
    {
        var periods = account.Contracts.Where(c => Fits(alert, c.Terms.Contract)).Select(c => c.Terms.Contract.PeriodAt(account.Now)).OfType<Interval>().ToList();
        if (periods.Count == 0) return [];
        var current = account.State.Statements.Where(s => s.Statement.Type == InvoiceType.Usage && s.Statement.Period.Contains(account.Now) && Fits(alert, s.Statement.Terms.Contract));
        var lines = current.SelectMany(s => s.Rated.Lines).Where(l => l.Type == LineType.Usage && l.AdjustsPeriod is null && IsIn(alert, l.CreditTypeId));
        return ByGroup(alert, periods.Max(p => p.Start), lines.Select(l => new Part(key => l.PricingGroupValues.GetValueOrDefault(key) ?? l.PresentationGroupValues.GetValueOrDefault(key), l.Total)));
    }

    private static List<AlertReading> Totals(Alert alert, WatchedAccount account)
    {
        var inForce = account.Contracts.Any(c => c.Terms.Contract.PeriodAt(account.Now) is not null && Fits(alert, c.Terms.Contract));
        var totals = account.State.Statements
            .Where(s => Fits(alert, s.Statement.Terms.Contract) && IsIn(alert, s.Statement.CreditTypeId) && (alert.InvoiceTypes.Count == 0 || alert.InvoiceTypes.Contains(s.Statement.Type)))
            .GroupBy(s => Name(s.Statement)).Select(g => new AlertReading(g.Key, g.Max(s => s.Rated.Total))).ToList();
        return totals.Count > 0 || !inForce ? totals : [new AlertReading("", 0)];
    }

    private static string Name(Statement statement) =>
        $"{statement.Type.ToString().ToUpperInvariant()} {statement.Terms.Contract.Id} {statement.Period.Start.ToString("uuuu-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}";

    // Keys with a value narrow what counts; each value of the others is a subject of its own.
    private static List<AlertReading> ByGroup(Alert alert, Instant since, IEnumerable<Part> parts)
    {
        var counted = parts.Where(p => alert.GroupValues.All(g => g.Value is null || p.ValueOf(g.Key) == g.Value));
        var free = alert.GroupValues.Where(g => g.Value is null).Select(g => g.Key).ToList();
        var readings = counted.GroupBy(p => string.Join(", ", free.Select(k => $"{k}={p.ValueOf(k)}")))
            .Select(g => new AlertReading(g.Key, Exact.Sum(g.Select(p => p.Amount)), since)).OrderBy(r => r.Subject, StringComparer.Ordinal).ToList();
        return readings.Count > 0 ? readings : [new AlertReading("", 0, since)];
    }

    private static List<AlertReading> Balance(Alert alert, WatchedAccount account)
    {
        var begun = Watched(alert, account).Where(c => c.Access.Any(a => a.StartingAt <= account.Now)).ToList();
        if (begun.Count == 0) return [];
        var open = begun.SelectMany(c => c.Access).Where(a => a.Covers(account.Now)).ToList();
        var left = Exact.Sum(open.Select(account.State.Left));
        if (!alert.IsPercentage) return [new AlertReading("", left)];
        var granted = Exact.Sum(open.Select(a => a.Amount));
        return [new AlertReading("", granted == 0 ? 0 : Exact.Quotient(Exact.Multiply(left, 100), granted))];
    }

    private static List<AlertReading> Seats(Alert alert, WatchedAccount account) =>
    [
        .. Usable(alert, account).Select(c => (Commit: c, Seat: SeatOf(c, alert.Seats!.SeatGroupKey, account.Contracts)))
            .Where(s => s.Seat is not null && (alert.Seats!.SeatGroupValue is null || alert.Seats.SeatGroupValue == s.Seat) && s.Commit.Access.Any(a => a.StartingAt <= account.Now))
            .GroupBy(s => s.Seat!, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => new AlertReading(g.Key, Exact.Sum(g.SelectMany(s => s.Commit.Access).Where(a => a.Covers(account.Now)).Select(account.State.Left)))),
    ];

    private static string? SeatOf(Commit commit, string key, IReadOnlyList<OpenContract> contracts) => !IsOfSeat(commit, contracts) ? null
        : commit.Scope.Specifiers.Select(s => s.PricingGroupValues?.GetValueOrDefault(key) ?? s.PresentationGroupValues?.GetValueOrDefault(key)).FirstOrDefault(v => v is not null);

    private static bool IsOfSeat(Commit commit, IReadOnlyList<OpenContract> contracts) => commit.RecurringCommitId is { } id
        && contracts.SelectMany(c => c.Terms.Contract.RecurringCommits).Any(r => r.Id == id && r.Seats is { PerSeat: true });

    private static IEnumerable<Commit> Watched(Alert alert, WatchedAccount account) => Usable(alert, account).Where(c => !IsOfSeat(c, account.Contracts));

    private static IEnumerable<Commit> Usable(Alert alert, WatchedAccount account) => account.Commits.Where(c => c.ArchivedAt is null && c.IsPaid && IsOfKind(alert.Type, c.Type)
        && (alert.IsDays || IsIn(alert, c.CreditTypeId))
        && alert.CustomFieldFilters.All(f => Fits(f, c, account.Contracts))
        && (alert.Specifiers.Count == 0 || alert.Specifiers.Any(s =>
            (s.CustomFieldFilters ?? []).All(f => Fits(f, c, account.Contracts)) && !(s.Exclude ?? []).Any(e => (e.CustomFieldFilters ?? []).All(f => Fits(f, c, account.Contracts))))));

    private static bool IsOfKind(AlertType alert, CommitType commit) => alert switch
    {
        AlertType.LowRemainingContractCreditAndCommitBalanceReached or AlertType.LowRemainingSeatBalanceReached => true,
        AlertType.LowRemainingContractCreditBalanceReached or AlertType.LowRemainingContractCreditPercentageReached or AlertType.LowRemainingDaysForContractCreditSegmentReached =>
            commit == CommitType.Credit,
        _ => commit != CommitType.Credit,
    };

    private static bool IsIn(Alert alert, string creditTypeId) => string.Equals(alert.CreditTypeId, creditTypeId, StringComparison.OrdinalIgnoreCase);

    private static bool Fits(Alert alert, Contract contract) => alert.CustomFieldFilters.All(f => Has(contract.CustomFields, f));

    private static bool Fits(CustomFieldFilter filter, Commit commit, IReadOnlyList<OpenContract> contracts) => filter.Entity switch
    {
        FilteredEntity.Contract => contracts.FirstOrDefault(c => c.Terms.Contract.Id == commit.ContractId) is { } contract && Has(contract.Terms.Contract.CustomFields, filter),
        FilteredEntity.Commit => commit.Type != CommitType.Credit && Has(commit.CustomFields, filter),
        FilteredEntity.ContractCredit => commit.Type == CommitType.Credit && Has(commit.CustomFields, filter),
        _ => Has(commit.CustomFields, filter),
    };

    private static bool Has(IReadOnlyDictionary<string, string> fields, CustomFieldFilter filter) =>
        fields.TryGetValue(filter.Key, out var value) && (filter.Value is null || filter.Value == value);
}
