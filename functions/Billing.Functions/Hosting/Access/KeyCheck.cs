using System.Collections.Concurrent;
using Billing.UseCases.Access;
using Billing.UseCases.Documents;
using Microsoft.Net.Http.Headers;
using NodaTime;

namespace Billing.Functions.Hosting.Access;

/// <summary>Finds out who sends a request, and whether the endpoint is open to them.</summary>
/// <remarks>
/// Keys that were found are remembered for 10 s of real time, so a key revoked by another process opens doors for at most as long.
/// Unknown and wrong tokens take one read and one comparison each and get the same answer.
/// </remarks>
public sealed class KeyCheck(ApiKeys keys, IClock clock, TimeProvider realTime, Settings settings)
{
    /// <summary>The key id of BILLING_API_KEY.</summary>
    public const string EnvironmentKeyId = "environment";

    private const string Scheme = "Bearer ";
    private const int MaxRemembered = 10_000;
    private static readonly TimeSpan RememberedFor = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, Remembered> remembered = new();
    private readonly string? environmentHash = settings.ApiKey is null ? null : KeyToken.Hash(settings.ApiKey);

    private sealed record Remembered(ApiKey Key, long Since);

    /// <summary>The middleware: answers 401 or 403, or sets the <see cref="Caller"/> and goes on.</summary>
    public async Task RunAsync(HttpContext context, RequestDelegate next)
    {
        // Only endpoints we mapped have a route; unknown paths and wrong methods answer 404 and 405 without a key.
        if (context.GetEndpoint() is not RouteEndpoint endpoint)
        {
            await next(context);
            return;
        }
        var access = endpoint.Metadata.GetMetadata<EndpointAccess>()
            ?? throw new InvalidOperationException($"{endpoint.DisplayName} does not say which scope it needs.");
        if (access.Needed is { } needed)
        {
            if (await FindAsync(context) is not { } caller)
            {
                await RefuseAsync(context);
                return;
            }
            if (!caller.Scopes.Allow(needed))
            {
                var scope = needed.ToString().ToLowerInvariant();
                context.Response.Headers.WWWAuthenticate = $"Bearer realm=\"billing\", error=\"insufficient_scope\", scope=\"{scope}\"";
                await Problems.WriteAsync(context, 403, "scope_missing", $"This needs an API key with the scope '{scope}', which this key has not.");
                return;
            }
            caller.Enter(context);
        }
        await next(context);
    }

    /// <summary>Forgets a key at once, in this process.</summary>
    public void Forget(string keyId)
    {
        foreach (var (hash, entry) in remembered)
            if (entry.Key.Id == keyId) remembered.TryRemove(hash, out _);
    }

    private static Task RefuseAsync(HttpContext context)
    {
        var sent = context.Request.Headers.Authorization.ToString();
        context.Response.Headers.WWWAuthenticate = sent.Length > 0 ? "Bearer realm=\"billing\", error=\"invalid_token\"" : "Bearer realm=\"billing\"";
        if (sent.Length == 0) return Problems.WriteAsync(context, 401, "api_key_missing", "Send an API key: Authorization: Bearer <key>.", HeaderNames.Authorization);
        return Problems.WriteAsync(
            context, 401, "api_key_invalid",
            sent.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
                ? "This API key opens nothing here: it is unknown, expired or revoked."
                : "Send the API key as Authorization: Bearer <key>; this header has another form.",
            HeaderNames.Authorization);
    }

    private async Task<Caller?> FindAsync(HttpContext context)
    {
        var header = context.Request.Headers.Authorization.ToString();
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return null;
        var token = header[Scheme.Length..].Trim();
        if (token.Length is 0 or > 512) return null;
        var hash = KeyToken.Hash(token);
        if (environmentHash is not null && KeyToken.SameHash(hash, environmentHash))
            return new Caller(EnvironmentKeyId, "BILLING_API_KEY", [Scope.Admin], token, new IdSource(clock));
        var key = await FindAsync(token, hash, context.RequestAborted);
        return key is not null && key.IsUsableAt(clock.GetCurrentInstant())
            ? new Caller(key.Id, key.Name, key.Scopes, token, new IdSource(clock))
            : null;
    }

    private async Task<ApiKey?> FindAsync(string token, string hash, CancellationToken stop)
    {
        if (remembered.TryGetValue(hash, out var entry) && realTime.GetElapsedTime(entry.Since) < RememberedFor) return entry.Key;
        var since = realTime.GetTimestamp();
        var key = await keys.FindAsync(token, stop);
        if (key is null) return null;
        if (remembered.Count >= MaxRemembered) remembered.Clear();
        remembered[hash] = new Remembered(key, since);
        return key;
    }
}
