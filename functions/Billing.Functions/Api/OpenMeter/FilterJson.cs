using System.Text.Json;
using Billing.Domain.Values;
using Billing.Functions.Hosting.Json;
using NodaTime;

namespace Billing.Functions.Api.OpenMeter;

/// <summary>Reads OpenMeter's filters of one field: an object of operator → value, all of which must hold.</summary>
/// <remarks>
/// Text: $eq $ne $in $nin $like $nlike $ilike $nilike $gt $gte $lt $lte (ordinal), $and $or. Times: $gt $gte $lt $lte $and $or. An operator that is null does
/// not count. In patterns % is any text, _ any one character, and \ takes the next one as it is. A value that is not there passes only the negative operators.
/// Bounds: 8 levels of $and and $or. Refusal code: invalid_filter, with the place.
/// </remarks>
internal static class FilterJson
{
    private const int MaxDepth = 8;

    /// <summary>A filter of texts.</summary>
    public static Outcome<Func<string?, bool>> Text(JsonElement filter, string at) => Read<string?>(filter, at, TextTest, MaxDepth);

    /// <summary>A filter of times.</summary>
    public static Outcome<Func<Instant, bool>> Time(JsonElement filter, string at) => Read<Instant>(filter, at, TimeTest, MaxDepth);

    /// <summary>A filter that stands in a query as JSON text.</summary>
    /// <param name="text">An object.</param>
    /// <param name="parameter">Its name.</param>
    public static Outcome<JsonElement> Parse(string text, string parameter)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind == JsonValueKind.Object) return document.RootElement.Clone();
        }
        catch (JsonException)
        {
        }
        return new Refusal("invalid_filter", $"{parameter}: A JSON object such as {{\"model\":{{\"$eq\":\"a\"}}}} is needed here, not {JsonFaults.Cut(text)}.", parameter);
    }

    private delegate Outcome<Func<T, bool>?> ReadTest<T>(string operation, JsonElement value, string at);

    private static Outcome<Func<T, bool>> Read<T>(JsonElement filter, string at, ReadTest<T> test, int depth)
    {
        if (filter.ValueKind != JsonValueKind.Object) return Bad(at, "An object of operators such as {\"$eq\":\"a\"}");
        var tests = new List<Func<T, bool>>();
        foreach (var (operation, value) in filter.EnumerateObject().Select(m => (m.Name, m.Value)))
        {
            if (value.ValueKind == JsonValueKind.Null) continue;
            var read = operation is "$and" or "$or" ? Several(operation, value, $"{at}/{operation}", test, depth) : test(operation, value, $"{at}/{operation}");
            if (!read.Is(out var one, out var refusal)) return refusal;
            tests.Add(one ?? throw new InvalidOperationException("A test was read as nothing."));
        }
        return new Outcome<Func<T, bool>>(value => tests.TrueForAll(t => t(value)));
    }

    private static Outcome<Func<T, bool>?> Several<T>(string operation, JsonElement filters, string at, ReadTest<T> test, int depth)
    {
        if (filters.ValueKind != JsonValueKind.Array || depth == 0) return Bad(at, depth == 0 ? $"A filter of at most {MaxDepth} levels" : "An array of filters");
        var all = new List<Func<T, bool>>();
        foreach (var (filter, i) in filters.EnumerateArray().Select((f, i) => (f, i)))
        {
            if (!Read(filter, $"{at}/{i}", test, depth - 1).Is(out var one, out var refusal)) return refusal;
            all.Add(one);
        }
        return new Outcome<Func<T, bool>?>(operation == "$and" ? value => all.TrueForAll(f => f(value)) : value => all.Exists(f => f(value)));
    }

    private static Outcome<Func<string?, bool>?> TextTest(string operation, JsonElement value, string at)
    {
        if (operation is "$in" or "$nin")
        {
            if (value.ValueKind != JsonValueKind.Array || value.EnumerateArray().Any(v => v.ValueKind != JsonValueKind.String)) return Bad(at, "An array of strings");
            var values = value.EnumerateArray().Select(v => v.GetString()!).ToHashSet(StringComparer.Ordinal);
            return new Outcome<Func<string?, bool>?>(operation == "$in" ? v => v is not null && values.Contains(v) : v => v is null || !values.Contains(v));
        }
        if (value.ValueKind != JsonValueKind.String) return Bad(at, "A string");
        var text = value.GetString()!;
        Func<string?, bool>? test = operation switch
        {
            "$eq" => v => v == text,
            "$ne" => v => v != text,
            "$like" => v => v is not null && Pattern.Fits(v, text, ignoreCase: false),
            "$nlike" => v => v is null || !Pattern.Fits(v, text, ignoreCase: false),
            "$ilike" => v => v is not null && Pattern.Fits(v, text, ignoreCase: true),
            "$nilike" => v => v is null || !Pattern.Fits(v, text, ignoreCase: true),
            "$gt" => v => v is not null && string.CompareOrdinal(v, text) > 0,
            "$gte" => v => v is not null && string.CompareOrdinal(v, text) >= 0,
            "$lt" => v => v is not null && string.CompareOrdinal(v, text) < 0,
            "$lte" => v => v is not null && string.CompareOrdinal(v, text) <= 0,
            _ => null,
        };
        return test is null ? Bad(at, "One of $eq, $ne, $in, $nin, $like, $nlike, $ilike, $nilike, $gt, $gte, $lt, $lte, $and, $or") : new Outcome<Func<string?, bool>?>(test);
    }

    private static Outcome<Func<Instant, bool>?> TimeTest(string operation, JsonElement value, string at)
    {
        if (value.ValueKind != JsonValueKind.String || !Rfc3339Instant.TryParse(value.GetString()!, out var bound)) return Bad(at, Rfc3339Instant.Needed);
        Func<Instant, bool>? test = operation switch
        {
            "$gt" => t => t > bound,
            "$gte" => t => t >= bound,
            "$lt" => t => t < bound,
            "$lte" => t => t <= bound,
            _ => null,
        };
        return test is null ? Bad(at, "One of $gt, $gte, $lt, $lte, $and, $or") : new Outcome<Func<Instant, bool>?>(test);
    }

    private static Refusal Bad(string at, string needed) => new("invalid_filter", $"{at}: {needed} is needed here.", at);
}
