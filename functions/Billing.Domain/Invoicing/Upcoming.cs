using NodaTime;

namespace Billing.Domain.Invoicing;

/// <summary>Scheduled statements that are known before they fall due.</summary>
public static class Upcoming
{
    /// <summary>Far enough for the next charge of a yearly subscription.</summary>
    private static readonly Duration Ahead = Duration.FromDays(367);

    /// <summary>Statements that will fall due, in order of time: of each contract the dated charges and true-ups, and the next subscription charges.</summary>
    public static IReadOnlyList<Statement> Of(IReadOnlyList<OpenContract> contracts, Instant now)
    {
        var upcoming = contracts.SelectMany(c => Of(AccountRating.Of(c, contracts, LastOf(c, now)).Where(s => s.Type == InvoiceType.Scheduled && s.Period.End > now).OrderBy(s => s.Period.End)));
        return [.. upcoming.OrderBy(s => s.Period.End)];
    }

    private static IEnumerable<Statement> Of(IEnumerable<Statement> upcoming)
    {
        var subscribed = false;
        foreach (var statement in upcoming)
        {
            var dated = statement.Charges.Any(c => c.Line.Type != LineType.Subscription);
            if (dated || !subscribed) yield return statement;
            subscribed = subscribed || !dated;
        }
    }

    private static Instant LastOf(OpenContract contract, Instant now)
    {
        var dates = contract.Terms.Contract.ScheduledCharges.Select(c => c.Schedule).Concat(contract.Terms.Commits.Select(c => c.Invoicing).OfType<Credits.PaymentSchedule>())
            .SelectMany(s => s.Items).Select(i => i.Timestamp).Append(now + Ahead);
        // A true-up waits for the end of its commit's access.
        return dates.Concat(contract.Terms.Commits.SelectMany(c => c.Access).Select(a => a.EndingBefore)).Max();
    }
}
