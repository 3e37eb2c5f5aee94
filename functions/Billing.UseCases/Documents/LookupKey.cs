using System.Security.Cryptography;
using System.Text;

namespace Billing.UseCases.Documents;

/// <summary>Text of any length as a part of a place or a document id.</summary>
public static class LookupKey
{
    /// <summary>The escaped text, or where that is too long its SHA-256 behind <c>==</c>, which no escaped text starts with but the empty one's.</summary>
    public static string Of(string text) =>
        Encoding.UTF8.GetByteCount(text) <= 64
            ? DocumentId.Escape(text)
            : "==" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
