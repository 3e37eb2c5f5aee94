using System.Security.Claims;
using Billing.UseCases.Access;
using Billing.UseCases.Documents;

namespace Billing.Functions.Hosting.Access;

/// <summary>Who sent this request. An endpoint takes it as a parameter.</summary>
/// <param name="KeyId">Id of the API key; <see cref="KeyCheck.EnvironmentKeyId"/> for the one from the settings.</param>
/// <param name="KeyName">Its name.</param>
/// <param name="Scopes">What it may do.</param>
/// <param name="Token">What was sent. Never written anywhere.</param>
/// <param name="Ids">Makes the ids of what this request creates; derived from the Idempotency-Key when there is one.</param>
public sealed record Caller(string KeyId, string KeyName, IReadOnlyList<Scope> Scopes, string Token, IdSource Ids)
{
    public override string ToString() => $"{KeyName} ({KeyId})";

    /// <summary>The caller of a request; null on an endpoint that needs no key.</summary>
    public static Caller? Of(HttpContext context) => context.Features.Get<Caller>();

    /// <summary>Binds the parameter. Errors: throws on an endpoint that needs no key.</summary>
    public static ValueTask<Caller?> BindAsync(HttpContext context) =>
        ValueTask.FromResult<Caller?>(Of(context) ?? throw new InvalidOperationException("An endpoint that needs no key has no caller."));

    /// <summary>Makes this the caller of the request.</summary>
    public void Enter(HttpContext context)
    {
        context.Features.Set(this);
        context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, KeyId)], "Bearer"));
    }
}
