using System.Security.Cryptography;
using Billing.Domain.Values;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Notifications;

/// <summary>What to change of an endpoint; null stays as it is.</summary>
public sealed record EndpointChange(string? Url = null, IReadOnlyList<string>? Types = null, bool? IsEnabled = null);

/// <summary>Makes, changes and reads the endpoints that messages are sent to.</summary>
public sealed class WebhookEndpoints(IDocumentStore store, IClock clock)
{
    private const string Kind = "webhook-endpoint";
    private const int MaxEndpoints = 50;
    private const int SecretBytes = 32;
    private static readonly Place Place = new(Container.Catalog, Kind);

    /// <summary>Makes an endpoint with a secret of its own.</summary>
    public async Task<Outcome<WebhookEndpoint>> CreateAsync(string url, IReadOnlyList<string> types, IdSource ids, CancellationToken stop)
    {
        var endpoint = new WebhookEndpoint(ids.New(), url, types, NewSecret(), clock.GetCurrentInstant());
        if (endpoint.Check() is { } wrong) return wrong;
        if ((await AllAsync(stop)).Count(e => e.ArchivedAt is null) >= MaxEndpoints)
            return new Refusal("too_many_endpoints", $"At most {MaxEndpoints} endpoints are kept; archive some.", null, RefusalKind.Conflict);
        return await store.TryAsync(Place, new Write.Create(Document(endpoint)), stop) ? endpoint : (await FindAsync(endpoint.Id, stop))!.Value;
    }

    /// <summary>All endpoints, archived ones too, in the order in which they were made.</summary>
    public async Task<IReadOnlyList<WebhookEndpoint>> AllAsync(CancellationToken stop) =>
        [.. (await store.AllAsync(Place, Kind + ":", Kind + ":~", stop)).Select(s => s.Value<WebhookEndpoint>()).OrderBy(e => e.CreatedAt).ThenBy(e => e.Id, StringComparer.Ordinal)];

    /// <summary>One endpoint.</summary>
    public async Task<Outcome<WebhookEndpoint>> GetAsync(string id, CancellationToken stop) => await FindAsync(id, stop) is { } found ? found.Value : NotFound(id);

    /// <summary>Changes an endpoint.</summary>
    public Task<Outcome<WebhookEndpoint>> UpdateAsync(string id, EndpointChange change, CancellationToken stop) => ChangeAsync(
        id, e => e with { Url = change.Url ?? e.Url, Types = change.Types ?? e.Types, IsEnabled = change.IsEnabled ?? e.IsEnabled }, stop);

    /// <summary>Gives an endpoint another secret: everything is signed with it from here on.</summary>
    public Task<Outcome<WebhookEndpoint>> RotateAsync(string id, CancellationToken stop) => ChangeAsync(id, e => e with { Secret = NewSecret() }, stop);

    /// <summary>Archives an endpoint: nothing more is sent to it. May be repeated.</summary>
    public async Task<Outcome<WebhookEndpoint>> ArchiveAsync(string id, CancellationToken stop) =>
        await FindAsync(id, stop) is { Value.ArchivedAt: not null } archived ? archived.Value : await ChangeAsync(id, e => e with { ArchivedAt = clock.GetCurrentInstant() }, stop);

    private async Task<Outcome<WebhookEndpoint>> ChangeAsync(string id, Func<WebhookEndpoint, WebhookEndpoint> change, CancellationToken stop)
    {
        while (true)
        {
            if (await FindAsync(id, stop) is not { } found) return NotFound(id);
            if (found.Value.ArchivedAt is not null) return new Refusal("endpoint_archived", "The endpoint is archived.", "/id", RefusalKind.Conflict);
            var changed = change(found.Value);
            if (changed.Check() is { } wrong) return wrong;
            if (await store.TryAsync(Place, new Write.Replace(Document(changed), found.ETag), stop)) return changed;
        }
    }

    private Task<Found<WebhookEndpoint>?> FindAsync(string id, CancellationToken stop) => store.FindAsync<WebhookEndpoint>(Place, IdOf(id), stop);

    private static Document Document(WebhookEndpoint endpoint) => Place.Keep(IdOf(endpoint.Id), Kind, endpoint);

    private static string IdOf(string id) => $"{Kind}:{LookupKey.Of(id)}";

    private static string NewSecret() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SecretBytes));

    private static Refusal NotFound(string id) => new("endpoint_not_found", $"No endpoint has the id '{id}'.", "/id", RefusalKind.NotFound);
}
