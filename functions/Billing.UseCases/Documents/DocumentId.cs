using System.Buffers;
using System.Text;

namespace Billing.UseCases.Documents;

/// <summary>Turns any text into a document id that every store takes (Cosmos refuses / \ ? # and more than 255 characters).</summary>
public static class DocumentId
{
    private static readonly SearchValues<char> Allowed = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~:-=@+");

    /// <summary>True for 1 to 255 allowed characters.</summary>
    public static bool IsValid(string id) =>
        id.Length is > 0 and <= 255 && !id.AsSpan().ContainsAnyExcept(Allowed);

    /// <summary>Escapes each other byte of the text's UTF-8 (and '=') as <c>=XX</c>; two texts never give one id.</summary>
    /// <remarks>Errors: throws when the result is over 255 characters.</remarks>
    public static string Escape(string text)
    {
        if (text.Length is > 0 and <= 255 && !text.Contains('=', StringComparison.Ordinal) && IsValid(text)) return text;
        var id = new StringBuilder(text.Length + 16);
        foreach (var b in Encoding.UTF8.GetBytes(text))
        {
            if (b < 128 && b != '=' && Allowed.Contains((char)b)) id.Append((char)b);
            else id.Append('=').Append(b.ToString("X2", null));
        }
        if (id.Length == 0) id.Append("==");
        return IsValid(id.ToString())
            ? id.ToString()
            : throw new ArgumentOutOfRangeException(nameof(text), "The id would be longer than 255 characters.");
    }
}
