using Billing.Functions.Hosting.Json;
using NodaTime;

namespace Billing.Functions.Api;

/// <summary>An instant in a query or path, as RFC 3339 text. A plus that was sent unescaped and became a space is read as a plus.</summary>
public readonly record struct QueryTime(Instant Value)
{
    public static bool TryParse(string? text, out QueryTime time)
    {
        var parsed = Rfc3339Instant.TryParse((text ?? "").Replace(' ', '+'), out var instant);
        time = new QueryTime(instant);
        return parsed;
    }
}
