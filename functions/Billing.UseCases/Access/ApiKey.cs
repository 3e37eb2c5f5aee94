using NodaTime;

namespace Billing.UseCases.Access;

/// <summary>An API key as it is stored: its token is known to its holder alone.</summary>
/// <param name="Id">Version 7 UUID; part of the token.</param>
/// <param name="Name">What it is for; 1 to 160 characters.</param>
/// <param name="Scopes">At least one.</param>
/// <param name="Hash">SHA-256 of the whole token, in lower-case hex.</param>
/// <param name="LastFour">The token's last four characters, to tell keys apart.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">From this instant it opens nothing; null for never.</param>
/// <param name="RevokedAt">When it was revoked, for ever; null while it is not.</param>
public sealed record ApiKey(
    string Id,
    string Name,
    IReadOnlyList<Scope> Scopes,
    string Hash,
    string LastFour,
    Instant CreatedAt,
    Instant? ExpiresAt = null,
    Instant? RevokedAt = null)
{
    /// <summary>True unless it is revoked or has expired at that instant.</summary>
    public bool IsUsableAt(Instant at) => RevokedAt is null && (ExpiresAt is null || at < ExpiresAt);
}

/// <summary>A new key with its token, which can't be shown again.</summary>
public sealed record IssuedKey(ApiKey Key, string Token);
