using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Billing.Domain.Values;

namespace Billing.Functions.Hosting.Json;

/// <summary>Says in a sentence what is wrong with a JSON body: where, what is needed there and what was found, without naming types of this program.</summary>
public static partial class JsonFaults
{
    private const int MaxShown = 40;

    /// <summary>The refusal of a body. Codes: body_missing, body_malformed, body_invalid.</summary>
    /// <param name="fault">What reading it threw.</param>
    /// <param name="root">What it was read as, to say what is needed at the place; null when that is not known.</param>
    /// <param name="body">The body.</param>
    /// <param name="at">Where the body lies in the request's, as a JSON pointer; empty when it is the whole.</param>
    public static Refusal From(JsonException fault, Type? root, ReadOnlyMemory<byte> body, string at = "")
    {
        if (JsonSyntax.Refuse(body.Span) is { } malformed) return malformed with { Field = at + malformed.Field };
        var pointer = Pointer(fault.Path);
        var (field, sentence) = Sentence(fault, root, pointer, Found(body, pointer), at);
        return new Refusal("body_invalid", sentence, at + field);
    }

    /// <summary>A JSONPath of System.Text.Json ($.a[0].b, $['a.b']) as a JSON pointer (RFC 6901).</summary>
    public static string Pointer(string? path) =>
        path is null
            ? ""
            : string.Concat(PathStep().Matches(path.StartsWith('$') ? path[1..] : path)
                .Select(m => "/" + JsonSyntax.Escape(m.Groups["name"].Success ? m.Groups["name"].Value
                    : m.Groups["quoted"].Success ? m.Groups["quoted"].Value
                    : m.Groups["index"].Value)));

    /// <summary>A text of the caller's, cut to what can be shown.</summary>
    public static string Cut(string text) => text.Length <= MaxShown ? text : text[..MaxShown] + "…";

    private static (string Field, string Sentence) Sentence(JsonException fault, Type? root, string pointer, string? found, string at)
    {
        var message = fault.Message;
        if (Unmapped().Match(message) is { Success: true } unmapped)
            return At(unmapped.Groups[1].Value, ": there is no such member here.");
        if (Missing().Match(message) is { Success: true } missing)
        {
            var names = QuotedName().Matches(missing.Groups[1].Value).Select(m => m.Groups[1].Value).ToList();
            return At(names[0], names.Count == 1 ? " is missing." : $" is missing, and so is {string.Join(", ", names[1..])}.");
        }
        if (Duplicate().Match(message) is { Success: true } twice) return At(twice.Groups[1].Value, " is given twice.");
        // Here the path names the member; the message has its name in this program.
        if (Null().IsMatch(message)) return (pointer, $"{Where(at + pointer)} must not be null.");
        // Of a constructor's parameters the message names the type around them, so what is needed is looked up by the place.
        var needed = fault is ValueNeededException value ? value.Needed : Needed(root, pointer);
        return (pointer, $"{Where(at + pointer)}: {needed} is needed here{(found is null ? "" : $", not {found}")}.");

        (string, string) At(string member, string what)
        {
            var field = $"{WithoutLast(pointer, member)}/{JsonSyntax.Escape(member)}";
            return (field, Where(at + field) + what);
        }
    }

    private static string Needed(Type? root, string pointer)
    {
        if (TypeAt(root, pointer) is not { } type) return "Another value";
        var core = Nullable.GetUnderlyingType(type) ?? type;
        var kind = JsonRules.Options.GetTypeInfo(core).Kind;
        return Type.GetTypeCode(core) switch
        {
            TypeCode.String => "A string",
            TypeCode.Boolean => "true or false",
            TypeCode.Byte or TypeCode.Int16 or TypeCode.Int32 or TypeCode.Int64 or TypeCode.UInt32 or TypeCode.UInt64 => "A whole number",
            _ when kind == JsonTypeInfoKind.Enumerable => "An array",
            _ when kind is JsonTypeInfoKind.Object or JsonTypeInfoKind.Dictionary => "An object",
            _ => "Another value",
        };
    }

    private static Type? TypeAt(Type? root, string pointer)
    {
        var type = root;
        foreach (var step in pointer.Split('/').Skip(1))
        {
            if (type is null) return null;
            var info = JsonRules.Options.GetTypeInfo(Nullable.GetUnderlyingType(type) ?? type);
            type = info.Kind is JsonTypeInfoKind.Object
                ? info.Properties.FirstOrDefault(p => JsonSyntax.Escape(p.Name) == step)?.PropertyType
                : info.ElementType;
        }
        return type;
    }

    /// <summary>The text, number, true, false or null at a place, as it was written and cut to what can be shown; null when nothing such is there.</summary>
    public static string? ValueAt(ReadOnlyMemory<byte> body, string pointer) =>
        !body.IsEmpty && JsonSyntax.Refuse(body.Span) is null && Found(body, pointer) is { } found and not ("an object" or "an array") ? found : null;

    /// <summary>What stands at a place: a value as it was written, arrays and objects by name; null when the place is not there.</summary>
    private static string? Found(ReadOnlyMemory<byte> body, string pointer)
    {
        using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = JsonSyntax.MaxDepth });
        var at = document.RootElement;
        foreach (var step in pointer.Split('/').Skip(1))
        {
            if (at.ValueKind == JsonValueKind.Object && at.EnumerateObject().FirstOrDefault(m => JsonSyntax.Escape(m.Name) == step) is { Value.ValueKind: not JsonValueKind.Undefined } member)
                at = member.Value;
            else if (at.ValueKind == JsonValueKind.Array && int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < at.GetArrayLength())
                at = at[index];
            else return null;
        }
        return at.ValueKind switch
        {
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => "an array",
            _ => Cut(at.GetRawText()),
        };
    }

    private static string Where(string pointer) => pointer.Length == 0 ? "The body" : pointer;

    // System.Text.Json puts the offending member itself into the path of some faults, its parent into that of others.
    private static string WithoutLast(string pointer, string member) =>
        pointer.EndsWith("/" + JsonSyntax.Escape(member), StringComparison.Ordinal) ? pointer[..^(JsonSyntax.Escape(member).Length + 1)] : pointer;

    [GeneratedRegex(@"\.(?<name>[^.\[]+)|\['(?<quoted>[^']*)'\]|\[(?<index>\d+)\]")]
    private static partial Regex PathStep();

    [GeneratedRegex(@"^The JSON property '(.*)' could not be mapped to any \.NET member")]
    private static partial Regex Unmapped();

    [GeneratedRegex(@"was missing required properties including: (.*?)\.( Path|$)")]
    private static partial Regex Missing();

    [GeneratedRegex("'([^']+)'")]
    private static partial Regex QuotedName();

    [GeneratedRegex(@"^The (?:property or field|constructor parameter) '.*' on type '.*' doesn't allow")]
    private static partial Regex Null();

    [GeneratedRegex(@"^Duplicate property '(.*)' encountered")]
    private static partial Regex Duplicate();
}
