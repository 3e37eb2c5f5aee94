using Billing.Functions.Hosting.Json;

namespace Billing.Functions.Api;

/// <summary>A member of an enum in a query, read in any case and with any separators as in a body; never by number.</summary>
internal readonly record struct QueryWord<T>(T Value)
    where T : struct, Enum
{
    public static bool TryParse(string? text, out QueryWord<T> word)
    {
        var known = SpelledEnums.TryRead(text ?? "", out T value);
        word = new QueryWord<T>(value);
        return known;
    }
}
