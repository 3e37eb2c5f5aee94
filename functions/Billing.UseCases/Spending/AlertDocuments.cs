using Billing.Domain.Spending;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;

namespace Billing.UseCases.Spending;

/// <summary>All states of a customer's alerts.</summary>
internal sealed record AlertStates(IReadOnlyList<AlertState> States);

/// <summary>Where alerts lie: one partition for those of each customer, and one for those of everyone; beside them, whose an id is.</summary>
internal static class AlertDocuments
{
    public const string Kind = "alert";
    private const string OwnerKind = "alert-owner";
    private const string StatesId = "alert-states";
    private const string Everyone = "everyone";
    private const string Prefix = "alert:";

    /// <summary>The alerts that are looked at for a customer: their own and everyone's, not archived ones.</summary>
    public static async Task<IReadOnlyList<Alert>> WatchedAsync(IDocumentStore store, string customerId, CancellationToken stop) =>
        [.. (await OfAsync(store, null, stop)).Concat(await OfAsync(store, customerId, stop)).Where(a => a.ArchivedAt is null)];

    /// <summary>The alerts of a customer, or of everyone (null), archived ones too, in the order in which they were made.</summary>
    public static async Task<IReadOnlyList<Alert>> OfAsync(IDocumentStore store, string? customerId, CancellationToken stop) =>
        [.. (await store.AllAsync(PlaceOf(customerId), Prefix, Prefix + "~", stop)).Select(s => s.Value<Alert>()).OrderBy(a => a.CreatedAt).ThenBy(a => a.Id, StringComparer.Ordinal)];

    /// <summary>The alert, or null.</summary>
    public static async Task<Found<Alert>?> FindAsync(IDocumentStore store, string id, CancellationToken stop) =>
        await ReadAsync(store, id, stop) is { } stored ? new Found<Alert>(stored.Value<Alert>(), stored.ETag) : null;

    /// <summary>The alert's document, or null.</summary>
    public static async Task<Stored?> ReadAsync(IDocumentStore store, string id, CancellationToken stop) =>
        await store.FindAsync<string>(OwnerPlace(id), OwnerKind, stop) is { } owner
            ? await store.ReadAsync(PlaceOf(owner.Value.Length == 0 ? null : owner.Value), IdOf(id), stop)
            : null;

    /// <summary>Keeps a new alert. The owner comes first, so that no alert is without; one that came to nothing points to an alert that is not there.</summary>
    public static async Task<bool> CreateAsync(IDocumentStore store, Alert alert, CancellationToken stop)
    {
        await store.TryAsync(OwnerPlace(alert.Id), new Write.Upsert(OwnerPlace(alert.Id).Keep(OwnerKind, OwnerKind, alert.CustomerId ?? "")), stop);
        return await store.TryAsync(PlaceOf(alert.CustomerId), new Write.Create(Document(alert)), stop);
    }

    public static Document Document(Alert alert) => PlaceOf(alert.CustomerId).Keep(IdOf(alert.Id), Kind, alert);

    public static Place PlaceOf(string? customerId) => new(Container.Catalog, Kind, customerId is null ? Everyone : "of:" + LookupKey.Of(customerId));

    /// <summary>How the alerts of a customer stood when they were last looked at.</summary>
    public static async Task<IReadOnlyList<AlertState>> StatesAsync(IDocumentStore store, string customerId, CancellationToken stop) =>
        (await store.FindAsync<AlertStates>(Accounts.PlaceOf(customerId), StatesId, stop))?.Value.States ?? [];

    /// <summary>Part of a commit of the customer: the head guards it.</summary>
    public static Write Write(string customerId, IReadOnlyList<AlertState> states) =>
        new Write.Upsert(Accounts.PlaceOf(customerId).Keep(StatesId, StatesId, new AlertStates(states)));

    private static string IdOf(string alertId) => Prefix + LookupKey.Of(alertId);

    private static Place OwnerPlace(string id) => new(Container.Catalog, OwnerKind, LookupKey.Of(id));
}
