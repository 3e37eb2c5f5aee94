using Billing.Domain.Invoicing;
using Billing.Domain.Pricing;
using Billing.Domain.Spending;
using Billing.UseCases.Documents;
using Billing.UseCases.Invoicing;
using Billing.UseCases.Notifications;
using NodaTime;

namespace Billing.UseCases.Spending;

/// <summary>Looks at the alerts of an account whenever billing does: after usage, after changes of terms, and when time alone changes something.</summary>
/// <remarks>
/// How an alert stands and the message of it are in one commit with the account's head, so a crossing is told of once, however often it is looked at. Drafts that
/// can't be rated are left out, as in the list of invoices.
/// </remarks>
public sealed class EvaluateAlerts(IDocumentStore store, ReadAccounts read, ReadUsage readUsage)
{
    /// <summary>Type of the message that something came back from an alarm.</summary>
    public const string Recovered = "alerts.recovered";

    private const int MaxMessages = 40;

    /// <summary>As billing asks it.</summary>
    public AccountWatcher Watcher => new(AreAnyAsync, LookAsync);

    /// <summary>True when a customer has alerts of their own, or everyone has.</summary>
    public async Task<bool> AreAnyAsync(string customerId, CancellationToken stop) => (await AlertDocuments.WatchedAsync(store, customerId, stop)).Count > 0;

    /// <summary>Looks at all alerts of an account.</summary>
    public async Task<AccountLook> LookAsync(Account account, IReadOnlyList<Statement> open, Instant at, CancellationToken stop)
    {
        var customerId = account.Customer.Id;
        var alerts = account.Customer.ArchivedAt is null ? await AlertDocuments.WatchedAsync(store, customerId, stop) : [];
        var before = await AlertDocuments.StatesAsync(store, customerId, stop);
        if (alerts.Count == 0) return before.Count == 0 ? AccountLook.Nothing : new AccountLook([AlertDocuments.Write(customerId, [])], [], null);
        var state = await read.RateDraftsAsync(account, open, [], at, stop, (_, fault) => RatingFaults.Lasts(fault));
        var watched = new WatchedAccount(account.Contracts, account.Commits, state, at);
        var (states, messages) = (new List<AlertState>(), new List<Message>());
        var isCut = false;
        foreach (var alert in alerts)
        {
            var known = before.FirstOrDefault(s => s.AlertId == alert.Id);
            if (messages.Count >= MaxMessages)
            {
                // The rest is looked at by the next step.
                isCut = true;
                if (known is not null) states.Add(known);
                continue;
            }
            var readings = AlertReadings.Of(alert, watched, await UsageAsync(alert, watched, customerId, stop));
            var look = AlertLook.Of(alert, known, readings, known is not null || alert.EvaluateOnCreate || account.Customer.CreatedAt > alert.CreatedAt);
            states.Add(look.State);
            messages.AddRange(look.Raised.Select(r => Tell(account, alert, "alerts." + Word(alert.Type), r, at)).Concat(look.Recovered.Select(r => Tell(account, alert, Recovered, r, at))));
        }
        var changed = !states.SequenceEqual(before, Same.Instance);
        return new AccountLook(changed ? [AlertDocuments.Write(customerId, states)] : [], messages, isCut ? Contracts.Accounts.AtOnce : AlertReadings.NextChange(alerts, watched));
    }

    private async Task<IReadOnlyList<UsageQuantity>> UsageAsync(Alert alert, WatchedAccount watched, string customerId, CancellationToken stop)
    {
        if (alert.BillableMetricId is not { } metric || watched.Period is not { } period) return [];
        return await readUsage(customerId, [new MeteredProduct(alert.Id, metric, [.. alert.GroupValues.Select(g => g.Key)])], [period], stop);
    }

    private static Message Tell(Account account, Alert alert, string type, AlertReading reading, Instant at) => Message.Of(
        account.Customer.Id, account.Head.Version + 1, type, alert.Id + " " + reading.Subject, at,
        ("customer_id", account.Customer.Id), ("alert_id", alert.Id), ("alert_name", alert.Name), ("alert_type", Word(alert.Type)), ("timestamp", at), ("threshold", alert.Threshold),
        ("credit_type_id", alert.IsMoney ? alert.CreditTypeId : null), (ValueName(alert), reading.Value), ("triggered_by", reading.Subject.Length == 0 ? null : reading.Subject));

    private static string ValueName(Alert alert) => alert.Type switch
    {
        AlertType.SpendThresholdReached => "current_spend",
        AlertType.InvoiceTotalReached => "invoice_total",
        AlertType.UsageThresholdReached => "current_usage",
        _ => alert.IsDays ? "remaining_days" : alert.IsPercentage ? "remaining_percentage" : "remaining_balance",
    };

    private static string Word(AlertType type) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(type.ToString());

    private sealed class Same : IEqualityComparer<AlertState>
    {
        public static readonly Same Instance = new();

        public bool Equals(AlertState? x, AlertState? y) => x!.AlertId == y!.AlertId && x.Status == y.Status && x.Alarms.SequenceEqual(y.Alarms);

        public int GetHashCode(AlertState obj) => obj.AlertId.GetHashCode(StringComparison.Ordinal);
    }
}
