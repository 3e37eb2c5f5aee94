using System.Text.Json;
using Billing.Domain.Values;
using Billing.Functions.Hosting.Json;
using Billing.UseCases.Metering;
using NodaTime;

namespace Billing.Functions.Api.OpenMeter;

/// <summary>Reads the filter of the event list: an object of field → operator → value.</summary>
/// <remarks>Fields: id, source, subject, type, time, ingestedAt. Operators: $eq $ne $in $nin $like (with %) $gt $gte $lt $lte; all must hold.</remarks>
internal static class EventFilterJson
{
    public static Outcome<Func<FoundEvent, bool>> Read(string? json)
    {
        if (string.IsNullOrEmpty(json)) return new Outcome<Func<FoundEvent, bool>>(_ => true);
        var tests = new List<Func<FoundEvent, bool>>();
        try
        {
            using var filter = JsonDocument.Parse(json);
            foreach (var field in filter.RootElement.EnumerateObject())
            {
                foreach (var test in field.Value.EnumerateObject())
                {
                    if (Test(field.Name, test.Name, test.Value) is not { } read)
                        return new Refusal("invalid_filter", $"'{field.Name}' with '{test.Name}' is not a filter that is offered.", "filter");
                    tests.Add(read);
                }
            }
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return new Refusal("invalid_filter", "The filter is a JSON object such as {\"subject\":{\"$eq\":\"acme\"}}.", "filter");
        }
        return new Outcome<Func<FoundEvent, bool>>(found => tests.TrueForAll(t => t(found)));
    }

    private static Func<FoundEvent, bool>? Test(string field, string operation, JsonElement value) => field switch
    {
        "id" => Text(e => e.Id, operation, value),
        "source" => Text(e => e.Source, operation, value),
        "subject" => Text(e => e.Key, operation, value),
        "type" => Text(e => e.Type, operation, value),
        "time" => Time(e => e.Time, operation, value),
        "ingestedAt" => Time(e => e.EnqueuedAt, operation, value),
        _ => null,
    };

    private static Func<FoundEvent, bool>? Text(Func<FoundEvent, string> of, string operation, JsonElement value)
    {
        if (operation is "$in" or "$nin")
        {
            var values = value.EnumerateArray().Select(v => v.GetString()).ToHashSet();
            return operation == "$in" ? e => values.Contains(of(e)) : e => !values.Contains(of(e));
        }
        var text = value.GetString() ?? "";
        return operation switch
        {
            "$eq" => e => of(e) == text,
            "$ne" => e => of(e) != text,
            "$like" => e => Like(of(e), text),
            _ => null,
        };
    }

    private static Func<FoundEvent, bool>? Time(Func<FoundEvent, Instant> of, string operation, JsonElement value)
    {
        if (!Rfc3339Instant.TryParse(value.GetString() ?? "", out var at)) return null;
        return operation switch
        {
            "$gt" => e => of(e) > at,
            "$gte" => e => of(e) >= at,
            "$lt" => e => of(e) < at,
            "$lte" => e => of(e) <= at,
            _ => null,
        };
    }

    // % stands for any text; matched greedily part by part.
    private static bool Like(string text, string pattern)
    {
        var parts = pattern.Split('%');
        if (parts.Length == 1) return text == pattern;
        if (!text.StartsWith(parts[0], StringComparison.Ordinal) || text.Length < parts[0].Length + parts[^1].Length || !text.EndsWith(parts[^1], StringComparison.Ordinal)) return false;
        var at = parts[0].Length;
        foreach (var part in parts[1..^1])
        {
            var found = text.IndexOf(part, at, text.Length - parts[^1].Length - at, StringComparison.Ordinal);
            if (found < 0) return false;
            at = found + part.Length;
        }
        return true;
    }
}
