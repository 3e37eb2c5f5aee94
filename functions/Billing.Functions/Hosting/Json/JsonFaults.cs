using System.Text.Json;
using System.Text.RegularExpressions;
using Billing.Domain.Values;

namespace Billing.Functions.Hosting.Json;

/// <summary>Says in a sentence what is wrong with a JSON body, and where, without naming types of this program.</summary>
public static partial class JsonFaults
{
    /// <summary>The refusal of a body. Codes: body_missing, body_malformed, body_invalid.</summary>
    public static Refusal From(JsonException fault)
    {
        var pointer = Pointer(fault.Path);
        var message = PathSuffix().Replace(fault.Message, "");
        if (message.Contains("does not contain any JSON tokens", StringComparison.Ordinal))
            return new Refusal("body_missing", "A JSON body is needed.");
        if (fault.InnerException is JsonException || fault.GetType() != typeof(JsonException))
            return Malformed(fault, message, pointer);
        var (sentence, member) = Sentence(message);
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

    private static (string Sentence, string? Member) Sentence(string message)
    {
        if (Unmapped().Match(message) is { Success: true } unmapped)
            return ("there is no such member here.", unmapped.Groups[1].Value);
        if (Missing().Match(message) is { Success: true } missing)
        {
            var names = QuotedName().Matches(missing.Groups[1].Value).Select(m => m.Groups[1].Value).ToList();
            return (names.Count == 1 ? "is required." : $"is required (missing: {string.Join(", ", names)}).", names[0]);
        }
        if (Null().Match(message) is { Success: true } none)
            return ("must not be null.", none.Groups[1].Value);
        if (Duplicate().Match(message) is { Success: true } twice)
            return ("is given twice.", twice.Groups[1].Value);
        if (NotConverted().Match(message) is { Success: true } wrong)
            return ($"{Wanted(wrong.Groups[1].Value)} is needed here.", null);
        return (message, null);
    }

    private static string Wanted(string type)
    {
        var core = NullableType().Match(type) is { Success: true } n ? n.Groups[1].Value : type;
        return core switch
        {
            "System.String" => "A string",
            "System.Boolean" => "true or false",
            "System.Int32" or "System.Int64" or "System.Int16" or "System.UInt32" => "A whole number",
            _ when core.Contains("Dictionary`", StringComparison.Ordinal) => "An object",
            _ when core.EndsWith("[]", StringComparison.Ordinal) || core.StartsWith("System.Collections.", StringComparison.Ordinal) => "An array",
            _ => "An object",
        };
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

    [GeneratedRegex(@"^The (?:property or field|constructor parameter) '(.*)' on type '.*' doesn't allow")]
    private static partial Regex Null();

    [GeneratedRegex(@"^Duplicate property '(.*)' encountered")]
    private static partial Regex Duplicate();

    [GeneratedRegex(@"could not be converted to (.*?)\.?$")]
    private static partial Regex NotConverted();

    [GeneratedRegex(@"^System\.Nullable`1\[(.*)\]$")]
    private static partial Regex NullableType();
}
