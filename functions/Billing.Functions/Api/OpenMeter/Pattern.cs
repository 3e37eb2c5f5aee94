namespace Billing.Functions.Api.OpenMeter;

/// <summary>SQL's LIKE: % stands for any text, _ for any one character, \ takes the next one as it is.</summary>
internal static class Pattern
{
    /// <summary>True when the whole text fits. Time grows with the product of both lengths, never faster.</summary>
    public static bool Fits(string text, string pattern, bool ignoreCase)
    {
        var (t, p) = (0, 0);
        // After a mismatch the last % takes one more character; an earlier one never needs to.
        var (textAtAny, patternAfterAny) = (0, -1);
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '%')
            {
                (textAtAny, patternAfterAny) = (t, ++p);
                continue;
            }
            var escaped = p + 1 < pattern.Length && pattern[p] == '\\';
            var at = escaped ? p + 1 : p;
            if (at < pattern.Length && ((!escaped && pattern[at] == '_') || Same(text[t], pattern[at], ignoreCase)))
            {
                t++;
                p = at + 1;
                continue;
            }
            if (patternAfterAny < 0) return false;
            (t, p) = (++textAtAny, patternAfterAny);
        }
        return pattern.AsSpan(p).TrimStart('%').IsEmpty;
    }

    private static bool Same(char a, char b, bool ignoreCase) =>
        a == b || (ignoreCase && char.ToUpperInvariant(a) == char.ToUpperInvariant(b));
}
