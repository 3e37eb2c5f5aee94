using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Billing.Domain.Metering.Events;
using Billing.Domain.Values;

namespace Billing.Domain.Metering;

/// <summary>Where a value is in an event's properties: a property's name, or a JSONPath of names and indexes.</summary>
/// <remarks>Taken: <c>tokens</c>, <c>$.tokens</c>, <c>$.usage.total</c>, <c>$['a b']</c>, <c>$.items[0].n</c>. Source: RFC 9535, singular queries without negative indexes.</remarks>
[JsonConverter(typeof(AsText))]
public sealed class PropertyPath : IEquatable<PropertyPath>
{
    private readonly byte[] first;
    private readonly object[] rest;

    private PropertyPath(string text, List<object> steps)
    {
        Text = text;
        first = Encoding.UTF8.GetBytes((string)steps[0]);
        rest = [.. steps.Skip(1)];
    }

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>A property by its name; the name is taken literally, '$' and '.' and all.</summary>
    /// <remarks>Its text is always one that <see cref="Read"/> reads as the same path: <c>$x</c> is written <c>$['$x']</c>.</remarks>
    public static PropertyPath OfName(string name) => new(
        name.StartsWith('$') || name.Length == 0 ? $"$['{name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}']" : name, [name]);

    /// <summary>Reads a JSONPath (starting with '$') or a plain name.</summary>
    public static Outcome<PropertyPath> Read(string text)
    {
        if (text.Length == 0) return new Refusal("invalid_path", "The path is empty.");
        if (text[0] != '$') return OfName(text);
        var steps = new List<object>();
        var at = 1;
        while (at < text.Length)
        {
            if (!Step(text, ref at, steps))
                return new Refusal("invalid_path", $"'{text}' is not a path this meter can read: use names and indexes, such as $.usage.tokens or $.items[0].");
        }
        return steps is [string, ..] ? new PropertyPath(text, steps) : new Refusal("invalid_path", $"'{text}' must start with a name, such as $.tokens.");
    }

    /// <summary>Finds the value; null when it is absent or null.</summary>
    public bool Find(ReadOnlySpan<EventProperty> properties, out ReadOnlySpan<byte> value, out PropertyKind kind)
    {
        foreach (ref readonly var property in properties)
        {
            if (!property.Name.Span.SequenceEqual(first)) continue;
            value = property.Value.Span;
            kind = property.Kind;
            return rest.Length == 0 ? kind != PropertyKind.Null : kind == PropertyKind.Nested && Descend(ref value, ref kind);
        }
        value = default;
        kind = PropertyKind.Null;
        return false;
    }

    public bool Equals(PropertyPath? other) => other is not null && other.Text == Text;

    public override bool Equals(object? obj) => Equals(obj as PropertyPath);

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Text;

    private bool Descend(ref ReadOnlySpan<byte> value, ref PropertyKind kind)
    {
        using var nested = JsonDocument.Parse(value.ToArray());
        var at = nested.RootElement;
        foreach (var step in rest)
        {
            if (step is string name ? !(at.ValueKind == JsonValueKind.Object && at.TryGetProperty(name, out at)) : !Element(ref at, (int)step)) return false;
        }
        (kind, value) = at.ValueKind switch
        {
            JsonValueKind.String => (PropertyKind.Text, Encoding.UTF8.GetBytes(at.GetString()!)),
            JsonValueKind.Number => (PropertyKind.Number, Encoding.UTF8.GetBytes(at.GetRawText())),
            JsonValueKind.True or JsonValueKind.False => (PropertyKind.Truth, Encoding.UTF8.GetBytes(at.GetRawText())),
            JsonValueKind.Null => (PropertyKind.Null, default(byte[])),
            _ => (PropertyKind.Nested, Encoding.UTF8.GetBytes(at.GetRawText())),
        };
        return kind != PropertyKind.Null;
    }

    private static bool Element(ref JsonElement at, int index)
    {
        if (at.ValueKind != JsonValueKind.Array || index >= at.GetArrayLength()) return false;
        at = at[index];
        return true;
    }

    private static bool Step(string text, ref int at, List<object> steps)
    {
        if (text[at] == '.')
        {
            var end = text.AsSpan(at + 1).IndexOfAny('.', '[');
            var name = end < 0 ? text[(at + 1)..] : text.Substring(at + 1, end);
            at += 1 + name.Length;
            steps.Add(name);
            return name.Length > 0 && name.All(c => char.IsLetterOrDigit(c) || c is '_' or '-');
        }
        if (text[at] != '[') return false;
        if (at + 1 < text.Length && text[at + 1] is '\'' or '"') return Quoted(text, ref at, steps);
        var close = text.IndexOf(']', at);
        if (close < 0) return false;
        var inside = text[(at + 1)..close];
        at = close + 1;
        if (!int.TryParse(inside, NumberStyles.None, CultureInfo.InvariantCulture, out var index)) return false;
        steps.Add(index);
        return true;
    }

    // ['name'] or ["name"]; a backslash stands before a quote or a backslash of the name.
    private static bool Quoted(string text, ref int at, List<object> steps)
    {
        var quote = text[at + 1];
        var name = new StringBuilder();
        for (at += 2; at < text.Length && text[at] != quote; at++)
        {
            if (text[at] == '\\' && (++at == text.Length || text[at] is not ('\'' or '"' or '\\'))) return false;
            name.Append(text[at]);
        }
        if (at + 1 >= text.Length || text[at + 1] != ']') return false;
        at += 2;
        steps.Add(name.ToString());
        return true;
    }

    private sealed class AsText : JsonConverter<PropertyPath>
    {
        public override PropertyPath Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            PropertyPath.Read(reader.GetString()!).Value;

        public override void Write(Utf8JsonWriter writer, PropertyPath value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.Text);
    }
}
