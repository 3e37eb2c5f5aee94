using Billing.Domain.Values;
using Billing.UseCases.Documents;
using NodaTime;

namespace Billing.UseCases.Access;

/// <summary>What a new key shall be.</summary>
public sealed record NewApiKey(string Name, IReadOnlyList<Scope> Scopes, Instant? ExpiresAt);

/// <summary>Issues, lists, revokes and finds API keys.</summary>
/// <remarks>Refusal codes (no retry helps): name_invalid, scopes_missing, expires_at_past, api_key_not_found, api_key_exists.</remarks>
public sealed class ApiKeys(IDocumentStore store, IClock clock)
{
    public const string Kind = "api-key";

    private const int MaxNameLength = 160;
    private const string AfterAllIds = "~";

    // Compared with when the id is unknown, so that unknown and wrong take the same way.
    private static readonly string NobodysHash = KeyToken.Hash("");
    private static readonly Place Place = new(Container.Catalog, Kind);

    /// <summary>Makes a key. The token is in the answer and nowhere else.</summary>
    /// <remarks>
    /// With an id from an idempotency key, a key that is already there was made by this request before it could answer:
    /// nobody has seen that token, so a new one takes its place. Later than the life of a stored answer it is refused.
    /// </remarks>
    public async Task<Outcome<IssuedKey>> IssueAsync(NewApiKey wanted, IdSource ids, CancellationToken stop)
    {
        var now = clock.GetCurrentInstant();
        if (Check(wanted, now) is { } refusal) return refusal;
        var id = ids.New();
        var token = KeyToken.New(id);
        var key = new ApiKey(
            id, wanted.Name.Trim(), [.. wanted.Scopes.Distinct().Order()], KeyToken.Hash(token), token[^4..], now, wanted.ExpiresAt);
        var created = await store.CommitAsync(Place, [new Write.Create(ToDocument(key))], stop);
        if (created.Done) return new IssuedKey(key, token);
        if (await store.ReadAsync(Place, id, stop) is not { } there || !ids.Derived || !IsUnanswered(StoredJson.Read<ApiKey>(there), key))
            return new Refusal("api_key_exists", "This Idempotency-Key has already made an API key; use another one.", Kind: RefusalKind.Conflict);
        var replaced = await store.CommitAsync(Place, [new Write.Replace(ToDocument(key), there.ETag)], stop);
        return replaced.Done
            ? new IssuedKey(key, token)
            : new Refusal("api_key_exists", "The same request is running at this moment; use its answer.", Kind: RefusalKind.Conflict);
    }

    /// <summary>Keys in order of id, revoked and expired ones too.</summary>
    /// <param name="from">Where to go on (see the answer); null for the first.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<(IReadOnlyList<ApiKey> Keys, string? Next)> ListAsync(string? from, int limit, CancellationToken stop)
    {
        var page = await store.RangeAsync(Place, from ?? "", AfterAllIds, limit, stop);
        return ([.. page.Items.Select(StoredJson.Read<ApiKey>)], page.Next);
    }

    /// <summary>Revokes for ever. A key that is already revoked keeps its first time.</summary>
    public async Task<Outcome<ApiKey>> RevokeAsync(string id, CancellationToken stop)
    {
        while (true)
        {
            var stored = DocumentId.IsValid(id) ? await store.ReadAsync(Place, id, stop) : null;
            if (stored is null)
                return new Refusal("api_key_not_found", "There is no API key with this id.", "/id", RefusalKind.NotFound);
            var key = StoredJson.Read<ApiKey>(stored);
            if (key.RevokedAt is not null) return key;
            var revoked = key with { RevokedAt = clock.GetCurrentInstant() };
            if ((await store.CommitAsync(Place, [new Write.Replace(ToDocument(revoked), stored.ETag)], stop)).Done) return revoked;
        }
    }

    /// <summary>The key a token belongs to, usable or not; null when there is none.</summary>
    public async Task<ApiKey?> FindAsync(string token, CancellationToken stop)
    {
        if (KeyToken.KeyId(token) is not { } id) return null;
        var stored = await store.ReadAsync(Place, id, stop);
        var key = stored is null ? null : StoredJson.Read<ApiKey>(stored);
        return KeyToken.SameHash(KeyToken.Hash(token), key?.Hash ?? NobodysHash) ? key : null;
    }

    private static Refusal? Check(NewApiKey wanted, Instant now) => wanted switch
    {
        { Name: var name } when name.Trim().Length is 0 or > MaxNameLength =>
            new("name_invalid", $"Give a name of 1 to {MaxNameLength} characters.", "/name"),
        { Scopes.Count: 0 } =>
            new("scopes_missing", "Give at least one scope: ingest, read, write or admin.", "/scopes"),
        { ExpiresAt: { } expires } when expires <= now =>
            new("expires_at_past", "The key would have expired already; give a later expires_at or none.", "/expires_at"),
        _ => null,
    };

    private static bool IsUnanswered(ApiKey there, ApiKey wanted) =>
        there.RevokedAt is null
        && there.Name == wanted.Name
        && there.Scopes.SequenceEqual(wanted.Scopes)
        && there.ExpiresAt == wanted.ExpiresAt
        && wanted.CreatedAt - there.CreatedAt < Idempotency.StoredAnswers.Life;

    private static Document ToDocument(ApiKey key) => new(Place, key.Id, Kind, StoredJson.Write(key));
}
