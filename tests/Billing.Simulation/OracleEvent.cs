using System.Numerics;
using System.Text;
using System.Text.Json;
using NodaTime;
using NodaTime.Text;

namespace Billing.Simulation;

/// <summary>An event as the oracle reads it, with other means than the product: a JSON document, NodaTime's patterns, big integers.</summary>
internal sealed record OracleEvent(string Source, string Id, string Key, string Type, Instant? Time, JsonElement Properties)
{
    private static readonly OffsetDateTimePattern Rfc3339 = OffsetDateTimePattern.Rfc3339;

    /// <summary>The events of a message: null stands for one that can't be used. A marker has none.</summary>
    public static List<OracleEvent?> ReadMessage(ReadOnlyMemory<byte> body, Instant enqueued, Duration behind, out string? marker)
    {
        marker = null;
        JsonElement root;
        try
        {
            root = JsonDocument.Parse(body).RootElement;
        }
        catch (JsonException)
        {
            return [null];
        }
        if (root.ValueKind == JsonValueKind.Object && root.EnumerateObject().Count() == 1 && root.TryGetProperty("marker", out var named))
        {
            marker = named.GetString();
            return [];
        }
        return root.ValueKind == JsonValueKind.Array ? [.. root.EnumerateArray().Select(e => Read(e, enqueued, behind))] : [Read(root, enqueued, behind)];
    }

    /// <summary>All that makes two copies of an event one fact, as text.</summary>
    public string Canonical() => $"{Key}\n{Type}\n{Time?.ToUnixTimeTicks()}\n{Canonical(Properties)}";

    /// <summary>The value at a path of names, as the text that meters see; null when absent or null.</summary>
    public (string Text, bool CanBeNumber)? Find(string path)
    {
        var at = Properties;
        if (at.ValueKind != JsonValueKind.Object) return null;
        foreach (var step in path.TrimStart('$').Split('.', StringSplitOptions.RemoveEmptyEntries))
            if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(step, out at)) return null;
        return at.ValueKind switch
        {
            JsonValueKind.Null => null,
            JsonValueKind.String => (at.GetString()!, true),
            _ => (at.GetRawText(), at.ValueKind == JsonValueKind.Number),
        };
    }

    /// <summary>The number in 10^-12ths and whether it was rounded (half to even); null when a meter can't read it.</summary>
    public static (BigInteger Scaled, bool Rounded)? Number(string text)
    {
        var parts = text.ToUpperInvariant().Split('E');
        var mantissa = parts[0];
        if (mantissa.Length == 0 || !mantissa.TrimStart('-').All(c => c == '.' || char.IsAsciiDigit(c))) return null;
        var exponent = parts.Length > 1 ? int.Parse(parts[1], null) : 0;
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        if (point >= 0) exponent -= mantissa.Length - point - 1;
        var digits = BigInteger.Parse(mantissa.Replace(".", "", StringComparison.Ordinal), null);
        if (digits.IsZero) return (0, false);
        exponent += 12;
        if (exponent >= 0) return Within(digits * BigInteger.Pow(10, exponent), false);
        var unit = BigInteger.Pow(10, -exponent);
        if (BigInteger.Abs(digits) < unit) return null;
        var quotient = BigInteger.DivRem(BigInteger.Abs(digits), unit, out var rest);
        if (rest * 2 > unit || (rest * 2 == unit && !quotient.IsEven)) quotient++;
        return Within(quotient * digits.Sign, !rest.IsZero);
    }

    private static (BigInteger, bool)? Within(BigInteger scaled, bool rounded) =>
        BigInteger.Abs(scaled) >= BigInteger.Pow(10, 27) ? null : (scaled, rounded);

    private static OracleEvent? Read(JsonElement from, Instant enqueued, Duration behind)
    {
        if (from.ValueKind != JsonValueKind.Object || HasTwice(from)) return null;
        var cloud = from.TryGetProperty("specversion", out _);
        var id = Text(from, cloud ? "id" : "transaction_id");
        var key = Text(from, cloud ? "subject" : "customer_id");
        var type = Text(from, cloud ? "type" : "event_type");
        var source = cloud ? Text(from, "source") : "";
        if (string.IsNullOrEmpty(id) || id.Length > 128 || string.IsNullOrEmpty(key) || string.IsNullOrEmpty(type) || source is null) return null;
        Instant? time = null;
        if (Text(from, cloud ? "time" : "timestamp") is { } written)
        {
            if (!Rfc3339.Parse(written).TryGetValue(default, out var read)) return null;
            time = read.ToInstant();
            if (time > enqueued + Duration.FromHours(24) || time < enqueued - behind) return null;
        }
        from.TryGetProperty(cloud ? "data" : "properties", out var properties);
        return properties.ValueKind == JsonValueKind.Object && properties.EnumerateObject().Any(p => p.Value.ValueKind == JsonValueKind.Number && p.Value.GetRawText() == "1e400")
            ? null
            : new OracleEvent(source, id, key, type, time, properties);
    }

    private static string? Text(JsonElement from, string name) =>
        from.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static bool HasTwice(JsonElement of) => of.ValueKind == JsonValueKind.Object
        && (of.EnumerateObject().GroupBy(p => p.Name).Any(g => g.Count() > 1) || of.EnumerateObject().Any(p => HasTwice(p.Value)));

    private static string Canonical(JsonElement of)
    {
        if (of.ValueKind == JsonValueKind.Undefined) return "{}";
        if (of.ValueKind != JsonValueKind.Object) return of.ValueKind == JsonValueKind.String ? "\"" + of.GetString() : of.GetRawText();
        var text = new StringBuilder("{");
        foreach (var member in of.EnumerateObject().OrderBy(m => m.Name, StringComparer.Ordinal)) text.Append(member.Name).Append('=').Append(Canonical(member.Value)).Append(';');
        return text.Append('}').ToString();
    }
}
