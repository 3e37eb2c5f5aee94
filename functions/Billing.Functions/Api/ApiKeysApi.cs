using System.Text.Json.Serialization;
using Billing.Functions.Hosting.Access;
using Billing.UseCases.Access;
using NodaTime;

namespace Billing.Functions.Api;

/// <summary>API keys: make, list, revoke. Admin only.</summary>
public static class ApiKeysApi
{
    private const string CursorName = "keys";

    public static void Map(IEndpointRouteBuilder app)
    {
        var keys = app.MapGroup("/v1/api-keys").Needs(Scope.Admin).WithTags("API keys");
        keys.MapPost("", CreateAsync).WithName("createApiKey");
        keys.MapGet("", ListAsync).WithName("listApiKeys");
        keys.MapPost("/revoke", RevokeAsync).WithName("revokeApiKey");
    }

    /// <summary>Makes an API key. The key itself is in this answer and is never shown again.</summary>
    internal static async Task<Answer<Data<ShownNewKey>>> CreateAsync(CreateKey body, ApiKeys keys, Caller caller, CancellationToken stop) =>
        Answers.Of(
            await keys.IssueAsync(new NewApiKey(body.Name, body.Scopes, body.ExpiresAt), caller.Ids, stop),
            issued => new ShownNewKey(
                issued.Key.Id, issued.Token, issued.Key.Name, issued.Key.Scopes, issued.Key.LastFour, issued.Key.CreatedAt, issued.Key.ExpiresAt));

    /// <summary>Lists API keys, revoked and expired ones too, without their secret part.</summary>
    internal static async Task<Answer<Listing<ShownKey>>> ListAsync([AsParameters] PageQuery page, ApiKeys keys, CancellationToken stop)
    {
        if (!page.Check(list: CursorName).Is(out var wanted, out var refusal)) return Answers.List<ShownKey>(refusal);
        var (found, next) = await keys.ListAsync(wanted.From, wanted.Limit, stop);
        return Answers.List<ShownKey>(new Listing<ShownKey>([.. found.Select(Show)], PageCursor.Encode(next, CursorName)));
    }

    /// <summary>Revokes an API key for ever.</summary>
    internal static async Task<Answer<Data<ShownKey>>> RevokeAsync(RevokeKey body, ApiKeys keys, KeyCheck check, CancellationToken stop)
    {
        var revoked = await keys.RevokeAsync(body.Id, stop);
        if (revoked.Refusal is null) check.Forget(revoked.Value.Id);
        return Answers.Of(revoked, Show);
    }

    private static ShownKey Show(ApiKey key) =>
        new(key.Id, key.Name, key.Scopes, key.LastFour, key.CreatedAt, key.ExpiresAt, key.RevokedAt);

    /// <summary>What a new key shall be.</summary>
    /// <param name="Name">What it is for; 1 to 160 characters.</param>
    /// <param name="Scopes">At least one; admin implies all, write implies read.</param>
    /// <param name="ExpiresAt">From then on it opens nothing; none for never.</param>
    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    internal sealed record CreateKey(string Name, IReadOnlyList<Scope> Scopes, Instant? ExpiresAt = null);

    /// <summary>Which key to revoke.</summary>
    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    internal sealed record RevokeKey(string Id);

    /// <summary>An API key without its secret part.</summary>
    internal sealed record ShownKey(
        string Id, string Name, IReadOnlyList<Scope> Scopes, string LastFour, Instant CreatedAt, Instant? ExpiresAt, Instant? RevokedAt);

    /// <summary>A new API key, with its text: keep it now.</summary>
    internal sealed record ShownNewKey(
        string Id, string Key, string Name, IReadOnlyList<Scope> Scopes, string LastFour, Instant CreatedAt, Instant? ExpiresAt);
}
