using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Billing.Domain.Values;

namespace Billing.Functions.Hosting.Json;

/// <summary>Says in a sentence what is wrong with a JSON body, and where, without naming types of this program.</summary>
public static partial class JsonFaults
{
    /// <summary>Key of an exception's data that names the type the body was read as, where no endpoint says it.</summary>
    public const string RootKey = "root";

    /// <summary>The refusal of a body. Codes: body_missing, body_malformed, body_invalid.</summary>
    /// <param name="fault">What reading it threw.</param>
    /// <param name="root">What it was read as, to say what is needed at the place; null when that is not known.</param>
    public static Refusal From(JsonException fault, Type? root)
    {
        var pointer = Pointer(fault.Path);
        var message = PathSuffix().Replace(fault.Message, "");
        if (message.Contains("does not contain any JSON tokens", StringComparison.Ordinal))
            return new Refusal("body_missing", "A JSON body is needed.");
        if (fault.InnerException is JsonException || fault.GetType() != typeof(JsonException))
            return Malformed(fault, message, pointer);
        var (sentence, member) = Sentence(message, root, pointer);
        var field = member is null ? pointer : $"{WithoutLast(pointer, member)}/{Escape(member)}";
        return new Refusal("body_invalid", $"{Where(field)}: {sentence}", field);
    }

    /// <summary>A JSONPath of System.Text.Json ($.a[0].b, $['a.b']) as a JSON pointer (RFC 6901).</summary>
    public static string Pointer(string? path) =>
        path is null
            ? ""
            : string.Concat(PathStep().Matches(path.StartsWith('$') ? path[1..] : path)
                .Select(m => "/" + Escape(m.Groups["name"].Success ? m.Groups["name"].Value
                    : m.Groups["quoted"].Success ? m.Groups["quoted"].Value
                    : m.Groups["index"].Value)));

    private static Refusal Malformed(JsonException fault, string message, string pointer)
    {
        var first = message.Split(" LineNumber", 2)[0].TrimEnd(' ', '.');
        var place = fault.LineNumber is { } line ? $" (line {line + 1}, byte {fault.BytePositionInLine + 1})" : "";
        return new Refusal("body_malformed", $"The body is not valid JSON: {first}{place}.", pointer);
    }

    private static (string Sentence, string? Member) Sentence(string message, Type? root, string pointer)
    {
        if (Unmapped().Match(message) is { Success: true } unmapped)
            return ("there is no such member here.", unmapped.Groups[1].Value);
        if (Missing().Match(message) is { Success: true } missing)
        {
            var names = QuotedName().Matches(missing.Groups[1].Value).Select(m => m.Groups[1].Value).ToList();
            return (names.Count == 1 ? "is required." : $"is required (missing: {string.Join(", ", names)}).", names[0]);
        }
        // Here the path names the member; the message has its name in this program.
        if (Null().IsMatch(message)) return ("must not be null.", null);
        if (Duplicate().Match(message) is { Success: true } twice)
            return ("is given twice.", twice.Groups[1].Value);
        // Of a constructor's parameters the message names the type around them, so the place is looked up.
        return message.Contains("could not be converted to", StringComparison.Ordinal) ? (Needed(root, pointer), null) : (message, null);
    }

    private static string Needed(Type? root, string pointer)
    {
        if (TypeAt(root, pointer) is not { } type) return "Another kind of value is needed here.";
        var core = Nullable.GetUnderlyingType(type) ?? type;
        var kind = JsonRules.Options.GetTypeInfo(core).Kind;
        var what = Type.GetTypeCode(core) switch
        {
            TypeCode.String => "A string",
            TypeCode.Boolean => "true or false",
            TypeCode.Byte or TypeCode.Int16 or TypeCode.Int32 or TypeCode.Int64 or TypeCode.UInt32 or TypeCode.UInt64 => "A whole number",
            _ when kind == JsonTypeInfoKind.Enumerable => "An array",
            _ when kind is JsonTypeInfoKind.Object or JsonTypeInfoKind.Dictionary => "An object",
            _ => "Another kind of value",
        };
        return $"{what} is needed here.";
    }

    private static Type? TypeAt(Type? root, string pointer)
    {
        var type = root;
        foreach (var step in pointer.Split('/').Skip(1))
        {
            if (type is null) return null;
            var info = JsonRules.Options.GetTypeInfo(Nullable.GetUnderlyingType(type) ?? type);
            type = info.Kind is JsonTypeInfoKind.Object
                ? info.Properties.FirstOrDefault(p => Escape(p.Name) == step)?.PropertyType
                : info.ElementType;
        }
        return type;
    }

    private static string Where(string pointer) => pointer.Length == 0 ? "The body" : pointer;

    // System.Text.Json puts the offending member itself into the path of some faults, its parent into that of others.
    private static string WithoutLast(string pointer, string member) =>
        pointer.EndsWith("/" + Escape(member), StringComparison.Ordinal) ? pointer[..^(Escape(member).Length + 1)] : pointer;

    private static string Escape(string name) => name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    [GeneratedRegex(@" Path: .*$", RegexOptions.Singleline)]
    private static partial Regex PathSuffix();

    [GeneratedRegex(@"\.(?<name>[^.\[]+)|\['(?<quoted>[^']*)'\]|\[(?<index>\d+)\]")]
    private static partial Regex PathStep();

    [GeneratedRegex(@"^The JSON property '(.*)' could not be mapped to any \.NET member")]
    private static partial Regex Unmapped();

    [GeneratedRegex(@"was missing required properties including: (.*)\.$")]
    private static partial Regex Missing();

    [GeneratedRegex("'([^']+)'")]
    private static partial Regex QuotedName();

    [GeneratedRegex(@"^The (?:property or field|constructor parameter) '.*' on type '.*' doesn't allow")]
    private static partial Regex Null();

    [GeneratedRegex(@"^Duplicate property '(.*)' encountered")]
    private static partial Regex Duplicate();
}
