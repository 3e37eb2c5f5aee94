using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Billing.UseCases.Access;

/// <summary>The text that a client sends: <c>bk_</c>, the key's id as 32 hex digits, <c>_</c>, and 256 random bits in base64url.</summary>
/// <remarks>The id makes finding a key one point read. A plain SHA-256 is enough for 256 random bits; a slow hash would protect nothing more.</remarks>
public static class KeyToken
{
    private const string Prefix = "bk_";
    private const int IdEnd = 3 + 32;
    private const int Length = IdEnd + 1 + 43;

    /// <summary>A new token for a key id (a UUID).</summary>
    public static string New(string keyId) =>
        $"{Prefix}{Guid.ParseExact(keyId, "D"):N}_{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32))}";

    /// <summary>The key id in a token; null when it has not the form of one.</summary>
    public static string? KeyId(string token) =>
        token.Length == Length
        && token.StartsWith(Prefix, StringComparison.Ordinal)
        && token[IdEnd] == '_'
        && Guid.TryParseExact(token.AsSpan(Prefix.Length, 32), "N", out var id)
            ? id.ToString("D")
            : null;

    /// <summary>SHA-256 in lower-case hex.</summary>
    public static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    /// <summary>Compares two hashes in a time that does not depend on where they differ.</summary>
    public static bool SameHash(string one, string other) =>
        CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(one), Encoding.ASCII.GetBytes(other));
}
