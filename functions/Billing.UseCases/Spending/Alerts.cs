using Billing.Domain.Spending;
using Billing.Domain.Values;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;
using Billing.UseCases.Pricing;
using NodaTime;

namespace Billing.UseCases.Spending;

/// <summary>An alert and how it stands for a customer.</summary>
/// <param name="State">Null: it was not looked at yet.</param>
public sealed record CustomerAlert(Alert Alert, AlertState? State);

/// <summary>Makes, archives and reads alerts.</summary>
public sealed class Alerts(IDocumentStore store, IClock clock, ReadMetrics metrics, PricingUnits units)
{
    private const string KeyKind = "alert-key";
    private const int MaxOfEveryone = 300;
    private const int MaxOfCustomer = 1_200;

    private readonly Accounts accounts = new(store);
    private readonly AlertWalk walk = new(store);

    /// <summary>Makes an alert. Customers who may be past its threshold are looked at soon.</summary>
    /// <param name="wanted">Its id and time of creation are set here.</param>
    /// <param name="ids">Makes the id.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<Outcome<Alert>> CreateAsync(Alert wanted, IdSource ids, CancellationToken stop)
    {
        var alert = wanted with { Id = ids.New(), CreatedAt = clock.GetCurrentInstant() };
        if (alert.Check() is { } wrong) return wrong;
        if (await CheckAsync(alert, stop) is { } refusal) return refusal;
        if (alert.UniquenessKey is { } key && await TakeAsync(key, alert.Id, stop) is { } used) return used;
        if (!await AlertDocuments.CreateAsync(store, alert, stop)) return (await AlertDocuments.FindAsync(store, alert.Id, stop))!.Value;
        if (alert.UniquenessKey is { } taken && (await store.FindAsync<string>(KeyPlace(taken), KeyKind, stop))?.Value != alert.Id)
        {
            // Someone took the key over before this alert could be seen.
            await ArchiveAsync(alert.Id, releaseKey: false, stop);
            return Used(taken);
        }
        await LookSoonAsync(alert, stop);
        return alert;
    }

    /// <summary>Archives an alert: it is not looked at any more. May be repeated.</summary>
    /// <param name="releaseKey">True: its uniqueness key can be used again.</param>
    public async Task<Outcome<Alert>> ArchiveAsync(string id, bool releaseKey, CancellationToken stop)
    {
        while (true)
        {
            if (await AlertDocuments.FindAsync(store, id, stop) is not { } found) return NotFound(id, "/id");
            var archived = found.Value with { ArchivedAt = found.Value.ArchivedAt ?? clock.GetCurrentInstant() };
            if (archived != found.Value && !await store.TryAsync(AlertDocuments.PlaceOf(archived.CustomerId), new Write.Replace(AlertDocuments.Document(archived), found.ETag), stop)) continue;
            if (releaseKey && archived.UniquenessKey is { } key && await store.FindAsync<string>(KeyPlace(key), KeyKind, stop) is { } claim && claim.Value == id)
                await store.TryAsync(KeyPlace(key), new Write.Delete(KeyKind, claim.ETag), stop);
            await LookSoonAsync(archived, stop);
            return archived;
        }
    }

    /// <summary>How one alert stands for a customer.</summary>
    public async Task<Outcome<CustomerAlert>> GetAsync(string customerId, string alertId, CancellationToken stop)
    {
        if (await accounts.CustomerAsync(customerId, stop) is null) return Customers.NotFound(customerId);
        if (await AlertDocuments.FindAsync(store, alertId, stop) is not { } found || (found.Value.CustomerId is { } owner && owner != customerId)) return NotFound(alertId, "/alert_id");
        return new CustomerAlert(found.Value, (await AlertDocuments.StatesAsync(store, customerId, stop)).FirstOrDefault(s => s.AlertId == alertId));
    }

    /// <summary>All alerts that concern a customer and how they stand: everyone's first.</summary>
    public async Task<Outcome<IReadOnlyList<CustomerAlert>>> ListAsync(string customerId, ArchiveFilter filter, CancellationToken stop)
    {
        if (await accounts.CustomerAsync(customerId, stop) is null) return Customers.NotFound(customerId);
        var states = (await AlertDocuments.StatesAsync(store, customerId, stop)).ToDictionary(s => s.AlertId, StringComparer.Ordinal);
        var all = (await AlertDocuments.OfAsync(store, null, stop)).Concat(await AlertDocuments.OfAsync(store, customerId, stop));
        return new Outcome<IReadOnlyList<CustomerAlert>>([.. all.Where(a => filter.Fits(a.ArchivedAt)).Select(a => new CustomerAlert(a, states.GetValueOrDefault(a.Id)))]);
    }

    /// <summary>Forgets how an alert stands for a customer: it is looked at anew, and told of again when it is past its threshold.</summary>
    public async Task<Outcome<CustomerAlert>> ResetAsync(string customerId, string alertId, CancellationToken stop)
    {
        if (!(await GetAsync(customerId, alertId, stop)).Is(out var alert, out var refusal)) return refusal;
        return await accounts.ChangeAsync<CustomerAlert>(
            customerId,
            async head =>
            {
                var states = await AlertDocuments.StatesAsync(store, customerId, stop);
                // Kept without alarms, not dropped: an alert that was not told of when it was made is told of now.
                return new AccountChange<CustomerAlert>(alert with { State = null }, head,
                    [AlertDocuments.Write(customerId, [.. states.Where(s => s.AlertId != alertId), new AlertState(alertId, AlertStatus.Evaluating, [])])]);
            },
            stop);
    }

    private async Task<Refusal?> CheckAsync(Alert alert, CancellationToken stop)
    {
        if (alert.CustomerId is { } customerId && await accounts.CustomerAsync(customerId, stop) is null) return Customers.NotFound(customerId);
        if (Currencies.Find(alert.CreditTypeId) is null && await units.FindAsync(alert.CreditTypeId, stop) is null)
            return new Refusal("credit_type_not_found", $"No currency or pricing unit has the id '{alert.CreditTypeId}'.", "/credit_type_id", RefusalKind.NotFound);
        if (alert.BillableMetricId is { } metricId)
        {
            if (await metrics([metricId], stop) is not [var metric]) return new Refusal("billable_metric_not_found", $"No billable metric has the id '{metricId}'.", "/billable_metric_id", RefusalKind.NotFound);
            if (!metric.CanGroupBy([.. alert.GroupValues.Select(g => g.Key)]))
                return new Refusal("not_a_group_key", "The metric has no group key of exactly these properties.", "/group_values");
        }
        var (count, most) = ((await AlertDocuments.OfAsync(store, alert.CustomerId, stop)).Count(a => a.ArchivedAt is null), alert.CustomerId is null ? MaxOfEveryone : MaxOfCustomer);
        return count >= most ? new Refusal("too_many_alerts", $"There are {count} alerts; at most {most} are kept. Archive some.", null, RefusalKind.Conflict) : null;
    }

    private async Task<Refusal?> TakeAsync(string key, string id, CancellationToken stop)
    {
        if (key.Length is 0 or > 128) return new Refusal("bad_uniqueness_key", "A uniqueness key has 1 to 128 characters.", "/uniqueness_key");
        var place = KeyPlace(key);
        while (true)
        {
            var found = await store.FindAsync<string>(place, KeyKind, stop);
            if (found?.Value == id) return null;
            if (found is not null && await AlertDocuments.FindAsync(store, found.Value, stop) is not null) return Used(key);
            var claim = place.Keep(KeyKind, KeyKind, id);
            if (await store.TryAsync(place, found is null ? new Write.Create(claim) : new Write.Replace(claim, found.ETag), stop)) return null;
        }
    }

    private async Task LookSoonAsync(Alert alert, CancellationToken stop)
    {
        if (alert.CustomerId is { } customerId) await accounts.FenceAsync(customerId, stop);
        else await walk.StartAsync(stop);
    }

    private static Refusal Used(string key) => new("uniqueness_key_used", $"The uniqueness key '{key}' was used by another alert.", "/uniqueness_key", RefusalKind.Conflict);

    private static Refusal NotFound(string id, string field) => new("alert_not_found", $"No alert has the id '{id}'.", field, RefusalKind.NotFound);

    private static Place KeyPlace(string key) => new(Container.Catalog, KeyKind, LookupKey.Of(key));
}
