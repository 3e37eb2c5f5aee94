using System.Security.Cryptography;
using System.Text;

namespace Billing.Domain.Values;

/// <summary>Ids that follow from what a thing is made of, so that whoever makes it gives it the same one.</summary>
public static class DerivedId
{
    /// <summary>A UUID of version 8 (its bits are ours): a hash of the parts, each with its length, so that no two lists of parts share one.</summary>
    public static string Of(params ReadOnlySpan<string> parts)
    {
        var text = new StringBuilder();
        foreach (var part in parts) text.Append(part.Length).Append(':').Append(part);
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())).AsSpan(0, 16);
        hash[6] = (byte)(0x80 | (hash[6] & 0x0F));
        hash[8] = (byte)(0x80 | (hash[8] & 0x3F));
        return new Guid(hash, bigEndian: true).ToString();
    }
}
